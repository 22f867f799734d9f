/* SPDX-License-Identifier: MIT
 * The log texts of base/err.def. The codes that a client sees are in src/api. */
#include "base/err.h"

#include <assert.h>

#include "base/macros.h"

static const char *const texts[] = {
#define ERR(id, text) [id] = (text),
#include "base/err.def"
#undef ERR
};

static_assert(ARRAY_LEN(texts) == ERR__COUNT, "a text for every outcome");

const char *err_text(enum err err)
{
	return (unsigned)err < ERR__COUNT ? texts[err] : "unknown error";
}
