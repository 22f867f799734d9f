/* SPDX-License-Identifier: MIT
 * Takes credentials from requests and checks them against keys and store. */
#include "call/credential.h"

#include "auth/digest.h"
#include "auth/jwt.h"
#include "base/clock.h"
#include "base/limits.h"
#include "http/request.h"
#include "model/owner.h"

/* The token of "Bearer TOKEN" (RFC 6750 section 2.1); p == NULL for any other header. */
static struct str bearer_token(struct str header)
{
	struct str scheme = STR("Bearer ");

	header = str_trim(header);
	if (header.n <= scheme.n || !str_eq_nocase((struct str){header.p, scheme.n}, scheme))
		return STR_NONE;
	return str_trim((struct str){header.p + scheme.n, header.n - scheme.n});
}

static struct str zt_session(const struct http_request *req)
{
	struct str token = str_trim(http_header(req, "ZT_SESSION"));

	return token.n > 0 ? token : STR_NONE;
}

/* Takes the value of the next cookie of that name off the front of a Cookie header, without its
 * quotes, if it has some (RFC 6265 section 4.1.1). */
static bool next_cookie(struct str *rest, const char *name, struct str *value)
{
	struct str pair, key;

	while (str_split(rest, ';', &pair)) {
		pair = str_trim(pair);
		if (pair.n == 0 || !str_split(&pair, '=', &key) || pair.p == NULL ||
			!str_eq(key, str_from(name)))
			continue;
		if (pair.n >= 2 && pair.p[0] == '"' && pair.p[pair.n - 1] == '"')
			pair = (struct str){pair.p + 1, pair.n - 2};
		*value = pair;
		return true;
	}
	return false;
}

static const struct principal nobody = {
	.expires_ms = TIME_NONE, .issued_ms = TIME_NONE, .auth_ms = TIME_NONE};

static void from_owner(struct credential *out, const struct owner *owner)
{
	struct principal *who = &out->who;

	who->session_id = owner->session_id;
	who->subject = owner->user_id;
	who->tenant_id = owner->tenant_id;
	if (who->expires_ms == TIME_NONE || owner->expires_ms < who->expires_ms)
		who->expires_ms = owner->expires_ms;
	if (who->issued_ms == TIME_NONE)
		who->issued_ms = owner->created_ms;
	if (who->auth_ms == TIME_NONE)
		who->auth_ms = owner_auth_ms(owner);
	out->confirmed = true;
	out->sign_in = owner->sign_in;
	out->activity_due = owner->activity_due;
}

static enum err check_opaque(
	const struct app *app, struct arena *a, struct str token, struct credential *out)
{
	unsigned char digest[DIGEST_BYTES];
	struct owner owner;
	enum err err;

	digest_sha256(token, digest);
	err = owner_of_token(app->db, a, (struct str){(char *)digest, sizeof(digest)},
		&app->cfg.activity, &owner);
	if (err != ERR_OK)
		return err == ERR_NOT_FOUND ? ERR_SESSION_ENDED : err;
	from_owner(out, &owner);
	out->who.kind = principal_of_role(owner.role);
	if (out->who.kind == PRINCIPAL_PARTNER_ADMIN)
		err = owner_partner(app->db, a, &owner, &out->who.partner_id);
	return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err credential_of_token(const struct app *app, struct arena *a, struct str token,
	struct credential *out, const char **why)
{
	size_t dots = 0;

	*why = NULL;
	*out = (struct credential){.who = nobody};
	if (token.n == 0 || token.n > LIMIT_TOKEN_BYTES) {
		*why = "token is empty or too long";
		return ERR_UNAUTHORIZED;
	}
	/* A JWS has two (RFC 7515 section 7.1); an imported opaque token may have others. */
	for (size_t i = 0; i < token.n; i++)
		dots += token.p[i] == '.';
	if (dots != 2)
		return check_opaque(app, a, token, out);
	out->is_jwt = true;
	return jwt_verify(app->jwt, a, token, clock_now_ms(), &out->who, why);
}

enum err credential_confirm(const struct app *app, struct arena *a, struct credential *cred)
{
	const struct session_caller caller = {
		cred->who.session_id, cred->who.subject, cred->who.tenant_id};
	struct owner owner;
	enum err err;

	if (cred->confirmed || cred->who.session_id.p == NULL)
		return ERR_OK;
	err = owner_of_session(app->db, a, &caller, &app->cfg.activity, &owner);
	if (err == ERR_OK)
		from_owner(cred, &owner);
	return err == ERR_NOT_FOUND ? ERR_SESSION_ENDED : err;
}

/* A browser sends every cookie of a name, also those that another host of a common parent domain
 * has set, or this one for another path. */
static enum err try_cookies(const struct app *app, struct arena *a, const struct http_request *req,
	struct credential *out, const char **why)
{
	struct str rest = http_header(req, "COOKIE"), token;
	enum err err = ERR_UNAUTHORIZED;

	for (int i = 0; i < LIMIT_COOKIES; i++) {
		if (!next_cookie(&rest, app->cfg.cookie, &token))
			break;
		err = credential_of_token(app, a, token, out, why);
		if (err == ERR_OK)
			err = credential_confirm(app, a, out);
		out->by_cookie = true;
		if (err != ERR_UNAUTHORIZED && err != ERR_SESSION_ENDED)
			break;
	}
	return err;
}

/* The secret of "Basic base64(id:secret)", where both may be encoded as in a form (RFC 6749 section
 * 2.3.1); p == NULL for any other header. */
static struct str basic_secret(struct arena *a, struct str header)
{
	struct str scheme = STR("Basic "), text, id;
	char *url;

	header = str_trim(header);
	if (header.n <= scheme.n || !str_eq_nocase((struct str){header.p, scheme.n}, scheme))
		return STR_NONE;
	text = str_trim((struct str){header.p + scheme.n, header.n - scheme.n});
	while (text.n > 0 && text.p[text.n - 1] == '=')
		text.n--;
	url = arena_alloc(a, text.n + 1);
	for (size_t i = 0; i < text.n; i++)
		url[i] = text.p[i] == '+' ? '-' : text.p[i] == '/' ? '_' : text.p[i];
	text = str_base64url_decode(a, (struct str){url, text.n});
	if (text.p == NULL || !str_split(&text, ':', &id) || text.p == NULL)
		return STR_NONE;
	return str_percent_decode(a, text, true);
}

/* What an OAuth client authenticates with; p == NULL: nothing. */
static struct str client_secret(struct arena *a, const struct http_request *req)
{
	struct str secret = basic_secret(a, http_header(req, "AUTHORIZATION"));

	if (secret.p == NULL && http_is_form(http_header(req, "CONTENT_TYPE")))
		secret = http_form_last(a, req->body, "client_secret");
	return secret.n > 0 ? secret : STR_NONE;
}

enum err credential_of_request(const struct app *app, struct arena *a,
	const struct http_request *req, enum credential_sources sources, struct credential *out,
	const char **why)
{
	struct str bearer = bearer_token(http_header(req, "AUTHORIZATION"));
	struct str zt = zt_session(req);
	struct str token = bearer.p != NULL ? bearer : zt;

	*why = NULL;
	*out = (struct credential){.who = nobody};
	if (sources == CREDENTIAL_HEADERS && zt.p != NULL)
		token = zt;
	if (sources == CREDENTIAL_CLIENT && token.p == NULL)
		token = client_secret(a, req);
	if (token.p != NULL)
		return credential_of_token(app, a, token, out, why);
	if (sources == CREDENTIAL_COOKIE_TOO)
		return try_cookies(app, a, req, out, why);
	return ERR_UNAUTHORIZED;
}
