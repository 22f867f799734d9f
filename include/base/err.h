/* SPDX-License-Identifier: MIT
 * The closed list of outcomes, which most functions that can fail return; 0 is success. src/api
 * turns an outcome into a status and a body. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum err {
#define ERR(id, text) id,
#include "base/err.def"
#undef ERR
	ERR__COUNT
};

/* The log text of an outcome; static storage. */
const char *err_text(enum err err);

#endif
