/* SPDX-License-Identifier: MIT
 * Members of a JSON body into typed values, with the faults that FastAPI and Pydantic 2 would list
 * (schema/api.md 2.2). Absent and null leave *out alone unless the field is required. */
#ifndef CALL_BODY_H
#define CALL_BODY_H

#include "base/clock.h"
#include "base/fault.h"
#include "json/reader.h"

/* true/false/1/0/yes/no/on/off/t/f/y/n in any case, for parameters too. False: none of them. */
MUST_CHECK bool bool_from_text(struct str text, bool *out);

/* FILLED: may be absent or null, but not the empty string. */
enum body_need { BODY_OPTIONAL, BODY_FILLED, BODY_REQUIRED };

void body_str(struct faults *f, const struct json *body, const char *name, enum body_need need,
	size_t max_bytes, struct str *out);
void body_bool(struct faults *f, const struct json *body, const char *name, bool *out);
void body_i64(struct faults *f, const struct json *body, const char *name, int64_t min, int64_t max,
	int64_t *out);
void body_time(struct faults *f, const struct json *body, const char *name, int64_t *out_ms);
/* The same, or seconds since 1970, as a JWT has it (NumericDate). */
void body_instant(struct faults *f, const struct json *body, const char *name, int64_t *out_ms);
/* A list of ids, which may be anybody's or nobody's: any strings. *out as below. */
void body_id_list(
	struct faults *f, const struct json *body, const char *name, const struct json **out);
/* A list of strings; *out is the array, NULL if absent or null. */
void body_str_list(struct faults *f, const struct json *body, const char *name, size_t max_count,
	size_t max_bytes, const struct json **out);

/* "Value error, …" about the body as a whole. */
void body_value_error(struct faults *f, const char *msg);

#endif
