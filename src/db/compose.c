/* SPDX-License-Identifier: MIT
 * Puts statements together: fixed ones from db/stmt.def, composed ones from literal fragments.
 * Called by every model file and by query. Touches memory only; db.c runs what is made here. */
#include "db/compose.h"

static const struct stmt_row rows[] = {
#define STMT(id, kind, params, columns, sql) {#id, kind, params, columns, {sql, sizeof(sql) - 1}},
#include "db/stmt.def"
#undef STMT
};

_Static_assert(ARRAY_LEN(rows) == STMT__COUNT, "one row for each statement");

const struct stmt_row *stmt_row(enum stmt id)
{
	BUG_ON((unsigned)id >= STMT__COUNT);
	return &rows[id];
}

struct sql sql_fixed(enum stmt id, const struct db_val *args, size_t count)
{
	const struct stmt_row *row = stmt_row(id);

	BUG_ON(count != strlen(row->params));
	for (size_t i = 0; i < count; i++)
		BUG_ON(args[i].letter != row->params[i]);
	return (struct sql){
		.fixed = (int)id,
		.kind = row->kind,
		.columns = row->columns,
		.args = args,
		.arg_count = count,
	};
}

void sql_begin(struct sql *q, struct arena *a, enum sql_kind kind, const char *columns)
{
	*q = (struct sql){.fixed = -1, .kind = kind, .columns = columns, .arena = a};
	buf_init(&q->text, a);
}

void sql_add(struct sql *q, struct sql_frag frag)
{
	BUG_ON(q->fixed >= 0);
	buf_add(&q->text, frag.text, frag.n);
}

void sql_arg(struct sql *q, struct db_val val)
{
	struct db_val *args = (struct db_val *)q->args;

	BUG_ON(q->fixed >= 0);
	if (q->arg_count == q->arg_cap) {
		size_t cap = q->arg_cap ? q->arg_cap * 2 : 16;

		args = arena_grow(q->arena, args, q->arg_cap * sizeof(*args), cap * sizeof(*args));
		q->args = args;
		q->arg_cap = cap;
	}
	args[q->arg_count++] = val;
}
