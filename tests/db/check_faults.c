/* SPDX-License-Identifier: MIT
 * Every call of the database's connector that a request makes fails once, each in its turn and in
 * several ways. Whatever fails: the answer is the right one, or an error that tells nothing, then
 * nothing has changed; the maintained numbers are right; the next request is served. */
#include "connector.h"

#include "front.h"

#include <mysqld_error.h>

#include "model/recount.h"
#include "model/sweep.h"

#define ROOT "\"sub\":\"root\",\"role\":\"super_admin\""
#define PARTNER "\"sub\":\"pa\",\"role\":\"partner_admin\",\"partner_id\":\"p\""
#define BOSS "\"sub\":\"boss\",\"role\":\"tenant_admin\",\"tenant_id\":\"t\""
#define USER "\"sub\":\"u\",\"tenant_id\":\"t\",\"sid\":\"a#\""
#define SERVICE                                                                                    \
	"\"sub\":\"svc\",\"platform_token\":true,"                                                 \
	"\"scope\":\"sessions:write sessions:introspect admin:read admin:write\""
#define V1 "/api/v1"
#define TENANT V1 "/tenants/t/sessions"
#define POLICY V1 "/tenants/t/session-policy"
#define EDGE "/edge/management/v1/api-sessions"
#define EDGE_OWN "/edge/management/v1/current-api-session"
#define FORM "application/x-www-form-urlencoded"

/* A '#' stands for the number of the try: each has living sessions a#, b# (of user u) and c# (of
 * user v), and an ended one e#. a# is of the provider's session s#. A '@' stands for a token. */
enum how {
	PLAIN,
	TOKEN,   /* presents the token of session a# */
	LOGOUT,  /* '@' is a logout token with the claims of the row */
	LIMITED, /* by then a user may have one session */
	PROBE,   /* 503, whatever fails */
	COLD     /* the same, and the connection has to be made first */
};

struct ask {
	const char *name;
	struct front_request request;
	int status;
	enum how how;
};

#define GET(uri, who)                                                                              \
	{                                                                                          \
		"GET", (uri), (who), NULL, NULL, NULL, false                                       \
	}
#define POST(uri, who, body)                                                                       \
	{                                                                                          \
		"POST", (uri), (who), NULL, (body), NULL, false                                    \
	}
#define PUT(uri, who, body)                                                                        \
	{                                                                                          \
		"PUT", (uri), (who), NULL, (body), NULL, false                                     \
	}
#define SEND(uri, who, form)                                                                       \
	{                                                                                          \
		"POST", (uri), (who), NULL, (form), FORM, false                                    \
	}
#define DELETE(uri, who)                                                                           \
	{                                                                                          \
		"DELETE", (uri), (who), NULL, NULL, NULL, false                                    \
	}

#define SESSION_A                                                                                  \
	"{\"tenant_id\":\"t\",\"user_id\":\"u\",\"id\":\"a#\","                                    \
	"\"idp_issuer\":\"" FRONT_ISSUER "\",\"idp_session_id\":\"s#\"}"

static const struct ask asks[] = {
	{"ready, connecting", GET("/readyz", NULL), 200, COLD},
	{"ready", GET("/readyz", NULL), 200, PROBE},
	{"one", GET(V1 "/admin/sessions/a#", ROOT), 200, PLAIN},
	{"one that ended", GET(V1 "/admin/sessions/e#", ROOT), 200, PLAIN},
	{"one of a partner", GET(V1 "/admin/sessions/a#", PARTNER), 200, PLAIN},
	{"unknown", GET(TENANT "/nobody", BOSS), 404, PLAIN},
	{"unknown tenant", GET(V1 "/tenants/none/sessions", ROOT), 404, PLAIN},
	{"list", GET(V1 "/admin/sessions/", ROOT), 200, PLAIN},
	{"empty page", GET(V1 "/admin/sessions/?page=99", ROOT), 200, PLAIN},
	{"second page", GET(V1 "/admin/sessions/?page=2&per_page=1", ROOT), 200, PLAIN},
	{"list of a tenant, all", GET(TENANT "?active_only=false&per_page=2&page=2", BOSS), 200,
		PLAIN},
	{"list of a user", GET(TENANT "/users/u?active_only=no", BOSS), 200, PLAIN},
	{"audit", GET(V1 "/admin/audit", SERVICE), 200, PLAIN},
	{"audit of a tenant, further", GET(V1 "/tenants/t/audit?page=2&per_page=1", BOSS), 200,
		PLAIN},
	{"statistics", GET(TENANT "/stats", BOSS), 200, PLAIN},
	{"own", GET(V1 "/me/sessions", USER), 200, PLAIN},
	{"own by token", GET(V1 "/me/sessions", NULL), 200, TOKEN},
	{"dry run",
		POST(TENANT "/revoke-by-filter", BOSS,
			"{\"filter\":\"identity = \\\"u\\\"\",\"dry_run\":true}"),
		200, PLAIN},
	{"edge list", GET(EDGE "?filter=true+sort+by+createdAt+desc&limit=2", ROOT), 200, PLAIN},
	{"edge search", GET(EDGE "?filter=anyOf(configTypes)=%22x%22", ROOT), 200, PLAIN},
	{"edge detail", GET(EDGE "/a#", ROOT), 200, PLAIN},
	{"metrics", GET("/metrics", NULL), 200, PLAIN},
	{"authorize", GET("/authorize", NULL), 200, TOKEN},
	{"authorizer", {"GET", "/", NULL, NULL, NULL, NULL, true}, 200, PROBE},
	{"introspect", SEND(V1 "/sessions/introspect", SERVICE, "token=nobody"), 200, PLAIN},
	{"introspect a living one", SEND(V1 "/sessions/introspect", SERVICE, "token=@"), 200,
		PLAIN},
	{"register", POST(V1 "/sessions", SERVICE, "{\"tenant_id\":\"t\",\"user_id\":\"w\"}"), 201,
		PLAIN},
	{"register a new name",
		POST(V1 "/sessions", SERVICE,
			"{\"tenant_id\":\"t\",\"user_id\":\"u\",\"id\":\"r#\","
			"\"user_display_name\":\"Name #\"}"),
		201, PLAIN},
	{"register in a new tenant",
		POST(V1 "/sessions", SERVICE,
			"{\"tenant_id\":\"n#\",\"user_id\":\"u\",\"partner_id\":\"np#\"}"),
		201, PLAIN},
	{"register in a new tenant without partner",
		POST(V1 "/sessions", SERVICE, "{\"tenant_id\":\"m#\",\"user_id\":\"u\"}"), 201,
		PLAIN},
	{"register again", POST(V1 "/sessions", SERVICE, SESSION_A), 200, PLAIN},
	{"register beyond the limit",
		POST(V1 "/sessions", SERVICE, "{\"tenant_id\":\"t\",\"user_id\":\"u\"}"), 201,
		LIMITED},
	{"register an ended id",
		POST(V1 "/sessions", SERVICE,
			"{\"tenant_id\":\"t\",\"user_id\":\"u\",\"id\":\"e#\",\"tags\":{}}"),
		409, PLAIN},
	{"activity",
		POST(V1 "/sessions/a#/activity", SERVICE,
			"{\"application_id\":\"app\",\"application_name\":\"App\"}"),
		204, PLAIN},
	{"activity of an ended one", POST(V1 "/sessions/e#/activity", SERVICE, NULL), 409, PLAIN},
	{"end one", DELETE(V1 "/admin/sessions/a#", ROOT), 204, PLAIN},
	{"end one that ended", DELETE(V1 "/admin/sessions/e#", ROOT), 204, PLAIN},
	{"end one's own", DELETE(V1 "/me/sessions/b#", USER), 200, PLAIN},
	{"end all of one's own", POST(V1 "/me/sessions/revoke-all", USER, NULL), 200, PLAIN},
	{"end by ids",
		POST(TENANT "/users/u/revoke", BOSS, "{\"session_ids\":[\"a#\",\"b#\",\"x\"]}"),
		200, PLAIN},
	{"end by user", POST(V1 "/admin/sessions/revoke-all", ROOT, "{\"user_id\":\"v\"}"), 200,
		PLAIN},
	{"end a tenant", POST(TENANT "/revoke-all", BOSS, NULL), 200, PLAIN},
	{"end by filter",
		POST(TENANT "/revoke-by-filter", BOSS,
			"{\"filter\":\"identity = \\\"v\\\"\",\"if_count\":1}"),
		200, PLAIN},
	{"end by a wrong count",
		POST(TENANT "/revoke-by-filter", BOSS,
			"{\"filter\":\"identity = \\\"v\\\"\",\"if_count\":7}"),
		409, PLAIN},
	{"end a user's but one",
		POST(TENANT "/users/u/revoke", BOSS,
			"{\"revoke_all\":true,\"except_session_id\":\"a#\"}"),
		200, PLAIN},
	{"edge end", DELETE(EDGE "/c#", ROOT), 200, PLAIN},
	{"edge own", GET(EDGE_OWN, NULL), 200, TOKEN},
	{"edge sign out", DELETE(EDGE_OWN, NULL), 200, TOKEN},
	{"policy", GET(POLICY, BOSS), 200, PLAIN},
	{"policy that ends",
		PUT(POLICY, BOSS, "{\"idle_timeout_seconds\":600,\"max_sessions_per_user\":1}"),
		200, PLAIN},
	{"policy that shortens",
		PUT(POLICY, BOSS,
			"{\"idle_timeout_seconds\":600,\"absolute_timeout_seconds\":3600}"),
		200, PLAIN},
	{"revoke a token", SEND(V1 "/sessions/revoke", NULL, "token=@"), 200, PLAIN},
	{"revoke a token, by a client", SEND(V1 "/sessions/revoke", SERVICE, "token=@"), 200,
		PLAIN},
	{"revoke an unknown token", SEND(V1 "/sessions/revoke", NULL, "token=nobody"), 200, PLAIN},
	{"logout of a sign-in",
		SEND(V1 "/backchannel-logout", "\"sid\":\"s#\",\"jti\":\"sid#\"", "logout_token=@"),
		200, LOGOUT},
	{"logout of a user",
		SEND(V1 "/backchannel-logout", "\"sub\":\"u\",\"jti\":\"sub#\"", "logout_token=@"),
		200, LOGOUT},
	{"logout of nobody",
		SEND(V1 "/backchannel-logout", "\"sub\":\"nobody\",\"jti\":\"nobody#\"",
			"logout_token=@"),
		200, LOGOUT},
	{"logout by a used token",
		SEND(V1 "/backchannel-logout", "\"sub\":\"u\",\"jti\":\"used\"", "logout_token=@"),
		400, LOGOUT},
};

static const struct {
	const char *name;
	unsigned code;
	int status; /* of an answer that is not the right one */
} ways[] = {
	{"cut", CONNECTOR_CUT, 503},
	{"deadlock", ER_LOCK_DEADLOCK, 503},
	{"time limit", ER_STATEMENT_TIMEOUT, 503},
	{"node without a cluster", ER_UNKNOWN_COM_ERROR, 503},
	{"not allowed to log in", ER_ACCESS_DENIED_ERROR, 503},
	{"not understood", ER_PARSE_ERROR, 500},
};

struct world {
	struct fix *f;
	struct front *front;
	unsigned number;
	const char *token; /* of session a# */
	bool was_right;    /* the latest try */
};

static const char *numbered(struct world *w, const char *text)
{
	const char *rest = text != NULL ? strchr(text, '#') : NULL;

	if (rest == NULL)
		return text;
	return arena_printf(w->f->arena, "%.*s%u%s", (int)(rest - text), text, w->number,
		numbered(w, rest + 1));
}

static void must(struct world *w, struct front_request r, int status)
{
	r.uri = numbered(w, r.uri);
	r.body = numbered(w, r.body);
	front_ask(w->front, &r);
	if (w->front->status != status)
		fail_msg("%s %s: %s", r.method, r.uri, w->front->answer);
}

static void set_limit(struct world *w, int64_t most)
{
	assert_ok(w->f->other,
		exec(w->f->other, w->f->arena,
			SQL("UPDATE tenant SET max_sessions = NULLIF(?, 0), idle_seconds = NULL,"
			    " absolute_seconds = NULL WHERE id = 't'"),
			1, db_i64(most)));
}

/* The four sessions of a new try, alone in the tenant. */
static void prepare(struct world *w, const struct ask *ask)
{
	static const struct front_request empty = POST(TENANT "/revoke-all", ROOT, NULL);
	static const struct front_request ones[] = {
		POST(V1 "/sessions", SERVICE, SESSION_A),
		POST(V1 "/sessions", SERVICE,
			"{\"tenant_id\":\"t\",\"user_id\":\"u\",\"id\":\"b#\"}"),
		POST(V1 "/sessions", SERVICE,
			"{\"tenant_id\":\"t\",\"user_id\":\"v\",\"id\":\"c#\"}"),
		POST(V1 "/sessions", SERVICE,
			"{\"tenant_id\":\"t\",\"user_id\":\"v\",\"id\":\"e#\"}"),
	};
	static const struct front_request end = DELETE(V1 "/admin/sessions/e#", ROOT);

	arena_reset(w->f->arena);
	w->number++;
	set_limit(w, 0);
	must(w, empty, 200);
	for (size_t i = 0; i < ARRAY_LEN(ones); i++) {
		must(w, ones[i], 201);
		if (i == 0)
			w->token = front_text(w->front, w->f->arena, "token");
	}
	must(w, end, 204);
	if (ask->how == LIMITED)
		set_limit(w, 1);
}

static int64_t living(struct world *w)
{
	int64_t n = -1;

	assert_ok(w->f->other,
		read_int(w->f->other, w->f->arena, &n, SQL("SELECT COUNT(*) FROM session"), 0));
	return n;
}

static void wrong_number(void *ctx, const struct recount_fault *fault)
{
	(void)fault;
	++*(int *)ctx;
}

static void assert_numbers(struct world *w, const char *ask, const char *way)
{
	int wrong = 0;

	assert_ok(w->f->other, recount(w->f->other, false, wrong_number, &wrong));
	if (wrong > 0)
		fail_msg("%s, %s: %d numbers are wrong", ask, way, wrong);
}

static const char *with_token(struct world *w, const char *text, const char *token)
{
	size_t before = text != NULL ? strcspn(text, "@") : 0;

	if (text == NULL || text[before] == '\0')
		return text;
	return arena_printf(w->f->arena, "%.*s%s", (int)before, text, token);
}

static struct front_request request_of(struct world *w, const struct ask *ask)
{
	struct front_request r = ask->request;
	const char *token = w->token;

	r.uri = numbered(w, r.uri);
	r.claims = numbered(w, r.claims);
	if (ask->how == LOGOUT) {
		token = front_logout_token(w->front, w->f->arena, r.claims);
		r.claims = NULL;
	}
	r.body = with_token(w, numbered(w, r.body), token);
	r.opaque = ask->how == TOKEN || r.authorizer ? w->token : NULL;
	return r;
}

/* How many sessions it makes or ends, when all is well. */
static int64_t change_of(struct world *w, const struct ask *ask)
{
	struct front_request r;
	int64_t before;

	prepare(w, ask);
	before = living(w);
	r = request_of(w, ask);
	front_ask(w->front, &r);
	if (w->front->status != ask->status)
		fail_msg("%s: %s", ask->name, w->front->answer);
	return living(w) - before;
}

/* One request with the `at`-th call failing. False: it makes fewer calls. */
static bool try(struct world *w, const struct ask *ask, size_t way, unsigned at, int64_t change)
{
	struct front_request r = request_of(w, ask);
	int64_t before = living(w);
	bool right, hit;

	if (ask->how == COLD)
		front_disconnect(w->front);
	connector_break(at, ways[way].code);
	front_ask(w->front, &r);
	hit = connector_mend();
	if (ask->how == COLD)
		front_disconnect(w->front); /* it would wait before it tries again */
	right = w->front->status == ask->status;
	if (!right && w->front->status != (ask->how >= PROBE ? 503 : ways[way].status))
		fail_msg("%s, %s at %u: %s", ask->name, ways[way].name, at, w->front->answer);
	if (strstr(w->front->answer, CONNECTOR_TEXT) != NULL)
		fail_msg("%s tells: %s", ask->name, w->front->answer);
	if (!right && w->front->status == 503 && strstr(w->front->answer, "Retry-After: ") == NULL)
		fail_msg("%s, without Retry-After: %s", ask->name, w->front->answer);
	if (living(w) - before != (right ? change : 0))
		fail_msg("%s, %s at %u, status %d: %lld sessions more", ask->name, ways[way].name,
			at, w->front->status, (long long)(living(w) - before));
	w->was_right = right;
	return hit;
}

static void ask_under_faults(struct world *w, const struct ask *ask)
{
	static const struct front_request ready = GET("/readyz", NULL);
	bool reads = strcmp(ask->request.method, "GET") == 0;
	int64_t change = change_of(w, ask);
	unsigned most = 0;

	prepare(w, ask);
	for (size_t way = 0; way < ARRAY_LEN(ways); way++) {
		for (unsigned at = 1; try(w, ask, way, at, change); at++) {
			most = at > most ? at : most;
			must(w, ready, 200); /* a cut that nobody has met yet is over */
			if (!reads && w->was_right)
				prepare(w, ask);
		}
		if (!reads) {
			assert_numbers(w, ask->name, ways[way].name);
			prepare(w, ask);
		}
	}
	print_message("%s: %u calls\n", ask->name, most);
}

/* The token that a later logout presents again. */
static void use_token(struct world *w)
{
	static const struct ask first = {"first",
		SEND(V1 "/backchannel-logout", "\"sub\":\"nobody\",\"jti\":\"used\"",
			"logout_token=@"),
		200, LOGOUT};

	must(w, request_of(w, &first), first.status);
}

static void failing_call__is_a_clean_error_or_goes_unnoticed(void **state)
{
	struct world *w = *state;

	use_token(w);
	for (size_t i = 0; i < ARRAY_LEN(asks); i++)
		ask_under_faults(w, &asks[i]);
}

/* Of gcov, where the program has its counters: abort does not write them. */
void __gcov_dump(void) __attribute__((weak));

static void write_counters(int signo)
{
	(void)signo;
	if (__gcov_dump != NULL)
		__gcov_dump();
}

/* The pool's parent replaces such a worker. */
static void connector_without_memory__ends_the_worker(void **state)
{
	static const struct front_request list = GET(V1 "/admin/sessions/", ROOT);
	struct world *w = *state;

	for (int connected = 0; connected < 2; connected++) {
		pid_t child = fork();
		int status;

		if (child == 0) {
			signal(SIGABRT, write_counters);
			front_disconnect(w->front);
			if (connected &&
				db_reads_are_old(w->front->app.db, &(bool){false}) != ERR_OK)
				_exit(1);
			connector.starved = true;
			front_ask(w->front, &list);
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	}
}

static int opened(void **state)
{
	struct world *w = test_calloc(1, sizeof(*w));

	fix_open_tenant(state);
	w->f = *state;
	w->front = front_open(w->f);
	*state = w;
	return 0;
}

static int closed(void **state)
{
	struct world *w = *state;

	front_close(w->front);
	*state = w->f;
	test_free(w);
	return fix_close(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			connector_without_memory__ends_the_worker, opened, closed),
		cmocka_unit_test_setup_teardown(
			failing_call__is_a_clean_error_or_goes_unnoticed, opened, closed),
	};

	return cmocka_run_group_tests(tests, fix_server, fix_server_end);
}
