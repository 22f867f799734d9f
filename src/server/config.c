/* SPDX-License-Identifier: MIT
 * The table of settings and its reader. Reads the environment and checks the permissions of files
 * that hold secrets. A wrong setting stops the start; an unknown variable gives only a warning,
 * because many programs share an environment. */
#include "server/config.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/address.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"
#include "db/options.h"

#define PREFIX "ROLLCALL_"

extern char **environ;

enum type {
	INT,    /* int64_t member; all others are const char * unless said */
	CHOICE, /* int64_t member: index into choices */
	TEXT,
	PATH,  /* of URLs: begins with "/", does not end with it */
	MOUNT, /* like PATH, or "/" for the root */
	URL,   /* for a Location header: a path or an http(s) URL */
	COOKIE,
	ISSUER,    /* text that a session's row can hold */
	ADDRESSES, /* comma-separated IPv4 and IPv6 addresses */
	SECRET     /* a file that others must not read */
};

struct setting {
	const char *name; /* without PREFIX */
	enum type type;
	size_t offset;
	const char *fallback; /* NULL: none */
	int64_t min, max;
	const char *const *choices;
	const char *doc;
};

/* In the order of the enums of base/log.h. */
static const char *const levels[] = {"debug", "info", "warn", "error", "off", NULL};
static const char *const formats[] = {"text", "json", NULL};

#define AT(member) offsetof(struct config, member)

/* clang-format off */
static const struct setting settings[] = {
	{"WORKERS", INT, AT(workers), "4", 1, WORKERS_MAX, NULL,
	 "Processes that answer. With 1 there is no parent process, as mod_fcgid wants it."},
	{"MAX_REQUESTS", INT, AT(max_requests), "0", 0, INT64_MAX, NULL,
	 "A worker is replaced after about this number of requests; 0 means never."},
	{"DRAIN_SECONDS", INT, AT(drain_s), "10", 0, 3600, NULL,
	 "How long a worker that stops may take to finish its request before it is killed."},
	{"BODY_LIMIT", INT, AT(body_limit), "1048576", 1024, 1 << 30, NULL,
	 "Largest request body in bytes; beyond it the answer is 413."},
	{"RETRY_AFTER", INT, AT(retry_after_s), "5", 1, 3600, NULL,
	 "Seconds named in the Retry-After header of a 503."},
	{"API_PREFIX", PATH, AT(api_prefix), "/api/v1", 0, 0, NULL,
	 "Base path of the Sessions API."},
	{"EDGE_PREFIX", PATH, AT(edge_prefix), "/edge/management/v1", 0, 0, NULL,
	 "Base path of the Edge Management API."},
	{"MOUNT", MOUNT, AT(mount), NULL, 0, 0, NULL,
	 "Path below which the application is mounted, `/` for the root. A FastCGI parameter of this name "
	 "counts first. Without both it is found in each request."},
	{"DB_DEFAULTS", SECRET, AT(db_defaults), NULL, 0, 0, NULL,
	 "MariaDB option file with socket or host, user, password, TLS. Not set: the connector's own "
	 "places."},
	{"DB_GROUP", TEXT, AT(db_group), "rollcall", 0, 0, NULL,
	 "Group of the option file that is read besides `[client]`."},
	{"DB_CONNECT_SECONDS", INT, AT(db_connect_s), "2", 1, 60, NULL,
	 "Time limit for connecting to the database."},
	{"DB_STATEMENT_MS", INT, AT(db_statement_ms), "5000", 10, 600000, NULL,
	 "Time limit of every statement in milliseconds; beyond it the answer is 503."},
	{"DB_SEARCH_MS", INT, AT(db_search_ms), "3000", 10, 600000, NULL,
	 "The same for filters without an index, if it is less."},
	{"DB_LOCK_WAIT_SECONDS", INT, AT(db_lock_wait_s), "2", 1, 600, NULL,
	 "Seconds that a statement waits for a row lock before its transaction is run again. After twice that time "
	 "the answer is 503."},
	{"JWKS_FILE", TEXT, AT(jwks_file), NULL, 0, 0, NULL,
	 "Public keys of the identity provider (RFC 7517); read again when the file changes."},
	{"JWT_HS256_FILE", SECRET, AT(hs256_file), NULL, 0, 0, NULL,
	 "Symmetric key, at least 32 bytes. Not set: HS256 is refused."},
	{"JWT_ISSUER", ISSUER, AT(jwt_issuer), NULL, 0, 0, NULL,
	 "Required `iss` of tokens. Not set: not checked."},
	{"JWT_AUDIENCE", TEXT, AT(jwt_audience), NULL, 0, 0, NULL,
	 "Required member of `aud`. Not set: not checked."},
	{"JWT_LEEWAY", INT, AT(jwt_leeway_s), "30", 0, 300, NULL,
	 "Seconds by which clocks may differ when `exp`, `nbf` and the `iat` of a logout token are checked."},
	{"JWT_CACHE", INT, AT(jwt_cache), "1024", 0, 1 << 20, NULL,
	 "Verified tokens that each worker remembers, 0 for none. Whether a session is active is never remembered."},
	{"IDP_ISSUER", ISSUER, AT(idp_issuer), NULL, 0, 0, NULL,
	 "Issuer of the identity provider: the `iss` of its logout tokens. `rollcall-admin jwks` fetches its keys. "
	 "Not set: the value of `ROLLCALL_JWT_ISSUER`."},
	{"IDP_CLIENTS", TEXT, AT(idp_clients), NULL, 0, 0, NULL,
	 "Client ids of the applications at the identity provider, separated by commas. A logout token has to name "
	 "one of them (`aud`). Not set: logout tokens are refused."},
	{"EDGE_MAX_ROWS", INT, AT(edge_max_rows), "10000", 1, 1000000, NULL,
	 "Most rows that one answer of the Edge API holds."},
	{"COSTLY_PERCENT", INT, AT(costly_percent), "50", 1, 100, NULL,
	 "Largest part of the workers, in per cent, that may answer filters without an index at the same time. "
	 "Further ones are answered 503."},
	{"ACTIVITY_INTERVAL", INT, AT(activity_interval_s), "60", 0, 86400, NULL,
	 "Seconds between two writes of a session's last activity."},
	{"SESSION_SECONDS", INT, AT(session_s), "86400", 60, LIMIT_SESSION_SECONDS, NULL,
	 "Lifetime of a session that is registered without an expiry."},
	{"IDLE_SECONDS", INT, AT(idle_s), "0", 0, LIMIT_SESSION_SECONDS, NULL,
	 "A session ends when it was idle for this number of seconds; 0: never. A tenant's policy may be stricter."},
	{"ABSOLUTE_SECONDS", INT, AT(absolute_s), "0", 0, LIMIT_SESSION_SECONDS, NULL,
	 "Longest life of a session in seconds; 0: no limit. A tenant's policy may be stricter."},
	{"MAX_SESSIONS", INT, AT(max_sessions), "0", 0, LIMIT_MAX_SESSIONS, NULL,
	 "Active sessions that a user may have; 0: any number. A tenant's policy may be stricter."},
	{"STEP_UP_SECONDS", INT, AT(step_up_s), "0", 0, LIMIT_SESSION_SECONDS, NULL,
	 "A person who ends other sessions than the current one must have signed in at most this number of seconds "
	 "ago (RFC 9470); 0: at any time."},
	{"GEO_FILE", TEXT, AT(geo_file), NULL, 0, 0, NULL,
	 "MaxMind database that turns an address into a location. Not set: sessions get no location from it."},
	{"COOKIE", COOKIE, AT(cookie), "rollcall_session", 0, 0, NULL,
	 "Cookie in which the Sessions API and the Authorizer look for a session's token or a JWT."},
	{"LOGIN_URL", URL, AT(login_url), NULL, 0, 0, NULL,
	 "Where the FastCGI Authorizer redirects a request without an active session. Not set: it answers 401."},
	{"METRICS_ALLOW", ADDRESSES, AT(metrics_allow), "127.0.0.1,::1", 0, 0, NULL,
	 "Client addresses that may read `/metrics`, separated by commas."},
	{"LOG_LEVEL", CHOICE, AT(log_level), "info", 0, 0, levels,
	 "Least severity that is logged."},
	{"LOG_FORMAT", CHOICE, AT(log_format), "text", 0, 0, formats,
	 "Format of the lines on standard error, one for each event."},
};
/* clang-format on */

/* Variables that are not settings; the demonstration and the tests set them. */
static const char *const tolerated[] = {"URL", "TEST_", "PROPERTY_", "POOL_"};

/* Writes one line; control characters of the value become '?'. */
static bool complain(FILE *err, const struct setting *s, const char *value, const char *want)
{
	fprintf(err, "rollcall: " PREFIX "%s is \"", s->name);
	for (size_t i = 0; i < 200 && value[i] != '\0'; i++)
		fputc((unsigned char)value[i] < ' ' || value[i] == 0x7f ? '?' : value[i], err);
	fprintf(err, "\"; it has to be %s\n", want);
	return false;
}

static bool read_int(const struct setting *s, const char *value, int64_t *out, FILE *err)
{
	char want[96];

	if (str_to_i64(str_from(value), out) == STR_INT_OK && *out >= s->min && *out <= s->max)
		return true;
	if (s->max == INT64_MAX)
		snprintf(want, sizeof(want), "a whole number from %lld", (long long)s->min);
	else
		snprintf(want, sizeof(want), "a whole number from %lld to %lld", (long long)s->min,
			(long long)s->max);
	return complain(err, s, value, want);
}

static bool read_choice(const struct setting *s, const char *value, int64_t *out, FILE *err)
{
	char want[96] = "one of";

	for (size_t i = 0; s->choices[i] != NULL; i++) {
		if (strcmp(value, s->choices[i]) == 0) {
			*out = (int64_t)i;
			return true;
		}
		size_t n = strlen(want);
		snprintf(want + n, sizeof(want) - n, "%s %s", i == 0 ? "" : ",", s->choices[i]);
	}
	return complain(err, s, value, want);
}

static bool is_path(const char *value)
{
	static const char allowed[] =
		"/-._~abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t n = strlen(value);

	return n > 1 && value[0] == '/' && value[n - 1] != '/' && strstr(value, "//") == NULL &&
	       strspn(value, allowed) == n;
}

static bool is_url(const char *value)
{
	static const char *const begins[] = {"/", "http://", "https://"};
	bool fits = false;

	for (const char *p = value; *p != '\0'; p++) {
		if (*p <= ' ' || *p > '~')
			return false;
	}
	for (size_t i = 0; i < ARRAY_LEN(begins); i++)
		fits = fits || str_starts(str_from(value), str_from(begins[i]));
	return fits;
}

static bool is_cookie_name(const char *value)
{
	for (const char *p = value; *p != '\0'; p++) {
		if (*p <= ' ' || *p > '~' || strchr("()<>@,;:\\\"/[]?={}", *p) != NULL)
			return false;
	}
	return true;
}

static bool is_address_list(const char *value)
{
	struct str rest = str_from(value), part;

	while (str_split(&rest, ',', &part)) {
		struct address unused;

		if (!address_read(str_trim(part), &unused))
			return false;
	}
	return true;
}

/* True for a missing file: the code that opens it reports that. */
static bool is_private(const char *file)
{
	struct stat st;

	return stat(file, &st) != 0 || (st.st_mode & S_IROTH) == 0;
}

static bool read_setting(struct config *c, const struct setting *s, const char *value, FILE *err)
{
	int64_t *number = (int64_t *)(void *)((char *)c + s->offset);
	const char **text = (const char **)(void *)((char *)c + s->offset);

	if (s->type == INT)
		return read_int(s, value, number, err);
	if (s->type == CHOICE)
		return read_choice(s, value, number, err);
	if (s->type == MOUNT && value != NULL && strcmp(value, "/") == 0)
		value = "";
	*text = value;
	if (value == NULL || value[0] == '\0')
		return true;
	if ((s->type == PATH || s->type == MOUNT) && !is_path(value))
		return complain(err, s, value,
			"a path that begins with / and does not end with it, of letters, digits, "
			"-._~");
	if (s->type == URL && !is_url(value))
		return complain(err, s, value,
			"a path or URL that begins with /, http:// or https://, of printable "
			"ASCII without blanks");
	if (s->type == COOKIE && !is_cookie_name(value))
		return complain(err, s, value, "a cookie name (RFC 6265)");
	if (s->type == ISSUER && strlen(value) > LIMIT_ID_BYTES)
		return complain(err, s, value, "at most " LIMIT_TEXT(LIMIT_ID_BYTES) " bytes long");
	if (s->type == ADDRESSES && !is_address_list(value))
		return complain(err, s, value, "a comma-separated list of addresses");
	if (s->type == SECRET && !is_private(value))
		return complain(err, s, value, "a file that others cannot read (chmod o-r)");
	return true;
}

/* Whoever can write to the option file chooses the database. A missing file is reported by the code
 * that connects. */
static bool is_trusted(const struct config *c, FILE *err)
{
	struct options o;

	if (c->db_defaults == NULL ||
		options_read(&o, c->db_defaults, c->db_group) != ERR_FORBIDDEN)
		return true;
	fprintf(err, "rollcall: " PREFIX "DB_DEFAULTS: %s\n", o.why);
	return false;
}

static const struct setting *find_setting(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		if (str_eq(name, str_from(settings[i].name)))
			return &settings[i];
	}
	return NULL;
}

static void warn_of_unknown(FILE *err)
{
	for (char **e = environ; e != NULL && *e != NULL; e++) {
		struct str rest = str_from(*e), name;
		bool known = false;

		if (!str_starts(rest, STR(PREFIX)))
			continue;
		rest.p += sizeof(PREFIX) - 1;
		rest.n -= sizeof(PREFIX) - 1;
		if (!str_split(&rest, '=', &name))
			continue;
		known = find_setting(name) != NULL || str_eq(name, str_from(tolerated[0]));
		for (size_t i = 1; i < ARRAY_LEN(tolerated); i++)
			known = known || str_starts(name, str_from(tolerated[i]));
		if (!known)
			fprintf(err,
				"rollcall: warning: " PREFIX "%.*s is no setting (see "
				"--settings)\n",
				STR_FMT(name));
	}
}

bool config_read(struct config *c, FILE *err)
{
	char name[64];

	*c = (struct config){0};
	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		const struct setting *s = &settings[i];
		const char *value;

		snprintf(name, sizeof(name), PREFIX "%s", s->name);
		value = getenv(name);
		if (value == NULL || value[0] == '\0')
			value = s->fallback;
		if (!read_setting(c, s, value, err))
			return false;
	}
	if (strcmp(c->api_prefix, c->edge_prefix) == 0) {
		fprintf(err,
			"rollcall: " PREFIX "API_PREFIX and " PREFIX "EDGE_PREFIX are both "
			"\"%s\"; they have to differ\n",
			c->api_prefix);
		return false;
	}
	if (c->idp_issuer == NULL)
		c->idp_issuer = c->jwt_issuer;
	warn_of_unknown(err);
	return is_trusted(c, err);
}

static void print_range(const struct setting *s, FILE *out)
{
	if (s->type == INT && s->max == INT64_MAX)
		fprintf(out, "from %lld", (long long)s->min);
	else if (s->type == INT)
		fprintf(out, "%lld to %lld", (long long)s->min, (long long)s->max);
	for (size_t i = 0; s->type == CHOICE && s->choices[i] != NULL; i++)
		fprintf(out, "%s%s", i == 0 ? "" : ", ", s->choices[i]);
}

void config_print(FILE *out)
{
	fputs("| setting | default | range | meaning |\n|---|---|---|---|\n", out);
	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		const struct setting *s = &settings[i];

		fprintf(out, "| `" PREFIX "%s` | ", s->name);
		if (s->fallback != NULL)
			fprintf(out, "`%s`", s->fallback);
		fputs(" | ", out);
		print_range(s, out);
		fprintf(out, " | %s |\n", s->doc);
	}
}
