/* SPDX-License-Identifier: MIT
 * A list of hosts, of which the first one is gone, hangs, breaks off or cannot serve. Two private
 * servers that listen on loopback besides their sockets. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

enum { ONE, TWO, SERVERS };

struct failover {
	struct mariadb *server[SERVERS];
	char port[SERVERS][32];
	const char *options[SERVERS][4];
	int64_t number[SERVERS];
	char file[4096];
	int trap; /* a socket that listens and does nothing */
	struct db *db;
	struct arena *arena;
};

static int listener(int64_t *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, n), 0);
	assert_int_equal(listen(fd, 64), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
	*port = ntohs(at.sin_port);
	return fd;
}

static int servers(void **state)
{
	struct failover *f = test_calloc(1, sizeof(*f));

	for (int i = 0; i < SERVERS; i++) {
		close(listener(&f->number[i]));
		snprintf(f->port[i], sizeof(f->port[i]), "--port=%d", (int)f->number[i]);
		f->options[i][0] = "--skip-networking=0";
		f->options[i][1] = "--bind-address=127.0.0.1";
		f->options[i][2] = f->port[i];
		f->server[i] = mariadb_start(f->options[i]);
	}
	snprintf(f->file, sizeof(f->file), "%s/hosts.cnf", mariadb_dir(f->server[TWO]));
	*state = f;
	return 0;
}

static int servers_end(void **state)
{
	struct failover *f = *state;

	for (int i = 0; i < SERVERS; i++)
		mariadb_end(f->server[i]);
	test_free(f);
	return 0;
}

/* `more` is a further line of the option file. */
static void use_hosts(struct failover *f, int64_t first, int64_t second, const char *more)
{
	FILE *out;

	umask(077);
	out = fopen(f->file, "w");
	assert_non_null(out);
	fprintf(out,
		"[client]\nuser=rollcall\npassword=throwaway\n%s\n[rollcall]\ndatabase=rollcall\n"
		"host=127.0.0.1:%d",
		more, (int)first);
	if (second != 0)
		fprintf(out, ",127.0.0.1:%d", (int)second);
	fputc('\n', out);
	assert_int_equal(fclose(out), 0);
}

static int open_db(void **state)
{
	struct failover *f = *state;
	const struct db_config cfg = {.defaults_file = f->file,
		.group = "rollcall",
		.connect_timeout_s = 2,
		.statement_ms = 500,
		.lock_wait_s = 1};

	use_hosts(f, f->number[ONE], f->number[TWO], "");
	f->trap = -1;
	f->arena = arena_open();
	f->db = db_open(&cfg);
	return 0;
}

static int close_db(void **state)
{
	struct failover *f = *state;

	if (f->trap >= 0)
		close(f->trap);
	db_close(f->db);
	arena_close(f->arena);
	return 0;
}

static int64_t now_ms(void)
{
	return clock_monotonic_us() / 1000;
}

static enum err port_of(struct failover *f, int64_t *port)
{
	return read_int(f->db, f->arena, port, SQL("SELECT @@port"), 0);
}

static void expect_host(struct failover *f, int64_t want, int64_t within_ms)
{
	int64_t from = now_ms(), port = 0;

	assert_ok(f->db, port_of(f, &port));
	assert_int_equal(port, want);
	assert_in_range(now_ms() - from, 0, (uint64_t)within_ms);
}

static void first_host__is_preferred(void **state)
{
	struct failover *f = *state;

	expect_host(f, f->number[ONE], 1000);
}

static void one_host_with_its_port__is_found(void **state)
{
	struct failover *f = *state;

	use_hosts(f, f->number[TWO], 0, "");
	expect_host(f, f->number[TWO], 1000);
}

static void refusing_host__is_passed_over_and_taken_back(void **state)
{
	struct failover *f = *state;
	int64_t port = 0, until;

	mariadb_crash(f->server[ONE]);
	expect_host(f, f->number[TWO], 1000);
	mariadb_restart(f->server[ONE]);
	expect_host(f, f->number[TWO], 1000);
	for (until = now_ms() + 20000; port != f->number[ONE];) {
		assert_true(now_ms() < until);
		assert_ok(f->db, port_of(f, &port));
		fix_pause();
	}
	assert_int_equal(db_stats(f->db)->connects, 2);
}

static void hung_host__is_passed_over_within_the_time_limit(void **state)
{
	struct failover *f = *state;

	mariadb_pause(f->server[ONE]);
	expect_host(f, f->number[TWO], 2000);
	expect_host(f, f->number[TWO], 500);
	mariadb_resume(f->server[ONE]);
}

static void host_that_hangs_later__is_left(void **state)
{
	struct failover *f = *state;
	int64_t port;
	enum err err;

	expect_host(f, f->number[ONE], 1000);
	mariadb_pause(f->server[ONE]);
	/* Its time limit, that of a hung server behind it, and the attempt to come back. */
	err = port_of(f, &port);
	if (err != ERR_OK)
		assert_int_equal(err, ERR_UNAVAILABLE);
	expect_host(f, f->number[TWO], 2000);
	mariadb_resume(f->server[ONE]);
}

static void silent_host__is_passed_over_within_the_time_limit(void **state)
{
	struct failover *f = *state;
	int64_t port;

	f->trap = listener(&port);
	use_hosts(f, port, f->number[TWO], "");
	expect_host(f, f->number[TWO], 2000);
}

/* Accepts connections and breaks them off. */
static pid_t breaking_off(int fd)
{
	const struct linger at_once = {1, 0};
	pid_t child = fork();

	while (child == 0) {
		int connection = accept(fd, NULL, NULL);

		if (connection < 0)
			_exit(0);
		setsockopt(connection, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
		close(connection);
	}
	return child;
}

static void host_that_breaks_off__is_passed_over(void **state)
{
	struct failover *f = *state;
	int64_t port;
	pid_t child;

	f->trap = listener(&port);
	child = breaking_off(f->trap);
	use_hosts(f, port, f->number[TWO], "");
	expect_host(f, f->number[TWO], 1000);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void host_that_fails_the_set_up__is_passed_over(void **state)
{
	struct failover *f = *state;

	use_hosts(f, f->number[TWO], 0, "");
	assert_ok(f->db, exec(f->db, f->arena, SQL("CREATE TABLE only_on_two (a INT)"), 0));
	close_db(state);
	open_db(state);
	use_hosts(f, f->number[ONE], f->number[TWO],
		"init-command=SET @a = (SELECT COUNT(*) FROM rollcall.only_on_two)");
	expect_host(f, f->number[TWO], 1000);
}

/* What a node says that has left its Galera cluster, or lost a commit. */
static void host_that_cannot_serve__is_left_at_once(void **state)
{
	static const struct sql_frag rows[] = {
		SQL_INIT("SIGNAL SQLSTATE '08S01' SET MYSQL_ERRNO = 1047"),
		SQL_INIT("SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1180"),
	};
	struct failover *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		expect_host(f, f->number[ONE], 1000);
		assert_int_equal(exec(f->db, f->arena, rows[i], 0), ERR_UNAVAILABLE);
		expect_host(f, f->number[TWO], 1000);
		close_db(state);
		open_db(state);
	}
}

static void full_disk__is_unavailable_and_another_host_is_asked(void **state)
{
	static const struct sql_frag rows[] = {
		SQL_INIT("SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1021"),
		SQL_INIT("SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1026"),
		SQL_INIT("SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1114"),
		SQL_INIT("SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1878"),
		SQL_INIT("SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 3"),
		SQL_INIT("SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 20"),
		SQL_INIT("SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 126"),
		SQL_INIT("SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 135"),
		SQL_INIT("SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1030, MESSAGE_TEXT ="
			 " 'Got error 28 \"No space left on device\" from storage engine InnoDB'"),
	};
	struct failover *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		expect_host(f, f->number[ONE], 1000);
		assert_int_equal(exec(f->db, f->arena, rows[i], 0), ERR_UNAVAILABLE);
		expect_host(f, f->number[TWO], 1000);
		close_db(state);
		open_db(state);
	}
}

static void no_host__is_unavailable_within_a_second_each(void **state)
{
	struct failover *f = *state;
	int64_t from = now_ms(), port;

	mariadb_pause(f->server[ONE]);
	mariadb_pause(f->server[TWO]);
	assert_int_equal(port_of(f, &port), ERR_UNAVAILABLE);
	assert_in_range(now_ms() - from, 0, 3000);
	mariadb_resume(f->server[ONE]);
	mariadb_resume(f->server[TWO]);
}

/* The variables are there in every MariaDB that is built with Galera. */
static void session__waits_for_the_cluster(void **state)
{
	struct failover *f = *state;
	int64_t as_wanted = 0;
	enum err err = read_int(f->db, f->arena, &as_wanted,
		SQL("SELECT @@SESSION.wsrep_sync_wait = 1 AND @@SESSION.wsrep_dirty_reads = 0"), 0);

	if (err == ERR_INTERNAL)
		skip();
	assert_ok(f->db, err);
	assert_int_equal(as_wanted, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, open_db, close_db)
		T(first_host__is_preferred),
		T(one_host_with_its_port__is_found),
		T(refusing_host__is_passed_over_and_taken_back),
		T(hung_host__is_passed_over_within_the_time_limit),
		T(host_that_hangs_later__is_left),
		T(silent_host__is_passed_over_within_the_time_limit),
		T(host_that_breaks_off__is_passed_over),
		T(host_that_fails_the_set_up__is_passed_over),
		T(host_that_cannot_serve__is_left_at_once),
		T(full_disk__is_unavailable_and_another_host_is_asked),
		T(no_host__is_unavailable_within_a_second_each),
		T(session__waits_for_the_cluster),
#undef T
	};

	return cmocka_run_group_tests(tests, servers, servers_end);
}
