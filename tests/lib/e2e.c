/* SPDX-License-Identifier: MIT
 * The client of the end-to-end tests and the reading of answers; see the header, and e2e_fixture.c
 * for what is in the store. Only this file and load.c include <curl/curl.h>. The surprise: every
 * request goes through curl's multi interface, so that one and many at once are the same code and
 * no test needs threads. */
#include "lib/e2e.h"

#include <ctype.h>
#include <curl/curl.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "json/writer.h"

#define REQUEST_SECONDS 30
#define SHOWN_BYTES 2000

struct curl {
	CURLM *multi;
};

/* One request on its way. */
struct exchange {
	CURL *easy;
	struct curl_slist *headers;
	struct buf head, body;
	struct str rest; /* of a chunked body */
	char error[CURL_ERROR_SIZE];
};

static const char *setting(const char *name)
{
	const char *v = getenv(name);

	if (v == NULL || *v == '\0') {
		fprintf(stderr, "%s is not set; tests/e2e/run sets it\n", name);
		exit(2);
	}
	return v;
}

int e2e_open(void **state)
{
	const char *base = getenv("ROLLCALL_TEST_BASE");
	const struct db_config cfg = {
		.defaults_file = setting("ROLLCALL_DB_DEFAULTS"),
		.group = "rollcall",
		.connect_timeout_s = 5,
		.statement_ms = 60000,
		.lock_wait_s = 30,
	};
	struct e2e *t = test_calloc(1, sizeof(*t));

	curl_global_init(CURL_GLOBAL_DEFAULT);
	t->arena = arena_open();
	t->db = db_open(&cfg);
	t->url = arena_printf(t->arena, "%s%s", setting("ROLLCALL_URL"), base != NULL ? base : "");
	t->key_file = arena_printf(t->arena, "%s/demo-key.pem", setting("ROLLCALL_TEST_RUN"));
	t->curl = arena_zalloc(t->arena, sizeof(*t->curl));
	t->curl->multi = curl_multi_init();
	*state = t;
	return t->curl->multi == NULL;
}

int e2e_close(void **state)
{
	struct e2e *t = *state;

	curl_multi_cleanup(t->curl->multi);
	curl_global_cleanup();
	db_close(t->db);
	arena_close(t->arena);
	test_free(t);
	return 0;
}

/* Client */

static size_t take(char *p, size_t size, size_t n, void *buf)
{
	buf_add(buf, p, size * n);
	return size * n;
}

static size_t give(char *p, size_t size, size_t n, void *ctx)
{
	struct exchange *x = ctx;
	size_t part = x->rest.n < size * n ? x->rest.n : size * n;

	memcpy(p, x->rest.p, part);
	x->rest.p += part;
	x->rest.n -= part;
	return part;
}

static void add_header(struct exchange *x, const char *line)
{
	x->headers = curl_slist_append(x->headers, line);
	assert_non_null(x->headers);
}

/* A POST without a body still says Content-Length: 0, or lighttpd answers 411. */
static void set_body(struct e2e *t, struct exchange *x, const struct e2e_request *r)
{
	const char *type = r->content_type != NULL ? r->content_type : "application/json";

	if (r->body.p == NULL && strcmp(r->method != NULL ? r->method : "GET", "POST") != 0)
		return;
	if (r->body.p == NULL && r->content_type == NULL)
		type = "";
	/* "Name:" takes the header away that curl would send. */
	add_header(x, arena_printf(t->arena, *type != '\0' ? "Content-Type: %s" : "Content-Type:%s",
			      type));
	add_header(x, "Expect:");
	if (r->chunked) {
		x->rest = r->body;
		add_header(x, "Transfer-Encoding: chunked");
		curl_easy_setopt(x->easy, CURLOPT_POST, 1L);
		curl_easy_setopt(x->easy, CURLOPT_READFUNCTION, give);
		curl_easy_setopt(x->easy, CURLOPT_READDATA, x);
		return;
	}
	curl_easy_setopt(x->easy, CURLOPT_POSTFIELDS, r->body.p != NULL ? r->body.p : "");
	curl_easy_setopt(x->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n);
}

static void exchange_open(struct e2e *t, struct exchange *x, const struct e2e_request *r)
{
	const char *method = r->method != NULL ? r->method : "GET";

	*x = (struct exchange){.easy = curl_easy_init()};
	assert_non_null(x->easy);
	buf_init(&x->head, t->arena);
	buf_init(&x->body, t->arena);
	curl_easy_setopt(x->easy, CURLOPT_URL, arena_printf(t->arena, "%s%s", t->url, r->path));
	curl_easy_setopt(x->easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(x->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(x->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(x->easy, CURLOPT_TIMEOUT, (long)REQUEST_SECONDS);
	curl_easy_setopt(x->easy, CURLOPT_ERRORBUFFER, x->error);
	curl_easy_setopt(x->easy, CURLOPT_PRIVATE, x);
	curl_easy_setopt(x->easy, CURLOPT_HEADERFUNCTION, take);
	curl_easy_setopt(x->easy, CURLOPT_HEADERDATA, &x->head);
	curl_easy_setopt(x->easy, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(x->easy, CURLOPT_WRITEDATA, &x->body);
	set_body(t, x, r);
	if (strcmp(method, "HEAD") == 0)
		curl_easy_setopt(x->easy, CURLOPT_NOBODY, 1L);
	else
		curl_easy_setopt(x->easy, CURLOPT_CUSTOMREQUEST, method);
	if (r->token.p != NULL)
		add_header(
			x, arena_printf(t->arena, "Authorization: Bearer %.*s", STR_FMT(r->token)));
	for (size_t i = 0; i < E2E_HEADERS_MAX && r->headers[i] != NULL; i++)
		add_header(x, r->headers[i]);
	curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, x->headers);
	assert_int_equal(curl_multi_add_handle(t->curl->multi, x->easy), CURLM_OK);
}

/* One line of JSON to the file that ROLLCALL_TEST_RECORD names, for tests/e2e/openapi/check: every
 * answer has to be one that the API's description has. One write, so that processes may share it.
 */
static void record(struct e2e *t, const struct e2e_request *r, const struct e2e_answer *a)
{
	const char *name = getenv("ROLLCALL_TEST_RECORD");
	struct arena_mark mark = arena_mark(t->arena);
	struct json_writer *w;
	struct buf line;
	int fd;

	if (name == NULL || *name == '\0')
		return;
	buf_init(&line, t->arena);
	w = json_writer_new(t->arena, &line);
	json_obj(w, NULL);
	json_cstr(w, "method", r->method != NULL ? r->method : "GET");
	json_cstr(w, "path", r->path);
	json_i64(w, "status", a->status);
	json_str(w, "head", a->head);
	json_str(w, "body", a->body);
	json_end(w);
	assert_int_equal(json_finish(w), ERR_OK);
	buf_char(&line, '\n');
	fd = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, line.p, line.n), line.n);
	assert_int_equal(close(fd), 0);
	arena_rewind(t->arena, mark);
}

static struct e2e_answer exchange_close(
	struct e2e *t, struct exchange *x, const struct e2e_request *r)
{
	struct e2e_answer a = {.head = buf_view(&x->head), .body = buf_view(&x->body)};
	struct json *tree;
	long status = 0;
	size_t at;

	curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
	a.status = (int)status;
	a.what = arena_printf(t->arena, "%s %s", r->method != NULL ? r->method : "GET", r->path);
	if (a.body.n > 0 && json_parse(t->arena, a.body, &tree, &at) == ERR_OK)
		a.json = tree;
	record(t, r, &a);
	curl_multi_remove_handle(t->curl->multi, x->easy);
	curl_easy_cleanup(x->easy);
	curl_slist_free_all(x->headers);
	return a;
}

/* Fails the test when an exchange broke: no answer, or one cut short. */
static void check_done(const struct e2e *t)
{
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(t->curl->multi, &left)) != NULL) {
		char *x = NULL, *url = NULL;

		if (msg->msg != CURLMSG_DONE || msg->data.result == CURLE_OK)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &x);
		curl_easy_getinfo(msg->easy_handle, CURLINFO_EFFECTIVE_URL, &url);
		fail_msg("%s: %s (%s)", url, curl_easy_strerror(msg->data.result),
			((struct exchange *)(void *)x)->error);
	}
}

void e2e_send_all(struct e2e *t, const struct e2e_request *r, struct e2e_answer *out, size_t n)
{
	struct exchange *list = arena_array(t->arena, n, sizeof(*list));
	int running = 1;

	for (size_t i = 0; i < n; i++)
		exchange_open(t, &list[i], &r[i]);
	while (running > 0) {
		assert_int_equal(curl_multi_perform(t->curl->multi, &running), CURLM_OK);
		check_done(t);
		if (running > 0)
			assert_int_equal(
				curl_multi_poll(t->curl->multi, NULL, 0, 1000, NULL), CURLM_OK);
	}
	for (size_t i = 0; i < n; i++)
		out[i] = exchange_close(t, &list[i], &r[i]);
}

struct e2e_answer e2e_send(struct e2e *t, const struct e2e_request *r)
{
	struct e2e_answer a;

	e2e_send_all(t, r, &a, 1);
	return a;
}

struct e2e_answer e2e_get(struct e2e *t, struct str token, const char *path, ...)
{
	struct e2e_request r = {.token = token};
	va_list ap;

	va_start(ap, path);
	r.path = arena_vprintf(t->arena, path, ap);
	va_end(ap);
	return e2e_send(t, &r);
}

struct e2e_answer e2e_delete(struct e2e *t, struct str token, const char *path, ...)
{
	struct e2e_request r = {.method = "DELETE", .token = token};
	va_list ap;

	va_start(ap, path);
	r.path = arena_vprintf(t->arena, path, ap);
	va_end(ap);
	return e2e_send(t, &r);
}

struct e2e_answer e2e_post(struct e2e *t, struct str token, const char *json, const char *path, ...)
{
	struct e2e_request r = {.method = "POST", .token = token, .body = str_from(json)};
	va_list ap;

	va_start(ap, path);
	r.path = arena_vprintf(t->arena, path, ap);
	va_end(ap);
	return e2e_send(t, &r);
}

struct str e2e_header(const struct e2e_answer *a, const char *name)
{
	struct str rest = a->head, line, field;

	while (str_split(&rest, '\n', &line)) {
		if (!str_split(&line, ':', &field) || line.p == NULL ||
			!str_eq_nocase(field, str_from(name)))
			continue;
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		return str_trim(line);
	}
	return STR_NONE;
}

static int shown(struct str s)
{
	return s.n < SHOWN_BYTES ? (int)s.n : SHOWN_BYTES;
}

void e2e_expect_status(const struct e2e_answer *a, int want, const char *file, int line)
{
	if (a->status == want)
		return;
	print_error("%s\n  status %d, expected %d\n%.*s%.*s\n", a->what, a->status, want,
		shown(a->head), a->head.p, shown(a->body), a->body.p);
	_fail(file, line);
}

void e2e_expect_body(const struct e2e_answer *a, const char *want, const char *file, int line)
{
	if (str_eq(a->body, str_from(want)))
		return;
	print_error(
		"%s\n  body     %.*s\n  expected %s\n", a->what, shown(a->body), a->body.p, want);
	_fail(file, line);
}

void e2e_expect_members(const struct json *obj, const char *want, const char *file, int line)
{
	char got[1024] = "";
	size_t n = 0;

	if (obj == NULL || obj->type != JSON_OBJECT) {
		print_error("not an object\n");
		_fail(file, line);
		return;
	}
	for (const struct json *m = obj->first; m != NULL && n < sizeof(got); m = m->next)
		n += (size_t)snprintf(
			got + n, sizeof(got) - n, "%s%.*s", n > 0 ? " " : "", STR_FMT(m->key));
	n = strlen(want);
	if (n > 2 && strcmp(want + n - 2, " *") == 0 ? strncmp(got, want, n - 1) == 0
						     : strcmp(got, want) == 0)
		return;
	print_error("  members  %s\n  expected %s\n", got, want);
	_fail(file, line);
}

void e2e_expect_str(struct str got, struct str want, const char *file, int line)
{
	if ((got.p == NULL) == (want.p == NULL) && str_eq(got, want))
		return;
	print_error("  got      %.*s\n  expected %.*s\n", shown(got),
		got.p != NULL ? got.p : "(nothing)", shown(want),
		want.p != NULL ? want.p : "(nothing)");
	_fail(file, line);
}

/* Reading answers */

static const struct json *child(const struct json *node, struct str name)
{
	int64_t index;

	if (node->type == JSON_ARRAY && str_to_i64(name, &index) == STR_INT_OK) {
		const struct json *m = node->first;

		while (m != NULL && index-- > 0)
			m = m->next;
		return m;
	}
	if (node->type != JSON_OBJECT)
		return NULL;
	for (const struct json *m = node->first; m != NULL; m = m->next)
		if (str_eq(m->key, name))
			return m;
	return NULL;
}

const struct json *e2e_at(const struct json *root, const char *path)
{
	struct str rest = str_from(path), part;
	const struct json *node = root;

	while (node != NULL && str_split(&rest, '.', &part))
		node = child(node, part);
	if (node == NULL)
		fail_msg("the answer holds no %s", path);
	return node;
}

static const struct json *typed(const struct json *root, const char *path, enum json_type type)
{
	const struct json *node = e2e_at(root, path);

	if (node->type != type)
		fail_msg("%s has JSON type %d, expected %d", path, (int)node->type, (int)type);
	return node;
}

struct str e2e_text(const struct json *root, const char *path)
{
	return typed(root, path, JSON_STRING)->text;
}

int64_t e2e_int(const struct json *root, const char *path)
{
	return typed(root, path, JSON_INT)->integer;
}

bool e2e_bool(const struct json *root, const char *path)
{
	return typed(root, path, JSON_BOOL)->boolean;
}

bool e2e_is_null(const struct json *root, const char *path)
{
	return e2e_at(root, path)->type == JSON_NULL;
}

int64_t e2e_ms(const struct json *root, const char *path)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ";
	struct str text = e2e_text(root, path);
	bool fits = text.n == sizeof(form) - 1;
	int64_t ms = 0;

	for (size_t i = 0; fits && i < text.n; i++)
		fits = form[i] == 'd' ? isdigit((unsigned char)text.p[i]) != 0
				      : text.p[i] == form[i];
	if (!fits || !clock_parse(text, &ms, NULL))
		fail_msg("%s is %.*s, no time of the documented form", path, STR_FMT(text));
	return ms;
}

bool e2e_has(const struct json *array, struct str id)
{
	for (const struct json *m = array->first; m != NULL; m = m->next) {
		const struct json *text = m->type == JSON_OBJECT ? json_member(m, "id") : m;

		if (text != NULL && text->type == JSON_STRING && str_eq(text->text, id))
			return true;
	}
	return false;
}
