/* SPDX-License-Identifier: MIT
 * Walks through long lists by page number, far behind the place from which the numbers by hour find
 * a page (DEEP_OFFSET in src/model): each row exactly once, in order, and the total on every page.
 */
#include "model/audit.h"
#include "sessions.h"

#define EACH 700    /* living ones, and as many ended ones */
#define PER_PAGE 97 /* divides nothing here, so pages begin within an hour */
#define STEP_MS (41 * SECOND_MS)

/* Over eight hours; of four that follow each other two have one instant. */
static int64_t instant(int64_t now_ms, int64_t i)
{
	return now_ms - (i - (i % 4 == 3)) * STEP_MS;
}

static void put_all(struct fix *f)
{
	struct session_new *list = arena_array(f->arena, (size_t)EACH, sizeof(*list));
	int64_t now_ms = clock_now_ms() - HOUR_MS;

	for (int64_t i = 0; i < EACH; i++) {
		list[i] = living_one(str_printf(f->arena, "l%05lld", (long long)i));
		list[i].user_id = i % 2 == 0 ? STR("u") : STR("v");
		list[i].created_ms = instant(now_ms, i);
	}
	put_sessions(f, list, EACH);
	for (int64_t i = 0; i < EACH; i++) {
		list[i] = ended_one(
			str_printf(f->arena, "e%05lld", (long long)i), instant(now_ms, i));
		list[i].created_ms = instant(now_ms, i) - STEP_MS;
	}
	put_sessions(f, list, EACH);
}

/* One store for both tests, which only read. */
static int group_opened(void **state)
{
	fix_server(state);
	fix_open_tenant(state);
	put_all(*state);
	return 0;
}

static int group_closed(void **state)
{
	fix_close(state);
	return fix_server_end(state);
}

struct place {
	int64_t at_ms;
	struct str id;
};

static void assert_behind(const struct place *before, const struct place *row)
{
	if (before->id.p == NULL)
		return;
	if (row->at_ms > before->at_ms ||
		(row->at_ms == before->at_ms && str_cmp(row->id, before->id) >= 0))
		fail_msg("%.*s after %.*s", STR_FMT(row->id), STR_FMT(before->id));
}

/* A page of sessions or of endings: the instant and the id of each row, by which the list is
 * sorted. */
struct page {
	const struct place *rows;
	size_t count;
	int64_t total;
};

typedef struct page read_fn(
	struct fix *, const struct session_scope *, const struct session_range *);

static struct page sessions_page(
	struct fix *f, const struct session_scope *scope, const struct session_range *range)
{
	struct session_page page;
	struct place *rows;

	assert_ok(f->db, session_list(f->db, f->arena, scope, range, &page));
	rows = arena_array(f->arena, page.count + 1, sizeof(*rows));
	for (size_t i = 0; i < page.count; i++)
		rows[i] = (struct place){page.rows[i].created_ms, page.rows[i].id};
	return (struct page){rows, page.count, page.total};
}

static struct page endings_page(
	struct fix *f, const struct session_scope *scope, const struct session_range *range)
{
	struct audit_page page;
	struct place *rows;

	assert_ok(f->db, audit_list(f->db, f->arena, scope, range, &page));
	rows = arena_array(f->arena, page.count + 1, sizeof(*rows));
	for (size_t i = 0; i < page.count; i++)
		rows[i] = (struct place){page.rows[i].revoked_ms, page.rows[i].session_id};
	return (struct page){rows, page.count, page.total};
}

/* Rows of all pages. */
static int64_t walk(struct fix *f, const struct session_scope *scope, read_fn *read)
{
	struct session_range range = {.limit = PER_PAGE};
	struct place last = {.id = STR_NONE};
	struct page page;
	int64_t n = 0, total;

	do {
		range.offset = n;
		page = read(f, scope, &range);
		for (size_t i = 0; i < page.count; i++, n++) {
			assert_behind(&last, &page.rows[i]);
			last = page.rows[i];
		}
		total = page.total;
	} while (page.count == PER_PAGE);
	assert_int_equal(n, total);
	range.offset = n + 1000;
	page = read(f, scope, &range);
	assert_int_equal(page.count, 0);
	assert_int_equal(page.total, total);
	return n;
}

static void long_list__has_every_row_once_on_its_pages(void **state)
{
	struct fix *f = *state;
	struct session_scope scopes[] = {{.active = true}, {.partner_id = STR("p"), .active = true},
		{.tenant_id = STR("t"), .active = true}};

	for (size_t i = 0; i < ARRAY_LEN(scopes); i++) {
		assert_int_equal(walk(f, &scopes[i], sessions_page), EACH);
		scopes[i].active = false;
		assert_int_equal(walk(f, &scopes[i], sessions_page), 2 * EACH);
		scopes[i].user_id = STR("u");
		assert_int_equal(walk(f, &scopes[i], sessions_page), EACH / 2 + EACH);
	}
}

static void long_audit__has_every_row_once_on_its_pages(void **state)
{
	struct fix *f = *state;
	const struct session_scope scopes[] = {{.active = false}, {.partner_id = STR("p")},
		{.tenant_id = STR("t")}, {.tenant_id = STR("t"), .user_id = STR("u")}};

	for (size_t i = 0; i < ARRAY_LEN(scopes); i++)
		assert_int_equal(walk(f, &scopes[i], endings_page), EACH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(long_list__has_every_row_once_on_its_pages),
		cmocka_unit_test(long_audit__has_every_row_once_on_its_pages),
	};

	return cmocka_run_group_tests(tests, group_opened, group_closed);
}
