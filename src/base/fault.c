/* SPDX-License-Identifier: MIT
 * Collecting what is wrong with an input. Called wherever input is validated; dialects read the
 * list. Past the limit, faults land in a spare slot that nobody reads, so callers need no check. */
#include "base/fault.h"

struct fault *fault_add(struct faults *f, const char *a, const char *b, int64_t index,
	const char *type, const char *msg)
{
	struct fault *fault = &f->list[f->count];

	if (f->count < LIMIT_FAULTS)
		f->count++;
	*fault = (struct fault){.type = type, .msg = msg};
	if (a != NULL)
		fault->loc[fault->depth++].name = str_from(a);
	if (b != NULL)
		fault->loc[fault->depth++].name = str_from(b);
	if (index >= 0)
		fault->loc[fault->depth++].index = index;
	return fault;
}
