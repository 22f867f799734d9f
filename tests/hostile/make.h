/* SPDX-License-Identifier: MIT
 * Hostile HTTP from a seed: what one connection says, to the byte. The same seed and number give
 * the same bytes, so that what fails can be sent again. */
#ifndef TESTS_HOSTILE_MAKE_H
#define TESTS_HOSTILE_MAKE_H

#include "lib/e2e.h"

enum { MAKE_TOKENS = 6 };

struct make_world {
	struct str mount;               /* path of ROLLCALL_URL */
	struct str tokens[MAKE_TOKENS]; /* good ones, of callers with different rights */
	struct str forged;              /* a good one with another signature */
	struct str session, tenant;     /* ids that there are */
};

enum make_end {
	END_READ,       /* reads answers until the server closes */
	END_HALF_CLOSE, /* says that no more comes, and reads */
	END_CLOSE,      /* goes away in the middle */
	END_RESET       /* the same, without a good-bye */
};

struct make_case {
	struct str bytes;
	unsigned requests; /* that the bytes hold, whole or not */
	enum make_end end;
	bool framed;  /* one request, whole, and sent as HTTP wants it: has to be answered */
	bool refused; /* nothing that it asks for may be granted */
};

struct make_case make_case(
	struct arena *a, const struct make_world *w, uint64_t seed, uint64_t number);

#endif
