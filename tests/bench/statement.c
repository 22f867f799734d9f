/* SPDX-License-Identifier: MIT
 * bench-statement: one prepared statement in a loop, with nothing around it; the other floor of
 * tests/bench/run. As many processes as Rollcall has workers, each with a connection of its own.
 *
 *   bench-statement OPTION_FILE GROUP session|page SECONDS PROCESSES SESSIONS
 *
 * SESSIONS is the sessions.tsv of bench-data: `session` looks one of them up after the other,
 * `page` reads the first page of tnt_large with its total. Prints JSON: calls, seconds, and the
 * core time of the processes. The statements are the shortest that give what an answer shows. */
#include <mysql.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COLUMNS                                                                                    \
	" s.id, s.user_id, s.user_email, s.user_display_name, s.ip_address, s.user_agent,"         \
	" s.device_type, s.location, s.created_at, s.last_activity_at, s.expires_at, s.app_count,"
#define COLUMN_COUNT 13
#define VALUE_ROOM 2048
#define IDS 50000

static const char one_session[] = "SELECT" COLUMNS " s.apps FROM session s WHERE s.id = ?";
static const char one_page[] =
	"SELECT" COLUMNS " (SELECT SUM(n) FROM tally WHERE scope = 2 AND no = t.no AND what = 1)"
	" - (SELECT COUNT(*) FROM session x WHERE x.expires_at <= UTC_TIMESTAMP(3)"
	" AND x.tenant_no = t.no) FROM tenant t JOIN session s ON s.tenant_no = t.no"
	" WHERE t.id = ? AND s.expires_at > UTC_TIMESTAMP(3)"
	" ORDER BY s.created_at DESC, s.id DESC LIMIT 20";

static char ids[IDS][40];
static size_t id_count;

static void die(const char *what, const char *why)
{
	fprintf(stderr, "bench-statement: %s: %s\n", what, why);
	exit(1);
}

static void read_ids(const char *path)
{
	FILE *f = fopen(path, "r");

	if (f == NULL)
		die(path, "cannot be read");
	while (id_count < IDS && fscanf(f, "%39[^\t]%*[^\n]%*c", ids[id_count]) == 1)
		id_count++;
	fclose(f);
	if (id_count == 0)
		die(path, "holds no sessions");
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static MYSQL_STMT *prepare(const char *file, const char *group, const char *sql)
{
	MYSQL *db = mysql_init(NULL);
	MYSQL_STMT *s;

	mysql_options(db, MYSQL_READ_DEFAULT_FILE, file);
	mysql_options(db, MYSQL_READ_DEFAULT_GROUP, group);
	if (mysql_real_connect(db, NULL, NULL, NULL, NULL, 0, NULL, 0) == NULL)
		die("connect", mysql_error(db));
	s = mysql_stmt_init(db);
	if (mysql_stmt_prepare(s, sql, strlen(sql)) != 0)
		die(sql, mysql_stmt_error(s));
	return s;
}

static void loop(MYSQL_STMT *s, bool page, double end, size_t i, volatile int64_t *calls)
{
	static char values[COLUMN_COUNT][VALUE_ROOM];
	MYSQL_BIND in = {.buffer_type = MYSQL_TYPE_STRING}, out[COLUMN_COUNT];

	memset(out, 0, sizeof(out));
	for (size_t c = 0; c < COLUMN_COUNT; c++) {
		out[c].buffer_type = MYSQL_TYPE_STRING;
		out[c].buffer = values[c];
		out[c].buffer_length = VALUE_ROOM;
	}
	for (; (*calls & 15) != 0 || now_s() < end; (*calls)++, i = (i + 7919) % id_count) {
		char tenant[] = "tnt_large";

		in.buffer = page ? tenant : ids[i];
		in.buffer_length = strlen(in.buffer);
		if (mysql_stmt_bind_param(s, &in) != 0 || mysql_stmt_execute(s) != 0 ||
			mysql_stmt_bind_result(s, out) != 0)
			die("execute", mysql_stmt_error(s));
		while (mysql_stmt_fetch(s) == 0)
			continue;
		mysql_stmt_free_result(s);
	}
}

int main(int argc, char **argv)
{
	bool page = argc == 7 && strcmp(argv[3], "page") == 0;
	double began, seconds = argc == 7 ? atof(argv[4]) : 0;
	int processes = argc == 7 ? atoi(argv[5]) : 0;
	struct rusage used;
	int64_t *calls, total = 0;

	if (argc != 7) {
		fputs("bench-statement OPTION_FILE GROUP session|page SECONDS PROCESSES SESSIONS\n",
			stderr);
		return 2;
	}
	read_ids(argv[6]);
	calls = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	began = now_s();
	for (int i = 0; i < processes; i++)
		if (fork() == 0) {
			MYSQL_STMT *s = prepare(argv[1], argv[2], page ? one_page : one_session);

			loop(s, page, began + seconds, (size_t)i * 97 % id_count, &calls[i * 8]);
			_exit(0);
		}
	for (int i = 0; i < processes; i++) {
		int status;

		if (wait(&status) < 0 || status != 0)
			return 1;
	}
	seconds = now_s() - began;
	for (int i = 0; i < processes; i++)
		total += calls[i * 8];
	getrusage(RUSAGE_CHILDREN, &used);
	printf("{\"requests\": %lld, \"seconds\": %.3f, \"client_us\": %lld}\n", (long long)total,
		seconds,
		(long long)((used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 +
			    used.ru_utime.tv_usec + used.ru_stime.tv_usec));
	return 0;
}
