/* SPDX-License-Identifier: MIT
 * The connection: options, hosts, session set-up, loss. After a failed attempt there is no other
 * one for CONNECT_PAUSE_US plus three times as long as it took, so that most requests fail at once
 * during an outage. */
#include "internal.h"

#include <ma_pvio.h>
#include <poll.h>
#include <stdio.h>

#define CONNECT_PAUSE_US 200000

/* If a server is read-only, another one may have become the primary. This is how often it is
 * searched for, so that not every request makes a connection. */
#define READ_ONLY_PAUSE_US 1000000

/* Every session variable that can change an answer and that a server may set differently (option
 * file, init_connect). Every account may set these. Literals and parameters compare exactly; in a
 * comparison with a column, the column's collation decides.
 *
 * If the binary log has the format STATEMENT, InnoDB refuses writes at READ COMMITTED, and an
 * ordinary account cannot change the format. There the level is REPEATABLE READ, so that a plain
 * read inside a transaction may be old. */
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

/* mysql_close comes first: closing the handles then sends nothing to the server. */
void conn_close(struct db *db)
{
	BUG_ON(db->walks > 0);
	if (db->my != NULL)
		mysql_close(db->my);
	db->my = NULL;
	db->lost = false;
	for (size_t i = 0; i < ARRAY_LEN(db->handles); i++)
		handle_close(db->handles[i]);
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
	if (db->refused || db->ailing)
		host_shun(db, db->host, 0);
	conn_drop(db);
}

/* An idle connection has nothing to read unless the server has closed it. */
bool conn_is_stale(struct db *db)
{
	struct pollfd p = {.events = POLLIN};

	if (db->my == NULL)
		return false;
	p.fd = (int)mysql_get_socket(db->my);
	return p.fd < 0 || poll(&p, 1, 0) != 0;
}

static enum err command(struct db *db, MYSQL *my, struct sql_frag text)
{
	db->stats.statements++;
	if (mysql_real_query(my, text.text, (unsigned long)text.n) == 0)
		return ERR_OK;
	return error_note(db, mysql_errno(my), mysql_error(my));
}

enum err conn_command(struct db *db, struct sql_frag text)
{
	return command(db, db->my, text);
}

/* *yes: the query gives a row. False: the query failed. */
static bool asks(MYSQL *my, struct sql_frag text, bool *yes)
{
	MYSQL_RES *rows;

	*yes = false;
	if (mysql_real_query(my, text.text, (unsigned long)text.n) != 0)
		return false;
	rows = mysql_store_result(my);
	*yes = rows != NULL && mysql_num_rows(rows) == 1;
	mysql_free_result(rows);
	return rows != NULL;
}

/* On a Galera cluster a statement otherwise sees only what this node has applied, not all that the
 * cluster has committed: a session that was ended through another node would still count. On other
 * servers these variables change nothing, or are unknown. */
static enum err wait_for_cluster(struct db *db, MYSQL *my, bool *clustered)
{
	static const struct sql_frag text =
		SQL_INIT("SET SESSION wsrep_sync_wait = 1, wsrep_dirty_reads = 0");

	*clustered = false;
	if (mysql_real_query(my, text.text, (unsigned long)text.n) != 0) {
		if (mysql_errno(my) == ER_UNKNOWN_SYSTEM_VARIABLE)
			return ERR_OK;
	} else if (asks(my, SQL("SELECT 1 WHERE @@GLOBAL.wsrep_on"), clustered)) {
		return ERR_OK;
	}
	return error_note(db, mysql_errno(my), mysql_error(my));
}

/* Sets the limits of this session. Every account may set them. */
static enum err set_limits(struct db *db, MYSQL *my)
{
	static const struct sql_frag text =
		SQL_INIT("SET max_statement_time = ?, innodb_lock_wait_timeout = ?,"
			 " @rollcall_search_s = ?");
	bool own = db->cfg.search_ms > 0 && db->cfg.search_ms < db->cfg.statement_ms;
	double statement_s = db->cfg.statement_ms / 1000.0;
	double search_s = own ? db->cfg.search_ms / 1000.0 : statement_s;
	long long lock_wait_s = db->cfg.lock_wait_s;
	MYSQL_BIND binds[3] = {
		{.buffer_type = MYSQL_TYPE_DOUBLE, .buffer = &statement_s},
		{.buffer_type = MYSQL_TYPE_LONGLONG, .buffer = &lock_wait_s},
		{.buffer_type = MYSQL_TYPE_DOUBLE, .buffer = &search_s},
	};
	MYSQL_STMT *stmt = mysql_stmt_init(my);
	enum err err = ERR_OK;

	if (stmt == NULL)
		out_of_memory(sizeof(*stmt));
	if (mysql_stmt_prepare(stmt, text.text, (unsigned long)text.n) ||
		mysql_stmt_bind_param(stmt, binds) || mysql_stmt_execute(stmt))
		err = error_note(db, mysql_stmt_errno(stmt), mysql_stmt_error(stmt));
	mysql_stmt_close(stmt);
	return err;
}

static enum err set_up(struct db *db, MYSQL *my, struct host *host)
{
	enum err err = ERR_OK;

	for (size_t i = 0; err == ERR_OK && i < ARRAY_LEN(session_setup); i++)
		err = command(db, my, session_setup[i]);
	if (err == ERR_OK)
		err = wait_for_cluster(db, my, &host->clustered);
	return err ? err : set_limits(db, my);
}

/* Until the session is set up, no read may take longer than the host's share of the time. */
static void set_options(struct db *db, MYSQL *my)
{
	unsigned off = 0, share_s = host_share_s(db);
	my_bool no = 0;

	mysql_options(my, MYSQL_OPT_CONNECT_TIMEOUT, &share_s);
	mysql_options(my, MYSQL_OPT_READ_TIMEOUT, &share_s);
	mysql_options(my, MYSQL_OPT_WRITE_TIMEOUT, &db->read_timeout_s);
	mysql_options(my, MYSQL_OPT_LOCAL_INFILE, &off);
	mysql_options(my, MYSQL_OPT_RECONNECT, &no);
	mysql_options(my, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	if (db->cfg.defaults_file != NULL)
		mysql_options(my, MYSQL_READ_DEFAULT_FILE, db->cfg.defaults_file);
	mysql_options(my, MYSQL_READ_DEFAULT_GROUP, db->cfg.group);
}

/* Connects to that host and sets the session up. NULL: failed, noted, and the host shunned. */
static MYSQL *session_with(struct db *db, size_t host)
{
	const struct options_host *at = &db->hosts[host].at;
	const char *name = at->name[0] != '\0' ? at->name : NULL;
	int64_t from_us = clock_monotonic_us();
	MYSQL *my = mysql_init(NULL);
	my_bool no = 0;

	if (my == NULL)
		out_of_memory(sizeof(*my));
	set_options(db, my);
	if (mysql_real_connect(my, name, NULL, NULL, NULL, at->port, NULL, 0) == NULL) {
		(void)error_note(db, mysql_errno(my), mysql_error(my));
	} else {
		mysql_options(my, MYSQL_OPT_RECONNECT, &no); /* whatever the option file says */
		if (set_up(db, my, &db->hosts[host]) == ERR_OK) {
			my->net.pvio->methods->set_timeout(
				my->net.pvio, PVIO_READ_TIMEOUT, (int)db->read_timeout_s);
			db->stats.reconnects += db->stats.connects > 0;
			db->stats.connects++;
			return my;
		}
	}
	mysql_close(my);
	host_shun(db, host, clock_monotonic_us() - from_us);
	return NULL;
}

/* The file is read again each time, because it may have changed. */
static enum err find_hosts(struct db *db)
{
	struct options o = {.host_count = 0};
	enum err err = ERR_OK;

	if (db->cfg.defaults_file != NULL)
		err = options_read(&o, db->cfg.defaults_file, db->cfg.group);
	if (err) {
		snprintf(db->error, sizeof(db->error), "%s", o.why);
		return ERR_UNAVAILABLE;
	}
	host_list(db, &o);
	return ERR_OK;
}

static enum err connect_now(struct db *db)
{
	unsigned tried = 0;
	size_t host;

	if (find_hosts(db) != ERR_OK)
		return ERR_UNAVAILABLE;
	while (host_next(db, tried, &host)) {
		db->my = session_with(db, host);
		db->host = host;
		if (db->my != NULL)
			return ERR_OK;
		tried |= 1U << host;
	}
	return ERR_UNAVAILABLE;
}

static bool takes_writes(MYSQL *my)
{
	bool takes;

	return asks(my, SQL("SELECT 1 WHERE NOT @@global.read_only"), &takes) && takes;
}

/* Goes back to a preferred host once it works again; else the connection stays. */
static void go_home(struct db *db)
{
	size_t home;
	MYSQL *my;

	if (db->in_tx || db->walks > 0 || !host_home(db, &home))
		return;
	my = session_with(db, home);
	if (my == NULL)
		return;
	if (!takes_writes(my)) {
		mysql_close(my);
		host_shun(db, home, 0);
		return;
	}
	conn_close(db);
	db->my = my;
	db->host = home;
}

enum err conn_ready(struct db *db)
{
	int64_t from_us, now_us;

	if (db->lost)
		return ERR_UNAVAILABLE;
	if (db->my != NULL) {
		go_home(db);
		return ERR_OK;
	}
	from_us = clock_monotonic_us();
	if (from_us < db->connect_after_us)
		return ERR_UNAVAILABLE;
	if (connect_now(db) == ERR_OK)
		return ERR_OK;
	/* A host that does not answer costs the whole time limit at each attempt. */
	now_us = clock_monotonic_us();
	db->connect_after_us = now_us + CONNECT_PAUSE_US + 3 * (now_us - from_us);
	return ERR_UNAVAILABLE;
}
