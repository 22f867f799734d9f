/* SPDX-License-Identifier: MIT
 * Tokens at the front door: which are refused, in which words (schema/api.md 2.5, 3; RFC 6750), and
 * that a token dies with its session on the very next request, whichever worker takes it. */
/* e2e: shared-host */
#include <openssl/evp.h>

#include "lib/e2e.h"
#include "lib/token_make.h"

#define BURST 32 /* more than there are workers, several times over */

/* The header of a good token: the kid that the server knows. */
static const char *good_header(struct e2e *t)
{
	struct str token = e2e_super_admin(t), part;

	assert_true(str_split(&token, '.', &part));
	return str_dup(t->arena, str_base64url_decode(t->arena, part)).p;
}

static int64_t now_s(void)
{
	return clock_now_ms() / 1000;
}

static void check_refused(struct e2e *t, const char *name, struct str token)
{
	struct e2e_answer a = e2e_get(t, token, "/api/v1/me/sessions");
	struct str why, prefix = STR("Invalid token: ");

	a.what = name;
	expect_status(&a, 401);
	expect_members(a.json, "detail");
	why = e2e_text(a.json, "detail");
	assert_true(str_starts(why, prefix) && why.n > prefix.n);
	expect_str(e2e_header(&a, "WWW-Authenticate"),
		str_printf(t->arena, "Bearer error=\"invalid_token\", error_description=\"%.*s\"",
			(int)(why.n - prefix.n), why.p + prefix.n));
}

static void bad_tokens__are_refused(void **state)
{
	struct e2e *t = *state;
	EVP_PKEY *other = token_rsa(2048);
	const char *header = good_header(t);
	const char *claims =
		arena_printf(t->arena, "{\"sub\":\"u\",\"exp\":%lld}", (long long)now_s() + 600);
	struct str good = e2e_token(t, "{\"sub\":\"u\"}"), cut = {good.p, good.n - 8};
	const struct {
		const char *name;
		struct str token;
	} rows[] = {
		{"expired", e2e_token(t, "{\"sub\":\"u\",\"exp\":%lld}", (long long)now_s() - 120)},
		{"not valid yet",
			e2e_token(t, "{\"sub\":\"u\",\"nbf\":%lld}", (long long)now_s() + 120)},
		{"exp is no number", e2e_token(t, "{\"sub\":\"u\",\"exp\":\"tomorrow\"}")},
		{"exp is null", e2e_token(t, "{\"sub\":\"u\",\"exp\":null}")},
		{"no sub", e2e_token(t, "{\"role\":\"super_admin\"}")},
		{"empty sub", e2e_token(t, "{\"sub\":\"\"}")},
		{"sub is no text", e2e_token(t, "{\"sub\":1}")},
		{"sid is no text", e2e_token(t, "{\"sub\":\"u\",\"sid\":1}")},
		{"role is no text", e2e_token(t, "{\"sub\":\"u\",\"role\":[\"super_admin\"]}")},
		{"session never was",
			e2e_token(t, "{\"sub\":\"u\",\"sid\":\"%s\"}", e2e_name(t, "ses").p)},
		{"signed with another key",
			token_sign(t->arena, "RS256", other, STR_NONE, header, claims)},
		{"unknown kid", token_sign(t->arena, "RS256", other, STR_NONE,
					"{\"alg\":\"RS256\",\"kid\":\"unknown\"}", claims)},
		{"alg none", token_sign(t->arena, "RS256", other, STR_NONE, "{\"alg\":\"none\"}",
				     claims)},
		{"alg HS256", token_sign(t->arena, "HS256", NULL, token_public_pem(t->arena, other),
				      "{\"alg\":\"HS256\"}", claims)},
		{"alg PS256 for a key that says RS256",
			token_sign(
				t->arena, "PS256", other, STR_NONE, "{\"alg\":\"PS256\"}", claims)},
		{"cut short", cut},
		{"no signature", str_printf(t->arena, "%.*s.", (int)(strrchr(good.p, '.') - good.p),
					 good.p)},
		{"two parts", STR("a.b")},
		{"no JWT", STR("0123456789abcdef")},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_refused(t, rows[i].name, rows[i].token);
	EVP_PKEY_free(other);
}

static void no_bearer_token__is_not_authenticated(void **state)
{
	static const char *const headers[] = {
		"Authorization: Basic dTpw",
		"Authorization: Bearer",
		"Authorization: Bearer ",
		"Authorization: Token x",
		"X-Authorization: Bearer x",
	};
	struct e2e *t = *state;

	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		struct e2e_request r = {.path = "/api/v1/me/sessions", .headers = {headers[i]}};
		struct e2e_answer a = e2e_send(t, &r);

		a.what = headers[i];
		expect_status(&a, 401);
		expect_body(&a, "{\"detail\":\"Not authenticated\"}");
		expect_str(e2e_header(&a, "WWW-Authenticate"), STR("Bearer"));
	}
}

static void good_tokens__are_let_in(void **state)
{
	struct e2e *t = *state;
	const struct {
		const char *name;
		struct str token;
	} rows[] = {
		{"exp just over, within the leeway",
			e2e_token(t, "{\"sub\":\"u\",\"exp\":%lld}", (long long)now_s() - 5)},
		{"nbf just ahead, within the leeway",
			e2e_token(t, "{\"sub\":\"u\",\"nbf\":%lld}", (long long)now_s() + 5)},
		{"unknown claims",
			e2e_token(t, "{\"sub\":\"u\",\"x\":{\"y\":[1,2]},\"iss\":\"z\"}")},
		{"sub of emoji", e2e_token(t, "{\"sub\":\"\xf0\x9f\x91\xa4\"}")},
	};
	struct e2e_request r = {.path = "/api/v1/me/sessions"};
	struct e2e_answer a;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		a = e2e_get(t, rows[i].token, "/api/v1/me/sessions");
		a.what = rows[i].name;
		expect_status(&a, 200);
	}
	/* RFC 7235: schemes are compared in any case. */
	r.headers[0] = arena_printf(t->arena, "Authorization: bEARER %s", rows[3].token.p);
	a = e2e_send(t, &r);
	expect_status(&a, 200);
}

/* The same request many times at once: every worker gets some. */
static void burst(struct e2e *t, struct str token, int status)
{
	struct e2e_request r[BURST];
	struct e2e_answer a[BURST];

	for (size_t i = 0; i < BURST; i++)
		r[i] = (struct e2e_request){.path = "/api/v1/me/sessions", .token = token};
	e2e_send_all(t, r, a, BURST);
	for (size_t i = 0; i < BURST; i++)
		expect_status(&a[i], status);
}

struct signed_in {
	struct e2e_tenant tenant;
	struct str user, session, token;
};

static struct signed_in sign_in(struct e2e *t, const char *claims)
{
	struct signed_in s = {.tenant = e2e_tenant(t, STR_NONE), .user = e2e_name(t, "usr")};

	s.session = e2e_put_session(t, s.tenant, s.user);
	s.token = e2e_token(t, "{\"sub\":\"%s\",\"tenant_id\":\"%s\",\"sid\":\"%s\"%s}", s.user.p,
		s.tenant.id.p, s.session.p, claims);
	return s;
}

static void revoked_sessions_token__is_dead_at_once_in_every_worker(void **state)
{
	enum { ENDINGS = 7 };
	struct e2e *t = *state;
	struct str root = e2e_super_admin(t);

	for (int i = 0; i < ENDINGS; i++) {
		struct signed_in s = sign_in(t, i == 6 ? ",\"role\":\"tenant_admin\"" : "");
		struct e2e_answer a = {0};

		burst(t, s.token, 200); /* every worker has verified this token and kept it */
		switch (i) {
		case 0:
			a = e2e_delete(t, root, "/api/v1/admin/sessions/%s", s.session.p);
			break;
		case 1:
			a = e2e_delete(t, root, "/api/v1/tenants/%s/sessions/%s", s.tenant.id.p,
				s.session.p);
			break;
		case 2:
			a = e2e_delete(t, s.token, "/api/v1/me/sessions/%s", s.session.p);
			break;
		case 3:
			a = e2e_post(t, root, "{\"revoke_all\":true}",
				"/api/v1/tenants/%s/sessions/users/%s/revoke", s.tenant.id.p,
				s.user.p);
			break;
		case 4:
			a = e2e_post(t, root,
				arena_printf(t->arena, "{\"user_id\":\"%s\"}", s.user.p),
				"/api/v1/admin/sessions/revoke-all");
			break;
		case 5:
			a = e2e_post(t, root, NULL, "/api/v1/tenants/%s/sessions/revoke-all",
				s.tenant.id.p);
			break;
		default:
			/* The caller's own session is among them. */
			a = e2e_post(t, s.token, NULL, "/api/v1/tenants/%s/sessions/revoke-all",
				s.tenant.id.p);
			break;
		}
		assert_in_range(a.status, 200, 204);
		burst(t, s.token, 401);
		check_refused(t, "the token of a revoked session", s.token);
	}
}

static void expired_sessions_token__is_dead_in_every_worker(void **state)
{
	struct e2e *t = *state;
	struct signed_in s = sign_in(t, "");

	burst(t, s.token, 200);
	/* From the instant on, not after it. */
	e2e_exec(t, SQL("UPDATE session SET expires_at = UTC_TIMESTAMP(3) WHERE id = ?"), 1,
		db_str(s.session));
	burst(t, s.token, 401);
	check_refused(t, "the token of an expired session", s.token);
}

/* Session ids are one space for all tenants: what one purged, another may register. */
static void session_of_somebody_else__proves_nothing(void **state)
{
	struct e2e *t = *state;
	struct signed_in s = sign_in(t, ""), other = sign_in(t, "");
	const struct {
		const char *name;
		struct str user, tenant; /* tenant.p == NULL: not claimed */
		int want;
	} rows[] = {
		{"another's", STR("usr_root"), STR_NONE, 401},
		{"another's of the tenant", other.user, s.tenant.id, 401},
		{"of the same id in another tenant", s.user, other.tenant.id, 401},
		{"one's own", s.user, s.tenant.id, 200},
		{"one's own, no tenant claimed", s.user, STR_NONE, 200},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str claimed =
			rows[i].tenant.p != NULL
				? str_printf(t->arena, ",\"tenant_id\":\"%s\"", rows[i].tenant.p)
				: STR("");
		struct str token =
			e2e_token(t, "{\"sub\":\"%s\",\"role\":\"super_admin\",\"sid\":\"%s\"%s}",
				rows[i].user.p, s.session.p, claimed.p);
		struct e2e_answer a = e2e_get(t, token, "/api/v1/admin/sessions/%s", s.session.p);

		a.what = rows[i].name;
		expect_status(&a, rows[i].want);
		a = e2e_get(t, token, "/edge/management/v1/api-sessions/%s", s.session.p);
		a.what = rows[i].name;
		expect_status(&a, rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_tokens__are_refused),
		cmocka_unit_test(no_bearer_token__is_not_authenticated),
		cmocka_unit_test(good_tokens__are_let_in),
		cmocka_unit_test(revoked_sessions_token__is_dead_at_once_in_every_worker),
		cmocka_unit_test(expired_sessions_token__is_dead_in_every_worker),
		cmocka_unit_test(session_of_somebody_else__proves_nothing),
	};

	return cmocka_run_group_tests_name("Sessions API: tokens", tests, e2e_open, e2e_close);
}
