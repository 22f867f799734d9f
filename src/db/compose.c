/* SPDX-License-Identifier: MIT
 * Composes statements and their arguments in memory; db.c runs them. */
#include "db/compose.h"

struct sql sql_fixed(const struct stmt *stmt, const struct db_val *args, size_t count)
{
	BUG_ON(count != strlen(stmt->params));
	for (size_t i = 0; i < count; i++)
		BUG_ON(args[i].letter != stmt->params[i]);
	return (struct sql){
		.fixed = stmt,
		.kind = stmt->kind,
		.columns = stmt->columns,
		.args = args,
		.arg_count = count,
	};
}

void sql_begin(struct sql *q, struct arena *a, enum sql_kind kind, const char *columns)
{
	*q = (struct sql){.kind = kind, .columns = columns, .arena = a};
	buf_init(&q->text, a);
}

void sql_add(struct sql *q, struct sql_frag frag)
{
	BUG_ON(q->fixed != NULL);
	buf_add(&q->text, frag.text, frag.n);
}

void sql_fill(struct sql *q, struct sql_frag frag, sql_put_fn put, const void *ctx)
{
	while (frag.n > 0) {
		const char *hole = memchr(frag.text, SQL_HOLE[0], frag.n);
		size_t n = hole != NULL ? (size_t)(hole - frag.text) : frag.n;

		buf_add(&q->text, frag.text, n);
		frag.text += n;
		frag.n -= n;
		if (hole == NULL)
			break;
		put(ctx, q);
		frag.text++;
		frag.n--;
	}
}

void sql_arg(struct sql *q, struct db_val val)
{
	struct db_val *args = (struct db_val *)q->args;

	BUG_ON(q->fixed != NULL);
	args = arena_next(q->arena, args, q->arg_count, &q->arg_room, sizeof(*args));
	args[q->arg_count++] = val;
	q->args = args;
}
