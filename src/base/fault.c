/* SPDX-License-Identifier: MIT
 * The list of what is wrong with an input. Faults past the limit go to a spare slot that nobody
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
