/* SPDX-License-Identifier: MIT
 * libFuzzer target: a filter, and behind a NUL byte a sort parameter, through lexer, parser, typing
 * and compiler. Beyond what the sanitizers see, it asserts that
 * - a fault has a code, a place and a message in UTF-8;
 * - the SQL is made of words, marks and quoted literals of ours alone, with an argument for every
 * '?';
 * - the fully parenthesised reading of a filter reads as the filter did. */
#include "base/limits.h"
#include "lib/fuzz.h"
#include "lib/query_fields.h"

/* Every word that a statement may hold, with the columns of the test's fields. */
static const char *const words[] = {"TRUE", "FALSE", "NULL", "NOT", "AND", "OR", "IS", "IN",
	"BETWEEN", "CASE", "WHEN", "THEN", "ELSE", "END", "EXISTS", "SELECT", "FROM", "WHERE", "AS",
	"COUNT", "DISTINCT", "COALESCE", "LOCATE", "UPPER", "CONVERT", "USING", "COLLATE", "CAST",
	"SIGNED", "DOUBLE", "CONCAT", "IF", "REPEAT", "RPAD", "REPLACE", "SUBSTRING_INDEX",
	"LENGTH", "INET6_ATON", "LEFT", "RIGHT", "JSON_TABLE", "JSON_TYPE", "JSON_VALUE",
	"JSON_EXTRACT", "COLUMNS", "LONGTEXT", "CHARACTER", "SET", "PATH", "v", "n", "utf8mb4",
	"utf8mb4_nopad_bin", "utf8mb4_uca1400_ai_ci", "query_set", "query_set.v", "query_number",
	"query_number.n", "0", "1", "12", "ORDER", "BY", "DESC", "q.id", "q.token", "q.identity",
	"q.identity_name", "q.ip_address", "q.authenticator", "q.created_at", "q.last_activity_at",
	"q.mfa_complete", "q.mfa_required", "q.is_system", "q.tags", "q.config_types"};

static const char *const quoted[] = {"'$[*]'", "'$'", "'STRING'", "'BOOLEAN'", "'NULL'", "'OBJECT'",
	"'ARRAY'", "'INTEGER'", "'DOUBLE'", "'true'", "'e'", "'-'", "'.'", "''", "'0.'", "'0'"};

static bool listed(struct str s, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(s, str_from(list[i])))
			return true;
	return false;
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '.';
}

/* Length of the quoted literal that s begins with. */
static size_t quoted_length(struct str s)
{
	const char *end = s.n > 1 ? memchr(s.p + 1, '\'', s.n - 1) : NULL;

	return end != NULL ? (size_t)(end - s.p) + 1 : 0;
}

static void check_sql(const struct sql *sql)
{
	struct str text = buf_view(&sql->text);
	size_t marks = 0;

	for (size_t i = 0; i < text.n;) {
		struct str rest = {text.p + i, 0};

		if (text.p[i] == '\'') {
			rest.n = quoted_length((struct str){text.p + i, text.n - i});
			fuzz_must(listed(rest, quoted, ARRAY_LEN(quoted)), "foreign literal", text);
		} else if (is_word(text.p[i])) {
			while (i + rest.n < text.n && is_word(text.p[i + rest.n]))
				rest.n++;
			fuzz_must(listed(rest, words, ARRAY_LEN(words)), "foreign word", text);
		} else {
			rest.n = 1;
			marks += text.p[i] == '?';
			fuzz_must(text.p[i] != '\0' && strchr(" ()?,<>=-+*", text.p[i]) != NULL,
				"foreign mark", text);
		}
		i += rest.n;
	}
	fuzz_must(marks == sql->arg_count, "arguments", text);
}

static void check_error(enum err err, const struct query_error *e)
{
	fuzz_must(err == e->code, "code", e->message);
	fuzz_must(err == ERR_INVALID_FILTER || err == ERR_INVALID_SORT, "outcome", e->message);
	fuzz_must(e->line >= 0 && e->column >= 0 && e->line <= LIMIT_FILTER_BYTES + 1, "place",
		e->message);
	fuzz_must(e->message.n > 0 && str_is_utf8(e->message), "message", e->message);
	fuzz_must(str_is_utf8(e->found), "found", e->message);
}

static void check_reading(struct arena *a, const struct query *q)
{
	struct str read, meant, again, unused;
	struct query *second;
	struct query_error e;

	(void)query_is_ambiguous(q, &read, &meant);
	if (query_parse(a, read, &second, &e) == ERR_OK) {
		fuzz_must(!query_is_ambiguous(second, &again, &unused), "still ambiguous", read);
		fuzz_must(str_eq(read, again), "another reading", read);
	} else {
		/* All those parentheses may be too many. */
		fuzz_must(read.n > LIMIT_FILTER_DEPTH, "reading is no filter", read);
	}
}

static void run(struct arena *a, struct str filter, struct str sort)
{
	struct query *q;
	struct query_error e;
	struct sql sql;
	int64_t limit, offset;
	enum err err = query_parse(a, filter, &q, &e);

	if (err) {
		check_error(err, &e);
		return;
	}
	check_reading(a, q);
	err = query_check(q, &query_test_fields, sort, &e);
	if (err) {
		check_error(err, &e);
		return;
	}
	query_paging(q, false, 0, false, 0, 10000, &limit, &offset);
	fuzz_must(limit >= 1 && limit <= 10000 && offset >= 0 && offset <= EDGE_OFFSET_MAX,
		"paging", filter);
	sql_begin(&sql, a, SQL_READ, "");
	query_where(q, &sql);
	query_order(q, &sql);
	check_sql(&sql);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = fuzz_arena();
	struct str filter = fuzz_input(data, size), sort = STR_NONE;
	const char *nul = size ? memchr(filter.p, '\0', size) : NULL;

	if (nul != NULL) {
		sort = (struct str){nul + 1, (size_t)(filter.p + size - nul) - 1};
		filter.n = (size_t)(nul - filter.p);
	}
	run(a, filter, sort);
	return 0;
}
