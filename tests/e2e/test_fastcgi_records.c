/* SPDX-License-Identifier: MIT
 * Records of FastCGI that no web server sends: of management, of other roles, versions, types and
 * ids, and after the first request. After each test the workers are the same processes, and a
 * request is answered. */
#include "fastcgi.h"

/* libfcgi would write them all into 64 bytes of its stack. */
static struct str get_values(struct e2e *t, size_t n)
{
	struct buf pairs, b;

	buf_init(&pairs, t->arena);
	for (size_t i = 0; i < n; i++)
		buf_str(&pairs, STR("\16\0FCGI_MAX_CONNS"));
	buf_init(&b, t->arena);
	add_record(&b, GET_VALUES, 0, 0, buf_view(&pairs));
	return buf_view(&b);
}

static void management_records__end_nothing_but_the_connection(void **state)
{
	struct fastcgi_test *f = *state;
	struct str head = request(f->t, RESPONDER, 0, false), values = get_values(f->t, 400), out;

	for (size_t i = 0; i < 2 * f->count; i++) {
		ask(f->t, values);
	}
	/* In front of the head, in the middle of it, and in the place of a body. */
	for (size_t at = 0; at <= head.n; at += at == 0 ? 16 : head.n - 16) {
		struct buf b;

		buf_init(&b, f->t->arena);
		buf_add(&b, head.p, at);
		buf_str(&b, values);
		buf_add(&b, head.p + at, head.n - at);
		read_answer(f->t, ask(f->t, buf_view(&b)), &out);
	}
}

static void unknown_management_records__get_no_bytes_of_the_stack(void **state)
{
	struct fastcgi_test *f = *state;
	struct buf b;

	for (int type = 10; type < 256; type += 35) {
		buf_init(&b, f->t->arena);
		add_record(&b, type, 0, 0, STR("x"));
		assert_int_equal(ask(f->t, buf_view(&b)).n, 0);
	}
	assert_int_equal(ask(f->t, get_values(f->t, 1)).n, 0);
}

/* Neither end of the body nor of the connection is sent: nobody waits for them. */
static void authorizers__are_let_go_at_once(void **state)
{
	struct fastcgi_test *f = *state;
	int64_t from = now_ms();

	for (int i = 0; i < 20; i++)
		expect_answer(f->t, request(f->t, AUTHORIZER, 0, false), "Status: 401");
	assert_true(now_ms() - from < 2000);
}

static void unknown_roles__are_told_so(void **state)
{
	static const int roles[] = {FILTER, 0, 4, 0x101, 0xffff};
	struct fastcgi_test *f = *state;
	struct str out;

	for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
		int64_t from = now_ms();

		assert_int_equal(
			read_answer(f->t, ask(f->t, request(f->t, roles[i], 0, false)), &out), 3);
		assert_int_equal(out.n, 0);
		assert_true(now_ms() - from < 1000);
	}
}

static void second_requests_on_a_connection__end_it(void **state)
{
	struct fastcgi_test *f = *state;
	struct str first = request(f->t, RESPONDER, 0, true);

	for (size_t at = 16; at < first.n - 8; at += first.n - 16 - 16) {
		struct buf b;

		buf_init(&b, f->t->arena);
		buf_add(&b, first.p, at);
		add_begin(&b, 2, RESPONDER);
		add_record(&b, PARAMS, 2, 0, environment(f->t, STR("/healthz")));
		buf_add(&b, first.p + at, first.n - at);
		ask(f->t, buf_view(&b));
	}
}

#define REVOKED "token=nobody"

enum { RECORDS = 5 };

/* A revocation of a token, answered with 200, unless one record is of another type or id than the
 * others, or the id of all is 0. */
static struct str revocation(struct e2e *t, int all, int other, int type, int id)
{
	static const int types[RECORDS] = {BEGIN, PARAMS, PARAMS, STDIN, STDIN};
	static const char begin_body[8] = {0, RESPONDER, 1};
	struct str contents[RECORDS] = {
		{begin_body, sizeof(begin_body)}, {0}, STR(""), STR(REVOKED), STR("")};
	struct buf env, b;

	buf_init(&env, t->arena);
	add_pair(&env, STR("REQUEST_METHOD"), STR("POST"));
	add_pair(&env, STR("REQUEST_URI"), STR("/api/v1/sessions/revoke"));
	add_pair(&env, STR("CONTENT_TYPE"), STR("application/x-www-form-urlencoded"));
	add_pair(&env, STR("CONTENT_LENGTH"), str_printf(t->arena, "%zu", strlen(REVOKED)));
	contents[1] = buf_view(&env);
	buf_init(&b, t->arena);
	for (int i = 0; i < RECORDS; i++)
		add_record(&b, i == other ? type : types[i], i == other ? id : all, 0, contents[i]);
	return buf_view(&b);
}

/* In the head nothing is answered; a body that is cut by such a record is not whole. */
static void records_of_another_version_type_or_id__are_not_taken(void **state)
{
	static const struct {
		int type, id;
	} others[RECORDS][3] = {
		{{PARAMS, 1}, {STDIN, 1}, {BEGIN, 0}},
		{{STDIN, 1}, {PARAMS, 2}, {PARAMS, 0}},
		{{DATA, 1}, {PARAMS, 2}, {PARAMS, 0x101}},
		{{DATA, 1}, {STDIN, 2}, {PARAMS, 1}},
	};
	struct fastcgi_test *f = *state;

	struct str version_2 = revocation(f->t, 1, -1, 0, 0);

	expect_answer(f->t, version_2, "Status: 200");
	((char *)version_2.p)[0] = 2;
	assert_int_equal(ask(f->t, version_2).n, 0);
	assert_int_equal(ask(f->t, revocation(f->t, 0, -1, 0, 0)).n, 0);
	for (int i = 0; i < RECORDS - 1; i++) {
		for (size_t j = 0; j < ARRAY_LEN(others[i]); j++) {
			struct str message =
				revocation(f->t, 1, i, others[i][j].type, others[i][j].id);

			if (i == 3)
				expect_answer(f->t, message, "Status: 400");
			else if (ask(f->t, message).n != 0)
				fail_msg("record %d, type %d, id %d is answered", i,
					others[i][j].type, others[i][j].id);
		}
	}
}

static void aborted_requests__close_the_connection(void **state)
{
	struct fastcgi_test *f = *state;
	struct buf b;

	buf_init(&b, f->t->arena);
	add_begin(&b, 1, RESPONDER);
	add_record(&b, ABORT, 1, 0, STR(""));
	assert_int_equal(ask(f->t, buf_view(&b)).n, 0);
}

static uint32_t random_step(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static void garbage__is_survived(void **state)
{
	struct fastcgi_test *f = *state;
	struct str whole = request(f->t, RESPONDER, 5, true);
	uint32_t seed = 20260722;

	for (int round = 0; round < 2000; round++) {
		char *p = arena_alloc(f->t->arena, whole.n);
		int fd = begin(f->t);

		memcpy(p, whole.p, whole.n);
		for (uint32_t hits = 1 + random_step(&seed) % 8; hits > 0; hits--)
			p[random_step(&seed) % whole.n] = (char)random_step(&seed);
		if (round % 4 == 0) {
			for (size_t i = 0; i < whole.n; i++)
				p[i] = (char)random_step(&seed);
		}
		say(fd, (struct str){p, whole.n});
		shutdown(fd, SHUT_WR);
		hear(f->t, fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		hostile(management_records__end_nothing_but_the_connection),
		hostile(unknown_management_records__get_no_bytes_of_the_stack),
		hostile(authorizers__are_let_go_at_once),
		hostile(unknown_roles__are_told_so),
		hostile(second_requests_on_a_connection__end_it),
		hostile(records_of_another_version_type_or_id__are_not_taken),
		hostile(aborted_requests__close_the_connection),
		hostile(garbage__is_survived),
	};

	return cmocka_run_group_tests_name("The pool's socket", tests, setup, teardown);
}
