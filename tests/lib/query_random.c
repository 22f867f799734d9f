/* SPDX-License-Identifier: MIT
 * See lib/query_random.h. The surprise: JSON text is written with needless \u escapes
 * now and then. Keys are not: the server does not find one that is written that way. */
#include "lib/query_random.h"

#include <stdio.h>

static const char *const texts[] = {"", "a", "A", "a ", "a  ", " a", "ab", "aB", "b", "Z", "z",
	"x%y", "x_y", "xzy", "x\\y", "x\\\\y", "\"q\"", "it's", "\xf0\x9f\x98\x80",
	"a\xf0\x9f\x98\x80z", "\xc3\xa9", "\xc3\x89", "caf\xc3\xa9", "CAF\xc3\x89", "e\xcc\x81",
	"\xc3\x9f", "ss", "SS", "\xc3\xbf", "\xc5\xb8", "\xc7\x86", "\xc7\x85", "\xc4\xb1", "I",
	"i", "\xc4\xb0", "\xcf\x82", "\xcf\x83", "\xea\xad\xb0", "\xe1\x8e\xa0", "\xf0\x90\x90\xa8",
	"\xf0\x90\x90\x80", "true", "false", "null", "12", "12.0", "2.5", "1000", "0.1",
	"tab\there", "line\nbreak", "%", "_", "?", "\xef\xbf\xbd", "\xef\xbf\xbf", "updb-9", "0",
	"100000000000000000000", "-7", "0.000000000000000015", "-0.000000000000000015",
	"1000000000000000"};

static const char *const addresses[] = {"10.0.0.1", "10.255.0.9", "11.0.0.1", "10.9.8.7:443", "::1",
	"2001:db8::1", "2001:DB8::1", "2001:db8:0:0:0:0:0:1", "2001:db9::", "a00::1",
	"::ffff:10.0.0.1", "unknown", "", "1.2.3", "255.255.255.255", "0.0.0.0", "203.0.113.95",
	"203.0.113.96", "203.0.113.63", " 10.0.0.1"};

static const char *const networks[] = {"10.0.0.0/8", "10.0.0.1/32", "10.77.0.0/8", "0.0.0.0/0",
	"::/0", "2001:db8::/32", "2001:db8::1/128", "a00::/8", "203.0.113.64/27", "::ffff:0:0/96",
	"::ffff:10.0.0.0/104", "::ffff:10.0.0.0/90", "0.0.0.0/1"};

/* What a test by value takes; rows hold the others as well. */
static const char *const hosts[] = {"10.0.0.1", "10.255.0.9", "11.0.0.1", "::1", "2001:db8::1",
	"2001:DB8::1", "2001:db8:0:0:0:0:0:1", "2001:db9::", "a00::1", "::ffff:10.0.0.1",
	"255.255.255.255", "0.0.0.0", "203.0.113.95"};

static const char *const numbers[] = {"12", "12.0", "2.5", "2.50", "1e3", "1000.0", "0.1", "1e20",
	"100000000000000000000", "1.5e-17", "-1.5e-17", "1234567890123456.8", "12345678901234567.0",
	"-7", "-7.0", "0", "0.0", "1e15", "123456789012345.0", "1e-6", "9007199254740993.0",
	"5e-324", "1.7976931348623157e308", "9223372036854775807", "9223372036854775808", "3",
	"-0.25"};

static const struct {
	const char *literal;
	int64_t ms; /* of rows */
} times[] = {
	{"2025-01-01T00:00:00Z", INT64_C(1735689600000)},
	{"2025-01-01T00:00:00.001Z", INT64_C(1735689600001)},
	{"2025-01-01T00:00:00.0010Z", INT64_C(1735689600001)},
	{"2025-01-01T00:00:00.0015Z", INT64_C(1735689600002)},
	{"2025-01-01T02:00:00.000000001+02:00", INT64_C(1735689600000)},
	{"2024-12-31t23:59:59.999z", INT64_C(1735689599999)},
	{"0001-01-01T00:00:00Z", INT64_C(-62135596800000)},
	{"0000-06-01T00:00:00Z", INT64_C(-62135596799999)},
	{"0000-12-31T23:59:59.9999Z", INT64_C(-62135596800000)},
	{"9999-12-31T23:59:59.999Z", INT64_C(253402300799999)},
	{"9999-12-31T23:59:59.9995Z", INT64_C(253402300799998)},
	{"9999-12-31T23:59:59Z", INT64_C(253402300799000)},
	{"9999-12-31T23:59:59-23:59", INT64_C(253402300799999)},
	{"1969-12-31T23:59:59.9999999Z", INT64_C(-1)},
	{"1970-01-01T00:00:00Z", INT64_C(0)},
};

static const char *const keys[] = {"a", "b", "cost-centre", "x_y"};
static const char *const counts[] = {"0", "1", "2", "3", "4", "12", ""};
static const char *const types[] = {
	"ssh.v1", "web.v1", "a", "A", "a ", "", "\xc3\xa9", "2", "q\"\\"};

unsigned query_random_below(struct query_random *r, unsigned n)
{
	r->state += UINT64_C(0x9e3779b97f4a7c15);

	uint64_t z = r->state;

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (unsigned)((z ^ (z >> 31)) % n);
}

#define PICK(r, list) ((list)[query_random_below(r, sizeof(list) / sizeof((list)[0]))])

static bool chance(struct query_random *r, unsigned percent)
{
	return query_random_below(r, 100) < percent;
}

static void json_text(struct query_random *r, struct buf *b, struct str s)
{
	buf_char(b, '"');
	for (size_t at = 0; at < s.n;) {
		size_t start = at;
		uint32_t c = str_code_point(s, &at);

		if (c < 0x20 || (c < 0x10000 && chance(r, 20)))
			buf_printf(b, "\\u%04x", c);
		else if (c >= 0x10000 && chance(r, 30))
			buf_printf(b, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
				0xdc00 + ((c - 0x10000) & 0x3ff));
		else if (c == '"' || c == '\\')
			buf_printf(b, "\\%c", (char)c);
		else
			buf_add(b, s.p + start, at - start);
	}
	buf_char(b, '"');
}

static void random_tag(struct query_random *r, struct buf *b, struct eval_cell *cell)
{
	unsigned kind = query_random_below(r, 10);

	*cell = (struct eval_cell){.kind = EVAL_NULL};
	if (kind < 4) {
		cell->kind = EVAL_TEXT;
		cell->s = str_from(PICK(r, texts));
		json_text(r, b, cell->s);
	} else if (kind < 6) {
		cell->kind = EVAL_BOOL;
		cell->b = chance(r, 50);
		buf_str(b, cell->b ? STR("true") : STR("false"));
	} else if (kind < 8) {
		const char *n = PICK(r, numbers);

		cell->kind = EVAL_NUMBER;
		sscanf(n, "%lf", &cell->d);
		buf_str(b, str_from(n));
	} else {
		buf_str(b, kind == 8       ? STR("null")
			   : chance(r, 50) ? STR("{\"a\": \"x\"}")
					   : STR("[1]"));
	}
}

static void random_tags(struct query_random *r, struct arena *a, struct eval_row *row)
{
	struct buf b;

	if (chance(r, 15))
		return;
	buf_init(&b, a);
	buf_char(&b, '{');
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (chance(r, 25))
			continue;
		buf_str(&b, row->tag_count ? STR(", ") : STR(" "));
		buf_printf(&b, "\"%s\": ", keys[i]);
		row->tag_keys[row->tag_count] = str_from(keys[i]);
		random_tag(r, &b, &row->tags[row->tag_count++]);
	}
	buf_char(&b, '}');
	row->tags_json = buf_view(&b);
}

static void random_set(struct query_random *r, struct arena *a, struct eval_row *row)
{
	struct buf b;

	if (chance(r, 15))
		return;
	buf_init(&b, a);
	buf_char(&b, '[');
	row->set_count = query_random_below(r, EVAL_SET);
	for (size_t i = 0; i < row->set_count; i++) {
		row->set[i] = str_from(PICK(r, types));
		if (i > 0)
			buf_str(&b, STR(", "));
		json_text(r, &b, row->set[i]);
	}
	buf_char(&b, ']');
	row->set_json = buf_view(&b);
}

void query_random_row(struct query_random *r, struct arena *a, int number, struct eval_row *row)
{
	*row = (struct eval_row){
		.cells[0] = {.kind = EVAL_TEXT, .s = str_printf(a, "r%03d", number)}};
	for (size_t i = 1; i < EVAL_FIELDS; i++) {
		struct eval_cell *cell = &row->cells[i];
		enum query_type type = query_test_list[i].type;

		if (chance(r, 15))
			continue;
		if (type == QUERY_STRING || type == QUERY_CIDR) {
			cell->kind = EVAL_TEXT;
			cell->s =
				str_from(type == QUERY_CIDR ? PICK(r, addresses) : PICK(r, texts));
		} else if (type == QUERY_BOOL) {
			cell->kind = EVAL_BOOL;
			cell->b = chance(r, 50);
		} else if (type == QUERY_DATETIME) {
			cell->kind = EVAL_TIME;
			cell->ms = PICK(r, times).ms;
		}
	}
	random_tags(r, a, row);
	random_set(r, a, row);
}

static void put_space(struct query_random *r, struct buf *b)
{
	buf_str(b, chance(r, 90) ? STR(" ") : chance(r, 50) ? STR("  ") : STR("\n\t"));
}

static void put_string(struct buf *b, struct str s)
{
	buf_char(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_char(b, '\\');
		if (s.p[i] == '\n' || s.p[i] == '\t')
			buf_str(b, s.p[i] == '\n' ? STR("\\n") : STR("\\t"));
		else
			buf_char(b, s.p[i]);
	}
	buf_char(b, '"');
}

enum literal { STRING, ADDRESS, COUNTED, NUMBER, DATETIME, BOOL, NOTHING };

static void put_literal(
	struct query_random *r, struct buf *b, enum literal kind, enum query_type type)
{
	if (kind == COUNTED)
		put_string(b, str_from(PICK(r, counts)));
	else if (kind == ADDRESS)
		put_string(b, str_from(chance(r, 50) ? PICK(r, networks) : PICK(r, hosts)));
	else if (kind == STRING && type == QUERY_CIDR)
		put_string(b, str_from(PICK(r, addresses)));
	else if (kind == STRING && type == QUERY_STRING_SET)
		put_string(b, str_from(PICK(r, types)));
	else if (kind == STRING)
		put_string(b, str_from(PICK(r, texts)));
	else if (kind == NUMBER)
		buf_str(b, str_from(type == QUERY_STRING_SET ? (chance(r, 50) ? "2" : "1.0")
							     : PICK(r, numbers)));
	else if (kind == DATETIME)
		buf_printf(b, "datetime(%s%s)", chance(r, 5) ? " " : "", PICK(r, times).literal);
	else if (kind == BOOL)
		buf_str(b, chance(r, 50) ? STR("true") : STR("False"));
	else
		buf_str(b, STR("null"));
}

static void put_list(struct query_random *r, struct buf *b, enum literal kind, enum query_type type)
{
	size_t n = 1 + query_random_below(r, 5);

	buf_str(b, STR(" ["));
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_str(b, STR(","));
		put_literal(r, b, kind, type);
	}
	buf_char(b, ']');
}

/* An operator and what may stand behind it for a left side of the type. */
static void put_operation(struct query_random *r, struct buf *b, enum query_type type, bool count)
{
	static const char *const orders[] = {"<", "<=", ">", ">="};
	bool any = type == QUERY_ANY, time = type == QUERY_DATETIME, text = !any && !time && !count;
	const char *negation = chance(r, 50) ? "not " : "";
	enum literal either = !chance(r, 60) ? NUMBER : count ? COUNTED : STRING;
	unsigned op = query_random_below(r, 12);

	if (any && chance(r, 20))
		either = DATETIME;
	if (time)
		either = DATETIME;
	if (type == QUERY_CIDR && (op < 3 || op == 6 || op == 7))
		either = ADDRESS;
	if (type == QUERY_BOOL || op < 3) {
		enum literal kind = count ? NUMBER : either;

		if (type == QUERY_BOOL || (any && chance(r, 30)))
			kind = BOOL;
		buf_str(b, *negation ? STR(" != ") : STR(" = "));
		put_literal(r, b, chance(r, 12) ? NOTHING : kind, type);
	} else if (op < 6) {
		buf_str(b, str_from(PICK(r, orders)));
		put_literal(r, b, count ? NUMBER : either, type);
	} else if (op < 8) {
		buf_printf(b, " %sin", negation);
		put_list(r, b, either, type);
	} else if ((time || any || count) && op < 10) {
		buf_printf(b, "  %sbetween ", negation);
		put_literal(r, b, count ? NUMBER : DATETIME, type);
		buf_str(b, STR(" and "));
		put_literal(r, b, count ? NUMBER : DATETIME, type);
	} else if (time || (count && op == 11)) {
		buf_str(b, count ? STR(" != 2") : STR(" = null"));
	} else {
		bool fold = !count && chance(r, 50);

		buf_printf(b, " %s%scontains ", negation, fold ? "i" : "");
		put_literal(r, b,
			fold || (text && chance(r, 80)) ? STRING
			: either == DATETIME            ? STRING
							: either,
			type);
	}
}

static void put_leaf(struct query_random *r, struct buf *b)
{
	const struct query_field *field = &PICK(r, query_test_list);
	bool sets = field->type == QUERY_STRING_SET;

	if (chance(r, 4)) {
		buf_str(b, chance(r, 50) ? STR("true") : STR("FALSE"));
	} else if (sets) {
		static const char *const functions[] = {"anyOf", "ALLOF", "count", "isEmpty"};
		unsigned f = query_random_below(r, 4);

		buf_printf(b, "%s( configTypes)", functions[f]);
		if (f < 3)
			put_operation(r, b, field->type, f == 2);
	} else if (field->type == QUERY_ANY || chance(r, 20)) {
		field = &query_test_list[EVAL_FIELDS - 2];
		buf_printf(b, "tags.%s%s", PICK(r, keys), chance(r, 4) ? ".a" : "");
		if (chance(r, 90))
			put_operation(r, b, QUERY_ANY, false);
	} else {
		buf_str(b, str_from(field->name));
		if (field->type != QUERY_BOOL || chance(r, 80))
			put_operation(r, b, field->type, false);
	}
}

/* Conditions of a long chain mostly leave the decision to the next one. */
static void put_condition(struct query_random *r, struct buf *b, int depth)
{
	bool chain = chance(r, 8);
	unsigned n = 1 + query_random_below(r, chain ? 40 : 4);

	for (unsigned i = 0; i < n; i++) {
		bool is_or = chance(r, 50);

		if (chance(r, 15))
			buf_str(b, STR("not "));
		if (chain && chance(r, 85)) {
			buf_str(b, is_or ? STR("false") : STR("true"));
		} else if (depth < 4 && chance(r, 20)) {
			buf_char(b, '(');
			put_condition(r, b, depth + 1);
			buf_char(b, ')');
		} else {
			put_leaf(r, b);
		}
		if (i + 1 < n) {
			put_space(r, b);
			buf_str(b, is_or ? STR("or") : STR("and"));
			put_space(r, b);
		}
	}
}

struct str query_random_filter(struct query_random *r, struct arena *a)
{
	struct buf b;
	unsigned sort_keys = chance(r, 40) ? 1 + query_random_below(r, 3) : 0;

	buf_init(&b, a);
	put_condition(r, &b, 0);
	for (unsigned i = 0; i < sort_keys; i++) {
		buf_str(&b, i ? STR(",") : STR(" sort by "));
		buf_str(&b, str_from(query_test_list[query_random_below(r, EVAL_FIELDS - 2)].name));
		buf_str(&b, chance(r, 40) ? STR(" DESC") : chance(r, 50) ? STR(" asc") : STR(""));
	}
	return buf_view(&b);
}
