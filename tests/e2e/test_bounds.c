/* SPDX-License-Identifier: MIT
 * What the largest answer and the costliest question may take from a pool: memory of a worker, and
 * workers. On a stack of its own, which gets 110,000 sessions, and whose statements may last so
 * long that a slow machine does not decide. */
/* e2e: once, long, no-valgrind */
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "edge.h"
#include "lib/pool.h"
#include "lib/stack.h"

#define ROWS 10000     /* of an answer: ROLLCALL_EDGE_MAX_ROWS by default */
#define TAG_VALUES 3   /* of TAG_BYTES each: nearly LIMIT_TAGS_BYTES together */
#define TAG_BYTES 4090 /* nearly LIMIT_TAG_VALUE_BYTES */
#define MANY 100000    /* sessions that a costly question reads one by one */
#define WORKER_KB 32768
#define QUESTIONS 24

/* Of the workers, the largest their memory has ever been. */
static long peak_kb(struct e2e *t)
{
	pid_t pids[POOL_WORKERS_MAX];
	size_t n = pool_workers(t, pids);
	long most = 0;

	assert_true(n > 0);
	for (size_t i = 0; i < n; i++) {
		struct str text =
			pool_read(t, arena_printf(t->arena, "/proc/%d/status", (int)pids[i]), 0);
		const char *at = text.p != NULL ? strstr(text.p, "VmHWM:") : NULL;
		long kb = 0;

		assert_true(at != NULL && sscanf(at, "VmHWM: %ld", &kb) == 1);
		most = kb > most ? kb : most;
	}
	return most;
}

static void put_with_largest_tags(struct e2e *t, struct e2e_tenant tenant)
{
	char *value = arena_alloc(t->arena, TAG_BYTES + 1);
	struct buf tags;

	memset(value, '~', TAG_BYTES);
	value[TAG_BYTES] = '\0';
	buf_init(&tags, t->arena);
	for (int i = 0; i < TAG_VALUES; i++)
		buf_printf(&tags, "%c\"t%d\":\"%s\"", i == 0 ? '{' : ',', i, value);
	buf_char(&tags, '}');
	assert_true(tags.n <= LIMIT_TAGS_BYTES);
	e2e_exec(t,
		SQL("INSERT INTO session (tenant_no, partner_no, tenant_id, id, user_id, expires_at, tags)"
		    " SELECT t.no, t.partner_no, t.id, CONCAT(t.id, '-', n.seq), 'tagged',"
		    " UTC_TIMESTAMP(3) + INTERVAL 1 HOUR, ?"
		    " FROM tenant t JOIN seq_1_to_100000 n WHERE t.id = ? AND n.seq <= ?"),
		3, db_str(buf_view(&tags)), db_str(tenant.id), db_i64(ROWS));
	e2e_recount(t);
}

struct arrived {
	size_t bytes, tag_bytes;
	char last;
};

static size_t count(char *p, size_t size, size_t n, void *ctx)
{
	struct arrived *a = ctx;

	for (size_t i = 0; i < size * n; i++)
		a->tag_bytes += p[i] == '~';
	a->bytes += size * n;
	a->last = size * n > 0 ? p[size * n - 1] : a->last;
	return size * n;
}

/* Not kept, because it is larger than a test should be. */
static struct arrived fetch(struct e2e *t, struct str token, const char *path)
{
	struct arrived a = {0};
	struct curl_slist *head = curl_slist_append(
		NULL, arena_printf(t->arena, "Authorization: Bearer %.*s", STR_FMT(token)));
	CURL *curl = curl_easy_init();
	curl_off_t declared = -1;
	long status = 0;

	curl_easy_setopt(curl, CURLOPT_URL, arena_printf(t->arena, "%s%s", t->url, path));
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, head);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, count);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &a);
	assert_int_equal(curl_easy_perform(curl), CURLE_OK);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &declared);
	assert_int_equal(status, 200);
	assert_true(declared < 0 || (size_t)declared == a.bytes);
	curl_easy_cleanup(curl);
	curl_slist_free_all(head);
	return a;
}

static void largest_answer__arrives_whole_and_no_worker_grows_past_32_mib(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tenant = e2e_tenant(t, STR_NONE);
	const char *filter;
	struct arrived a;

	put_with_largest_tags(t, tenant);
	filter = edge_encode(
		t, arena_printf(t->arena, "tenantId = \"%s\" and identity = \"tagged\" limit none",
			   tenant.id.p));
	a = fetch(t, e2e_super_admin(t), arena_printf(t->arena, EDGE_LIST "?filter=%s", filter));
	assert_int_equal(a.tag_bytes, (size_t)ROWS * TAG_VALUES * TAG_BYTES);
	assert_int_equal(a.last, '}');
	print_message("           %zu bytes, largest worker %ld KiB\n", a.bytes, peak_kb(t));
#ifndef __SANITIZE_ADDRESS__
	assert_true(peak_kb(t) < WORKER_KB);
#endif
}

/* No index holds it, and no row has it. */
static const char *costly_path(struct e2e *t)
{
	return arena_printf(t->arena, EDGE_LIST "?filter=%s",
		edge_encode(t, "location contains \"nowhere\" and userAgent contains \"nothing\""));
}

static void costly_questions__leave_workers_for_cheap_ones(void **state)
{
	struct e2e *t = *state;
	struct e2e_tenant tenant = e2e_tenant(t, STR_NONE);
	struct session_new s = e2e_session(t, tenant, STR("u"));
	struct str root = e2e_super_admin(t), token = edge_token(t, &s), id = e2e_put(t, &s);
	struct e2e_request asked[QUESTIONS];
	struct e2e_answer answers[QUESTIONS];
	int refused = 0;

	e2e_put_many(t, tenant, STR("many"), MANY);
	for (size_t i = 0; i < QUESTIONS; i++) {
		asked[i] = (struct e2e_request){.path = costly_path(t), .token = root};
		if (i % 3 == 1)
			asked[i] = (struct e2e_request){.path = "/authorize", .token = token};
		if (i % 3 == 2)
			asked[i].path =
				arena_printf(t->arena, "/api/v1/admin/sessions/%.*s", STR_FMT(id));
	}
	e2e_send_all(t, asked, answers, QUESTIONS);
	for (size_t i = 0; i < QUESTIONS; i++) {
		if (i % 3 != 0 || answers[i].status != 503) {
			expect_status(&answers[i], 200);
			continue;
		}
		assert_true(e2e_header(&answers[i], "Retry-After").n > 0);
		assert_non_null(strstr(answers[i].body.p, "TOO_MANY_REQUESTS"));
		refused++;
	}
	assert_true(refused > 0);
}

static struct stack stack;

static int open_stack(void **state)
{
	static const char *const settings[] = {"WORKERS=4", "ROLLCALL_DB_STATEMENT_MS=120000",
		"ROLLCALL_DB_SEARCH_MS=120000", "BUFFER_POOL=512M", NULL};

	stack_make(&stack);
	stack_up(&stack, settings);
	return e2e_open(state);
}

static int close_stack(void **state)
{
	e2e_close(state);
	stack_down(&stack);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(costly_questions__leave_workers_for_cheap_ones),
		cmocka_unit_test(largest_answer__arrives_whole_and_no_worker_grows_past_32_mib),
	};

	return cmocka_run_group_tests(tests, open_stack, close_stack);
}
