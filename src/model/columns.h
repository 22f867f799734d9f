/* SPDX-License-Identifier: MIT
 * Letters (db/db.h) of the kinds of columns that the lists of columns name. Private to this room.
 */
#ifndef MODEL_COLUMNS_H
#define MODEL_COLUMNS_H

#define LETTER_TEXT "S"
#define LETTER_TIME "T"
#define LETTER_INT "I"
#define COL_TEXT 'S'
#define COL_TIME 'T'
#define COL_INT 'I'

/* SESSION_COLUMNS and SESSION_DETAILS as SQL, for a list of columns that others are in front of. */
#define COLUMN_AS(kind, member, column) ", " column " AS " #member

#endif
