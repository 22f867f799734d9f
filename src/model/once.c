/* SPDX-License-Identifier: MIT
 * Two statements over logout_token; see the header. The unique key decides which of two at the same
 * time was the first. */
#include "once.h"

#include "db/compose.h"
#include "model/scope.h"
#include "statements.h"

const struct stmt once_put = {"once.put", SQL_WRITE, "bi", "",
	"INSERT INTO logout_token (digest, expires_at) VALUES (?, " NOW_SQL
	" + INTERVAL ? SECOND)"};
const struct stmt once_delete = {"once.delete", SQL_WRITE, "i", "",
	"DELETE FROM logout_token WHERE expires_at <= " NOW_SQL " ORDER BY expires_at LIMIT ?"};

enum err once_take(struct db *db, struct str digest, int64_t keep_s)
{
	struct sql q = SQL_FIXED(&once_put, db_bytes(digest), db_i64(keep_s));

	return db_exec(db, &q, NULL);
}

enum err once_forget(struct db *db, int64_t most, int64_t *forgotten)
{
	struct sql q = SQL_FIXED(&once_delete, db_i64(most));

	return db_exec(db, &q, forgotten);
}
