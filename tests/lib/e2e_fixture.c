/* SPDX-License-Identifier: MIT
 * Tokens and fixtures of the end-to-end tests; see lib/e2e.h. Writes into the store behind the
 * running stack, through the model and with bound arguments only. */
#include <stdio.h>

#include "auth/sign.h"
#include "base/random.h"
#include "lib/e2e.h"
#include "model/recount.h"

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

	check(t, register_partner(t->db, id, id));
	return id;
}

struct e2e_tenant e2e_tenant(struct e2e *t, struct str partner_id)
{
	struct e2e_tenant tenant = {e2e_name(t, "tnt"), partner_id};

	check(t, register_tenant(t->db, tenant.id, partner_id, tenant.id));
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
		.auth_ms = TIME_NONE,
	};
}

struct put {
	struct e2e *t;
	const struct session_new *session;
	const struct user_new *user;
};

static enum err put(void *ctx)
{
	struct put *p = ctx;
	struct tally *tally = tally_new(p->t->arena);
	enum err err = register_put(p->t->db, p->t->arena, tally, p->session, p->user, NULL);

	return err == ERR_OK ? tally_write(p->t->db, tally) : err;
}

struct str e2e_put_user(struct e2e *t, const struct session_new *s, const struct user_new *u)
{
	struct put p = {t, s, u};

	check(t, db_tx(t->db, put, &p));
	return s->id;
}

void e2e_user(struct e2e *t, const struct user_new *u)
{
	e2e_exec(t,
		SQL("INSERT INTO user (tenant_no, id, email, display_name, is_admin)"
		    " VALUES ((SELECT no FROM tenant WHERE id = ?), ?, ?, ?, ?)"
		    " ON DUPLICATE KEY UPDATE is_admin = VALUES(is_admin)"),
		5, db_str(u->tenant_id), db_str(u->id), db_str(u->email), db_str(u->display_name),
		db_i64(u->is_admin));
}

struct str e2e_put(struct e2e *t, const struct session_new *s)
{
	const struct user_new u = {
		.tenant_id = s->tenant_id, .id = s->user_id, .is_admin = DB_NULL_I64};
	struct session_new session = *s;

	if (s->role.p == NULL &&
		e2e_count(t,
			SQL("SELECT COUNT(*) FROM user WHERE is_admin AND id = ?"
			    " AND tenant_no = (SELECT no FROM tenant WHERE id = ?)"),
			2, db_str(s->user_id), db_str(s->tenant_id)) > 0)
		session.role = STR("super_admin");
	return e2e_put_user(t, &session, &u);
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

struct str e2e_put_many(struct e2e *t, struct e2e_tenant tenant, struct str user_id, int64_t n)
{
	struct str stem = e2e_name(t, "many");

	e2e_exec(t,
		SQL("INSERT INTO session (tenant_no, partner_no, tenant_id, id, user_id, expires_at)"
		    " SELECT t.no, t.partner_no, t.id, CONCAT(?, '-', n.seq), ?,"
		    " UTC_TIMESTAMP(3) + INTERVAL 1 HOUR"
		    " FROM tenant t JOIN seq_1_to_100000 n WHERE t.id = ? AND n.seq <= ?"),
		4, db_str(stem), db_str(user_id), db_str(tenant.id), db_i64(n));
	e2e_recount(t);
	return stem;
}

static void ignore(void *ctx, const struct recount_fault *fault)
{
	(void)ctx;
	(void)fault;
}

void e2e_recount(struct e2e *t)
{
	check(t, recount(t->db, true, ignore, NULL));
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
