/* SPDX-License-Identifier: MIT
 * The field table that the tests and the fuzz target of the room query share: one field of every
 * type, over a table q with a column for each. */
#ifndef LIB_QUERY_FIELDS_H
#define LIB_QUERY_FIELDS_H

#include "query/query.h"

#define QUERY_TEST_FIELDS 13

extern const struct query_field query_test_list[QUERY_TEST_FIELDS];
extern const struct query_fields query_test_fields;

#endif
