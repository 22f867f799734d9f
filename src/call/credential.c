/* SPDX-License-Identifier: MIT
 * Checks a presented token against keys and store. The
 * store is asked every time: what was revoked a moment ago is out. */
#include "call/credential.h"

#include "auth/digest.h"
#include "auth/jwt.h"
#include "base/clock.h"
#include "base/limits.h"
#include "model/token.h"

struct str bearer_token(struct str header)
{
	struct str scheme = STR("Bearer ");

	header = str_trim(header);
	if (header.n <= scheme.n || !str_eq_nocase((struct str){header.p, scheme.n}, scheme))
		return STR_NONE;
	return str_trim((struct str){header.p + scheme.n, header.n - scheme.n});
}

static void from_owner(struct credential *out, const struct token_owner *owner)
{
	out->session_id = owner->session_id;
	out->user_id = owner->user_id;
	out->tenant_id = owner->tenant_id;
	if (out->expires_ms == TIME_NONE || owner->expires_ms < out->expires_ms)
		out->expires_ms = owner->expires_ms;
	if (out->issued_ms == TIME_NONE)
		out->issued_ms = owner->created_ms;
	out->activity_due = owner->activity_due != 0;
}

/* Ids are one space for all tenants: a session of that id may be somebody else's by now. */
static bool is_owned(const struct token_owner *owner, const struct principal *who)
{
	return str_eq(owner->user_id, who->subject) &&
	       (who->tenant_id.p == NULL || str_eq(owner->tenant_id, who->tenant_id));
}

static enum err check_jwt(
	const struct app *app, struct arena *a, struct str token, struct credential *out)
{
	struct token_owner owner;
	struct principal who;
	const char *why;
	enum err err = jwt_verify(app->jwt, a, token, clock_now_ms(), &who, &why);

	if (err != ERR_OK)
		return err;
	out->is_jwt = true;
	out->user_id = who.subject;
	out->tenant_id = who.tenant_id;
	out->issuer = who.issuer;
	out->audience = who.audience;
	out->expires_ms = who.expires_ms;
	out->issued_ms = who.issued_ms;
	if (who.session_id.p == NULL)
		return ERR_OK;
	err = session_owner(app->db, a, who.session_id, app->cfg.activity_interval_s, &owner);
	if (err == ERR_OK && !is_owned(&owner, &who))
		err = ERR_UNAUTHORIZED;
	if (err == ERR_OK)
		from_owner(out, &owner);
	return err;
}

static enum err check_opaque(
	const struct app *app, struct arena *a, struct str token, struct credential *out)
{
	unsigned char digest[DIGEST_BYTES];
	struct token_owner owner;
	enum err err;

	digest_sha256(token, digest);
	err = token_owner(app->db, a, (struct str){(char *)digest, sizeof(digest)},
		app->cfg.activity_interval_s, &owner);
	if (err == ERR_OK)
		from_owner(out, &owner);
	return err;
}

enum err credential_check(
	const struct app *app, struct arena *a, struct str token, struct credential *out)
{
	size_t dots =
		0; /* a JWS has two (RFC 7515 section 7.1); an imported token may have others */
	enum err err;

	*out = (struct credential){.expires_ms = TIME_NONE, .issued_ms = TIME_NONE};
	if (token.n == 0 || token.n > LIMIT_TOKEN_BYTES)
		return ERR_UNAUTHORIZED;
	for (size_t i = 0; i < token.n; i++)
		dots += token.p[i] == '.';
	err = dots == 2 ? check_jwt(app, a, token, out) : check_opaque(app, a, token, out);
	return err == ERR_NOT_FOUND ? ERR_UNAUTHORIZED : err;
}
