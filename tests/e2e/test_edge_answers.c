/* SPDX-License-Identifier: MIT
 * The answers of the Edge Management API, member by member against the published description:
 * apiSessionDetail with types and formats, envelopes, links, filterableFields, and what HTTP wants
 * of them (HEAD, Accept, 404, 405). Through the running stack. */
#include "edge.h"

#define SESSION                                                                                    \
	"id createdAt updatedAt _links tags token identityId identity configTypes ipAddress "      \
	"authQueries cachedLastActivityAt lastActivityAt isMfaComplete isMfaRequired "             \
	"authenticatorId isCertExtendable isCertExtendRequested isCertKeyRollRequested "           \
	"improperClientCertChain cachedUpdatedAt"

/* apiSessionDetail of the description with baseEntity folded in. cachedUpdatedAt is required there
 * but nowhere declared: OpenZiti does not send it, a strict validator asks for it, so it is sent,
 * last, as the time that its name tells. */
static const struct {
	const char *path;
	enum json_type type;
	bool is_time;
} model[] = {
	{"id", JSON_STRING, false},
	{"createdAt", JSON_STRING, true},
	{"updatedAt", JSON_STRING, true},
	{"_links", JSON_OBJECT, false},
	{"_links.self.href", JSON_STRING, false},
	{"_links.sessions.href", JSON_STRING, false},
	{"tags", JSON_OBJECT, false},
	{"token", JSON_STRING, false},
	{"identityId", JSON_STRING, false},
	{"identity", JSON_OBJECT, false},
	{"identity.entity", JSON_STRING, false},
	{"identity.id", JSON_STRING, false},
	{"identity.name", JSON_STRING, false},
	{"identity._links.self.href", JSON_STRING, false},
	{"configTypes", JSON_ARRAY, false},
	{"ipAddress", JSON_STRING, false},
	{"authQueries", JSON_ARRAY, false},
	{"cachedLastActivityAt", JSON_STRING, true},
	{"lastActivityAt", JSON_STRING, true},
	{"isMfaComplete", JSON_BOOL, false},
	{"isMfaRequired", JSON_BOOL, false},
	{"authenticatorId", JSON_STRING, false},
	{"isCertExtendable", JSON_BOOL, false},
	{"isCertExtendRequested", JSON_BOOL, false},
	{"isCertKeyRollRequested", JSON_BOOL, false},
	{"improperClientCertChain", JSON_BOOL, false},
	{"cachedUpdatedAt", JSON_STRING, true},
};

static void check_model(const struct json *s)
{
	expect_members(s, SESSION);
	expect_members(e2e_at(s, "_links"), "self sessions");
	expect_members(e2e_at(s, "_links.self"), "href");
	expect_members(e2e_at(s, "_links.sessions"), "href");
	expect_members(e2e_at(s, "identity"), "entity id name _links");
	for (size_t i = 0; i < ARRAY_LEN(model); i++) {
		if (e2e_at(s, model[i].path)->type != model[i].type)
			fail_msg("%s is of another type", model[i].path);
		if (model[i].is_time)
			e2e_ms(s, model[i].path);
	}
}

/* One session that knows everything and one that knows next to nothing, of the same tenant. */
struct world {
	struct e2e_tenant tenant;
	struct str root, digest_text;
	struct session_new full, bare;
};

static struct world world(struct e2e *t)
{
	struct world w = {.tenant = e2e_tenant(t, e2e_partner(t)), .root = e2e_super_admin(t)};
	const struct user_new user = {w.tenant.id, e2e_name(t, "usr/ü x"), STR("full@example.org"),
		STR("Füll \"Name\""), 0};

	e2e_user(t, &user);
	w.full = e2e_session(t, w.tenant, user.id);
	w.full.id = e2e_name(t, "ses/ü?#%");
	w.full.ip_address = STR("2001:db8::1");
	w.full.last_activity_ms = w.full.created_ms + 1234;
	w.full.authenticator_id = STR("updb-1");
	w.full.is_mfa_required = true;
	w.full.tags = STR("{\"site\":\"Utrecht\",\"pilot\":true,\"gone\":null}");
	w.full.config_types = STR("[\"ssh.v1\",\"web.v1\"]");
	edge_token(t, &w.full);
	w.digest_text = str_printf(t->arena, "sha256:%.16s",
		str_hex(t->arena, w.full.token_digest.p, w.full.token_digest.n).p);
	e2e_put(t, &w.full);
	w.bare = e2e_session(t, w.tenant, STR("usr_bare"));
	w.bare.is_mfa_complete = true;
	e2e_put(t, &w.bare);
	return w;
}

static struct e2e_answer detail(struct e2e *t, const struct world *w, struct str id)
{
	return e2e_get(t, w->root, EDGE_LIST "/%s", edge_encode(t, id.p));
}

static void check_link(struct e2e *t, const struct json *s, const char *path, const char *place,
	struct str id, const char *rest)
{
	struct str want = str_printf(t->arena, "./%s/%s%s", place, edge_encode(t, id.p), rest);

	expect_str(e2e_text(s, path), want);
}

static void check_full(struct e2e *t, const struct world *w, const struct json *s)
{
	check_model(s);
	expect_str(e2e_text(s, "id"), w->full.id);
	assert_int_equal(e2e_ms(s, "createdAt"), w->full.created_ms);
	check_link(t, s, "_links.self.href", "api-sessions", w->full.id, "");
	check_link(t, s, "_links.sessions.href", "api-sessions", w->full.id, "/sessions");
	expect_members(e2e_at(s, "tags"), "site pilot gone");
	expect_str(e2e_text(s, "tags.site"), STR("Utrecht"));
	assert_true(e2e_bool(s, "tags.pilot"));
	assert_true(e2e_is_null(s, "tags.gone"));
	expect_str(e2e_text(s, "token"), w->digest_text);
	expect_str(e2e_text(s, "identityId"), w->full.user_id);
	expect_str(e2e_text(s, "identity.entity"), STR("identities"));
	expect_str(e2e_text(s, "identity.id"), w->full.user_id);
	expect_str(e2e_text(s, "identity.name"), STR("Füll \"Name\""));
	check_link(t, s, "identity._links.self.href", "identities", w->full.user_id, "");
	assert_int_equal(e2e_at(s, "configTypes")->count, 2);
	expect_str(e2e_text(s, "configTypes.0"), STR("ssh.v1"));
	expect_str(e2e_text(s, "configTypes.1"), STR("web.v1"));
	expect_str(e2e_text(s, "ipAddress"), STR("2001:db8::1"));
	assert_int_equal(e2e_at(s, "authQueries")->count, 0);
	assert_int_equal(e2e_ms(s, "cachedLastActivityAt"), w->full.last_activity_ms);
	assert_int_equal(e2e_ms(s, "lastActivityAt"), w->full.last_activity_ms);
	assert_false(e2e_bool(s, "isMfaComplete"));
	assert_true(e2e_bool(s, "isMfaRequired"));
	expect_str(e2e_text(s, "authenticatorId"), STR("updb-1"));
	assert_false(e2e_bool(s, "improperClientCertChain"));
	assert_int_equal(e2e_ms(s, "updatedAt"), w->full.last_activity_ms);
	assert_int_equal(e2e_ms(s, "cachedUpdatedAt"), w->full.last_activity_ms);
}

/* What OpenZiti's model has no null for is empty, false or the year 1. */
static void check_bare(const struct json *s, const struct world *w)
{
	static const char *const empty[] = {
		"token", "identity.name", "ipAddress", "authenticatorId"};
	static const char *const none[] = {"tags", "configTypes", "authQueries"};
	static const char *const off[] = {"isMfaRequired", "isCertExtendable",
		"isCertExtendRequested", "isCertKeyRollRequested", "improperClientCertChain"};

	check_model(s);
	expect_str(e2e_text(s, "id"), w->bare.id);
	for (size_t i = 0; i < ARRAY_LEN(empty); i++)
		expect_str(e2e_text(s, empty[i]), STR(""));
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		assert_int_equal(e2e_at(s, none[i])->count, 0);
	for (size_t i = 0; i < ARRAY_LEN(off); i++)
		assert_false(e2e_bool(s, off[i]));
	assert_true(e2e_bool(s, "isMfaComplete"));
	expect_str(e2e_text(s, "lastActivityAt"), STR("0001-01-01T00:00:00.000Z"));
	expect_str(e2e_text(s, "cachedLastActivityAt"), STR("0001-01-01T00:00:00.000Z"));
}

static void detail__is_the_documented_model(void **state)
{
	struct e2e *t = *state;
	struct world w = world(t);
	struct e2e_answer a = detail(t, &w, w.full.id);

	edge_expect(&a, "apiEnrollmentVersion apiVersion");
	check_full(t, &w, e2e_at(a.json, "data"));
	a = detail(t, &w, w.bare.id);
	edge_expect(&a, "apiEnrollmentVersion apiVersion");
	check_bare(e2e_at(a.json, "data"), &w);
}

static void list__is_of_documented_models(void **state)
{
	struct e2e *t = *state;
	struct world w = world(t);
	const char *filter = arena_printf(
		t->arena, "tenantId = \"%s\" sort by identity.name desc", w.tenant.id.p);
	struct e2e_answer a = edge_list(t, w.root, filter, "");

	edge_expect(&a, "apiEnrollmentVersion apiVersion filterableFields pagination");
	expect_members(e2e_at(a.json, "meta.pagination"), "limit offset totalCount");
	assert_int_equal(e2e_int(a.json, "meta.pagination.limit"), 10);
	assert_int_equal(e2e_int(a.json, "meta.pagination.offset"), 0);
	assert_int_equal(edge_total(&a), 2);
	assert_int_equal(e2e_at(a.json, "data")->count, 2);
	check_full(t, &w, e2e_at(a.json, "data.0"));
	check_bare(e2e_at(a.json, "data.1"), &w);
}

static void improper_chain__is_shown(void **state)
{
	struct e2e *t = *state;
	struct world w = world(t);
	struct e2e_answer a;

	e2e_exec(t, SQL("UPDATE session SET improper_client_cert_chain = TRUE WHERE id = ?"), 1,
		db_str(w.bare.id));
	a = detail(t, &w, w.bare.id);
	expect_status(&a, 200);
	assert_true(e2e_bool(a.json, "data.improperClientCertChain"));
}

/* Every one of them is a name that a filter may use, and that sorts unless it is a set or a tag. */
static void filterable_fields__can_be_filtered(void **state)
{
	static const char names[] =
		"id createdAt updatedAt tags isSystem token identity ipAddress authenticator "
		"lastActivityAt mfaComplete mfaRequired improperClientCertChain identity.id "
		"identity.name configTypes tenantId partnerId userEmail userAgent deviceType "
		"location expiresAt isAdmin deviceLabel authTime absoluteExpiresAt";
	struct e2e *t = *state;
	struct str root = e2e_super_admin(t), rest = str_from(names), name;
	struct e2e_answer a = edge_list(t, root, "false", ""), b;
	const struct json *fields = e2e_at(a.json, "meta.filterableFields");

	while (str_split(&rest, ' ', &name)) {
		bool found = false;

		for (const struct json *f = fields->first; f != NULL; f = f->next)
			found = found || (f->type == JSON_STRING && str_eq(f->text, name));
		if (!found)
			fail_msg("%.*s is not listed", STR_FMT(name));
	}
	for (const struct json *f = fields->first; f != NULL; f = f->next) {
		bool is_tag = str_eq(f->text, STR("tags"));
		bool is_set = str_eq(f->text, STR("configTypes"));
		const char *filter =
			arena_printf(t->arena, is_set ? "isEmpty(%.*s)" : "%.*s%s = null",
				STR_FMT(f->text), is_tag ? ".x" : "");

		b = edge_list(t, root, filter, "");
		expect_status(&b, 200);
		b = edge_list(t, root, NULL, arena_printf(t->arena, "sort=%.*s", STR_FMT(f->text)));
		expect_status(&b, is_tag || is_set ? 400 : 200);
	}
}

static void dead_sessions__are_not_there(void **state)
{
	struct e2e *t = *state;
	struct world w = world(t);
	struct session_new expired = e2e_session(t, w.tenant, STR("usr_late"));
	struct session_new revoked = e2e_session(t, w.tenant, STR("usr_out"));
	struct e2e_answer a;

	expired.expires_ms = expired.created_ms + 1;
	revoked.revoked_ms = revoked.created_ms + 1;
	revoked.revoked_by.subject = STR("somebody");
	e2e_put(t, &expired);
	e2e_put(t, &revoked);
	a = edge_list(t, w.root,
		arena_printf(t->arena, "tenantId = \"%s\" limit none", w.tenant.id.p), "");
	assert_int_equal(edge_total(&a), 2);
	assert_false(e2e_has(e2e_at(a.json, "data"), expired.id));
	assert_false(e2e_has(e2e_at(a.json, "data"), revoked.id));
	a = detail(t, &w, expired.id);
	expect_status(&a, 404);
	a = detail(t, &w, revoked.id);
	expect_status(&a, 404);
	a = e2e_delete(t, w.root, EDGE_LIST "/%s", revoked.id.p);
	expect_status(&a, 404);
}

static void unknown_session__is_404_with_its_id(void **state)
{
	static const char gone[] = "The resource requested was not found or is no longer available";
	struct e2e *t = *state;
	struct str root = e2e_super_admin(t), id = e2e_name(t, "no such ü");
	struct e2e_answer a = e2e_get(t, root, EDGE_LIST "/%s", edge_encode(t, id.p));

	edge_expect_error(&a, 404, "NOT_FOUND", gone);
	expect_str(e2e_text(a.json, "error.args.urlVars.id"), id);
	expect_str(e2e_text(a.json, "error.causeMessage"), STR(""));
	a = e2e_delete(t, root, EDGE_LIST "/%s", edge_encode(t, id.p));
	edge_expect_error(&a, 404, "NOT_FOUND", gone);
	expect_str(e2e_text(a.json, "error.args.urlVars.id"), id);
	/* Longer than an id may be. */
	a = e2e_get(t, root, EDGE_LIST "/%0256d", 0);
	edge_expect_error(&a, 404, "NOT_FOUND", gone);
}

static void unknown_path__is_404_in_this_dialect(void **state)
{
	static const char *const paths[] = {
		EDGE_API "/",
		EDGE_API "/identities",
		EDGE_LIST "/a/sessions",
		EDGE_LIST "/a/b/c",
	};
	struct e2e *t = *state;
	struct str root = e2e_super_admin(t);

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct e2e_answer a = e2e_get(t, root, "%s", paths[i]);

		edge_expect_error(&a, 404, "NOT_FOUND",
			"The resource requested was not found or is no longer available");
		assert_int_equal(e2e_at(a.json, "error.args.urlVars")->count, 0);
	}
}

static void wrong_method__is_405_with_allow(void **state)
{
	static const struct {
		const char *method, *path, *allow;
	} rows[] = {
		{"POST", EDGE_LIST, "GET, HEAD"},
		{"PUT", EDGE_LIST, "GET, HEAD"},
		{"DELETE", EDGE_LIST, "GET, HEAD"},
		{"PATCH", EDGE_LIST "/x", "GET, HEAD, DELETE"},
		{"PUT", EDGE_LIST "/x", "GET, HEAD, DELETE"},
	};
	struct e2e *t = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct e2e_request r = {
			.method = rows[i].method, .path = rows[i].path, .body = STR("{}")};
		struct e2e_answer a = e2e_send(t, &r);

		edge_expect_error(&a, 405, "METHOD_NOT_ALLOWED",
			"The method is not allowed on this resource");
		expect_str(e2e_header(&a, "Allow"), str_from(rows[i].allow));
	}
}

static void accept__is_honoured(void **state)
{
	static const struct {
		const char *accept;
		int status;
	} rows[] = {
		{"Accept: application/json", 200},
		{"Accept: application/json; charset=utf-8", 200},
		{"Accept: application/*", 200},
		{"Accept: */*;q=0.1", 200},
		{"Accept: text/html, */*", 200},
		{"Accept:", 200},
		{"Accept: text/html", 406},
		{"Accept: application/json;q=0", 406},
		{"Accept: application/json;q=0, */*", 406},
		{"Accept: application/xml, text/*", 406},
	};
	struct e2e *t = *state;
	struct str root = e2e_super_admin(t);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct e2e_request r = {
			.path = EDGE_LIST "?limit=1", .token = root, .headers = {rows[i].accept}};
		struct e2e_answer a = e2e_send(t, &r);

		if (a.status != rows[i].status)
			print_error("%s\n", rows[i].accept);
		expect_status(&a, rows[i].status);
		if (a.status == 406)
			edge_expect_error(&a, 406, "NOT_ACCEPTABLE",
				"The accept header allows none of the content types of this "
				"resource");
	}
}

static void head_and_slash__are_the_same_resource(void **state)
{
	struct e2e *t = *state;
	struct world w = world(t);
	const char *id = edge_encode(t, w.full.id.p);
	const char *paths[] = {
		EDGE_LIST "/?limit=1",
		EDGE_LIST,
		arena_printf(t->arena, EDGE_LIST "/%s", id),
		arena_printf(t->arena, EDGE_LIST "/%s/", id),
	};

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct e2e_request r = {.method = "HEAD", .path = paths[i], .token = w.root};
		struct e2e_answer got = e2e_get(t, w.root, "%s", paths[i]), head = e2e_send(t, &r);

		expect_status(&got, 200);
		expect_status(&head, 200);
		assert_int_equal(head.body.n, 0);
		expect_str(e2e_header(&head, "Content-Type"), e2e_header(&got, "Content-Type"));
	}
}

static void request_id__is_echoed_in_the_error(void **state)
{
	struct e2e *t = *state;
	struct e2e_answer a = edge_send(t, "GET", EDGE_LIST, "X-Request-Id: trace.7-x", NULL);

	expect_status(&a, 401);
	expect_str(e2e_text(a.json, "error.requestId"), STR("trace.7-x"));
	expect_str(e2e_header(&a, "X-Request-Id"), STR("trace.7-x"));
	a = edge_send(t, "GET", EDGE_LIST, "X-Request-Id: <b>", NULL);
	assert_int_equal(e2e_text(a.json, "error.requestId").n, 36);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(detail__is_the_documented_model),
		cmocka_unit_test(list__is_of_documented_models),
		cmocka_unit_test(improper_chain__is_shown),
		cmocka_unit_test(filterable_fields__can_be_filtered),
		cmocka_unit_test(dead_sessions__are_not_there),
		cmocka_unit_test(unknown_session__is_404_with_its_id),
		cmocka_unit_test(unknown_path__is_404_in_this_dialect),
		cmocka_unit_test(wrong_method__is_405_with_allow),
		cmocka_unit_test(accept__is_honoured),
		cmocka_unit_test(head_and_slash__are_the_same_resource),
		cmocka_unit_test(request_id__is_echoed_in_the_error),
	};

	return cmocka_run_group_tests(tests, e2e_open, e2e_close);
}
