/* SPDX-License-Identifier: MIT
 * The claim of a migration; see the header. On one server it is a lock by name, which ends with its
 * connection. On a Galera cluster only one node knows such a lock, so there the claim is a row. It
 * is valid for a minute and renewed before each statement, because its holder may end without
 * giving it back. */
#include "claim.h"

#include <time.h>

#include "base/random.h"
#include "db/compose.h"

#define LOCK_WAIT_S 60
#define CLAIM_S 60
#define CLAIM_TRIES 450
#define CLAIM_PAUSE_MS 200

static const struct stmt claim_lock = {"migrate.lock", SQL_READ, "i", "i",
	"SELECT COALESCE(GET_LOCK(CONCAT('rollcall.', SHA1(COALESCE(DATABASE(), ''))), ?), 0)"};
static const struct stmt claim_unlock = {"migrate.unlock", SQL_READ, "", "i",
	"SELECT COALESCE(RELEASE_LOCK(CONCAT('rollcall.', SHA1(COALESCE(DATABASE(), '')))), 0)"};
static const struct stmt claim_clustered = {"migrate.clustered", SQL_READ, "", "i",
	"SELECT COUNT(*) FROM information_schema.global_variables"
	" WHERE variable_name = 'WSREP_ON' AND variable_value = 'ON'"};
static const struct stmt claim_table = {"migrate.claims", SQL_WRITE, "", "",
	"CREATE TABLE IF NOT EXISTS schema_claim (one TINYINT NOT NULL PRIMARY KEY,"
	" owner VARCHAR(32) NOT NULL, until DATETIME(3) NOT NULL)"
	" ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin"};
static const struct stmt claim_row = {"migrate.claim", SQL_WRITE, "si", "",
	"INSERT INTO schema_claim (one, owner, until)"
	" VALUES (1, ?, UTC_TIMESTAMP(3) + INTERVAL ? SECOND) ON DUPLICATE KEY UPDATE"
	" owner = IF(until < UTC_TIMESTAMP(3), VALUES(owner), owner),"
	" until = IF(owner = VALUES(owner), VALUES(until), until)"};
static const struct stmt claim_is_ours = {"migrate.claimed", SQL_READ, "s", "i",
	"SELECT COUNT(*) FROM schema_claim WHERE one = 1 AND owner = ?"};
static const struct stmt claim_end = {
	"migrate.unclaim", SQL_WRITE, "s", "", "DELETE FROM schema_claim WHERE owner = ?"};

static enum err number(struct claim *c, const struct sql *q, int64_t *out)
{
	return db_one(c->db, c->arena, q, DB_COLUMN('i'), out);
}

enum err claim_renew(struct claim *c)
{
	struct sql put = SQL_FIXED(&claim_row, db_str(c->owner), db_i64(CLAIM_S));
	struct sql look = SQL_FIXED(&claim_is_ours, db_str(c->owner));
	int64_t ours = 0;
	enum err err;

	if (!c->clustered)
		return ERR_OK;
	err = db_exec(c->db, &put, NULL);
	if (err == ERR_OK)
		err = number(c, &look, &ours);
	return err == ERR_OK && ours == 0 ? ERR_CONFLICT : err;
}

static enum err take_row(struct claim *c)
{
	const struct timespec pause = {.tv_nsec = CLAIM_PAUSE_MS * 1000000L};
	struct sql table = SQL_FIXED0(&claim_table);
	enum err err = db_exec(c->db, &table, NULL);

	c->owner = str_printf(c->arena, "%016llx", (unsigned long long)random_i64());
	for (int i = 0; err == ERR_OK && i < CLAIM_TRIES; i++) {
		err = claim_renew(c);
		if (err != ERR_CONFLICT)
			return err;
		nanosleep(&pause, NULL);
		err = ERR_OK;
	}
	return err == ERR_OK ? ERR_CONFLICT : err;
}

enum err claim_take(struct claim *c)
{
	struct sql lock = SQL_FIXED(&claim_lock, db_i64(LOCK_WAIT_S));
	struct sql ask = SQL_FIXED0(&claim_clustered);
	int64_t held = 0, clustered = 0;
	enum err err = number(c, &lock, &held);

	if (err == ERR_OK && held != 1)
		err = ERR_CONFLICT;
	if (err == ERR_OK)
		err = number(c, &ask, &clustered);
	c->clustered = clustered != 0;
	return err == ERR_OK && c->clustered ? take_row(c) : err;
}

enum err claim_give(struct claim *c)
{
	struct sql unlock = SQL_FIXED0(&claim_unlock);
	struct sql end = SQL_FIXED(&claim_end, db_str(c->owner));
	enum err err = c->clustered ? db_exec(c->db, &end, NULL) : ERR_OK;
	int64_t held;

	return err == ERR_OK ? number(c, &unlock, &held) : err;
}
