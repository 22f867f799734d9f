/* SPDX-License-Identifier: MIT
 * The settings: a table (name, type, default, range, one line of text). They are read from the
 * environment once, before the start, and never change. --settings prints the table. A variable
 * that is set but empty counts as not set. */
#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct config {
	int64_t workers, max_requests, drain_s;
	int64_t body_limit, retry_after_s;
	const char *api_prefix, *edge_prefix;
	const char *mount; /* NULL: found in each request; "": the root */
	const char *db_defaults, *db_group;
	int64_t db_connect_s, db_statement_ms, db_search_ms, db_lock_wait_s;
	const char *jwks_file, *hs256_file, *jwt_issuer, *jwt_audience;
	int64_t jwt_leeway_s, jwt_cache;
	const char *idp_issuer; /* jwt_issuer if it is not set */
	const char *idp_clients;
	int64_t edge_max_rows;
	int64_t costly_percent;
	int64_t activity_interval_s, session_s;
	int64_t idle_s, absolute_s, max_sessions; /* 0: no such rule */
	int64_t step_up_s;                        /* 0: none */
	const char *geo_file, *cookie, *login_url;
	const char *metrics_allow;
	int64_t log_level, log_format; /* enum log_level, enum log_format */
};

/* Reads ROLLCALL_* from the environment. False after printing one line to `err` with the setting
 * and the fault. An unknown ROLLCALL_ variable gives only a warning. Text without a default is NULL
 * if not set; strings point into the environment or static storage. */
bool config_read(struct config *c, FILE *err);

/* Puts the ROLLCALL_* lines of a file into the environment, unless they are set there. Lines are
 * NAME=value; # and ; begin comments; quotes around a value are removed. `path` NULL: the service's
 * own file, which may be missing. False after printing one line to `err`. */
bool config_file(const char *path, FILE *err);

/* The table as Markdown, for --settings. */
void config_print(FILE *out);

#endif
