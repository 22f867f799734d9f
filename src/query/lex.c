/* SPDX-License-Identifier: MIT
 * Text of a filter -> tokens. Allocates nothing.
 *
 * At each place the longest token wins, and a keyword wins over a name of the same length. So "not
 * in" (with exactly one blank) and "not contains" are one token, "not inactive" reads as the
 * operator and then "active", and "k9" is two tokens. A character that starts no token is an error.
 * OpenZiti ignores it, but a filter that ends sessions must mean what its text says. */
#include "tree.h"

struct word {
	const char *text;
	enum query_token_kind kind;
	enum query_op op;
};

static const struct word words[] = {
	{"and", TOK_AND, QUERY_EQ},
	{"or", TOK_OR, QUERY_EQ},
	{"null", TOK_NULL, QUERY_EQ},
	{"not", TOK_NOT, QUERY_EQ},
	{"asc", TOK_ASC, QUERY_EQ},
	{"desc", TOK_DESC, QUERY_EQ},
	{"sort", TOK_SORT, QUERY_EQ},
	{"by", TOK_BY, QUERY_EQ},
	{"skip", TOK_SKIP, QUERY_EQ},
	{"limit", TOK_LIMIT, QUERY_EQ},
	{"none", TOK_NONE, QUERY_EQ},
	{"where", TOK_WHERE, QUERY_EQ},
	{"from", TOK_FROM, QUERY_EQ},
	{"allof", TOK_ALL_OF, QUERY_EQ},
	{"anyof", TOK_ANY_OF, QUERY_EQ},
	{"count", TOK_COUNT, QUERY_EQ},
	{"isempty", TOK_IS_EMPTY, QUERY_EQ},
	{"true", TOK_BOOL, QUERY_EQ},
	{"false", TOK_BOOL, QUERY_EQ},
	{"in", TOK_IN, QUERY_IN},
	{"between", TOK_BETWEEN, QUERY_BETWEEN},
	{"contains", TOK_CONTAINS, QUERY_CONTAINS},
	{"icontains", TOK_ICONTAINS, QUERY_ICONTAINS},
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static struct str from(struct str s, size_t at)
{
	return (struct str){s.p + at, s.n - at};
}

static bool at_char(struct str s, size_t at, char c)
{
	return at < s.n && s.p[at] == c;
}

static size_t spaces(struct str s, size_t at)
{
	while (at < s.n && is_space(s.p[at]))
		at++;
	return at;
}

static size_t digits(struct str s, size_t at)
{
	while (at < s.n && is_digit(s.p[at]))
		at++;
	return at;
}

/* The end of "0", or of digits that do not begin with 0; `at` if there are none. */
static size_t natural(struct str s, size_t at)
{
	return at_char(s, at, '0') ? at + 1 : digits(s, at);
}

static size_t number_length(struct str s)
{
	size_t start = at_char(s, 0, '-') ? 1 : 0;
	size_t end = natural(s, start);

	if (end == start)
		return 0;
	if (at_char(s, end, '.') && digits(s, end + 1) > end + 1)
		end = digits(s, end + 1);
	if (at_char(s, end, 'e') || at_char(s, end, 'E')) {
		size_t power = end + 1;

		if (at_char(s, power, '+') || at_char(s, power, '-'))
			power++;
		if (natural(s, power) > power)
			end = natural(s, power);
	}
	return end;
}

static size_t name_length(struct str s)
{
	size_t n = 0;

	if (s.n == 0 || !is_letter(s.p[0]))
		return 0;
	while (n < s.n && (is_letter(s.p[n]) || s.p[n] == '_'))
		n++;
	while (at_char(s, n, '.') && n + 1 < s.n && is_letter(s.p[n + 1])) {
		n++;
		while (n < s.n && (is_letter(s.p[n]) || s.p[n] == '_' || s.p[n] == '-'))
			n++;
	}
	return n;
}

/* Two digits from `low` to `high`; false if there are none. */
static bool two_digits(struct str s, size_t *at, int low, int high)
{
	if (*at + 2 > s.n || !is_digit(s.p[*at]) || !is_digit(s.p[*at + 1]))
		return false;

	int v = (s.p[*at] - '0') * 10 + (s.p[*at + 1] - '0');

	*at += 2;
	return v >= low && v <= high;
}

static bool one_of(struct str s, size_t *at, const char *set)
{
	if (*at >= s.n || s.p[*at] == '\0' || strchr(set, s.p[*at]) == NULL)
		return false;
	(*at)++;
	return true;
}

size_t query_timestamp_length(struct str s)
{
	size_t at = digits(s, 0);

	if (at == 0 || !one_of(s, &at, "-") || !two_digits(s, &at, 1, 12) || !one_of(s, &at, "-") ||
		!two_digits(s, &at, 1, 31) || !one_of(s, &at, "Tt") || !two_digits(s, &at, 0, 23) ||
		!one_of(s, &at, ":") || !two_digits(s, &at, 0, 59) || !one_of(s, &at, ":") ||
		!two_digits(s, &at, 0, 60))
		return 0;
	if (at_char(s, at, '.')) {
		if (digits(s, at + 1) == at + 1)
			return 0;
		at = digits(s, at + 1);
	}
	if (one_of(s, &at, "Zz"))
		return at;
	if (!one_of(s, &at, "+-") || !two_digits(s, &at, 0, 23) || !one_of(s, &at, ":") ||
		!two_digits(s, &at, 0, 59))
		return 0;
	return at;
}

static size_t datetime_length(struct str s)
{
	if (!str_starts(s, STR("datetime(")))
		return 0;

	size_t at = spaces(s, sizeof("datetime(") - 1);
	size_t stamp = query_timestamp_length(from(s, at));

	if (stamp == 0)
		return 0;
	at = spaces(s, at + stamp);
	return at_char(s, at, ')') ? at + 1 : 0;
}

/* Counts `n` bytes into line and column. Only LF ends a line. */
static void advance(struct query_lexer *lex, size_t n)
{
	for (; n > 0; n--) {
		char c = lex->text.p[lex->at++];

		if (c == '\n') {
			lex->place.line++;
			lex->place.column = 0;
		} else if (((unsigned char)c & 0xc0) != 0x80) {
			lex->place.column++;
		}
	}
}

static struct query_token take(struct query_lexer *lex, struct query_token t, size_t n)
{
	t.place = lex->place;
	t.text = (struct str){lex->text.p + lex->at, n};
	advance(lex, n);
	return t;
}

/* The token for a bad character, which is `ahead` bytes further. */
static struct query_token bad(
	struct query_lexer *lex, struct query_token t, size_t ahead, const char *why)
{
	size_t n = 1;

	advance(lex, ahead);
	t.kind = TOK_BAD;
	t.why = why;
	t.place = lex->place;
	while (lex->at + n < lex->text.n &&
		((unsigned char)lex->text.p[lex->at + n] & 0xc0) == 0x80)
		n++;
	t.text = (struct str){lex->text.p + lex->at, n};
	return t;
}

static struct query_token lex_string(struct query_lexer *lex, struct query_token t)
{
	struct str s = from(lex->text, lex->at);

	t.kind = TOK_STRING;
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '"')
			return take(lex, t, i + 1);
		if ((unsigned char)s.p[i] < 0x20)
			return bad(lex, t, i, "no control character in a string (write \\n, \\t)");
		if (s.p[i] != '\\')
			continue;
		if (i + 1 < s.n && (s.p[i + 1] == '\0' || strchr("\"\\fnrt", s.p[i + 1]) == NULL))
			return bad(lex, t, i, "one of the escapes \\\" \\\\ \\f \\n \\r \\t");
		i++;
	}
	return bad(lex, t, 0, "a string with a closing '\"'");
}

/* A name in single quotes, which stay part of it. */
static struct query_token lex_quoted_name(struct query_lexer *lex, struct query_token t)
{
	struct str s = from(lex->text, lex->at);
	size_t n = name_length(from(s, 1));

	t.kind = TOK_IDENT;
	if (n == 0 || !at_char(s, n + 1, '\''))
		return bad(lex, t, 0, "a string in double quotes");
	return take(lex, t, n + 2);
}

static bool starts_nocase(struct str s, struct str word)
{
	return s.n >= word.n && str_eq_nocase((struct str){s.p, word.n}, word);
}

/* Length of the token that "not" at the start of s forms with the operator after it; 0 if it forms
 * none. */
static size_t negated_length(struct str s, const struct word *w)
{
	size_t gap = spaces(s, 3) - 3;

	if (gap == 0 || (w->kind == TOK_IN && gap != 1))
		return 0;
	if (!starts_nocase(from(s, 3 + gap), str_from(w->text)))
		return 0;
	return 3 + gap + strlen(w->text);
}

static struct query_token lex_not(struct query_lexer *lex, struct query_token t)
{
	struct str s = from(lex->text, lex->at);

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		size_t n = words[i].op == QUERY_EQ ? 0 : negated_length(s, &words[i]);

		if (n > 0) {
			t.kind = words[i].kind;
			t.op = words[i].op;
			t.negated = true;
			return take(lex, t, n);
		}
	}
	t.kind = TOK_NOT;
	return take(lex, t, 3);
}

static struct query_token lex_word(struct query_lexer *lex, struct query_token t)
{
	struct str s = from(lex->text, lex->at);
	size_t n = name_length(s), stamp = datetime_length(s);

	t.kind = TOK_IDENT;
	if (stamp > 0) {
		t.kind = TOK_DATETIME;
		return take(lex, t, stamp);
	}
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!str_eq_nocase((struct str){s.p, n}, str_from(words[i].text)))
			continue;
		if (words[i].kind == TOK_NOT)
			return lex_not(lex, t);
		t.kind = words[i].kind;
		t.op = words[i].op;
	}
	return take(lex, t, n);
}

static struct query_token lex_order(struct query_lexer *lex, struct query_token t)
{
	struct str s = from(lex->text, lex->at);
	bool equal = at_char(s, 1, '=');

	t.kind = TOK_ORDER;
	if (s.p[0] == '<')
		t.op = equal ? QUERY_LE : QUERY_LT;
	else
		t.op = equal ? QUERY_GE : QUERY_GT;
	return take(lex, t, equal ? 2 : 1);
}

static struct query_token lex_punctuation(struct query_lexer *lex, struct query_token t)
{
	static const char marks[] = "()[],";
	static const enum query_token_kind kinds[] = {
		TOK_LPAREN, TOK_RPAREN, TOK_LBRACKET, TOK_RBRACKET, TOK_COMMA};
	struct str s = from(lex->text, lex->at);
	const char *mark = s.p[0] == '\0' ? NULL : strchr(marks, s.p[0]);

	t.op = QUERY_EQ;
	if (mark != NULL) {
		t.kind = kinds[mark - marks];
		return take(lex, t, 1);
	}
	t.kind = TOK_EQ;
	if (s.p[0] == '=')
		return take(lex, t, 1);
	if (s.p[0] == '!' && at_char(s, 1, '=')) {
		t.negated = true;
		return take(lex, t, 2);
	}
	return bad(lex, t, 0, s.p[0] == '!' ? "\"!=\"" : NULL);
}

void query_lex_begin(struct query_lexer *lex, struct str text)
{
	lex->text = text;
	lex->at = 0;
	lex->place = (struct query_place){1, 0};
}

struct query_token query_lex_next(struct query_lexer *lex)
{
	struct query_token t = {.kind = TOK_END};
	size_t gap = spaces(lex->text, lex->at) - lex->at;

	advance(lex, gap);
	t.space = gap > 0;

	struct str s = from(lex->text, lex->at);

	if (s.n == 0)
		return take(lex, t, 0);
	if (query_timestamp_length(s) > 0) {
		t.kind = TOK_TIMESTAMP;
		return take(lex, t, query_timestamp_length(s));
	}
	if (number_length(s) > 0) {
		t.kind = TOK_NUMBER;
		return take(lex, t, number_length(s));
	}
	if (is_letter(s.p[0]))
		return lex_word(lex, t);
	if (s.p[0] == '"')
		return lex_string(lex, t);
	if (s.p[0] == '\'')
		return lex_quoted_name(lex, t);
	if (s.p[0] == '<' || s.p[0] == '>')
		return lex_order(lex, t);
	return lex_punctuation(lex, t);
}
