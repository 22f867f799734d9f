/* SPDX-License-Identifier: MIT
 * One session and its user into the store: the tenant's policy is read and locked, then the user's
 * row is written and locked, then the session is inserted with the end that the policy leaves it.
 * Each statement binds plain values: sub-selects in them cost more than reading the tenant once.
 * Within the caller's transaction. */
#include "model/put.h"

#include <stddef.h>

#include "db/compose.h"
#include "model/device.h"
#include "statements.h"

/* As it is committed, and it stays so until the transaction's end; see model/session_policy.h. */
const struct stmt tenant_rules = {"register.tenant_rules", SQL_READ, "s", "iIIIIi",
	"SELECT t.no, t.partner_no, t.idle_seconds, t.absolute_seconds, t.max_sessions,"
	" t.on_limit = 2 FROM tenant t WHERE t.id = ? LOCK IN SHARE MODE"};

/* session.device_key of a device_trace. */
#define KEY_SQL "LEFT(UNHEX(SHA2(?, 256)), 8)"

/* `changed`: e-mail, name or is_admin are not what they were. `first`: the row is new. */
const struct stmt user_put = {"register.user", SQL_WRITE, "isssiiiisb", "iiSStiii",
	"INSERT INTO user (tenant_no, id, email, display_name, is_admin, living)"
	" VALUES (?, ?, ?, ?, COALESCE(?, FALSE), ?)"
	" ON DUPLICATE KEY UPDATE"
	" updated_at = IF(COALESCE(VALUES(email), user.email) <=> user.email"
	" AND COALESCE(VALUES(display_name), user.display_name) <=> user.display_name"
	" AND COALESCE(?, user.is_admin) = user.is_admin, user.updated_at, " NOW_SQL "),"
	" email = COALESCE(VALUES(email), user.email),"
	" display_name = COALESCE(VALUES(display_name), user.display_name),"
	" is_admin = COALESCE(?, user.is_admin), living = user.living + VALUES(living)"
	" RETURNING living, is_admin, email, display_name, " NOW_SQL ", updated_at = " NOW_SQL
	", created_at = " NOW_SQL
	", EXISTS (SELECT 1 FROM session s WHERE s.user_id = ? AND s.tenant_no = user.tenant_no"
	" AND s.device_key = " KEY_SQL ")"};
/* The months are those that sessions can have ended in. A statement of its own, because `ended` has
 * many partitions: opening it costs more than the user's row. */
const struct stmt device_ended = {"register.device_ended", SQL_READ, "siiiiitb", "i",
	"SELECT EXISTS (SELECT 1 FROM ended s WHERE s.user_id = ? AND s.tenant_no = ?"
	" AND s.month IN (?, ?, ?, ?) AND s.ended_at >= ? AND s.device_key = " KEY_SQL HISTORY_SQL
	")"};
/* Living sessions show what the user is called now, and lose the role with is_admin. */
const struct stmt user_spread = {"register.user_spread", SQL_WRITE, "ssisi", "",
	"UPDATE session SET user_email = ?, user_display_name = ?,"
	" role = IF(?, role, NULLIF(role, 'super_admin')) WHERE user_id = ? AND tenant_no = ?"};
const struct stmt user_take_back = {"register.user_take_back", SQL_WRITE, "iis", "",
	"UPDATE user SET living = living - ? WHERE tenant_no = ? AND id = ?"};

/* What the statements say of REGISTERED_TEXTS. */
#define LETTER(name) "s"
#define LETTERS REGISTERED_TEXTS(LETTER)
#define HOLE(name) ", ?"
#define HOLES REGISTERED_TEXTS(HOLE)
#define ARGUMENT(name) , db_str(s->name)
#define FILL(name) .name = s->name,

const struct stmt session_put = {"register.session", SQL_WRITE,
	"iistttt"
	"sssss"
	"bbssss"
	"ssiissi"
	"sbt" LETTERS,
	"",
	"INSERT INTO session (tenant_no, partner_no, tenant_id, created_at, last_activity_at, expires_at,"
	" absolute_expires_at, id,"
	" user_id, user_email, user_display_name, role, token_digest, request_digest, ip_address,"
	" user_agent, device_type, location, authenticator_id, tags, is_mfa_required,"
	" is_mfa_complete, config_types, apps, app_count, device_label, device_key,"
	" auth_time" REGISTERED_SQL ")"
	" VALUES (?, ?, ?, ?, COALESCE(?, TIMESTAMP'0001-01-01 00:00:00'), ?, ?, ?,"
	" ?, ?, ?, ?, ?, ?, COALESCE(?, ''), ?, ?, ?, COALESCE(?, ''), ?, ?, ?, ?, ?, ?,"
	" ?, " KEY_SQL ", ?" HOLES ")"};
const struct stmt ended_put = {"register.ended", SQL_WRITE,
	"iistittt"
	"sssss"
	"bssss"
	"ssssss"
	"si"
	"sbt" LETTERS,
	"",
	"INSERT INTO ended (tenant_no, partner_no, tenant_id, how, ended_at, month, created_at,"
	" last_activity_at, expires_at, id, user_id, user_email, user_display_name, role,"
	" request_digest, ip_address, user_agent, device_type, location, revoked_by,"
	" revoked_by_tenant, revoked_by_kind, endpoint, request_id, reason, apps, app_count,"
	" device_label, device_key, auth_time" REGISTERED_SQL ")"
	" VALUES (?, ?, ?, 'revoked', ?, ?, ?, COALESCE(?, TIMESTAMP'0001-01-01 00:00:00'), ?, ?, ?,"
	" ?, ?, ?, ?, COALESCE(?, ''), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
	" ?, " KEY_SQL ", ?" HOLES ")"};
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

struct tenant {
	int64_t no, partner_no;
	int64_t idle_s, absolute_s, max_sessions, refuse; /* DB_NULL_I64: no rule */
};

/* The user as it is after this session came. */
struct user {
	int64_t living, is_admin, now_ms, changed, first, device_lives;
	struct str email, display_name;
};

static enum err find_tenant(struct db *db, struct str id, struct tenant *out)
{
	static const struct db_col cols[] = {
		{'i', offsetof(struct tenant, no)},
		{'I', offsetof(struct tenant, partner_no)},
		{'I', offsetof(struct tenant, idle_s)},
		{'I', offsetof(struct tenant, absolute_s)},
		{'I', offsetof(struct tenant, max_sessions)},
		{'i', offsetof(struct tenant, refuse)},
	};
	static const struct db_shape shape = {cols, ARRAY_LEN(cols)};
	struct sql q = SQL_FIXED(&tenant_rules, db_str(id));

	return db_one(db, NULL, &q, &shape, out);
}

static enum err put_user(struct db *db, struct arena *a, const struct user_new *u,
	const struct tenant *t, const struct device *d, int64_t living, struct user *out)
{
	static const struct db_col cols[] = {
		{'i', offsetof(struct user, living)},
		{'i', offsetof(struct user, is_admin)},
		{'S', offsetof(struct user, email)},
		{'S', offsetof(struct user, display_name)},
		{'t', offsetof(struct user, now_ms)},
		{'i', offsetof(struct user, changed)},
		{'i', offsetof(struct user, first)},
		{'i', offsetof(struct user, device_lives)},
	};
	static const struct db_shape shape = {cols, ARRAY_LEN(cols)};
	struct sql put = SQL_FIXED(&user_put, db_i64(t->no), db_str(u->id), db_str(u->email),
		db_str(u->display_name), opt_i64(u->is_admin), db_i64(living), opt_i64(u->is_admin),
		opt_i64(u->is_admin), db_str(u->id), db_bytes(d->trace));
	enum err err = db_one(db, a, &put, &shape, out);

	if (err == ERR_OK && out->changed != 0 && out->living > living) {
		struct sql spread =
			SQL_FIXED(&user_spread, db_str(out->email), db_str(out->display_name),
				db_i64(out->is_admin), db_str(u->id), db_i64(t->no));

		err = db_exec(db, &spread, NULL);
	}
	return err;
}

/* Whether the user has no session of that device, and had none lately. */
static enum err find_new_device(struct db *db, const struct user_new *u, const struct tenant *t,
	const struct device *d, const struct user *user, bool *out)
{
	static const struct db_col col = {'i', 0};
	static const struct db_shape shape = {&col, 1};
	int64_t month = tally_month(user->now_ms), known = 0;
	struct sql q = SQL_FIXED(&device_ended, db_str(u->id), db_i64(t->no), db_i64(month),
		db_i64(month - 1), db_i64(month - 2), db_i64(month - 3),
		db_time(user->now_ms - NEW_DEVICE_DAYS * 24 * HOUR_MS), db_bytes(d->trace));
	enum err err = ERR_OK;

	if (user->device_lives != 0)
		known = 1;
	else if (user->first == 0 && d->trace.p != NULL)
		err = db_one(db, NULL, &q, &shape, &known);
	*out = known == 0;
	return err;
}

static int64_t or_none(int64_t rule)
{
	return rule != DB_NULL_I64 ? rule : 0;
}

static struct session_policy policy_of(const struct session_new *s, const struct tenant *t)
{
	const struct session_policy own = {or_none(t->idle_s), or_none(t->absolute_s),
		or_none(t->max_sessions), t->refuse != 0};
	static const struct session_policy none;

	return s->policy != NULL ? session_policy_strictest(&own, s->policy) : none;
}

/* When it begins and ends. */
struct written {
	int64_t created_ms;
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

/* The absolute end is stored only where it is later than expires_at. */
static struct db_val absolute_of(const struct session_end *end)
{
	return db_time(end->absolute_ms > end->expires_ms ? end->absolute_ms : TIME_NONE);
}

static enum err put_living(struct db *db, const struct session_new *s, const struct tenant *t,
	const struct user *u, const struct device *d, const struct written *w)
{
	struct sql q = SQL_FIXED(&session_put, db_i64(t->no), opt_i64(t->partner_no),
		db_str(s->tenant_id), db_time(w->created_ms), db_time(s->last_activity_ms),
		db_time(w->end.expires_ms), absolute_of(&w->end), db_str(s->id), db_str(s->user_id),
		db_str(u->email), db_str(u->display_name), db_str(s->role),
		db_bytes(s->token_digest), db_bytes(s->request_digest), db_str(s->ip_address),
		db_str(s->user_agent), db_str(s->device_type), db_str(s->location),
		db_str(s->authenticator_id), db_str(s->tags), db_i64(s->is_mfa_required),
		db_i64(s->is_mfa_complete), db_str(s->config_types), db_str(s->apps),
		db_i64(s->app_count), db_str(d->label), db_bytes(d->trace),
		db_time(s->auth_ms) REGISTERED_TEXTS(ARGUMENT));
	struct sql idp = SQL_FIXED(&idp_put, db_str(s->id), db_str(s->idp_session_id));
	enum err err = db_exec(db, &q, NULL);

	return err == ERR_OK && s->idp_session_id.p != NULL ? db_exec(db, &idp, NULL) : err;
}

static enum err put_ended(struct db *db, const struct session_new *s, const struct tenant *t,
	const struct user *u, const struct device *d, const struct written *w)
{
	struct sql q = SQL_FIXED(&ended_put, db_i64(t->no), opt_i64(t->partner_no),
		db_str(s->tenant_id), db_time(s->revoked_ms), db_i64(tally_month(s->revoked_ms)),
		db_time(w->created_ms), db_time(s->last_activity_ms), db_time(w->end.expires_ms),
		db_str(s->id), db_str(s->user_id), db_str(u->email), db_str(u->display_name),
		db_str(s->role), db_bytes(s->request_digest), db_str(s->ip_address),
		db_str(s->user_agent), db_str(s->device_type), db_str(s->location),
		db_str(s->revoked_by.subject), db_str(s->revoked_by.tenant_id),
		db_str(s->revoked_by.kind), db_str(s->endpoint), db_str(s->request_id),
		db_str(s->revoke_reason), db_str(s->apps), db_i64(s->app_count), db_str(d->label),
		db_bytes(d->trace), db_time(s->auth_ms) REGISTERED_TEXTS(ARGUMENT));

	return db_exec(db, &q, NULL);
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
		/* clang-format off */
		REGISTERED_TEXTS(FILL)
		/* clang-format on */
	};
}

static enum err take_back(struct db *db, const struct user_new *u, const struct tenant *t)
{
	struct sql q = SQL_FIXED(&user_take_back, db_i64(1), db_i64(t->no), db_str(u->id));

	return db_exec(db, &q, NULL);
}

static void count_in(struct tally *tally, const struct session_new *s, const struct tenant *tenant,
	const struct user *user, const struct written *w)
{
	const struct tally_session t = {
		.tenant_no = tenant->no,
		.partner_no = tenant->partner_no,
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
		tally_users(tally, tenant->no, 1);
}

enum err register_put_told(struct db *db, struct arena *a, struct tally *tally,
	const struct session_new *s, const struct user_new *u, struct put_told *told,
	struct session *out)
{
	bool living = s->revoked_ms == TIME_NONE;
	struct device device = {.label = device_label(a, s->user_agent)};
	struct session_policy policy;
	struct written written;
	struct tenant tenant;
	struct user user;
	enum err err;

	device.trace = device_trace(a, device.label, s->ip_address);
	err = find_tenant(db, s->tenant_id, &tenant);
	if (err == ERR_OK)
		err = put_user(db, a, u, &tenant, &device, living, &user);
	if (err == ERR_OK && told != NULL)
		err = find_new_device(db, u, &tenant, &device, &user, &told->new_device);
	if (err != ERR_OK)
		return err;
	policy = policy_of(s, &tenant);
	find_times(s, &policy, user.now_ms, &written);
	err = living ? put_living(db, s, &tenant, &user, &device, &written)
		     : put_ended(db, s, &tenant, &user, &device, &written);
	if (err == ERR_DUPLICATE && living) {
		enum err taken = take_back(db, u, &tenant);

		return taken != ERR_OK ? taken : ERR_DUPLICATE;
	}
	if (err != ERR_OK)
		return err;
	count_in(tally, s, &tenant, &user, &written);
	if (told != NULL) {
		told->tenant_no = tenant.no;
		told->living = user.living;
		told->policy = policy;
	}
	if (out != NULL)
		fill(s, &user, &device, &written, out);
	return ERR_OK;
}

enum err register_put(struct db *db, struct arena *a, struct tally *tally,
	const struct session_new *s, const struct user_new *u, struct session *out)
{
	return register_put_told(db, a, tally, s, u, NULL, out);
}
