/* SPDX-License-Identifier: MIT
 * Begins, commits, undoes and repeats transactions (see db/db.h).
 *
 * A node of a Galera cluster can roll a transaction back without reporting it: if another node's
 * write set conflicts with it just after a statement with RETURNING has sent its rows, or before a
 * message without an answer (a handle is closed), the client gets no error. The next statements
 * would then be committed one by one: half of an ending. So there a transaction has a savepoint,
 * which disappears with it, and autocommit is off while it runs, so that those statements are never
 * committed. */
#include "internal.h"

static enum err command(struct db *db, struct sql_frag text)
{
	int64_t from_us = clock_monotonic_us();
	enum err err = conn_command(db, text);

	if (error_is_over(err))
		conn_give_up(db);
	db->stats.busy_us += (uint64_t)(clock_monotonic_us() - from_us);
	return err;
}

/* For a node of a Galera cluster: ERR_RETRY if the savepoint of the transaction's beginning is
 * gone. */
static enum err is_whole(struct db *db)
{
	enum err err = command(db, SQL("RELEASE SAVEPOINT rollcall"));

	return err == ERR_INTERNAL && db->code == ER_SP_DOES_NOT_EXIST ? ERR_RETRY : err;
}

static enum err begin(struct db *db)
{
	if (!db->hosts[db->host].clustered)
		return command(db, SQL("START TRANSACTION"));
	return command(db, SQL("BEGIN NOT ATOMIC SET autocommit = 0; START TRANSACTION;"
			       " SAVEPOINT rollcall; END"));
}

static enum err commit(struct db *db)
{
	enum err err;

	if (!db->hosts[db->host].clustered)
		return command(db, SQL("COMMIT"));
	err = is_whole(db);
	if (err != ERR_OK)
		return err == ERR_LOST ? ERR_RETRY : err;
	return command(db, SQL("BEGIN NOT ATOMIC COMMIT; SET autocommit = 1; END"));
}

/* If the rollback fails, a transaction may still be open, so the connection is dropped. */
static void undo(struct db *db)
{
	enum err err;

	if (db->my == NULL || db->lost)
		return;
	err = db->hosts[db->host].clustered
		      ? command(db, SQL("BEGIN NOT ATOMIC ROLLBACK; SET autocommit = 1; END"))
		      : command(db, SQL("ROLLBACK"));
	if (err != ERR_OK)
		conn_drop(db);
}

/* Runs the transaction once. *again: it has changed nothing, and another run may succeed. */
static enum err tx_once(struct db *db, db_tx_fn fn, void *ctx, bool *again)
{
	enum err err = conn_ready(db);

	*again = false;
	if (err)
		return err;
	err = begin(db);
	if (err) {
		undo(db);
		*again = err == ERR_LOST;
		return err;
	}
	db->in_tx = true;
	db->doom = ERR_OK;
	err = fn(ctx);
	db->in_tx = false;
	if (db->doom) {
		err = db->doom;
		*again = err == ERR_RETRY || err == ERR_LOST;
	} else if (err == ERR_OK) {
		err = commit(db);
		*again = err == ERR_RETRY; /* after ERR_LOST it may be committed */
	}
	if (err)
		undo(db);
	return err;
}

enum err db_tx(struct db *db, db_tx_fn fn, void *ctx)
{
	int64_t limit_us = clock_monotonic_us() + 2 * (int64_t)db->cfg.lock_wait_s * 1000000;
	enum err err;

	BUG_ON(db->in_tx);
	for (unsigned tries = 1;; tries++) {
		bool again;

		err = tx_once(db, fn, ctx, &again);
		if (!again || tries == DB_TX_TRIES || clock_monotonic_us() >= limit_us)
			break;
		db_back_off(tries);
	}
	return err == ERR_LOST ? ERR_UNAVAILABLE : err;
}

enum err db_tx_no_wait(struct db *db, db_tx_fn fn, void *ctx)
{
	static const struct stmt set_wait = {
		"db.lock_wait", SQL_WRITE, "i", "", "SET innodb_lock_wait_timeout = ?"};
	struct sql none = SQL_FIXED(&set_wait, db_i64(0));
	struct sql usual = SQL_FIXED(&set_wait, db_i64(db->cfg.lock_wait_s));
	enum err err = db_exec(db, &none, NULL);
	bool again;

	BUG_ON(db->in_tx);
	if (err)
		return err;
	err = tx_once(db, fn, ctx, &again);
	/* A lost connection has no setting to restore. */
	if (db->my != NULL && !db->lost && db_exec(db, &usual, NULL) != ERR_OK)
		conn_drop(db);
	return err == ERR_LOST ? ERR_UNAVAILABLE : err;
}
