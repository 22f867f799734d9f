/* SPDX-License-Identifier: MIT
 * Tokens and fixtures of the end-to-end tests; see lib/e2e.h. Writes into the store behind the
 * running stack, through the model and with bound arguments only. */
#include <stdio.h>

#include "auth/sign.h"
#include "base/random.h"
#include "lib/e2e.h"

/* Tokens */

struct str e2e_token(struct e2e *t, const char *claims, ...)
{
	const char *why = NULL;
	struct str text, token;
	va_list ap;

	va_start(ap, claims);
	text = str_from(arena_vprintf(t->arena, claims, ap));
	va_end(ap);
	token = sign_token_for_an_hour(t->arena, t->key_file, text, &why);
	if (token.p == NULL)
		fail_msg("no token with %.*s: %s", STR_FMT(text), why);
	return token;
}

struct str e2e_super_admin(struct e2e *t)
{
	return e2e_token(t, "{\"sub\":\"usr_root\",\"role\":\"super_admin\"}");
}

/* Fixtures */

static void check(const struct e2e *t, enum err err)
{
	if (err != ERR_OK)
		fail_msg("the fixture's database: %s: %s", err_text(err), db_error_text(t->db));
}

struct str e2e_name(struct e2e *t, const char *stem)
{
	unsigned char bytes[8];

	random_bytes(bytes, sizeof(bytes));
	return str_printf(t->arena, "%s-%s", stem, str_hex(t->arena, bytes, sizeof(bytes)).p);
}

struct str e2e_partner(struct e2e *t)
{
	struct str id = e2e_name(t, "prt");

	check(t, ingest_partner(t->db, id, id));
	return id;
}

struct e2e_tenant e2e_tenant(struct e2e *t, struct str partner_id)
{
	struct e2e_tenant tenant = {e2e_name(t, "tnt"), partner_id};

	check(t, ingest_tenant(t->db, tenant.id, partner_id, tenant.id));
	return tenant;
}

struct session_new e2e_session(struct e2e *t, struct e2e_tenant tenant, struct str user_id)
{
	int64_t now = e2e_now_ms(t);

	return (struct session_new){
		.id = e2e_name(t, "ses"),
		.tenant_id = tenant.id,
		.partner_id = tenant.partner_id,
		.user_id = user_id,
		.created_ms = now - 60 * 1000,
		.last_activity_ms = TIME_NONE,
		.expires_ms = now + 3600 * 1000,
		.revoked_ms = TIME_NONE,
	};
}

struct str e2e_put(struct e2e *t, const struct session_new *s)
{
	check(t, ingest_session(t->db, s));
	return s->id;
}

struct str e2e_put_session(struct e2e *t, struct e2e_tenant tenant, struct str user_id)
{
	struct session_new s = e2e_session(t, tenant, user_id);

	return e2e_put(t, &s);
}

static struct sql compose(struct e2e *t, enum sql_kind kind, const char *columns,
	struct sql_frag text, int n, va_list ap)
{
	struct sql q;

	sql_begin(&q, t->arena, kind, columns);
	sql_add(&q, text);
	for (int i = 0; i < n; i++)
		sql_arg(&q, va_arg(ap, struct db_val));
	return q;
}

void e2e_exec(struct e2e *t, struct sql_frag text, int n, ...)
{
	struct sql q;
	va_list ap;

	va_start(ap, n);
	q = compose(t, SQL_WRITE, "", text, n, ap);
	va_end(ap);
	check(t, db_exec(t->db, &q, NULL));
}

int64_t e2e_count(struct e2e *t, struct sql_frag text, int n, ...)
{
	static const struct db_col col = {'i', 0};
	static const struct db_shape shape = {&col, 1};
	int64_t out = 0;
	struct sql q;
	va_list ap;

	va_start(ap, n);
	q = compose(t, SQL_READ, "i", text, n, ap);
	va_end(ap);
	check(t, db_one(t->db, t->arena, &q, &shape, &out));
	return out;
}

struct str e2e_column(struct e2e *t, struct sql_frag text, int n, ...)
{
	static const struct db_col col = {'S', 0};
	static const struct db_shape shape = {&col, 1};
	struct str out = STR_NONE;
	struct sql q;
	va_list ap;

	va_start(ap, n);
	q = compose(t, SQL_READ, "S", text, n, ap);
	va_end(ap);
	check(t, db_one(t->db, t->arena, &q, &shape, &out));
	return out;
}

int64_t e2e_now_ms(struct e2e *t)
{
	return e2e_count(t,
		SQL("SELECT TIMESTAMPDIFF(MICROSECOND, TIMESTAMP'1970-01-01 00:00:00',"
		    " UTC_TIMESTAMP(3)) DIV 1000"),
		0);
}
