/* SPDX-License-Identifier: MIT
 * rollcall-admin import, the real program against a real server: that every row is in the store
 * exactly once, however the command ends and however often it is started again. */
#include "admin.h"

#define HEADER "id,tenant_id,user_id,expires_at\n"
#define LATER "2999-01-01T00:00:00Z"

static void strict__stops_at_once_and_goes_on_there(void **state)
{
	struct fix *f = *state;
	const char *state_file = file_path(f, "strict.state");
	const char *input =
		put_file(f, "in", STR(HEADER "a,t,u,\nb,t,u,\nc,nobody,u,\nd,,u,\ne,t,u,\n"));
	struct ran r = admin(f, "import", "--strict", "--state", state_file, input);

	assert_refused(&r, 1, "line 4: tenant_id: no such tenant");
	assert_int_equal(line_count(r.err), 1);
	assert_string_equal(r.out.p, "imported 2 sessions, 0 already there, 1 bad rows\n");
	assert_int_equal(session_count_of(f), 2);
	put_file(f, "in", STR(HEADER "a,t,u,\nb,t,u,\nc,t,user,\nd,,u,\ne,t,u,\n"));
	r = admin(f, "import", "--strict", "--state", state_file, input);
	assert_refused(&r, 1, "line 5: tenant_id: Field required");
	assert_string_equal(r.out.p, "imported 1 sessions, 0 already there, 1 bad rows\n");
	r = admin(f, "import", "--state", state_file, input);
	assert_refused(&r, 1, "line 5: tenant_id: Field required");
	assert_string_equal(r.out.p, "imported 1 sessions, 0 already there, 1 bad rows\n");
	r = admin(f, "import", "--state", state_file, input);
	assert_refused(&r, 1, "line 5, in an earlier run: tenant_id: Field required");
	assert_string_equal(
		r.out.p, "imported 0 sessions, 0 already there, 0 bad rows, 1 in all runs\n");
}

#define MANY 5000

static const char *many_rows(struct fix *f, const char *name)
{
	struct buf text;

	buf_init(&text, f->arena);
	buf_str(&text, STR(HEADER));
	for (int i = 0; i < MANY; i++)
		buf_printf(&text, "s%d,t,u%d," LATER "\r\n", i, i % 100);
	return put_file(f, name, buf_view(&text));
}

static int64_t wait_for_more_than(struct fix *f, int64_t floor, pid_t pid)
{
	for (int i = 0; i < FIX_WAIT_ROUNDS; i++) {
		int64_t n = number_of(f, SQL("SELECT COUNT(*) FROM session"));

		if (n > floor || kill(pid, 0) != 0)
			return n;
		fix_pause();
	}
	return -1;
}

static int64_t number_after(struct str text, const char *word)
{
	const char *at = strstr(text.p, word);

	assert_non_null(at);
	return strtoll(at + strlen(word), NULL, 10);
}

static void killed_import__goes_on_and_has_every_row_once(void **state)
{
	struct fix *f = *state;
	const char *input = many_rows(f, "many"), *state_file = file_path(f, "many.state");
	int64_t reached = 0;
	struct ran r;

	for (int kills = 0; kills < 3; kills++) {
		struct running running =
			admin_start(f, -1, ADMIN_WORDS("import", "--state", state_file, input));

		reached = wait_for_more_than(f, reached + 500, running.pid);
		kill(running.pid, SIGKILL);
		assert_int_equal(admin_wait(f, running).status, -SIGKILL);
		reached = session_count_of(f);
		assert_in_range(reached, 1, MANY - 1);
		assert_int_equal(reached % 500, 0);
		assert_numbers_right(f);
	}
	r = admin(f, "import", "--state", state_file, input);
	assert_int_equal(r.status, 0);
	assert_int_equal(number_after(r.out, "imported "), MANY - reached);
	/* At most the one batch that was committed and not yet noted is met again. */
	assert_in_range(number_after(r.out, "sessions, "), 0, 500);
	assert_int_equal(session_count_of(f), MANY);
	assert_int_equal(number_of(f, SQL("SELECT COUNT(*) FROM session s JOIN seq_0_to_4999 q"
					  " ON s.id = CONCAT('s', q.seq) AND s.user_id = "
					  "CONCAT('u', q.seq % 100)")),
		MANY);
	r = admin(f, "import", "--state", state_file, input);
	assert_done(&r, "imported 0 sessions, 0 already there, 0 bad rows\n");
	assert_numbers_right(f);
}

static void interrupted_import__says_how_to_go_on(void **state)
{
	struct fix *f = *state;
	const char *input = many_rows(f, "it's many"), *state_file = file_path(f, "int.state");
	struct running running =
		admin_start(f, -1, ADMIN_WORDS("import", "--state", state_file, input));
	struct ran r;

	assert_in_range(wait_for_more_than(f, 1000, running.pid), 1, MANY - 1);
	kill(running.pid, SIGINT);
	r = admin_wait(f, running);
	assert_refused(&r, 1, "interrupted");
	assert_true(contains(r.err,
		arena_printf(f->arena,
			"To go on there: rollcall-admin --config /dev/null import --state %s '%s/it'\\''s many'\n",
			state_file, mariadb_dir(f->server))));
	assert_int_equal(number_after(r.out, "imported "), session_count_of(f));
	assert_int_equal(access(arena_printf(f->arena, "%s.lock", state_file), F_OK), -1);
	r = admin(f, "import", "--state", state_file, input);
	assert_int_equal(r.status, 0);
	assert_int_equal(number_after(r.out, "sessions, "), 0);
	assert_int_equal(session_count_of(f), MANY);
}

static void second_import_with_one_state__says_who_holds_it(void **state)
{
	struct fix *f = *state;
	const char *state_file = file_path(f, "held.state");
	const char *input = put_file(f, "in", STR(HEADER "a,t,u,\n"));
	struct running running;
	struct ran r;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fcntl(ends[1], F_SETFD, FD_CLOEXEC), 0);
	running = admin_start(f, ends[0], ADMIN_WORDS("import", "--state", state_file, "-"));
	close(ends[0]);
	while (access(arena_printf(f->arena, "%s.lock", state_file), F_OK) != 0)
		fix_pause();
	/* The lock is taken a moment after its file is made. */
	for (int i = 0; i < FIX_WAIT_ROUNDS; i++) {
		r = admin(f, "import", "--state", state_file, input);
		if (r.status != 0)
			break;
	}
	assert_refused(&r, 1,
		arena_printf(f->arena, "held.state: is in use by another import, process %ld\n",
			(long)running.pid));
	close(ends[1]);
	r = admin_wait(f, running);
	r = admin(f, "import", "--state", file_path(f, "other.state"), input);
	assert_int_equal(r.status, 0);
}

static const char *bad_rows(struct fix *f, int count, const char *tenant)
{
	struct buf text;

	buf_init(&text, f->arena);
	buf_str(&text, STR(HEADER));
	for (int i = 0; i < count; i++)
		buf_printf(&text, "s%d,%s,u,\n", i, tenant);
	return put_file(f, "bad", buf_view(&text));
}

static void many_bad_rows__end_the_import_with_a_hint(void **state)
{
	struct fix *f = *state;
	const char *state_file = file_path(f, "full.state"), *input = bad_rows(f, 1200, "nobody");
	struct ran r = admin(f, "import", "--state", state_file, input);

	assert_refused(&r, 1, "stopped behind line 1001, with 1000 bad rows (--max-errors)\n");
	assert_true(
		contains(r.err, "1000 of them name a tenant that is not known; --create-tenants"));
	assert_string_equal(r.out.p, "imported 0 sessions, 0 already there, 1000 bad rows\n");
	r = admin(f, "import", "--state", state_file, input);
	assert_refused(&r, 1, "line 1001, in an earlier run: tenant_id: no such tenant");
	assert_true(contains(r.err, "line 1201: tenant_id: no such tenant"));
	assert_string_equal(
		r.out.p, "imported 0 sessions, 0 already there, 200 bad rows, 1200 in all runs\n");
	r = admin(f, "import", "--max-errors", "3", input);
	assert_refused(&r, 1, "stopped behind line 4, with 3 bad rows");
	r = admin(f, "import", "--max-errors", "0", input);
	assert_int_equal(r.status, 2);
	assert_int_equal(session_count_of(f), 0);
}

static void dry_run__writes_nothing(void **state)
{
	struct fix *f = *state;
	const char *state_file = file_path(f, "dry.state");
	const char *input = put_file(f, "in", STR(HEADER "a,t,u,\nb,new,u,\nc,,u,\nd,t,u,\n"));
	struct ran r =
		admin(f, "import", "--dry-run", "--create-tenants", "--state", state_file, input);

	assert_refused(&r, 1, "line 4: tenant_id: Field required");
	assert_string_equal(r.out.p, "would import 3 sessions, 0 already there, 1 bad rows\n");
	assert_int_equal(session_count_of(f), 0);
	assert_int_equal(number_of(f, SQL("SELECT COUNT(*) FROM tenant WHERE id = 'new'")), 0);
	assert_int_equal(access(state_file, F_OK), -1);
	r = admin(f, "import", "--dry-run", input);
	assert_refused(&r, 1, "line 3: tenant_id: no such tenant");
	assert_string_equal(r.out.p, "would import 2 sessions, 0 already there, 2 bad rows\n");
}

static void lost_server__ends_the_import_and_the_next_goes_on(void **state)
{
	struct fix *f = *state;
	const char *input = many_rows(f, "many"), *state_file = file_path(f, "lost.state");
	struct running running;
	struct ran r;

	if (!mariadb_is_ours(f->server))
		skip();
	running = admin_start(f, -1, ADMIN_WORDS("import", "--state", state_file, input));
	wait_for_more_than(f, 1000, running.pid);
	mariadb_crash(f->server);
	r = admin_wait(f, running);
	mariadb_restart(f->server);
	assert_refused(&r, 1, "rollcall-admin import: database unavailable: ");
	assert_true(contains(r.err, "rollcall-admin import: stopped at lines "));
	r = admin(f, "import", "--state", state_file, input);
	assert_int_equal(r.status, 0);
	assert_int_equal(session_count_of(f), MANY);
}

static void standard_input__is_read_and_resumed_too(void **state)
{
	struct fix *f = *state;
	const char *state_file = file_path(f, "pipe.state");
	struct str text = STR(HEADER "a,t,u,\nb,t,u,\nc,,u,\nd,t,u,\n");
	struct running running;
	struct ran r;

	for (int i = 0; i < 2; i++) {
		int ends[2];

		assert_int_equal(pipe(ends), 0);
		assert_int_equal(write(ends[1], text.p, text.n), text.n);
		close(ends[1]);
		running = admin_start(f, ends[0],
			i == 0 ? ADMIN_WORDS("import", "-", "--strict", "--state", state_file)
			       : ADMIN_WORDS("import", "-", "--state", state_file));
		close(ends[0]);
		r = admin_wait(f, running);
		assert_refused(&r, 1, "line 4: tenant_id: Field required");
	}
	assert_string_equal(r.out.p, "imported 1 sessions, 0 already there, 1 bad rows\n");
	assert_int_equal(session_count_of(f), 3);
}

static void state_that_does_not_fit__is_refused(void **state)
{
	struct fix *f = *state;
	const char *state_file = file_path(f, "odd.state");
	const char *input = put_file(f, "in", STR(HEADER "a,t,u,\n"));
	struct ran r = admin(f, "import", "--state", state_file, input);

	assert_int_equal(r.status, 0);
	put_file(f, "in", STR(HEADER "b,t,u,\nc,t,u,\n"));
	r = admin(f, "import", "--state", state_file, input);
	assert_refused(&r, 1, "belongs to the import of another file");
	put_file(f, "in", STR(HEADER));
	r = admin(f, "import", "--state", state_file, input);
	assert_refused(&r, 1, "of another file");
	put_file(f, "in", STR(HEADER "a,t,u,\nb,t,u,\n"));
	r = admin(f, "import", "--state", state_file, input);
	assert_done(&r, "imported 1 sessions, 0 already there, 0 bad rows\n");
	put_file(f, "odd.state", STR("rollcall-import 1 x"));
	r = admin(f, "import", "--state", state_file, input);
	assert_refused(&r, 1, "odd.state: is not the state of an import");
	r = admin(f, "import", "--state", "/nonexistent/state", input);
	assert_refused(&r, 1, "/nonexistent/state: No such file or directory");
	assert_int_equal(session_count_of(f), 2);
}

/* Whoever may write to the directory must not lead the import to other files. */
static void links_in_the_place_of_the_state__are_not_followed(void **state)
{
	struct fix *f = *state;
	const char *state_file = file_path(f, "link.state"), *victim = file_path(f, "victim");
	const char *input = put_file(f, "in", STR(HEADER "a,t,u,\n"));
	struct stat st;
	struct ran r;

	put_file(f, "victim", STR("precious"));
	assert_int_equal(symlink(victim, file_path(f, "link.state.new")), 0);
	r = admin(f, "import", "--state", state_file, input);
	assert_int_equal(r.status, 0);
	assert_int_equal(stat(victim, &st), 0);
	assert_int_equal(st.st_size, strlen("precious"));
	assert_int_equal(lstat(state_file, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(unlink(state_file), 0);
	assert_int_equal(symlink(victim, state_file), 0);
	r = admin(f, "import", "--state", state_file, input);
	assert_refused(&r, 1, "link.state: is a symbolic link");
}

static void terminal__shows_bar_rate_and_time_left(void **state)
{
	struct fix *f = *state;
	struct ran r = admin_on_terminal(f, ADMIN_WORDS("import", many_rows(f, "many")));

	assert_int_equal(r.status, 0);
	assert_true(contains(r.err, "import: [#"));
	assert_true(contains(r.err, " rows/s, 0:00:"));
	assert_true(contains(r.err, " left"));
	assert_true(contains(r.err, "imported 5000 sessions, 0 already there, 0 bad rows"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, fix_open_tenant, fix_close)
		T(strict__stops_at_once_and_goes_on_there),
		T(killed_import__goes_on_and_has_every_row_once),
		T(interrupted_import__says_how_to_go_on),
		T(second_import_with_one_state__says_who_holds_it),
		T(many_bad_rows__end_the_import_with_a_hint),
		T(dry_run__writes_nothing),
		T(lost_server__ends_the_import_and_the_next_goes_on),
		T(standard_input__is_read_and_resumed_too),
		T(state_that_does_not_fit__is_refused),
		T(links_in_the_place_of_the_state__are_not_followed),
		T(terminal__shows_bar_rate_and_time_left),
#undef T
	};

	return cmocka_run_group_tests(tests, fix_server, fix_server_end);
}
