/* SPDX-License-Identifier: MIT
 * The time limit of filters without an index, which is shorter than that of other statements: it
 * holds wherever a filter is used, nothing ends by it, and the connection stays. The limit here is
 * a millisecond, which a condition of many parts over a thousand rows takes many times. */
#include "model/api_session.h"
#include "query/query.h"
#include "sessions.h"

#define MANY 1000
#define PARTS 40

static int opened(void **state)
{
	struct fix *f;
	struct db_config cfg;
	struct session_new *list;

	fix_server(state);
	fix_open_tenant(state);
	f = *state;
	list = arena_array(f->arena, (size_t)MANY, sizeof(*list));
	for (int i = 0; i < MANY; i++) {
		list[i] = living_one(str_printf(f->arena, "s%d", i));
		list[i].user_id = i < 3 ? STR("few") : STR("many");
		list[i].user_agent =
			STR("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101");
	}
	put_sessions(f, list, MANY);
	cfg = fix_config(f);
	cfg.statement_ms = 60000;
	cfg.search_ms = 1;
	db_close(f->db);
	f->db = db_open(&cfg);
	return 0;
}

static int closed(void **state)
{
	fix_close(state);
	return fix_server_end(state);
}

static const struct query *query_of(struct fix *f, struct str text)
{
	struct query_error error = {0};
	struct query *q;

	assert_int_equal(query_parse(f->arena, text, &q, &error), ERR_OK);
	assert_int_equal(query_check(q, &api_session_fields, STR_NONE, &error), ERR_OK);
	return q;
}

static const struct query *costly(struct fix *f)
{
	struct buf text;

	buf_init(&text, f->arena);
	for (int i = 0; i < PARTS; i++)
		buf_printf(&text, "%suserAgent icontains \"nothing%d\"", i > 0 ? " or " : "", i);
	return query_of(f, buf_view(&text));
}

static enum err ignore(void *ctx, const struct api_session *s)
{
	(void)ctx;
	(void)s;
	return ERR_OK;
}

static enum err list(struct fix *f, const struct session_scope *scope)
{
	const struct session_range range = {.limit = 10};
	struct session_page page;

	return session_list(f->db, f->arena, scope, &range, &page);
}

static enum err list_to_edge(struct fix *f, const struct session_scope *scope)
{
	struct arena *rows = arena_open();
	int64_t total;
	enum err err = api_session_list(f->db, f->arena, rows, scope, 10, 0, ignore, NULL, &total);

	arena_close(rows);
	return err;
}

static enum err end(struct fix *f, const struct session_scope *scope, int64_t if_count)
{
	struct revoke_call call = call_of(*scope);

	call.if_count = if_count;
	return revoke_sessions(f->db, &call);
}

static void filter_without_an_index__has_the_shorter_limit(void **state)
{
	struct fix *f = *state;
	const struct session_scope scope = {.active = true, .filter = costly(f)};

	assert_int_equal(list(f, &scope), ERR_TIMEOUT);
	assert_int_equal(list_to_edge(f, &scope), ERR_TIMEOUT);
	assert_int_equal(end(f, &scope, -1), ERR_TIMEOUT);
	assert_int_equal(end(f, &scope, 5), ERR_TIMEOUT);
	assert_int_equal(end(f, &scope, 2 * (int64_t)REVOKE_BATCH), ERR_TIMEOUT);
	assert_int_equal(session_count_of(f), MANY);
	assert_int_equal(number_of(f, SQL("SELECT COUNT(*) FROM ended")), 0);
	assert_int_equal(db_stats(f->db)->reconnects, 0);
}

static void other_statements__have_the_usual_one(void **state)
{
	struct fix *f = *state;
	struct session_scope scope = {.active = true};
	int64_t slept = -1;

	assert_ok(f->db, list(f, &scope));
	assert_ok(f->db, read_int(f->db, f->arena, &slept, SQL("SELECT SLEEP(?)"), 1, db_f64(0.1)));
	assert_int_equal(slept, 0);
	scope.filter = query_of(f, STR("identity = \"few\" sort by createdAt"));
	assert_ok(f->db, list(f, &scope));
	assert_ok(f->db, list_to_edge(f, &scope));
	assert_ok(f->db, end(f, &scope, 3));
	assert_int_equal(number_of(f, SQL("SELECT COUNT(*) FROM ended")), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filter_without_an_index__has_the_shorter_limit),
		cmocka_unit_test(other_statements__have_the_usual_one),
	};

	return cmocka_run_group_tests(tests, opened, closed);
}
