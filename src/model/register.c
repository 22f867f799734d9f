/* SPDX-License-Identifier: MIT
 * Registering sessions. The unique id decides between racing repeats: the loser's transaction
 * leaves nothing and reads what the winner wrote. The user's row is locked first, then the session
 * is inserted, then the numbers are changed. */
#include "model/register.h"

#include <stddef.h>

#include "db/compose.h"
#include "model/device.h"
#include "statements.h"

const struct stmt partner_put = {"register.partner", SQL_WRITE, "ss", "",
	"INSERT INTO partner (id, name) VALUES (?, ?)"
	" ON DUPLICATE KEY UPDATE name = COALESCE(VALUES(name), name)"};
const struct stmt tenant_put = {"register.tenant", SQL_WRITE, "sss", "",
	"INSERT INTO tenant (id, partner_no, name)"
	" VALUES (?, (SELECT p.no FROM partner p WHERE p.id = ?), ?)"
	" ON DUPLICATE KEY UPDATE name = COALESCE(VALUES(name), tenant.name)"};

#define TENANT_SQL                                                                                 \
	"SELECT p.id FROM tenant t LEFT JOIN partner p ON p.no = t.partner_no WHERE t.id = ?"
const struct stmt tenant_find = {"register.tenant_find", SQL_READ, "s", "S", TENANT_SQL};
/* What is committed now, whatever the transaction's snapshot holds. */
const struct stmt tenant_find_now = {
	"register.tenant_find_now", SQL_READ, "s", "S", TENANT_SQL " LOCK IN SHARE MODE"};

/* `changed`: e-mail, name or is_admin are not what they were. */
const struct stmt user_put = {"register.user", SQL_WRITE, "sssiisii", "iiiSSi",
	"INSERT INTO user (tenant_no, id, email, display_name, is_admin, living)"
	" SELECT t.no, ?, ?, ?, COALESCE(?, FALSE), ? FROM tenant t WHERE t.id = ?"
	" ON DUPLICATE KEY UPDATE"
	" updated_at = IF(COALESCE(VALUES(email), user.email) <=> user.email"
	" AND COALESCE(VALUES(display_name), user.display_name) <=> user.display_name"
	" AND COALESCE(?, user.is_admin) = user.is_admin, user.updated_at, " NOW_SQL "),"
	" email = COALESCE(VALUES(email), user.email),"
	" display_name = COALESCE(VALUES(display_name), user.display_name),"
	" is_admin = COALESCE(?, user.is_admin), living = user.living + VALUES(living)"
	" RETURNING tenant_no, living, is_admin, email, display_name, updated_at = " NOW_SQL};
/* Living sessions show what the user is called now, and lose the role with is_admin. */
const struct stmt user_spread = {"register.user_spread", SQL_WRITE, "ssisi", "",
	"UPDATE session SET user_email = ?, user_display_name = ?,"
	" role = IF(?, role, NULLIF(role, 'super_admin')) WHERE user_id = ? AND tenant_no = ?"};
const struct stmt user_take_back = {"register.user_take_back", SQL_WRITE, "iis", "",
	"UPDATE user SET living = living - ? WHERE tenant_no = ? AND id = ?"};

/* session.device_key of a device_trace. */
#define KEY_SQL "LEFT(UNHEX(SHA2(?, 256)), 8)"

const struct stmt session_put = {"register.session", SQL_WRITE,
	"ttti"
	"sssss"
	"bbssss"
	"ssiissi"
	"sbtssssi",
	"ttI",
	"INSERT INTO session (tenant_no, partner_no, tenant_id, created_at, last_activity_at, expires_at, id,"
	" user_id, user_email, user_display_name, role, token_digest, request_digest, ip_address,"
	" user_agent, device_type, location, authenticator_id, tags, is_mfa_required,"
	" is_mfa_complete, config_types, apps, app_count, device_label, device_key, auth_time, acr,"
	" amr, idp_issuer, idp_session_id)"
	" SELECT t.no, t.partner_no, t.id, COALESCE(?, " NOW_SQL "),"
	" COALESCE(?, TIMESTAMP'0001-01-01 00:00:00'), COALESCE(?, " NOW_SQL
	" + INTERVAL ? SECOND), ?,"
	" ?, ?, ?, ?, ?, ?, COALESCE(?, ''), ?, ?, ?, COALESCE(?, ''), ?, ?, ?, ?, ?, ?,"
	" ?, " KEY_SQL ", ?, ?, ?, ?, ?"
	" FROM tenant t WHERE t.no = ? RETURNING created_at, expires_at, partner_no"};
const struct stmt ended_put = {"register.ended", SQL_WRITE,
	"tittt"
	"sssss"
	"bssss"
	"ssssss"
	"si"
	"sbtssssi",
	"I",
	"INSERT INTO ended (tenant_no, partner_no, tenant_id, how, ended_at, month, created_at,"
	" last_activity_at, expires_at, id, user_id, user_email, user_display_name, role,"
	" request_digest, ip_address, user_agent, device_type, location, revoked_by,"
	" revoked_by_tenant, revoked_by_kind, endpoint, request_id, reason, apps, app_count,"
	" device_label, device_key, auth_time, acr, amr, idp_issuer, idp_session_id)"
	" SELECT t.no, t.partner_no, t.id, 'revoked', ?, ?, ?, COALESCE(?, TIMESTAMP'0001-01-01 00:00:00'), ?, ?, ?,"
	" ?, ?, ?, ?, COALESCE(?, ''), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
	" ?, " KEY_SQL ", ?, ?, ?, ?, ? FROM tenant t WHERE t.no = ? RETURNING partner_no"};
const struct stmt idp_put = {"register.idp", SQL_WRITE, "ss", "",
	"INSERT INTO idp_session (session_id, idp_session_id) VALUES (?, ?)"};

const struct stmt id_taken = {"register.taken", SQL_READ, "ss", "i",
	"SELECT 1 FROM DUAL WHERE EXISTS (SELECT 1 FROM session WHERE id = ? LOCK IN SHARE MODE)"
	" OR EXISTS (SELECT 1 FROM ended WHERE id = ? LOCK IN SHARE MODE)"};
const struct stmt id_ended = {"register.id_ended", SQL_READ, "s", "i",
	"SELECT 1 FROM ended s WHERE s.id = ?" HISTORY_SQL " LIMIT 1 LOCK IN SHARE MODE"};
const struct stmt same_request = {"register.same_request", SQL_READ, "sbsb", "i",
	"SELECT 1 FROM DUAL WHERE EXISTS (SELECT 1 FROM session WHERE id = ? AND request_digest = ?)"
	" OR EXISTS (SELECT 1 FROM ended WHERE id = ? AND request_digest = ?)"};

static const struct db_col text_col[] = {{'S', 0}};
static const struct db_shape text_shape = {text_col, 1};
static const struct db_col int_col[] = {{'i', 0}};
static const struct db_shape int_shape = {int_col, 1};

static struct db_val opt_i64(int64_t v)
{
	struct db_val val = db_i64(v);

	val.null = v == DB_NULL_I64;
	return val;
}

enum err register_partner(struct db *db, struct str id, struct str name)
{
	struct sql q = SQL_FIXED(&partner_put, db_str(id), db_str(name));

	return db_exec(db, &q, NULL);
}

enum err register_tenant(struct db *db, struct str id, struct str partner_id, struct str name)
{
	struct sql q = SQL_FIXED(&tenant_put, db_str(id), db_str(partner_id), db_str(name));

	return db_exec(db, &q, NULL);
}

enum err register_tenant_partner(
	struct db *db, struct arena *a, struct str tenant_id, struct str *partner_id)
{
	struct sql q = SQL_FIXED(&tenant_find, db_str(tenant_id));

	return db_one(db, a, &q, &text_shape, partner_id);
}

enum err register_settle_tenant(struct db *db, struct arena *a, const struct session_new *s,
	bool may_create, const char **why)
{
	struct sql now = SQL_FIXED(&tenant_find_now, db_str(s->tenant_id));
	struct str partner;
	enum err err = register_tenant_partner(db, a, s->tenant_id, &partner);

	if (err == ERR_NOT_FOUND && may_create) {
		err = s->partner_id.p != NULL ? register_partner(db, s->partner_id, STR_NONE)
					      : ERR_OK;
		if (err == ERR_OK)
			err = register_tenant(db, s->tenant_id, s->partner_id, STR_NONE);
		/* Another one may have been faster: its partner counts. */
		if (err == ERR_OK)
			err = db_one(db, a, &now, &text_shape, &partner);
	}
	if (err == ERR_OK && s->partner_id.p != NULL && !str_eq(s->partner_id, partner)) {
		*why = "Tenant belongs to another partner";
		return ERR_CONFLICT;
	}
	return err;
}

enum err register_is_taken(struct db *db, struct arena *a, struct str session_id)
{
	struct sql q = SQL_FIXED(&id_taken, db_str(session_id), db_str(session_id));
	int64_t one;

	return db_one(db, a, &q, &int_shape, &one);
}

/* The user as it is after this session came. */
struct user {
	int64_t tenant_no, living, is_admin, changed;
	struct str email, display_name;
};

static enum err put_user(
	struct db *db, struct arena *a, const struct user_new *u, int64_t living, struct user *out)
{
	static const struct db_col cols[] = {
		{'i', offsetof(struct user, tenant_no)},
		{'i', offsetof(struct user, living)},
		{'i', offsetof(struct user, is_admin)},
		{'S', offsetof(struct user, email)},
		{'S', offsetof(struct user, display_name)},
		{'i', offsetof(struct user, changed)},
	};
	static const struct db_shape shape = {cols, ARRAY_LEN(cols)};
	struct sql put = SQL_FIXED(&user_put, db_str(u->id), db_str(u->email),
		db_str(u->display_name), opt_i64(u->is_admin), db_i64(living), db_str(u->tenant_id),
		opt_i64(u->is_admin), opt_i64(u->is_admin));
	enum err err = db_one(db, a, &put, &shape, out);

	if (err == ERR_OK && out->changed != 0 && out->living > living) {
		struct sql spread =
			SQL_FIXED(&user_spread, db_str(out->email), db_str(out->display_name),
				db_i64(out->is_admin), db_str(u->id), db_i64(out->tenant_no));

		err = db_exec(db, &spread, NULL);
	}
	return err;
}

/* What the user agent and the address tell. */
struct device {
	struct str label, trace;
};

/* What the server decided. */
struct written {
	int64_t created_ms, expires_ms, partner_no;
};

static enum err put_living(struct db *db, const struct session_new *s, const struct user *u,
	const struct device *d, struct written *out)
{
	static const struct db_col cols[] = {
		{'t', offsetof(struct written, created_ms)},
		{'t', offsetof(struct written, expires_ms)},
		{'I', offsetof(struct written, partner_no)},
	};
	static const struct db_shape shape = {cols, ARRAY_LEN(cols)};
	struct sql q = SQL_FIXED(&session_put, db_time(s->created_ms), db_time(s->last_activity_ms),
		db_time(s->expires_ms), db_i64(s->expires_in_s), db_str(s->id), db_str(s->user_id),
		db_str(u->email), db_str(u->display_name), db_str(s->role),
		db_bytes(s->token_digest), db_bytes(s->request_digest), db_str(s->ip_address),
		db_str(s->user_agent), db_str(s->device_type), db_str(s->location),
		db_str(s->authenticator_id), db_str(s->tags), db_i64(s->is_mfa_required),
		db_i64(s->is_mfa_complete), db_str(s->config_types), db_str(s->apps),
		db_i64(s->app_count), db_str(d->label), db_bytes(d->trace), db_time(s->auth_ms),
		db_str(s->acr), db_str(s->amr), db_str(s->idp_issuer), db_str(s->idp_session_id),
		db_i64(u->tenant_no));
	struct sql idp = SQL_FIXED(&idp_put, db_str(s->id), db_str(s->idp_session_id));
	enum err err = db_one(db, NULL, &q, &shape, out);

	return err == ERR_OK && s->idp_session_id.p != NULL ? db_exec(db, &idp, NULL) : err;
}

static enum err put_ended(struct db *db, const struct session_new *s, const struct user *u,
	const struct device *d, struct written *out)
{
	static const struct db_col cols[] = {{'I', offsetof(struct written, partner_no)}};
	static const struct db_shape shape = {cols, 1};
	int64_t created_ms = s->created_ms != TIME_NONE ? s->created_ms : clock_now_ms();
	int64_t expires_ms =
		s->expires_ms != TIME_NONE ? s->expires_ms : created_ms + s->expires_in_s * 1000;
	struct sql q = SQL_FIXED(&ended_put, db_time(s->revoked_ms),
		db_i64(tally_month(s->revoked_ms)), db_time(created_ms),
		db_time(s->last_activity_ms), db_time(expires_ms), db_str(s->id),
		db_str(s->user_id), db_str(u->email), db_str(u->display_name), db_str(s->role),
		db_bytes(s->request_digest), db_str(s->ip_address), db_str(s->user_agent),
		db_str(s->device_type), db_str(s->location), db_str(s->revoked_by.subject),
		db_str(s->revoked_by.tenant_id), db_str(s->revoked_by.kind), db_str(s->endpoint),
		db_str(s->request_id), db_str(s->revoke_reason), db_str(s->apps),
		db_i64(s->app_count), db_str(d->label), db_bytes(d->trace), db_time(s->auth_ms),
		db_str(s->acr), db_str(s->amr), db_str(s->idp_issuer), db_str(s->idp_session_id),
		db_i64(u->tenant_no));

	out->created_ms = created_ms;
	out->expires_ms = expires_ms;
	return db_one(db, NULL, &q, &shape, out);
}

static void fill(const struct session_new *s, const struct user *u, const struct device *d,
	const struct written *w, struct session *out)
{
	*out = (struct session){
		.id = s->id,
		.tenant_id = s->tenant_id,
		.user_id = s->user_id,
		.user_email = u->email,
		.user_display_name = u->display_name,
		.ip_address = s->ip_address,
		.user_agent = s->user_agent,
		.device_type = s->device_type,
		.location = s->location,
		.created_ms = w->created_ms,
		.last_activity_ms = s->last_activity_ms,
		.expires_ms = w->expires_ms,
		.app_count = s->app_count,
		.role = s->role,
		.status = STR("active"),
		.revoked_ms = TIME_NONE,
		.device_label = d->label,
		.absolute_ms = w->expires_ms,
		.auth_ms = s->auth_ms,
		.acr = s->acr,
		.amr = s->amr,
		.idp_issuer = s->idp_issuer,
		.idp_session_id = s->idp_session_id,
	};
}

enum err register_put(struct db *db, struct arena *a, struct tally *tally,
	const struct session_new *s, const struct user_new *u, struct session *out)
{
	bool living = s->revoked_ms == TIME_NONE;
	struct tally_session t = {.user_id = s->user_id, .device_type = s->device_type};
	struct device device = {.label = device_label(a, s->user_agent)};
	struct written written;
	struct user user;
	enum err err = put_user(db, a, u, living, &user);

	if (err != ERR_OK)
		return err;
	device.trace = device_trace(a, device.label, s->ip_address);
	err = living ? put_living(db, s, &user, &device, &written)
		     : put_ended(db, s, &user, &device, &written);
	if (err == ERR_DUPLICATE && living) {
		struct sql back = SQL_FIXED(
			&user_take_back, db_i64(1), db_i64(user.tenant_no), db_str(u->id));
		enum err taken = db_exec(db, &back, NULL);

		return taken != ERR_OK ? taken : ERR_DUPLICATE;
	}
	if (err != ERR_OK)
		return err;
	t.tenant_no = user.tenant_no;
	t.partner_no = written.partner_no;
	t.created_ms = written.created_ms;
	t.expires_ms = written.expires_ms;
	t.last_activity_ms = s->last_activity_ms;
	if (living)
		tally_living(tally, &t, 1);
	else
		tally_ended(tally, &t, false, s->revoked_ms);
	if (living && user.living == 1)
		tally_users(tally, user.tenant_no, 1);
	if (out != NULL)
		fill(s, &user, &device, &written, out);
	return ERR_OK;
}

struct work {
	struct db *db;
	struct arena *arena;
	const struct registration *reg;
	struct session *out;
	const char **why;
};

/* Behind the insert, so that whoever ends a session of this id meanwhile has committed. */
static enum err refuse_ended_id(struct work *w)
{
	struct sql q = SQL_FIXED(&id_ended, db_str(w->reg->session.id));
	int64_t one;
	enum err err = db_one(w->db, w->arena, &q, &int_shape, &one);

	if (err == ERR_OK)
		return ERR_DUPLICATE;
	return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err run(void *ctx)
{
	struct work *w = ctx;
	const struct registration *reg = w->reg;
	struct tally *tally = tally_new(w->arena);
	enum err err = ERR_OK;

	if (reg->session.partner_id.p != NULL)
		err = register_settle_tenant(
			w->db, w->arena, &reg->session, reg->may_create, w->why);
	if (err == ERR_OK)
		err = register_put(w->db, w->arena, tally, &reg->session, &reg->user, w->out);
	if (err == ERR_NOT_FOUND && reg->may_create && reg->session.partner_id.p == NULL) {
		err = register_settle_tenant(w->db, w->arena, &reg->session, true, w->why);
		if (err == ERR_OK)
			err = register_put(
				w->db, w->arena, tally, &reg->session, &reg->user, w->out);
	}
	if (err == ERR_OK && reg->own_id)
		err = refuse_ended_id(w);
	return err == ERR_OK ? tally_write(w->db, tally) : err;
}

enum err register_find(struct db *db, struct arena *a, const struct registration *reg)
{
	struct sql q = SQL_FIXED(&same_request, db_str(reg->session.id),
		db_bytes(reg->session.request_digest), db_str(reg->session.id),
		db_bytes(reg->session.request_digest));
	int64_t one;

	return db_one(db, a, &q, &int_shape, &one);
}

enum err register_session(struct db *db, struct arena *a, const struct registration *reg,
	enum registered *which, struct session *out, const char **why)
{
	struct work w = {db, a, reg, out, why};
	enum err err = db_tx(db, run, &w);

	*which = REGISTERED_NEW;
	if (err != ERR_DUPLICATE)
		return err;
	*which = REGISTERED_BEFORE;
	err = register_find(db, a, reg);
	if (err == ERR_NOT_FOUND) {
		*why = "Session id is taken by another request";
		return ERR_CONFLICT;
	}
	return err;
}
