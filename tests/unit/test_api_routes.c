/* SPDX-License-Identifier: MIT
 * Checks the route table by itself, and compares it in both directions with schema/openapi.yaml as
 * the program serves it. The surprise: the program's own JSON reader reads the document, so the
 * limits on what clients send hold for the document too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/handlers.h"
#include "api/routes.h"
#include "base/buf.h"
#include "json/reader.h"

struct base_path {
	const char *prefix, *path;
	const struct dialect *dialect;
};

static const struct base_path bases[] = {
	{PREFIX_V1, OPENAPI_V1, &dialect_v1},
	{PREFIX_EDGE, OPENAPI_EDGE, &dialect_edge},
	{PREFIX_HEALTHZ, "/healthz", &dialect_v1},
	{PREFIX_READYZ, "/readyz", &dialect_v1},
	{PREFIX_METRICS, "/metrics", &dialect_v1},
	{PREFIX_AUTHORIZE, "/authorize", &dialect_v1},
	{PREFIX_CONSOLE, "/console", &dialect_v1},
	{PREFIX_ROOT, "", &dialect_v1},
};

static const struct base_path *base_of(const struct route *r)
{
	for (size_t i = 0; i < ARRAY_LEN(bases); i++)
		if (strcmp(bases[i].prefix, r->key.prefix) == 0)
			return &bases[i];
	return NULL;
}

/* Pages for people are not part of an API, so schema/openapi.yaml does not describe them. */
static bool is_page(const struct route *r)
{
	return strcmp(r->key.prefix, PREFIX_CONSOLE) == 0 ||
	       strcmp(r->key.prefix, PREFIX_ROOT) == 0;
}

/* Prints what is wrong with a row. Returns 1, which callers add to their number of faults. */
static int fault(const char *name, const char *what)
{
	print_error("%s: %s\n", name, what);
	return 1;
}

static void names_and_keys__are_unique(void **state)
{
	int wrong = 0;

	for (size_t i = 0; i < api_routes.count; i++) {
		for (size_t k = 0; k < i; k++) {
			const struct route_key *a = &api_routes.rows[i].key,
					       *b = &api_routes.rows[k].key;

			if (strcmp(api_routes.rows[i].name, api_routes.rows[k].name) == 0)
				wrong += fault(
					api_routes.rows[i].name, "another route has the same name");
			if (a->method == b->method && strcmp(a->prefix, b->prefix) == 0 &&
				strcmp(a->pattern, b->pattern) == 0)
				wrong += fault(api_routes.rows[i].name,
					"another route has the same method and path");
		}
	}
	assert_int_equal(wrong, 0);
}

static bool is_made_of(struct str s, const char *set)
{
	for (size_t i = 0; i < s.n; i++)
		if (strchr(set, s.p[i]) == NULL)
			return false;
	return s.n > 0;
}

/* Whether every segment of a pattern is legal. Adds the number of variables to *vars. */
static bool is_legal(struct str pattern, size_t *vars)
{
	struct str segment;

	if (pattern.n == 0)
		return true;
	if (!str_split(&pattern, '/', &segment) || segment.n > 0)
		return false;
	while (str_split(&pattern, '/', &segment)) {
		bool is_var =
			segment.n > 2 && segment.p[0] == '{' && segment.p[segment.n - 1] == '}';

		*vars += is_var;
		if (is_var)
			segment = (struct str){segment.p + 1, segment.n - 2};
		if (!is_made_of(segment, is_var ? "abcdefghijklmnopqrstuvwxyz_"
						: "abcdefghijklmnopqrstuvwxyz-."))
			return false;
	}
	return true;
}

static void rows__are_legal(void **state)
{
	int wrong = 0;

	for (size_t i = 0; i < api_routes.count; i++) {
		const struct route *r = &api_routes.rows[i];
		const struct base_path *base = base_of(r);
		bool is_tenant =
			r->access == ACCESS_TENANT_READ || r->access == ACCESS_TENANT_WRITE;
		size_t vars = 0;

		if (!is_legal(str_from(r->key.pattern), &vars) || vars > ROUTER_VARS_MAX)
			wrong += fault(r->name,
				"its pattern has a segment that the router does not take, or too many variables");
		if (base == NULL || r->dialect != base->dialect)
			wrong += fault(r->name, "its dialect belongs to another base path");
		if (r->handler == NULL || r->key.method >= HTTP_OTHER || r->access >= ACCESS__COUNT)
			wrong += fault(r->name,
				"it has no handler, or a method or an access that is not known");
		if (is_tenant != (strstr(r->key.pattern, "{tenant_id}") != NULL))
			wrong += fault(
				r->name, "only one of access by tenant and {tenant_id} is there");
		if (r->params >> PARAM__COUNT != 0)
			wrong += fault(r->name, "a bit of its params stands for no parameter");
		if (r->body != BODY_NONE && r->key.method != HTTP_POST && r->key.method != HTTP_PUT)
			wrong += fault(r->name, "it takes a body, and its method has none");
	}
	assert_int_equal(wrong, 0);
}

static void every_row__is_within_somebodys_reach(void **state)
{
	for (size_t i = 0; i < api_routes.count; i++) {
		bool reached = false;

		for (int kind = 0; kind < PRINCIPAL__COUNT; kind++) {
			struct principal who = {
				.kind = (enum principal_kind)kind,
				.subject = STR("s"),
				.tenant_id = STR("t"),
				.partner_id = STR("p"),
				.scopes =
					SCOPE_ADMIN_READ | SCOPE_ADMIN_WRITE | SCOPE_SESSIONS_WRITE,
				.platform_token = kind == PRINCIPAL_SERVICE,
			};

			reached = reached ||
				  policy_reach(&who, api_routes.rows[i].access) != REACH_NONE;
		}
		if (!reached)
			fail_msg("%s: no kind of caller may use this route",
				api_routes.rows[i].name);
	}
}

/* The document */

static struct json *document(struct arena *a, struct str text)
{
	struct json *doc;
	size_t at = 0;

	if (json_parse(a, text, &doc, &at) != ERR_OK)
		fail_msg("the document is not JSON, or a part is too large, at byte %zu", at);
	return doc;
}

static struct json *as_served(struct arena *a)
{
	return document(a, (struct str){openapi_json, openapi_json_bytes});
}

static const struct json *get(const struct json *obj, struct str name)
{
	for (const struct json *m = obj == NULL ? NULL : obj->first; m != NULL; m = m->next)
		if (str_eq(m->key, name))
			return m;
	return NULL;
}

/* Returns the object itself, or what its $ref ("#/components/parameters/Page") names. */
static const struct json *followed(const struct json *doc, const struct json *node)
{
	const struct json *ref = json_member(node, "$ref");
	struct str rest, part;

	if (ref == NULL)
		return node;
	rest = ref->text;
	assert_true(str_split(&rest, '/', &part));
	node = doc;
	while (str_split(&rest, '/', &part))
		node = get(node, part);
	if (node == NULL)
		fail_msg("the document has nothing at the reference %.*s", STR_FMT(ref->text));
	return node;
}

static struct str without_slash(struct str path)
{
	if (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	return path;
}

static struct str method_key(const struct route *r)
{
	static const char *const keys[HTTP_METHOD__COUNT] = {
		[HTTP_GET] = "get",
		[HTTP_POST] = "post",
		[HTTP_PUT] = "put",
		[HTTP_DELETE] = "delete",
	};

	return str_from(keys[r->key.method]);
}

static const struct json *operation_of(
	struct arena *a, const struct json *doc, const struct route *r)
{
	struct str want = str_printf(a, "%s%s", base_of(r)->path, r->key.pattern);

	for (const struct json *p = json_member(doc, "paths")->first; p != NULL; p = p->next)
		if (str_eq(without_slash(p->key), without_slash(want)))
			return get(p, method_key(r));
	return NULL;
}

/* Returns a bit for each query parameter of the Sessions API that the operation has. */
static unsigned params_of(const struct json *doc, const struct json *operation)
{
	static const char *const names[PARAM__COUNT] = {
		[PARAM_PAGE] = "page",
		[PARAM_PER_PAGE] = "per_page",
		[PARAM_ACTIVE_ONLY] = "active_only",
		[PARAM_USER_ID] = "user_id",
		[PARAM_TENANT_ID] = "tenant_id",
		[PARAM_PARTNER_ID] = "partner_id",
		[PARAM_CURSOR] = "cursor",
	};
	const struct json *list = json_member(operation, "parameters");
	unsigned bits = 0;

	for (const struct json *e = list == NULL ? NULL : list->first; e != NULL; e = e->next) {
		const struct json *p = followed(doc, e);

		for (unsigned i = 0; i < PARAM__COUNT; i++)
			if (str_eq(json_member(p, "in")->text, STR("query")) &&
				str_eq(json_member(p, "name")->text, str_from(names[i])))
				bits |= 1u << i;
	}
	return bits;
}

static enum body_kind body_of(const struct json *doc, const struct json *operation)
{
	const struct json *body = json_member(operation, "requestBody");
	const struct json *required, *content;

	if (body == NULL)
		return BODY_NONE;
	body = followed(doc, body);
	required = json_member(body, "required");
	content = json_member(body, "content");
	if (json_member(content, "application/x-www-form-urlencoded") != NULL)
		return BODY_OAUTH;
	return required != NULL && required->boolean ? BODY_JSON : BODY_MAYBE;
}

static void every_route__is_described(void **state)
{
	struct arena *a = arena_open();
	const struct json *doc = as_served(a);
	int wrong = 0;

	for (size_t i = 0; i < api_routes.count; i++) {
		const struct route *r = &api_routes.rows[i];
		const struct json *op = operation_of(a, doc, r);
		const struct json *name = json_member(op, "x-rollcall-route");
		const struct json *security = json_member(op, "security");
		bool is_open = security != NULL && security->count == 0;

		if (is_page(r)) {
			if (op != NULL || r->access != ACCESS_PUBLIC)
				wrong += fault(r->name,
					"a page has to be open to everybody, and must not be in the document");
			continue;
		}
		if (op == NULL) {
			wrong += fault(r->name, "is not in schema/openapi.yaml");
			continue;
		}
		if (name == NULL || !str_eq(name->text, str_from(r->name)))
			wrong += fault(r->name,
				"the document names another route for it (x-rollcall-route)");
		if (params_of(doc, op) != r->params)
			wrong += fault(r->name, "the document lists other query parameters for it");
		if (body_of(doc, op) != r->body)
			wrong += fault(r->name, "the document describes another body for it");
		/* The table has /authorize as public: its handler reads the credential. */
		if (is_open != (r->access == ACCESS_PUBLIC) && strcmp(r->name, "authorize") != 0)
			wrong += fault(r->name,
				"either the table or the document, and not both, opens it to everybody");
	}
	arena_close(a);
	assert_int_equal(wrong, 0);
}

static bool is_route(struct str name)
{
	for (size_t i = 0; i < api_routes.count; i++)
		if (str_eq(name, str_from(api_routes.rows[i].name)))
			return true;
	return false;
}

static void every_operation__is_a_route(void **state)
{
	struct arena *a = arena_open();
	const struct json *doc = as_served(a);
	size_t operations = 0, pages = 0;

	for (size_t i = 0; i < api_routes.count; i++)
		pages += is_page(&api_routes.rows[i]);
	for (const struct json *p = json_member(doc, "paths")->first; p != NULL; p = p->next) {
		for (const struct json *op = p->first; op != NULL; op = op->next) {
			const struct json *name = json_member(op, "x-rollcall-route");

			if (op->type != JSON_OBJECT)
				continue;
			operations++;
			if (name == NULL || !is_route(name->text))
				fail_msg("no route serves the operation %.*s %.*s",
					STR_FMT(op->key), STR_FMT(p->key));
		}
	}
	arena_close(a);
	assert_int_equal(operations + pages, api_routes.count);
}

static struct json *written(
	struct arena *a, const char *mount, const char *api, const char *edge, struct str *text)
{
	struct buf b;

	buf_init(&b, a);
	openapi_write(a, str_from(mount), str_from(api), str_from(edge), &b);
	*text = buf_view(&b);
	return document(a, *text);
}

static void document__is_of_the_installation(void **state)
{
	struct arena *a = arena_open();
	const struct json *doc, *paths;
	struct str text;

	written(a, "", OPENAPI_V1, OPENAPI_EDGE, &text);
	assert_true(str_eq(text, (struct str){openapi_json, openapi_json_bytes}));

	doc = written(a, "/apps/s%22\"", "/v1", "/ziti", &text);
	paths = json_member(doc, "paths");
	assert_true(str_eq(
		json_member(json_member(doc, "servers")->first, "url")->text, STR("/apps/s%22\"")));
	assert_non_null(json_member(paths, "/v1/me/sessions"));
	assert_non_null(json_member(paths, "/ziti/api-sessions/{id}"));
	assert_non_null(json_member(paths, "/healthz"));
	assert_null(json_member(paths, OPENAPI_V1 "/me/sessions"));
	assert_int_equal(paths->count, json_member(as_served(a), "paths")->count);
	assert_true(
		str_eq(json_member(json_member(doc, "x-rollcall-elsewhere"), "edgePrefix")->text,
			STR("/ziti")));
	arena_close(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_keys__are_unique),
		cmocka_unit_test(rows__are_legal),
		cmocka_unit_test(every_row__is_within_somebodys_reach),
		cmocka_unit_test(every_route__is_described),
		cmocka_unit_test(every_operation__is_a_route),
		cmocka_unit_test(document__is_of_the_installation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
