/* SPDX-License-Identifier: MIT
 * The list of faults of an input. A fault beyond the limit is written to a spare place that nobody
 * reads, so that callers need no check. */
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
