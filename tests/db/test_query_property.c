/* SPDX-License-Identifier: MIT
 * What filters compile to, against the evaluator of lib/query_eval.c: random filters over random
 * rows, the same rows in the same order from a real server. A failure prints seed and filter;
 * ROLLCALL_PROPERTY_SEED repeats it, ROLLCALL_PROPERTY_N asks for more filters. */
#include "fixture.h"
#include "lib/query_random.h"

#define ROWS 200
#define FILTERS 400

struct prop {
	struct fix fix;
	struct arena *rows_arena;
	struct eval_row rows[ROWS];
	unsigned long seed;
};

static const char *const row_columns = "ssssssttiiiss";

static void insert_row(struct prop *p, const struct eval_row *row)
{
	struct sql sql;

	sql_begin(&sql, p->fix.arena, SQL_WRITE, "");
	sql_add(&sql, SQL("INSERT INTO q VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
	for (size_t i = 0; i < EVAL_FIELDS; i++) {
		const struct eval_cell *cell = &row->cells[i];
		bool null = cell->kind == EVAL_NULL;
		struct db_val val = db_str(null ? STR_NONE : cell->s);

		if (row_columns[i] == 't')
			val = db_time(null ? TIME_NONE : cell->ms);
		if (row_columns[i] == 'i')
			val = (struct db_val){.letter = 'i', .null = null, .u.i = cell->b};
		if (query_test_list[i].type == QUERY_ANY)
			val = db_str(row->tags_json);
		if (query_test_list[i].type == QUERY_STRING_SET)
			val = db_str(row->set_json);
		sql_arg(&sql, val);
	}
	assert_ok(p->fix.db, db_exec(p->fix.db, &sql, NULL));
}

static unsigned long number_of(const char *variable, unsigned long otherwise)
{
	const char *text = getenv(variable);

	return text != NULL && *text ? strtoul(text, NULL, 10) : otherwise;
}

static int rows_made(void **state)
{
	struct prop *p = test_calloc(1, sizeof(*p));
	struct query_random r;
	void *server;

	fix_server(&server);
	p->fix = *(struct fix *)server;
	test_free(server);
	p->fix.patient = true;
	*state = &p->fix;
	fix_open(state);
	*state = p;
	p->seed = number_of("ROLLCALL_PROPERTY_SEED", (unsigned long)time(NULL));
	r.state = 1;
	p->rows_arena = arena_open();
	assert_ok(p->fix.db, exec(p->fix.db, p->fix.arena, SQL("DROP TABLE IF EXISTS q"), 0));
	assert_ok(p->fix.db,
		exec(p->fix.db, p->fix.arena,
			SQL("CREATE TABLE q ("
			    "id VARCHAR(8) PRIMARY KEY, token VARCHAR(99), identity VARCHAR(99),"
			    " identity_name VARCHAR(99), ip_address VARCHAR(99), authenticator "
			    "TEXT,"
			    " created_at DATETIME(3), last_activity_at DATETIME(3), mfa_complete "
			    "TINYINT(1),"
			    " mfa_required TINYINT(1), is_system TINYINT(1), tags LONGTEXT, "
			    "config_types LONGTEXT,"
			    " KEY (token), KEY (created_at)) CHARACTER SET utf8mb4 COLLATE "
			    "utf8mb4_nopad_bin"),
			0));
	for (int i = 0; i < ROWS; i++) {
		query_random_row(&r, p->rows_arena, i, &p->rows[i]);
		insert_row(p, &p->rows[i]);
		arena_reset(p->fix.arena);
	}
	return 0;
}

static int rows_dropped(void **state)
{
	struct prop *p = *state;

	assert_ok(p->fix.db, exec(p->fix.db, p->fix.arena, SQL("DROP TABLE q"), 0));
	*state = &p->fix;
	fix_close(state);
	mariadb_end(p->fix.server);
	arena_close(p->rows_arena);
	test_free(p);
	return 0;
}

struct found {
	struct str ids[ROWS];
	size_t count;
	struct str id; /* of the row at hand */
};

static enum err note(void *ctx, const void *row)
{
	struct found *f = ctx;

	assert_true(f->count < ROWS);
	f->ids[f->count++] = *(const struct str *)row;
	return ERR_OK;
}

static const struct db_col id_col = {'s', 0};
static const struct db_shape id_shape = {&id_col, 1};

/* The rows that the filter lets through, in its order. */
static size_t expected(
	const struct prop *p, const struct query *q, const struct eval_row *out[ROWS])
{
	size_t n = 0;

	for (size_t i = 0; i < ROWS; i++) {
		size_t at = n;

		if (!query_eval(q, &p->rows[i]))
			continue;
		for (; at > 0 && query_eval_order(q, &p->rows[i], out[at - 1]) < 0; at--)
			out[at] = out[at - 1];
		out[at] = &p->rows[i];
		n++;
	}
	return n;
}

static const struct eval_row *row_of(const struct prop *p, struct str id)
{
	for (size_t i = 0; i < ROWS; i++)
		if (str_eq(p->rows[i].cells[0].s, id))
			return &p->rows[i];
	return NULL;
}

static void explain(const struct prop *p, struct str filter, const struct sql *sql,
	const struct eval_row *row, const char *what)
{
	print_error("seed %lu: %s\nfilter: %.*s\nSQL: %.*s\n", p->seed, what, STR_FMT(filter),
		STR_FMT(buf_view(&sql->text)));
	for (size_t i = 0; row != NULL && i < EVAL_FIELDS; i++)
		print_error("  %s: kind %d text [%.*s] bool %d ms %lld\n", query_test_list[i].name,
			(int)row->cells[i].kind, STR_FMT(row->cells[i].s), row->cells[i].b,
			(long long)row->cells[i].ms);
	if (row != NULL)
		print_error("  tags %.*s\n  set %.*s\n", STR_FMT(row->tags_json),
			STR_FMT(row->set_json));
}

static bool holds_id(const struct found *f, struct str id)
{
	for (size_t i = 0; i < f->count; i++)
		if (str_eq(f->ids[i], id))
			return true;
	return false;
}

static bool agree(const struct prop *p, struct str filter, const struct query *q,
	const struct sql *sql, const struct found *f)
{
	const struct eval_row *want[ROWS];
	size_t n = expected(p, q, want);

	for (size_t i = 0; i < n; i++) {
		if (!holds_id(f, want[i]->cells[0].s)) {
			explain(p, filter, sql, want[i], "the server leaves out");
			return false;
		}
	}
	for (size_t i = 0; i < f->count; i++) {
		const struct eval_row *row = row_of(p, f->ids[i]);

		if (!query_eval(q, row)) {
			explain(p, filter, sql, row, "the server lets through");
			return false;
		}
		if (row != want[i]) {
			explain(p, filter, sql, row, "out of order");
			return false;
		}
	}
	return true;
}

static bool run_filter(struct prop *p, struct str filter)
{
	struct arena *a = p->fix.arena;
	struct query *q;
	struct query_error error;
	struct found *f = arena_zalloc(a, sizeof(*f));
	struct sql sql;
	enum err err;

	if (query_parse(a, filter, &q, &error) ||
		query_check(q, &query_test_fields, STR_NONE, &error)) {
		print_error("seed %lu: %.*s\nfilter: %.*s\n", p->seed, STR_FMT(error.message),
			STR_FMT(filter));
		return false;
	}
	sql_begin(&sql, a, SQL_READ, "s");
	sql_add(&sql, SQL("SELECT q.id FROM q WHERE "));
	query_where(q, &sql);
	sql_add(&sql, SQL(" "));
	query_order(q, &sql);
	err = db_each(p->fix.db, a, &sql, &id_shape, &f->id, note, f);
	if (err) {
		explain(p, filter, &sql, NULL, db_error_text(p->fix.db));
		return false;
	}
	return agree(p, filter, q, &sql, f);
}

static void random_filters__give_the_rows_the_language_means(void **state)
{
	struct prop *p = *state;
	unsigned long n = number_of("ROLLCALL_PROPERTY_N", FILTERS), failed = 0;
	struct query_random r = {p->seed};

	for (unsigned long i = 0; i < n && failed < 5; i++) {
		arena_reset(p->fix.arena);
		failed += !run_filter(p, query_random_filter(&r, p->fix.arena));
	}
	assert_int_equal(failed, 0);
}

/* The parts in turn while they fit the limit; the tail once, or as often as there were parts. */
static struct str long_filter(struct arena *a, const char *odd, const char *even, const char *tail,
	size_t most, bool close_each)
{
	struct buf b;
	size_t parts = 0;

	buf_init(&b, a);
	for (; parts < most; parts++) {
		const char *part = parts % 2 ? even : odd;

		if (b.n + strlen(part) + (close_each ? parts + 1 : 1) * strlen(tail) + 64 >
			LIMIT_FILTER_BYTES)
			break;
		buf_str(&b, str_from(part));
	}
	buf_str(&b, STR("isSystem"));
	for (size_t i = 0; i < (close_each ? parts : 1); i++)
		buf_str(&b, str_from(tail));
	return buf_view(&b);
}

static void the_longest_and_deepest_filters__are_answered(void **state)
{
	static const struct {
		const char *name, *odd, *even, *tail;
		size_t most;
		bool close_each;
	} rows[] = {
		{"one run", "isSystem and ", "isSystem and ", "", SIZE_MAX, false},
		{"alternating", "true and ", "false or ", "", SIZE_MAX, false},
		{"alternating tags", "tags.a<\"b\" and ", "tags.a>\"x\" or ", "", SIZE_MAX, false},
		{"tags as text", "tags.a<\"\" or ", "tags.b>\"x\" or ", "", SIZE_MAX, false},
		{"folded tags", "tags.a icontains \"\" and ", "tags.b icontains \"\" and ", "",
			SIZE_MAX, false},
		{"sets", "isEmpty(configTypes) or ", "count(configTypes)<9 and ", "", SIZE_MAX,
			false},
		{"counts", "count(configTypes)=2 or ", "count(configTypes)=3 or ", "", 60, false},
		{"nots", "not ", "not ", "", LIMIT_FILTER_DEPTH, false},
		{"parentheses", "(", "(", ")", LIMIT_FILTER_DEPTH, true},
		{"parentheses of chains", "(id>\"\" and id=\"\" or id>\"\" and ",
			"(id=\"\" or id>\"\" and id=\"\" or id>\"\" and id=\"\" or id>\"\" and ",
			")", LIMIT_FILTER_DEPTH, true},
	};
	struct prop *p = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str filter = long_filter(p->fix.arena, rows[i].odd, rows[i].even,
			rows[i].tail, rows[i].most, rows[i].close_each);

		if (!run_filter(p, filter))
			fail_msg("%s, %zu bytes", rows[i].name, filter.n);
		arena_reset(p->fix.arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_filters__give_the_rows_the_language_means),
		cmocka_unit_test(the_longest_and_deepest_filters__are_answered),
	};

	return cmocka_run_group_tests(tests, rows_made, rows_dropped);
}
