/* SPDX-License-Identifier: MIT
 * The connection: options, session set-up, loss, and the one switch from error numbers to enum err.
 * Called by db.c and handle.c. The surprise: a connection attempt that failed is not made again for
 * CONNECT_PAUSE_US and three times as long as it took, so that an outage costs most requests next
 * to nothing. */
#include <errmsg.h>
#include <mysqld_error.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "internal.h"

#define CONNECT_PAUSE_US 200000

/* A read-only server refuses every write: another one may have become the primary, but to look for
 * it more often than this would be a connection for each request. */
#define READ_ONLY_PAUSE_US 1000000

/* Everything that an answer depends on and that a host may set otherwise for all its sessions
 * (option file, init_connect). Any account may set these. Literals and parameters compare exactly;
 * against a column, the column's collation decides.
 *
 * InnoDB writes nothing at READ COMMITTED where the binary log takes statements, and an ordinary
 * account cannot change what the log takes: there it is REPEATABLE READ, so that within a
 * transaction a plain read may be old. */
static const struct sql_frag session_setup[] = {
	SQL_INIT(
		"SET NAMES utf8mb4 COLLATE utf8mb4_nopad_bin, time_zone = '+00:00', autocommit = 1,"
		" sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ZERO_DATE,"
		"NO_ZERO_IN_DATE,NO_ENGINE_SUBSTITUTION', sql_select_limit = 18446744073709551615,"
		" sql_big_selects = 1, sql_safe_updates = 0, sql_auto_is_null = 0,"
		" completion_type = 'NO_CHAIN', max_sort_length = 1024, foreign_key_checks = 1,"
		" unique_checks = 1, check_constraint_checks = 1"),
	SQL_INIT("SET SESSION TRANSACTION READ WRITE"),
	SQL_INIT("EXECUTE IMMEDIATE IF(@@log_bin AND @@binlog_format = 'STATEMENT',"
		 " 'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ',"
		 " 'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED')"),
};

static bool is_read_only(unsigned code)
{
	return code == ER_OPTION_PREVENTS_STATEMENT || code == ER_READ_ONLY_MODE ||
	       code == ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION || code == ER_OPEN_AS_READONLY ||
	       code == ER_INNODB_READ_ONLY;
}

static enum err outcome(unsigned code)
{
	switch (code) {
	case ER_DUP_ENTRY:
	case ER_DUP_KEY:
	case ER_DUP_ENTRY_WITH_KEY_NAME:
		return ERR_DUPLICATE;
	case ER_LOCK_DEADLOCK:
	case ER_LOCK_WAIT_TIMEOUT:
	case ER_CHECKREAD:
	case ER_TABLE_DEF_CHANGED:
		return ERR_RETRY;
	case ER_STATEMENT_TIMEOUT:
	case ER_QUERY_INTERRUPTED:
	case 3024: /* ER_QUERY_TIMEOUT of MySQL */
		return ERR_TIMEOUT;
	case CR_SERVER_GONE_ERROR:
	case CR_SERVER_LOST:
	case CR_SERVER_LOST_EXTENDED:
	case CR_SERVER_HANDSHAKE_ERR:
	case CR_MALFORMED_PACKET:
	case CR_COMMANDS_OUT_OF_SYNC:
	case CR_ERR_NET_READ:
	case CR_ERR_NET_WRITE:
	case ER_CONNECTION_KILLED:
	case ER_SERVER_SHUTDOWN:
	case ER_NORMAL_SHUTDOWN:
	case ER_ABORTING_CONNECTION:
	case ER_NEW_ABORTING_CONNECTION:
	case ER_NET_READ_ERROR:
	case ER_NET_READ_INTERRUPTED:
	case ER_NET_ERROR_ON_WRITE:
	case ER_NET_WRITE_INTERRUPTED:
	case ER_NET_PACKETS_OUT_OF_ORDER:
	case ER_NET_PACKET_TOO_LARGE: /* the server hangs up */
		return ERR_LOST;
	case ER_CON_COUNT_ERROR:
	case ER_TOO_MANY_USER_CONNECTIONS:
	case ER_USER_LIMIT_REACHED:
	case ER_ACCESS_DENIED_ERROR:
	case ER_DBACCESS_DENIED_ERROR:
	case ER_BAD_DB_ERROR:
		return ERR_UNAVAILABLE;
	default:
		return is_read_only(code) ? ERR_UNAVAILABLE : ERR_INTERNAL;
	}
}

/* Texts of these name tables, columns and accounts, never a value. */
static bool names_no_value(unsigned code)
{
	switch (code) {
	case ER_NO_SUCH_TABLE:
	case ER_UNKNOWN_TABLE:
	case ER_BAD_FIELD_ERROR:
	case ER_TABLEACCESS_DENIED_ERROR:
	case ER_COLUMNACCESS_DENIED_ERROR:
	case ER_SPECIFIC_ACCESS_DENIED_ERROR:
	case ER_DATA_TOO_LONG:
	case ER_BAD_NULL_ERROR:
	case ER_NO_REFERENCED_ROW_2:
	case ER_ROW_IS_REFERENCED_2:
	case ER_DISK_FULL:
	case ER_RECORD_FILE_FULL:
	case ER_OUTOFMEMORY:
	case ER_OUT_OF_SORTMEMORY:
	case ER_OUT_OF_RESOURCES:
	case ER_STACK_OVERRUN_NEED_MORE:
	case ER_LOCK_TABLE_FULL:
	case ER_NOT_KEYFILE:
	case ER_CRASHED_ON_USAGE:
	case ER_BINLOG_STMT_MODE_AND_ROW_ENGINE:
		return true;
	default:
		return code >= CR_MIN_ERROR && code <= CR_MAX_ERROR;
	}
}

/* A taken key is an answer, such as whoever repeats a registration is asking for. */
enum err conn_fail(struct db *db, unsigned code, const char *text)
{
	enum err err = outcome(code);

	snprintf(db->error, sizeof(db->error), "%u %s", code, text);
	db->stats.errors += err != ERR_DUPLICATE;
	db->refused = is_read_only(code);
	return err;
}

enum err conn_fail_values(struct db *db, unsigned code, const char *text)
{
	enum err err = conn_fail(db, code, text);

	if ((err == ERR_INTERNAL || err == ERR_DUPLICATE) && !names_no_value(code))
		snprintf(db->error, sizeof(db->error),
			"%u %s (the server's text is left out, for it may quote data)", code,
			err_text(err));
	return err;
}

bool conn_is_over(enum err err)
{
	return err == ERR_LOST || err == ERR_UNAVAILABLE;
}

bool conn_is_unprepared(unsigned code)
{
	return code == ER_UNKNOWN_STMT_HANDLER || code == ER_NEED_REPREPARE;
}

/* mysql_close first: the handles then know that there is no server to tell. */
void conn_close(struct db *db)
{
	BUG_ON(db->walks > 0);
	if (db->my)
		mysql_close(db->my);
	db->my = NULL;
	db->lost = false;
	for (size_t i = 0; i < ARRAY_LEN(db->fixed); i++)
		handle_close(db->fixed[i]);
	for (size_t i = 0; i < ARRAY_LEN(db->composed); i++)
		handle_close(db->composed[i]);
}

enum err conn_refused(struct db *db, const char *text)
{
	snprintf(db->error, sizeof(db->error), "%s", text);
	db->stats.errors++;
	db->refused = true;
	return ERR_UNAVAILABLE;
}

void conn_drop(struct db *db)
{
	if (db->walks > 0)
		db->lost = true;
	else
		conn_close(db);
}

void conn_give_up(struct db *db)
{
	int64_t now_us = clock_monotonic_us();

	if (db->refused && now_us < db->refused_until_us)
		return;
	if (db->refused)
		db->refused_until_us = now_us + READ_ONLY_PAUSE_US;
	conn_drop(db);
}

/* An idle connection has nothing to read, unless it is the server's good-bye. */
bool conn_is_stale(struct db *db)
{
	struct pollfd p = {.events = POLLIN};

	if (!db->my)
		return false;
	p.fd = (int)mysql_get_socket(db->my);
	return p.fd < 0 || poll(&p, 1, 0) != 0;
}

enum err conn_command(struct db *db, struct sql_frag text)
{
	db->stats.statements++;
	if (mysql_real_query(db->my, text.text, (unsigned long)text.n) == 0)
		return ERR_OK;
	return conn_fail(db, mysql_errno(db->my), mysql_error(db->my));
}

/* Limits of this session. Any account may set them. */
static enum err set_limits(struct db *db)
{
	static const struct sql_frag text =
		SQL_INIT("SET max_statement_time = ?, innodb_lock_wait_timeout = ?");
	double statement_s = db->cfg.statement_ms / 1000.0;
	long long lock_wait_s = db->cfg.lock_wait_s;
	MYSQL_BIND binds[2] = {
		{.buffer_type = MYSQL_TYPE_DOUBLE, .buffer = &statement_s},
		{.buffer_type = MYSQL_TYPE_LONGLONG, .buffer = &lock_wait_s},
	};
	MYSQL_STMT *stmt = mysql_stmt_init(db->my);
	enum err err = ERR_OK;

	if (!stmt)
		out_of_memory(sizeof(*stmt));
	if (mysql_stmt_prepare(stmt, text.text, (unsigned long)text.n) ||
		mysql_stmt_bind_param(stmt, binds) || mysql_stmt_execute(stmt))
		err = conn_fail(db, mysql_stmt_errno(stmt), mysql_stmt_error(stmt));
	mysql_stmt_close(stmt);
	return err;
}

static void set_options(struct db *db)
{
	unsigned off = 0;
	my_bool no = 0;

	mysql_options(db->my, MYSQL_OPT_CONNECT_TIMEOUT, &db->cfg.connect_timeout_s);
	mysql_options(db->my, MYSQL_OPT_READ_TIMEOUT, &db->read_timeout_s);
	mysql_options(db->my, MYSQL_OPT_WRITE_TIMEOUT, &db->read_timeout_s);
	mysql_options(db->my, MYSQL_OPT_LOCAL_INFILE, &off);
	mysql_options(db->my, MYSQL_OPT_RECONNECT, &no);
	mysql_options(db->my, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	if (db->cfg.defaults_file)
		mysql_options(db->my, MYSQL_READ_DEFAULT_FILE, db->cfg.defaults_file);
	mysql_options(db->my, MYSQL_READ_DEFAULT_GROUP, db->cfg.group);
}

static enum err connect_now(struct db *db)
{
	my_bool no = 0;
	enum err err;

	/* The connector takes no notice of an option file that is not there. */
	if (db->cfg.defaults_file && access(db->cfg.defaults_file, R_OK) != 0) {
		snprintf(db->error, sizeof(db->error), "cannot read the option file %s",
			db->cfg.defaults_file);
		return ERR_UNAVAILABLE;
	}
	db->my = mysql_init(NULL);
	if (!db->my)
		out_of_memory(sizeof(*db->my));
	set_options(db);
	if (!mysql_real_connect(db->my, NULL, NULL, NULL, NULL, 0, NULL, 0))
		return conn_fail(db, mysql_errno(db->my), mysql_error(db->my));
	db->stats.reconnects += db->stats.connects > 0;
	db->stats.connects++;
	mysql_options(db->my, MYSQL_OPT_RECONNECT, &no); /* whatever the option file says */
	for (size_t i = 0; i < ARRAY_LEN(session_setup); i++) {
		err = conn_command(db, session_setup[i]);
		if (err)
			return err;
	}
	return set_limits(db);
}

enum err conn_ready(struct db *db)
{
	int64_t from_us, now_us;

	if (db->lost)
		return ERR_UNAVAILABLE;
	if (db->my)
		return ERR_OK;
	from_us = clock_monotonic_us();
	if (from_us < db->connect_after_us)
		return ERR_UNAVAILABLE;
	if (connect_now(db) == ERR_OK)
		return ERR_OK;
	conn_close(db);
	/* A host that does not even refuse costs the whole time limit at each attempt. */
	now_us = clock_monotonic_us();
	db->connect_after_us = now_us + CONNECT_PAUSE_US + 3 * (now_us - from_us);
	return ERR_UNAVAILABLE;
}
