/* SPDX-License-Identifier: MIT
 * Prepared statements: made when first needed, kept per connection; parameters are bound and
 * columns fetched by letter. A statement whose result is still being walked cannot be executed
 * again, so a nested use of it gets a new handle. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/heap.h"
#include "base/log.h"
#include "internal.h"

/* Statements with longer texts (huge IN lists) are not kept. */
#define KEPT_TEXT_BYTES 16384

/* A statement keeps the memory of its latest result up to these limits. */
#define KEPT_RESULT_BYTES (1 << 20)
#define KEPT_RESULT_ROWS 4096

static char *copy(const char *p, size_t n)
{
	char *to = heap_zalloc(n + 1, 1);

	memcpy(to, p, n);
	return to;
}

void handle_close(struct handle *h)
{
	if (h == NULL)
		return;
	if (h->slot != NULL)
		*h->slot = NULL;
	if (h->stmt != NULL)
		mysql_stmt_close(h->stmt);
	free(h->text);
	free(h->columns);
	free(h->params);
	free(h->args);
	free(h->cells);
	free(h->scratch);
	free(h);
}

void handle_give(struct handle *h)
{
	bool large = false;

	if (h->column_count > 0) {
		large = h->result_bytes > KEPT_RESULT_BYTES ||
			mysql_stmt_num_rows(h->stmt) > KEPT_RESULT_ROWS;
		mysql_stmt_free_result(h->stmt);
	}
	h->busy = false;
	h->result_bytes = 0;
	if (h->slot == NULL || large)
		handle_close(h);
}

static enum enum_field_types type_of(char letter)
{
	switch (letter) {
	case 'i':
	case 'I':
		return MYSQL_TYPE_LONGLONG;
	case 'd':
	case 'D':
		return MYSQL_TYPE_DOUBLE;
	case 't':
	case 'T':
		return MYSQL_TYPE_DATETIME;
	case 's':
	case 'S':
		return MYSQL_TYPE_STRING;
	default:
		BUG_ON(letter != 'b' && letter != 'B');
		return MYSQL_TYPE_BLOB;
	}
}

static bool is_bytes(enum enum_field_types type)
{
	return type == MYSQL_TYPE_STRING || type == MYSQL_TYPE_BLOB;
}

/* The connector copies the binds and keeps the addresses in them. */
static bool bind_columns(struct handle *h, const char *columns)
{
	MYSQL_BIND *binds = heap_zalloc(h->column_count, sizeof(*binds));
	bool ok;

	for (size_t i = 0; i < h->column_count; i++) {
		struct cell *c = &h->cells[i];
		MYSQL_BIND *b = &binds[i];

		b->buffer_type = type_of(columns[i]);
		b->buffer = &c->u;
		if (is_bytes(b->buffer_type)) {
			b->buffer = h->scratch + i * SCRATCH_BYTES;
			b->buffer_length = SCRATCH_BYTES;
		}
		b->length = &c->n;
		b->is_null = &c->null;
		b->error = &c->error;
	}
	ok = mysql_stmt_bind_result(h->stmt, binds) == 0;
	free(binds);
	return ok;
}

static const char *name_of(const struct sql *sql)
{
	return sql->fixed != NULL ? sql->fixed->name : "composed";
}

static enum err misfit(struct db *db, const struct sql *sql, const char *what)
{
	snprintf(db->error, sizeof(db->error), "statement %s: %s", name_of(sql), what);
	db->stats.errors++;
	log_event(LOG_ERROR, "statement does not fit its letters", "statement", name_of(sql), "why",
		what, NULL);
	return ERR_INTERNAL;
}

static struct str text_of(const struct sql *sql)
{
	return sql->fixed != NULL ? str_from(sql->fixed->sql) : buf_view(&sql->text);
}

/* While a result is still at the server, the connector stores an error only in the connection, and
 * nowhere if the connection is lost or memory is short. */
enum err handle_failed(struct db *db, struct handle *h, bool values)
{
	unsigned code = mysql_stmt_errno(h->stmt);
	const char *text = mysql_stmt_error(h->stmt);

	if (code == 0) {
		code = mysql_errno(db->my);
		text = mysql_error(db->my);
	}
	if (code == 0) {
		code = CR_SERVER_LOST;
		text = "the connector does not say why it failed";
	}
	return values ? error_note_values(db, code, text) : error_note(db, code, text);
}

static enum err prepare(struct db *db, struct handle *h, const struct sql *sql)
{
	struct str text = text_of(sql);
	size_t params = sql->fixed != NULL ? strlen(sql->fixed->params) : sql->arg_count;

	h->stmt = mysql_stmt_init(db->my);
	if (h->stmt == NULL)
		out_of_memory(sizeof(*h->stmt));
	if (mysql_stmt_prepare(h->stmt, text.p, (unsigned long)text.n))
		return handle_failed(db, h, false);
	h->param_count = mysql_stmt_param_count(h->stmt);
	h->column_count = mysql_stmt_field_count(h->stmt);
	/* The server tells the columns of RETURNING only after it has run the statement. */
	h->tells_late = h->column_count == 0 && sql->columns[0] != '\0';
	if (h->tells_late)
		h->column_count = strlen(sql->columns);
	if (h->param_count != params)
		return misfit(db, sql, "number of parameters");
	if (h->column_count != strlen(sql->columns))
		return misfit(db, sql, "number of columns");
	h->params = heap_zalloc(h->param_count, sizeof(*h->params));
	h->args = heap_zalloc(h->param_count, sizeof(*h->args));
	h->cells = heap_zalloc(h->column_count, sizeof(*h->cells));
	h->scratch = heap_zalloc(h->column_count, SCRATCH_BYTES);
	if (h->column_count > 0 && !h->tells_late && !bind_columns(h, sql->columns))
		return handle_failed(db, h, false);
	return ERR_OK;
}

static bool is_of(const struct handle *h, const struct sql *sql, struct str text)
{
	if (sql->fixed != NULL || h->fixed != NULL)
		return h->fixed == sql->fixed;
	return h->text_n == text.n && memcmp(h->text, text.p, text.n) == 0 &&
	       strcmp(h->columns, sql->columns) == 0;
}

/* Binds the columns of RETURNING, after each execution. */
bool handle_bind_late(struct handle *h, const struct sql *sql)
{
	if (!h->tells_late)
		return true;
	return mysql_stmt_field_count(h->stmt) == h->column_count && bind_columns(h, sql->columns);
}

/* The place of a statement's kept handle, or a place for a new one: a free one, or the least
 * recently used one, emptied. NULL: the statement is not to be kept. */
static struct handle **find_slot(struct db *db, const struct sql *sql)
{
	struct str text = text_of(sql);
	struct handle **best = NULL;

	if (text.n > KEPT_TEXT_BYTES)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(db->handles); i++) {
		struct handle **slot = &db->handles[i];
		struct handle *h = *slot;

		if (h == NULL) {
			if (best == NULL || *best != NULL)
				best = slot;
			continue;
		}
		if (is_of(h, sql, text))
			return slot;
		if (!h->busy && (best == NULL || (*best != NULL && h->used < (*best)->used)))
			best = slot;
	}
	if (best != NULL)
		handle_close(*best);
	return best;
}

enum err handle_take(struct db *db, const struct sql *sql, struct handle **out)
{
	struct handle **slot = find_slot(db, sql);
	struct handle *h = slot != NULL ? *slot : NULL;
	enum err err;

	if (h != NULL && h->busy) {
		slot = NULL;
		h = NULL;
	}
	if (h == NULL) {
		h = heap_zalloc(1, sizeof(*h));
		err = prepare(db, h, sql);
		if (err) {
			handle_close(h);
			*out = NULL;
			return err;
		}
		h->fixed = sql->fixed;
		if (sql->fixed == NULL && slot != NULL) {
			h->text = copy(sql->text.p, sql->text.n);
			h->text_n = sql->text.n;
			h->columns = copy(sql->columns, strlen(sql->columns));
		}
		h->slot = slot;
		if (slot != NULL)
			*slot = h;
	}
	h->busy = true;
	h->used = ++db->tick;
	*out = h;
	return ERR_OK;
}

static MYSQL_TIME time_to_db(int64_t ms)
{
	struct calendar c;

	if (ms < CLOCK_FIRST_MS)
		ms = CLOCK_FIRST_MS;
	if (ms > CLOCK_LAST_MS)
		ms = CLOCK_LAST_MS;
	c = clock_calendar(ms);
	return (MYSQL_TIME){
		.year = (unsigned)c.year,
		.month = (unsigned)c.month,
		.day = (unsigned)c.day,
		.hour = (unsigned)c.hour,
		.minute = (unsigned)c.minute,
		.second = (unsigned)c.second,
		.second_part = (unsigned long)c.millisecond * 1000,
		.time_type = MYSQL_TIMESTAMP_DATETIME,
	};
}

static int64_t time_from_db(const MYSQL_TIME *t)
{
	const struct calendar c = {
		.year = (int)t->year,
		.month = (int)t->month,
		.day = (int)t->day,
		.hour = (int)t->hour,
		.minute = (int)t->minute,
		.second = (int)t->second,
		.millisecond = (int)(t->second_part / 1000),
	};

	return clock_instant_ms(&c);
}

/* 0: one run with plain arguments, not arrays. */
static bool set_runs(struct handle *h, size_t count)
{
	unsigned runs = (unsigned)count;

	return mysql_stmt_attr_set(h->stmt, STMT_ATTR_ARRAY_SIZE, &runs) != 0;
}

enum err handle_bind(struct db *db, struct handle *h, const struct sql *sql)
{
	BUG_ON(h->param_count != sql->arg_count);
	for (size_t i = 0; i < h->param_count; i++) {
		const struct db_val *v = &sql->args[i];
		struct cell *c = &h->args[i];
		MYSQL_BIND *b = &h->params[i];

		*b = (MYSQL_BIND){.buffer_type = type_of(v->letter), .buffer = &c->u};
		c->null = v->null;
		b->is_null = &c->null;
		if (v->null)
			continue;
		if (is_bytes(b->buffer_type)) {
			/* It is only read; the connector's type has no const. */
			b->buffer = (void *)v->u.s.p;
			b->buffer_length = (unsigned long)v->u.s.n;
			c->n = b->buffer_length;
			b->length = &c->n;
		} else if (b->buffer_type == MYSQL_TYPE_DATETIME) {
			c->u.t = time_to_db(v->u.i);
		} else if (b->buffer_type == MYSQL_TYPE_DOUBLE) {
			c->u.d = v->u.d;
		} else {
			c->u.i = v->u.i;
		}
	}
	if (set_runs(h, 0) || (h->param_count > 0 && mysql_stmt_bind_param(h->stmt, h->params)))
		return handle_failed(db, h, false);
	return ERR_OK;
}

/* The connector takes the arguments of many runs as arrays: of values for integers, of pointers for
 * texts. */
static void bind_column(struct arena *a, MYSQL_BIND *b, const struct db_val *args, size_t column,
	size_t columns, size_t count)
{
	long long *values = arena_array(a, count, sizeof(*values));
	const char **texts = arena_array(a, count, sizeof(*texts));
	unsigned long *lengths = arena_array(a, count, sizeof(*lengths));
	char *indicators = arena_array(a, count, 1);

	*b = (MYSQL_BIND){.buffer_type = type_of(args[column].letter)};
	BUG_ON(b->buffer_type == MYSQL_TYPE_DATETIME || b->buffer_type == MYSQL_TYPE_DOUBLE);
	for (size_t i = 0; i < count; i++) {
		const struct db_val *v = &args[i * columns + column];

		indicators[i] = v->null ? STMT_INDICATOR_NULL : STMT_INDICATOR_NONE;
		if (is_bytes(b->buffer_type)) {
			texts[i] = v->u.s.p;
			lengths[i] = (unsigned long)v->u.s.n;
		} else {
			values[i] = v->u.i;
		}
	}
	b->u.indicator = indicators;
	b->length = lengths;
	b->buffer = is_bytes(b->buffer_type) ? (void *)texts : (void *)values;
}

enum err handle_bind_many(
	struct db *db, struct handle *h, struct arena *a, const struct db_val *args, size_t count)
{
	for (size_t i = 0; i < h->param_count; i++)
		bind_column(a, &h->params[i], args, i, h->param_count, count);
	if (set_runs(h, count) || mysql_stmt_bind_param(h->stmt, h->params))
		return handle_failed(db, h, false);
	return ERR_OK;
}

static bool take_text(struct handle *h, size_t i, char letter, struct arena *a, struct str *out)
{
	struct cell *c = &h->cells[i];
	MYSQL_BIND b = {.buffer_type = type_of(letter)};
	char *p;

	h->result_bytes += c->n;
	if (c->n <= SCRATCH_BYTES) {
		*out = (struct str){arena_dup(a, h->scratch + i * SCRATCH_BYTES, c->n), c->n};
		return true;
	}
	p = arena_alloc(a, c->n + 1);
	b.buffer = p;
	b.buffer_length = c->n;
	if (mysql_stmt_fetch_column(h->stmt, &b, (unsigned)i, 0))
		return false;
	p[c->n] = '\0';
	*out = (struct str){p, c->n};
	return true;
}

static void take_null(enum enum_field_types type, void *member)
{
	if (is_bytes(type))
		*(struct str *)member = STR_NONE;
	else if (type == MYSQL_TYPE_DOUBLE)
		*(double *)member = (double)NAN;
	else
		*(int64_t *)member = DB_NULL_I64;
}

/* What a subquery of the list of columns gives that begins behind the kill of its statement, by
 * KILL QUERY or by the time limit: MariaDB then sends the row without an error. */
#define KILLED "NULL in a column that has none: the statement was killed"

/* NULL if all is well, else what is wrong with the column. */
static const char *take_column(
	struct handle *h, size_t i, struct arena *a, const struct db_col *col, void *row)
{
	struct cell *c = &h->cells[i];
	void *member = (char *)row + col->offset;
	enum enum_field_types type = type_of(col->letter);

	if (c->null) {
		take_null(type, member);
		return col->letter >= 'a' ? KILLED : NULL;
	}
	if (is_bytes(type))
		return take_text(h, i, col->letter, a, member) ? NULL : "cannot fetch a long text";
	if (c->error)
		return "value does not fit its letter";
	if (type == MYSQL_TYPE_DATETIME)
		*(int64_t *)member = time_from_db(&c->u.t);
	else if (type == MYSQL_TYPE_DOUBLE)
		*(double *)member = c->u.d;
	else
		*(int64_t *)member = c->u.i;
	return NULL;
}

enum err handle_row(struct db *db, struct handle *h, struct arena *a, const struct db_shape *shape,
	void *row, bool *end)
{
	int rc = mysql_stmt_fetch(h->stmt);

	*end = rc == MYSQL_NO_DATA;
	if (*end)
		return ERR_OK;
	/* Truncation is normal for texts; take_column checks it for each column. */
	if (rc != 0 && rc != MYSQL_DATA_TRUNCATED)
		return handle_failed(db, h, true);
	for (size_t i = 0; i < shape->count; i++) {
		const char *why = take_column(h, i, a, &shape->cols[i], row);

		if (why != NULL) {
			snprintf(db->error, sizeof(db->error), "column %zu: %s", i + 1, why);
			db->stats.errors++;
			return h->cells[i].null ? ERR_TIMEOUT : ERR_INTERNAL;
		}
	}
	return ERR_OK;
}
