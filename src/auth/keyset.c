/* SPDX-License-Identifier: MIT
 * Reads and writes the file of public keys; see the header. The service never calls it: it only
 * reads the file (jwks.c). */
#include "auth/keyset.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/jwks.h"
#include "base/buf.h"
#include "json/reader.h"
#include "json/writer.h"
#include "keyfile.h"

#define SET_MODE 0644

/* *keys becomes the array of keys; ERR_INVALID if the text is not a JWK set. */
MUST_CHECK static enum err set_parse(struct arena *a, struct str text, const struct json **keys)
{
	struct json *root;
	size_t at;

	if (json_parse(a, text, &root, &at) != ERR_OK)
		return ERR_INVALID;
	*keys = json_member(root, "keys");
	return *keys != NULL && (*keys)->type == JSON_ARRAY ? ERR_OK : ERR_INVALID;
}

enum err keyset_read(struct arena *a, const char *file, const struct json **first, const char **why)
{
	const struct json *keys;
	struct str text;
	mode_t mode;

	*first = NULL;
	if (access(file, F_OK) < 0 && errno == ENOENT)
		return ERR_OK;
	if (keyfile_read(a, file, &text, &mode, why) != ERR_OK)
		return ERR_INVALID;
	*why = "is there and holds no JWK set";
	if (set_parse(a, text, &keys) != ERR_OK)
		return ERR_INVALID;
	*first = keys->first;
	return ERR_OK;
}

bool keyset_has_kid(const struct json *jwk, struct str kid)
{
	const struct json *v = json_member(jwk, "kid");

	return v != NULL && v->type == JSON_STRING && str_eq(v->text, kid);
}

static bool is_own(const struct json *jwk)
{
	return json_member(jwk, "rollcall") != NULL;
}

/* The text of a set that is being written. */
struct set {
	struct buf text;
	size_t count;
};

static void set_begin(struct set *s, struct arena *a)
{
	*s = (struct set){.count = 0};
	buf_init(&s->text, a);
	buf_str(&s->text, STR("{\"keys\":["));
}

static void set_put(struct set *s, struct str jwk)
{
	buf_printf(&s->text, "%s\n", s->count > 0 ? "," : "");
	buf_str(&s->text, jwk);
	s->count++;
}

static struct str set_end(struct set *s)
{
	buf_str(&s->text, STR("\n]}\n"));
	return buf_view(&s->text);
}

enum err keyset_write(struct arena *a, const char *file, const struct json *first, struct str but,
	struct str more, const char **why)
{
	struct set s;

	set_begin(&s, a);
	for (const struct json *jwk = first; jwk != NULL; jwk = jwk->next)
		if (but.p == NULL || !keyset_has_kid(jwk, but))
			set_put(&s, json_text(a, jwk));
	if (more.p != NULL)
		set_put(&s, more);
	return keyfile_write(a, file, SET_MODE, set_end(&s), why);
}

/* Keys of the provider */

/* Appends the usable keys of the fetched set. */
MUST_CHECK static enum err put_fetched(struct arena *a, struct set *s, struct str fetched,
	struct keyset_change *out, const char **why)
{
	const struct json *keys;
	struct str jwk;

	*why = "is no JWK set";
	if (set_parse(a, fetched, &keys) != ERR_OK)
		return ERR_INVALID;
	*why = "lists no key";
	for (const struct json *key = keys->first; key != NULL; key = key->next) {
		if (jwks_read_key(a, key, &jwk, &out->ignored) == ERR_OK) {
			set_put(s, jwk);
			out->usable++;
		}
	}
	if (out->usable == 0 && out->ignored != NULL)
		*why = arena_printf(a, "has no key that can be used (%s)", out->ignored);
	return out->usable > 0 ? ERR_OK : ERR_INVALID;
}

static bool has_text(struct arena *a, const char *file, struct str text)
{
	const char *ignored;
	struct str old;
	mode_t mode;

	return keyfile_read(a, file, &old, &mode, &ignored) == ERR_OK && str_eq(old, text);
}

enum err keyset_replace(struct arena *a, const char *file, struct str fetched,
	struct keyset_change *out, const char **why)
{
	const struct json *first;
	struct str text;
	struct set s;

	*out = (struct keyset_change){.changed = false};
	if (keyset_read(a, file, &first, why) != ERR_OK) {
		*why = arena_printf(a, "%s %s", file, *why);
		return ERR_INVALID;
	}
	set_begin(&s, a);
	for (const struct json *jwk = first; jwk != NULL; jwk = jwk->next)
		if (is_own(jwk))
			set_put(&s, json_text(a, jwk));
	out->own = s.count;
	if (put_fetched(a, &s, fetched, out, why) != ERR_OK)
		return ERR_INVALID;
	text = set_end(&s);
	if (has_text(a, file, text) && utimensat(AT_FDCWD, file, NULL, 0) == 0)
		return ERR_OK;
	out->changed = true;
	if (keyfile_write(a, file, SET_MODE, text, why) != ERR_OK) {
		*why = arena_printf(a, "%s %s", file, *why);
		return ERR_INTERNAL;
	}
	return ERR_OK;
}
