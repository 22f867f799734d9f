/* SPDX-License-Identifier: MIT
 * Chooses the next host of the option file's list. Knows no connection. Hosts are preferred in the
 * order of the list. One that failed is shunned for a while: it is tried again only if all others
 * have failed too. */
#include "internal.h"

/* An attempt at a hanging host costs its share of the time limit. With these numbers at most a
 * tenth of the time goes into such attempts. */
#define SHUN_US 5000000
#define SHUN_TIMES 10

void host_list(struct db *db, const struct options *o)
{
	size_t count = o->host_count > 0 ? o->host_count : 1;
	struct options_host connector = {.name = ""};

	for (size_t i = 0; i < count; i++) {
		const struct options_host *at = o->host_count > 0 ? &o->hosts[i] : &connector;
		struct host *h = &db->hosts[i];

		if (strcmp(h->at.name, at->name) != 0 || h->at.port != at->port)
			*h = (struct host){.at = *at};
	}
	db->host_count = count;
}

unsigned host_share_s(const struct db *db)
{
	unsigned share = db->cfg.connect_timeout_s / (unsigned)db->host_count;

	return share > 0 ? share : 1;
}

/* In the order of the list; shunned hosts come last. */
bool host_next(const struct db *db, unsigned tried, size_t *next)
{
	int64_t now_us = clock_monotonic_us();

	for (int shunned = 0; shunned <= 1; shunned++) {
		for (size_t i = 0; i < db->host_count; i++) {
			*next = i;
			if ((tried & 1U << i) == 0 &&
				(shunned || now_us >= db->hosts[i].shunned_until_us))
				return true;
		}
	}
	return false;
}

bool host_home(struct db *db, size_t *home)
{
	int64_t now_us = clock_monotonic_us();

	if (db->host == 0 || now_us < db->home_after_us)
		return false;
	db->home_after_us = now_us + SHUN_US / 5;
	for (*home = 0; *home < db->host; ++*home)
		if (now_us >= db->hosts[*home].shunned_until_us)
			return true;
	return false;
}

void host_shun(struct db *db, size_t host, int64_t took_us)
{
	db->hosts[host].shunned_until_us = clock_monotonic_us() + SHUN_US + SHUN_TIMES * took_us;
}
