/* SPDX-License-Identifier: MIT
 * Maps the numbers of MariaDB's errors to enum err, and keeps their text for the log. Calls no
 * other file of this room. A server that is up but cannot serve (a node that left its Galera
 * cluster) counts as lost, so that the next host is tried. */
#include <stdio.h>

#include "internal.h"

static bool is_read_only(unsigned code)
{
	return code == ER_OPTION_PREVENTS_STATEMENT || code == ER_READ_ONLY_MODE ||
	       code == ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION || code == ER_OPEN_AS_READONLY ||
	       code == ER_INNODB_READ_ONLY;
}

/* The node has left its cluster, or a commit failed in the cluster. Other nodes may work. */
static bool is_ailing(unsigned code)
{
	return code == ER_UNKNOWN_COM_ERROR || code == ER_ERROR_DURING_COMMIT;
}

/* Numbers below 1000 are errors of the server's files (EE_WRITE, EE_DISK_FULL) and engines
 * (HA_ERR_CRASHED: an incomplete temporary table; HA_ERR_RECORD_FILE_FULL). */
static bool is_full(unsigned code, const char *text)
{
	switch (code) {
	case 3:
	case 20:
	case 126:
	case 135:
	case ER_DISK_FULL:
	case ER_ERROR_ON_WRITE:
	case ER_RECORD_FILE_FULL:
	case ER_TEMP_FILE_WRITE_FAILURE:
		return true;
	default: /* ENOSPC */
		return code == ER_GET_ERRNO && strstr(text, "rror 28") != NULL;
	}
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
	case CR_OUT_OF_MEMORY:
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
	case ER_UNKNOWN_COM_ERROR:    /* WSREP has not yet prepared node for application use */
	case ER_ERROR_DURING_COMMIT:
		return ERR_LOST;
	case ER_NO_SUCH_TABLE:
	case ER_UNKNOWN_TABLE:
	case ER_BAD_FIELD_ERROR:
		return ERR_SCHEMA;
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

/* The texts of these errors may name tables, columns and accounts, but no value. */
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

/* ERR_DUPLICATE is not counted: it is the normal answer to a repeated registration. A server with a
 * full disk can often still read, so it is treated like a read-only one. */
enum err error_note(struct db *db, unsigned code, const char *text)
{
	bool full = is_full(code, text);
	enum err err = full ? ERR_UNAVAILABLE : outcome(code);

	db->code = code;
	snprintf(db->error, sizeof(db->error), "%u %s", code, text);
	db->stats.errors += err != ERR_DUPLICATE;
	db->refused = full || is_read_only(code);
	db->ailing = is_ailing(code);
	return err;
}

enum err error_note_values(struct db *db, unsigned code, const char *text)
{
	enum err err = error_note(db, code, text);

	if ((err == ERR_INTERNAL || err == ERR_DUPLICATE) && !names_no_value(code))
		snprintf(db->error, sizeof(db->error),
			"%u %s (the server's text is left out, because it may quote data)", code,
			err_text(err));
	return err;
}

bool error_is_over(enum err err)
{
	return err == ERR_LOST || err == ERR_UNAVAILABLE;
}

bool error_is_unprepared(unsigned code)
{
	return code == ER_UNKNOWN_STMT_HANDLER || code == ER_NEED_REPREPARE;
}

enum err error_refused(struct db *db, const char *text)
{
	snprintf(db->error, sizeof(db->error), "%s", text);
	db->stats.errors++;
	db->refused = true;
	return ERR_UNAVAILABLE;
}
