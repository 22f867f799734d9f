/* SPDX-License-Identifier: MIT
 * Whoever can write to the pool's socket, without a web server between: malformed, hostile and slow
 * FastCGI. After each test the workers are the same processes, and a request is answered. */
#include "fastcgi.h"

static void padding__is_skipped_wherever_it_is(void **state)
{
	struct fastcgi_test *f = *state;

	for (int padding = 0; padding < 256; padding += 85)
		expect_answer(f->t, request(f->t, RESPONDER, padding, true), "Status: 200");
}

static void parameters_in_small_records__are_put_together(void **state)
{
	struct fastcgi_test *f = *state;
	struct str env = environment(f->t, STR("/healthz"));
	struct buf b;

	buf_init(&b, f->t->arena);
	add_begin(&b, 0x1234, RESPONDER);
	for (size_t i = 0; i < env.n; i++)
		add_record(&b, PARAMS, 0x1234, (int)(i % 7), (struct str){env.p + i, 1});
	add_record(&b, PARAMS, 0x1234, 0, STR(""));
	add_record(&b, STDIN, 0x1234, 0, STR(""));
	expect_answer(f->t, buf_view(&b), "Status: 200");
}

/* As many as there are workers, and a byte every now and then. */
static void trickling_heads__are_given_up_together(void **state)
{
	struct fastcgi_test *f = *state;
	struct str message = request(f->t, RESPONDER, 255, true);
	int fds[POOL_WORKERS_MAX];
	size_t closed = 0, at = 0;
	int64_t from = now_ms();

	for (size_t i = 0; i < f->count; i++)
		fds[i] = begin(f->t);
	while (closed < f->count) {
		/* Two seconds for a head, and a second to be started. */
		if (now_ms() - from > 3000)
			fail_msg("%zu of %zu are still open", f->count - closed, f->count);
		assert_true(at < message.n);
		for (size_t i = 0; i < f->count; i++) {
			if (fds[i] >= 0 && send(fds[i], message.p + at, 1, MSG_NOSIGNAL) < 0) {
				close(fds[i]);
				fds[i] = -1;
				closed++;
			}
		}
		at++;
		pool_pause_ms(50);
	}
}

static void endless_parameters__are_431_and_not_held(void **state)
{
	enum { ENOUGH = 300 * 1024 * 1024, AT_MOST = 16 * 1024 * 1024 };
	struct fastcgi_test *f = *state;
	struct buf head, part;
	struct str out;
	size_t sent = 0, n;
	int fd = begin(f->t);

	buf_init(&head, f->t->arena);
	add_begin(&head, 1, RESPONDER);
	say(fd, buf_view(&head));
	buf_init(&part, f->t->arena);
	add_record(&part, PARAMS, 1, 0,
		(struct str){memset(arena_alloc(f->t->arena, 65535), 'a', 65535), 65535});
	do {
		n = say(fd, buf_view(&part));
		sent += n;
	} while (n == part.n && sent < ENOUGH);
	assert_true(sent < AT_MOST);
	/* Who goes on sending may lose the answer, and nobody else does. */
	close(fd);

	buf_init(&part, f->t->arena);
	for (int i = 0; i < 5; i++)
		add_record(&head, PARAMS, 1, 0,
			(struct str){memset(arena_alloc(f->t->arena, 65535), 0, 65535), 65535});
	fd = begin(f->t);
	say(fd, buf_view(&head));
	shutdown(fd, SHUT_WR);
	assert_int_equal(read_answer(f->t, hear(f->t, fd), &out), 0);
	assert_true(str_starts(out, STR("Status: 431")));
}

static void ten_thousand_parameters__are_431(void **state)
{
	struct fastcgi_test *f = *state;
	struct buf b;

	buf_init(&b, f->t->arena);
	add_begin(&b, 1, RESPONDER);
	for (int i = 0; i < 10000; i++)
		add_record(&b, PARAMS, 1, 0, STR("\1\1XY"));
	add_record(&b, PARAMS, 1, 0, STR(""));
	add_record(&b, STDIN, 1, 0, STR(""));
	expect_answer(f->t, buf_view(&b), "Status: 431");
}

static void lengths_beyond_the_parameters__close_the_connection(void **state)
{
	const struct str heads[] = {
		STR("\200"),
		STR("\200\0\0"),
		STR("\5"),
		STR("\5\5abcde"),
		STR("\377\377\377\377\377\377\377\377ab"),
		STR("\1\377\377\377\377ab"),
		STR("\177\177ab"),
		STR("\1\1ab\200"),
	};
	struct fastcgi_test *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		struct buf b;

		buf_init(&b, f->t->arena);
		add_begin(&b, 1, RESPONDER);
		add_record(&b, PARAMS, 1, 0, heads[i]);
		add_record(&b, PARAMS, 1, 0, STR(""));
		add_record(&b, STDIN, 1, 0, STR(""));
		assert_int_equal(ask(f->t, buf_view(&b)).n, 0);
	}
}

static void records_cut_anywhere__hold_nobody(void **state)
{
	struct fastcgi_test *f = *state;
	struct str whole = request(f->t, RESPONDER, 3, false);

	/* Of the last record only the padding may be missing. */
	for (size_t n = 0; n < whole.n - 3; n++) {
		int fd = begin(f->t);

		say(fd, (struct str){whole.p, n});
		shutdown(fd, SHUT_WR);
		assert_int_equal(hear(f->t, fd).n, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		hostile(padding__is_skipped_wherever_it_is),
		hostile(parameters_in_small_records__are_put_together),
		hostile(trickling_heads__are_given_up_together),
		hostile(endless_parameters__are_431_and_not_held),
		hostile(ten_thousand_parameters__are_431),
		hostile(lengths_beyond_the_parameters__close_the_connection),
		hostile(records_cut_anywhere__hold_nobody),
	};

	return cmocka_run_group_tests_name("The pool's socket", tests, setup, teardown);
}
