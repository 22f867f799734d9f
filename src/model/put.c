/* SPDX-License-Identifier: MIT
 * One session and its user into the store: the user's row is written and locked first, and says
 * what the tenant's policy is and whether the device is known; then the session is inserted with
 * the end that the policy leaves it. Within the caller's transaction. */
#include "model/put.h"

#include <stddef.h>

#include "db/compose.h"
#include "model/device.h"
#include "statements.h"

/* The tenant's row is read as it is committed, and stays so until the transaction's end; see
 * model/session_policy.h. */
#define POLICY_SQL(column)                                                                         \
	"(SELECT t." column " FROM tenant t WHERE t.no = user.tenant_no LOCK IN SHARE MODE)"

/* session.device_key of a device_trace. */
#define KEY_SQL "LEFT(UNHEX(SHA2(?, 256)), 8)"

/* Whether the user has, or had lately, a session of that device. Both are read from an index alone;
 * the months are those that sessions can have ended in. */
#define DEVICE_SQL                                                                                 \
	"EXISTS (SELECT 1 FROM session s WHERE s.user_id = ? AND s.tenant_no = user.tenant_no"     \
	" AND s.device_key = " KEY_SQL ") OR EXISTS (SELECT 1 FROM ended s WHERE s.user_id = ?"    \
	" AND s.tenant_no = user.tenant_no AND s.month IN (?, ?, ?, ?) AND s.ended_at >= ?"        \
	" AND s.device_key = " KEY_SQL HISTORY_SQL ")"

/* `changed`: e-mail, name or is_admin are not what they were. */
const struct stmt user_put = {"register.user", SQL_WRITE,
	"sssiisii"
	"sbsiiiitb",
	"iiiSSitIIIii",
	"INSERT INTO user (tenant_no, id, email, display_name, is_admin, living)"
	" SELECT t.no, ?, ?, ?, COALESCE(?, FALSE), ? FROM tenant t WHERE t.id = ?"
	" ON DUPLICATE KEY UPDATE"
	" updated_at = IF(COALESCE(VALUES(email), user.email) <=> user.email"
	" AND COALESCE(VALUES(display_name), user.display_name) <=> user.display_name"
	" AND COALESCE(?, user.is_admin) = user.is_admin, user.updated_at, " NOW_SQL "),"
	" email = COALESCE(VALUES(email), user.email),"
	" display_name = COALESCE(VALUES(display_name), user.display_name),"
	" is_admin = COALESCE(?, user.is_admin), living = user.living + VALUES(living)"
	" RETURNING tenant_no, living, is_admin, email, display_name, updated_at = " NOW_SQL
	", " NOW_SQL
	", " POLICY_SQL("idle_seconds") ", " POLICY_SQL("absolute_seconds") ", " POLICY_SQL(
		"max_sessions") ", " POLICY_SQL("on_limit = 2") ", " DEVICE_SQL};
/* Living sessions show what the user is called now, and lose the role with is_admin. */
const struct stmt user_spread = {"register.user_spread", SQL_WRITE, "ssisi", "",
	"UPDATE session SET user_email = ?, user_display_name = ?,"
	" role = IF(?, role, NULLIF(role, 'super_admin')) WHERE user_id = ? AND tenant_no = ?"};
const struct stmt user_take_back = {"register.user_take_back", SQL_WRITE, "iis", "",
	"UPDATE user SET living = living - ? WHERE tenant_no = ? AND id = ?"};

const struct stmt session_put = {"register.session", SQL_WRITE,
	"tttt"
	"sssss"
	"bbssss"
	"ssiissi"
	"sbtssssi",
	"I",
	"INSERT INTO session (tenant_no, partner_no, tenant_id, created_at, last_activity_at, expires_at,"
	" absolute_expires_at, id,"
	" user_id, user_email, user_display_name, role, token_digest, request_digest, ip_address,"
	" user_agent, device_type, location, authenticator_id, tags, is_mfa_required,"
	" is_mfa_complete, config_types, apps, app_count, device_label, device_key, auth_time, acr,"
	" amr, idp_issuer, idp_session_id)"
	" SELECT t.no, t.partner_no, t.id, ?, COALESCE(?, TIMESTAMP'0001-01-01 00:00:00'), ?, ?, ?,"
	" ?, ?, ?, ?, ?, ?, COALESCE(?, ''), ?, ?, ?, COALESCE(?, ''), ?, ?, ?, ?, ?, ?,"
	" ?, " KEY_SQL ", ?, ?, ?, ?, ?"
	" FROM tenant t WHERE t.no = ? RETURNING partner_no"};
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

static struct db_val opt_i64(int64_t v)
{
	struct db_val val = db_i64(v);

	val.null = v == DB_NULL_I64;
	return val;
}

/* What the user agent and the address tell. */
struct device {
	struct str label, trace;
};

/* The user as it is after this session came, and the tenant's policy. */
struct user {
	int64_t tenant_no, living, is_admin, changed, now_ms;
	int64_t idle_s, absolute_s, max_sessions, refuse; /* DB_NULL_I64: no rule */
	int64_t device_known;
	struct str email, display_name;
};

static enum err put_user(struct db *db, struct arena *a, const struct user_new *u,
	const struct device *d, int64_t living, struct user *out)
{
	static const struct db_col cols[] = {
		{'i', offsetof(struct user, tenant_no)},
		{'i', offsetof(struct user, living)},
		{'i', offsetof(struct user, is_admin)},
		{'S', offsetof(struct user, email)},
		{'S', offsetof(struct user, display_name)},
		{'i', offsetof(struct user, changed)},
		{'t', offsetof(struct user, now_ms)},
		{'I', offsetof(struct user, idle_s)},
		{'I', offsetof(struct user, absolute_s)},
		{'I', offsetof(struct user, max_sessions)},
		{'i', offsetof(struct user, refuse)},
		{'i', offsetof(struct user, device_known)},
	};
	static const struct db_shape shape = {cols, ARRAY_LEN(cols)};
	int64_t now_ms = clock_now_ms(), month = tally_month(now_ms);
	struct sql put = SQL_FIXED(&user_put, db_str(u->id), db_str(u->email),
		db_str(u->display_name), opt_i64(u->is_admin), db_i64(living), db_str(u->tenant_id),
		opt_i64(u->is_admin), opt_i64(u->is_admin), db_str(u->id), db_bytes(d->trace),
		db_str(u->id), db_i64(month), db_i64(month - 1), db_i64(month - 2),
		db_i64(month - 3), db_time(now_ms - NEW_DEVICE_DAYS * 24 * HOUR_MS),
		db_bytes(d->trace));
	enum err err = db_one(db, a, &put, &shape, out);

	if (err == ERR_OK && out->changed != 0 && out->living > living) {
		struct sql spread =
			SQL_FIXED(&user_spread, db_str(out->email), db_str(out->display_name),
				db_i64(out->is_admin), db_str(u->id), db_i64(out->tenant_no));

		err = db_exec(db, &spread, NULL);
	}
	return err;
}

static int64_t or_none(int64_t rule)
{
	return rule != DB_NULL_I64 ? rule : 0;
}

static struct session_policy policy_of(const struct session_new *s, const struct user *u)
{
	const struct session_policy tenant = {or_none(u->idle_s), or_none(u->absolute_s),
		or_none(u->max_sessions), u->refuse != 0};
	static const struct session_policy none;

	return s->policy != NULL ? session_policy_strictest(&tenant, s->policy) : none;
}

/* When it begins and ends. */
struct written {
	int64_t created_ms, partner_no;
	struct session_end end;
};

static void find_times(const struct session_new *s, const struct session_policy *policy,
	int64_t now_ms, struct written *out)
{
	int64_t asked_ms;

	out->created_ms = s->created_ms != TIME_NONE ? s->created_ms : now_ms;
	asked_ms = s->expires_ms != TIME_NONE ? s->expires_ms
					      : out->created_ms + s->expires_in_s * 1000;
	out->end = session_policy_end(policy, out->created_ms, s->last_activity_ms, asked_ms);
}

/* The latest end is kept where it is another one. */
static struct db_val absolute_of(const struct session_end *end)
{
	return db_time(end->absolute_ms > end->expires_ms ? end->absolute_ms : TIME_NONE);
}

static enum err put_living(struct db *db, const struct session_new *s, const struct user *u,
	const struct device *d, struct written *out)
{
	static const struct db_col cols[] = {{'I', offsetof(struct written, partner_no)}};
	static const struct db_shape shape = {cols, 1};
	struct sql q = SQL_FIXED(&session_put, db_time(out->created_ms),
		db_time(s->last_activity_ms), db_time(out->end.expires_ms), absolute_of(&out->end),
		db_str(s->id), db_str(s->user_id), db_str(u->email), db_str(u->display_name),
		db_str(s->role), db_bytes(s->token_digest), db_bytes(s->request_digest),
		db_str(s->ip_address), db_str(s->user_agent), db_str(s->device_type),
		db_str(s->location), db_str(s->authenticator_id), db_str(s->tags),
		db_i64(s->is_mfa_required), db_i64(s->is_mfa_complete), db_str(s->config_types),
		db_str(s->apps), db_i64(s->app_count), db_str(d->label), db_bytes(d->trace),
		db_time(s->auth_ms), db_str(s->acr), db_str(s->amr), db_str(s->idp_issuer),
		db_str(s->idp_session_id), db_i64(u->tenant_no));
	struct sql idp = SQL_FIXED(&idp_put, db_str(s->id), db_str(s->idp_session_id));
	enum err err = db_one(db, NULL, &q, &shape, out);

	return err == ERR_OK && s->idp_session_id.p != NULL ? db_exec(db, &idp, NULL) : err;
}

static enum err put_ended(struct db *db, const struct session_new *s, const struct user *u,
	const struct device *d, struct written *out)
{
	static const struct db_col cols[] = {{'I', offsetof(struct written, partner_no)}};
	static const struct db_shape shape = {cols, 1};
	struct sql q = SQL_FIXED(&ended_put, db_time(s->revoked_ms),
		db_i64(tally_month(s->revoked_ms)), db_time(out->created_ms),
		db_time(s->last_activity_ms), db_time(out->end.expires_ms), db_str(s->id),
		db_str(s->user_id), db_str(u->email), db_str(u->display_name), db_str(s->role),
		db_bytes(s->request_digest), db_str(s->ip_address), db_str(s->user_agent),
		db_str(s->device_type), db_str(s->location), db_str(s->revoked_by.subject),
		db_str(s->revoked_by.tenant_id), db_str(s->revoked_by.kind), db_str(s->endpoint),
		db_str(s->request_id), db_str(s->revoke_reason), db_str(s->apps),
		db_i64(s->app_count), db_str(d->label), db_bytes(d->trace), db_time(s->auth_ms),
		db_str(s->acr), db_str(s->amr), db_str(s->idp_issuer), db_str(s->idp_session_id),
		db_i64(u->tenant_no));

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
		.expires_ms = w->end.expires_ms,
		.app_count = s->app_count,
		.role = s->role,
		.status = STR("active"),
		.revoked_ms = TIME_NONE,
		.device_label = d->label,
		.absolute_ms = w->end.absolute_ms,
		.auth_ms = s->auth_ms,
		.acr = s->acr,
		.amr = s->amr,
		.idp_issuer = s->idp_issuer,
		.idp_session_id = s->idp_session_id,
	};
}

static enum err take_back(struct db *db, const struct user_new *u, const struct user *user)
{
	struct sql q =
		SQL_FIXED(&user_take_back, db_i64(1), db_i64(user->tenant_no), db_str(u->id));

	return db_exec(db, &q, NULL);
}

static void count_in(struct tally *tally, const struct session_new *s, const struct user *user,
	const struct written *w)
{
	const struct tally_session t = {
		.tenant_no = user->tenant_no,
		.partner_no = w->partner_no,
		.user_id = s->user_id,
		.device_type = s->device_type,
		.created_ms = w->created_ms,
		.expires_ms = w->end.expires_ms,
		.last_activity_ms = s->last_activity_ms,
	};

	if (s->revoked_ms != TIME_NONE) {
		tally_ended(tally, &t, false, s->revoked_ms);
		return;
	}
	tally_living(tally, &t, 1);
	if (user->living == 1)
		tally_users(tally, user->tenant_no, 1);
}

enum err register_put_told(struct db *db, struct arena *a, struct tally *tally,
	const struct session_new *s, const struct user_new *u, struct put_told *told,
	struct session *out)
{
	bool living = s->revoked_ms == TIME_NONE;
	struct device device = {.label = device_label(a, s->user_agent)};
	struct written written;
	struct user user;
	enum err err;

	device.trace = device_trace(a, device.label, s->ip_address);
	err = put_user(db, a, u, &device, living, &user);
	if (err != ERR_OK)
		return err;
	*told = (struct put_told){
		user.tenant_no, user.living, user.device_known == 0, policy_of(s, &user)};
	find_times(s, &told->policy, user.now_ms, &written);
	err = living ? put_living(db, s, &user, &device, &written)
		     : put_ended(db, s, &user, &device, &written);
	if (err == ERR_DUPLICATE && living) {
		enum err taken = take_back(db, u, &user);

		return taken != ERR_OK ? taken : ERR_DUPLICATE;
	}
	if (err != ERR_OK)
		return err;
	count_in(tally, s, &user, &written);
	if (out != NULL)
		fill(s, &user, &device, &written, out);
	return ERR_OK;
}

enum err register_put(struct db *db, struct arena *a, struct tally *tally,
	const struct session_new *s, const struct user_new *u, struct session *out)
{
	struct put_told told;

	return register_put_told(db, a, tally, s, u, &told, out);
}
