/* SPDX-License-Identifier: MIT
 * TLS to the database, by what the option file says and no setting of ours: a private server that
 * demands it, with certificates that are made here by the openssl program. */
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "lib/port.h"

struct tls {
	struct mariadb *server;
	char dir[64]; /* certificates, keys and option file */
	char words[3][128];
	const char *options[8];
	int port;
	struct db *db;
	struct arena *arena;
};

/* The program openssl with these words, in the directory of the certificates. */
static void openssl(const struct tls *f, const char *const words[])
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		if (chdir(f->dir) == 0 && freopen("openssl.log", "a", stderr) != NULL)
			execvp("openssl", (char *const *)words);
		_exit(127);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void make_authority(const struct tls *f, const char *key, const char *certificate)
{
	const char *const words[] = {"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
		"-days", "2", "-subj", "/CN=authority", "-keyout", key, "-out", certificate, NULL};

	openssl(f, words);
}

/* Of the first authority, for this host. */
static void make_server_certificate(const struct tls *f)
{
	static const char *const ask[] = {"openssl", "req", "-newkey", "rsa:2048", "-nodes",
		"-subj", "/CN=127.0.0.1", "-keyout", "server.key", "-out", "server.csr", NULL};
	static const char *const sign[] = {"openssl", "x509", "-req", "-days", "2", "-in",
		"server.csr", "-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial",
		"-extfile", "names", "-out", "server.pem", NULL};
	char path[96];
	FILE *names;

	snprintf(path, sizeof(path), "%s/names", f->dir);
	names = fopen(path, "w");
	assert_non_null(names);
	fputs("subjectAltName = IP:127.0.0.1\n", names);
	assert_int_equal(fclose(names), 0);
	openssl(f, ask);
	openssl(f, sign);
}

static int server(void **state)
{
	struct tls *f = test_calloc(1, sizeof(*f));

	umask(077);
	snprintf(f->dir, sizeof(f->dir), "/tmp/tls-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	make_authority(f, "authority.key", "authority.pem");
	make_authority(f, "other.key", "other.pem");
	make_server_certificate(f);
	f->port = port_free();
	snprintf(f->words[0], sizeof(f->words[0]), "--port=%d", f->port);
	snprintf(f->words[1], sizeof(f->words[1]), "--ssl-cert=%s/server.pem", f->dir);
	snprintf(f->words[2], sizeof(f->words[2]), "--ssl-key=%s/server.key", f->dir);
	f->options[0] = "--skip-networking=0";
	f->options[1] = "--bind-address=127.0.0.1,127.0.0.2";
	f->options[2] = "--require-secure-transport=ON";
	for (size_t i = 0; i < ARRAY_LEN(f->words); i++)
		f->options[3 + i] = f->words[i];
	f->server = mariadb_start(f->options);
	*state = f;
	return 0;
}

static int server_end(void **state)
{
	static const char *const names[] = {"authority.key", "authority.pem", "authority.srl",
		"other.key", "other.pem", "server.csr", "server.key", "server.pem", "names",
		"openssl.log", "my.cnf"};
	struct tls *f = *state;
	char path[96];

	mariadb_end(f->server);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(f->dir), 0);
	test_free(f);
	return 0;
}

static int opened(void **state)
{
	struct tls *f = *state;

	f->arena = arena_open();
	return 0;
}

static int closed(void **state)
{
	struct tls *f = *state;

	db_close(f->db);
	f->db = NULL;
	arena_close(f->arena);
	return 0;
}

/* `authority` NULL: the file says nothing of TLS. */
static enum err connect_with(struct tls *f, const char *hosts, const char *authority)
{
	const char *path = arena_printf(f->arena, "%s/my.cnf", f->dir);
	const struct db_config cfg = {.defaults_file = path,
		.group = "rollcall",
		.connect_timeout_s = 4,
		.statement_ms = 5000,
		.lock_wait_s = 1};
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fprintf(out,
		"[client]\nuser=rollcall\npassword=throwaway\n[rollcall]\ndatabase=rollcall\n"
		"host=%s\n",
		hosts);
	if (authority != NULL)
		fprintf(out, "ssl-ca=%s/%s\nssl-verify-server-cert=1\n", f->dir, authority);
	assert_int_equal(fclose(out), 0);
	f->db = db_open(&cfg);
	return answers(f->db);
}

static const char *host(struct tls *f, const char *name)
{
	return arena_printf(f->arena, "%s:%d", name, f->port);
}

static void connection_to_a_host_of_that_authority__is_encrypted(void **state)
{
	struct tls *f = *state;
	int64_t length = 0;

	assert_ok(f->db, connect_with(f, host(f, "127.0.0.1"), "authority.pem"));
	assert_ok(f->db,
		read_int(f->db, f->arena, &length,
			SQL("SELECT LENGTH(variable_value) FROM information_schema.session_status"
			    " WHERE variable_name = 'Ssl_cipher'"),
			0));
	assert_true(length > 0);
}

static void host_of_another_authority__is_refused(void **state)
{
	struct tls *f = *state;

	assert_int_equal(connect_with(f, host(f, "127.0.0.1"), "other.pem"), ERR_UNAVAILABLE);
	assert_non_null(strstr(db_error_text(f->db), "ertificate"));
	assert_int_equal(db_stats(f->db)->connects, 0);
}

static void host_of_another_name__is_refused(void **state)
{
	struct tls *f = *state;

	assert_int_equal(connect_with(f, host(f, "127.0.0.2"), "authority.pem"), ERR_UNAVAILABLE);
	assert_non_null(strstr(db_error_text(f->db), "ertificate"));
	assert_int_equal(db_stats(f->db)->connects, 0);
}

static void connection_without_tls__is_refused_by_the_server(void **state)
{
	struct tls *f = *state;

	assert_int_equal(connect_with(f, host(f, "127.0.0.1"), NULL), ERR_UNAVAILABLE);
	assert_int_equal(db_stats(f->db)->connects, 0);
}

static void host_with_a_wrong_certificate__is_passed_over(void **state)
{
	struct tls *f = *state;
	const char *hosts =
		arena_printf(f->arena, "127.0.0.1:%d,%s", port_free(), host(f, "127.0.0.1"));

	assert_ok(f->db, connect_with(f, hosts, "authority.pem"));
	closed(state);
	opened(state);
	hosts = arena_printf(f->arena, "%s,%s", host(f, "127.0.0.2"), host(f, "127.0.0.1"));
	assert_ok(f->db, connect_with(f, hosts, "authority.pem"));
	assert_int_equal(db_stats(f->db)->connects, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, opened, closed)
		T(connection_to_a_host_of_that_authority__is_encrypted),
		T(host_of_another_authority__is_refused),
		T(host_of_another_name__is_refused),
		T(connection_without_tls__is_refused_by_the_server),
		T(host_with_a_wrong_certificate__is_passed_over),
#undef T
	};

	return cmocka_run_group_tests(tests, server, server_end);
}
