/* SPDX-License-Identifier: MIT
 * libFuzzer target: a JSON body, read as a tree and as a registration. It asserts that a tree which
 * is written and read again stays the same text (from the second time on, for -0e1 is a double,
 * and -0 an integer), that an error is at a byte of the text, and that what a registration accepts
 * is within its limits. */
#include "api/registration.h"
#include "base/limits.h"
#include "http/router.h"
#include "json/reader.h"
#include "json/writer.h"
#include "lib/fuzz.h"

static size_t depth_of(const struct json *v)
{
	size_t most = 0;

	for (const struct json *e = v->first; e != NULL; e = e->next) {
		size_t depth = depth_of(e);

		most = depth > most ? depth : most;
	}
	return most + (v->type == JSON_ARRAY || v->type == JSON_OBJECT);
}

static struct str again(struct arena *a, struct str text)
{
	struct json *tree;
	size_t at;

	fuzz_must(text.p != NULL && str_is_utf8(text), "not written", text);
	fuzz_must(json_parse(a, text, &tree, &at) == ERR_OK, "not read again", text);
	return json_text(a, tree);
}

static void go_round(struct arena *a, const struct json *tree)
{
	struct str once = again(a, json_text(a, tree)), twice = again(a, once);

	fuzz_must(str_eq(once, twice), "another text", twice);
}

static void check_registration(struct arena *a, const struct json *body, struct str text)
{
	const struct registration_rules rules = {
		.id = BODY_OPTIONAL, .lifetime_s = 60, .now_ms = 1700000000000};
	struct faults f = {.arena = a};
	struct session_new s = {0};
	struct user_new u = {0};

	registration_read(&rules, &f, body, &s, &u);
	fuzz_must(f.count <= LIMIT_FAULTS, "faults", text);
	if (f.count > 0)
		return;
	fuzz_must(http_is_id(s.tenant_id) && http_is_id(s.user_id), "ids", text);
	fuzz_must(s.id.p == NULL || http_is_id(s.id), "id", text);
	fuzz_must(s.user_agent.n <= LIMIT_TEXT_BYTES && str_is_utf8(s.user_agent), "user agent",
		text);
	fuzz_must(s.tags.n <= LIMIT_TAGS_BYTES, "tags", text);
	fuzz_must(s.expires_ms == TIME_NONE || s.expires_ms > rules.now_ms, "end", text);
	fuzz_must(s.device_type.n <= LIMIT_DEVICE_TYPE_BYTES, "device", text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = fuzz_arena();
	struct str text = fuzz_input(data, size);
	struct json *tree;
	size_t at;
	enum err err = json_parse(a, text, &tree, &at);

	if (err != ERR_OK) {
		fuzz_must(err == ERR_INVALID || err == ERR_TOO_LARGE, "outcome", text);
		fuzz_must(at <= text.n, "place", text);
		return 0;
	}
	fuzz_must(depth_of(tree) <= LIMIT_JSON_DEPTH, "depth", text);
	go_round(a, tree);
	if (tree->type == JSON_OBJECT)
		check_registration(a, tree, text);
	return 0;
}
