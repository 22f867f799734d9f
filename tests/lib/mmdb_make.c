/* SPDX-License-Identifier: MIT
 * A MaxMind DB file, as section by section in the specification (maxmind.github.io/MaxMind-DB):
 * search tree, 16 zero bytes, data section, marker, metadata. See the header; keeps nothing.
 * The surprise: it is always a tree of IPv6 addresses, with IPv4 in ::/96. */
#include "lib/mmdb_make.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

#define NODES 4096
#define RECORD_BITS 24

enum type { STRING = 2, UINT16 = 5, UINT32 = 6, MAP = 7, UINT64 = 9, ARRAY = 11 };

/* A record of a node: 0 is nothing, > 0 a node, < 0 data at offset -1 - record. */
struct tree {
	int32_t node[NODES][2];
	int32_t used;
};

NORETURN static void fail(const char *what, const char *which)
{
	fprintf(stderr, "mmdb_make: %s: %s\n", what, which);
	exit(1);
}

/* Control byte, type byte of the types above 7, length byte of lengths above 28. */
static void put_head(FILE *f, enum type type, size_t n)
{
	if (n >= 29 + 256)
		fail("too long for this writer", "a member");
	fputc((int)((type <= 7 ? (unsigned)type << 5 : 0) | (n < 29 ? n : 29)), f);
	if (type > 7)
		fputc((int)type - 7, f);
	if (n >= 29)
		fputc((int)n - 29, f);
}

static void put_string(FILE *f, const char *c)
{
	put_head(f, STRING, strlen(c));
	fputs(c, f);
}

static void put_big_endian(FILE *f, uint64_t value, unsigned bytes)
{
	while (bytes-- > 0)
		fputc((int)(value >> (8 * bytes) & 0xff), f);
}

static void put_number(FILE *f, const char *key, enum type type, uint64_t value)
{
	unsigned bytes = type == UINT16 ? 2 : type == UINT32 ? 4 : 8;

	put_string(f, key);
	put_head(f, type, bytes);
	put_big_endian(f, value, bytes);
}

/* "key": {"names": {language: name}} */
static void put_named(FILE *f, const char *key, const char *language, const char *name)
{
	if (name == NULL)
		return;
	put_string(f, key);
	put_head(f, MAP, 1);
	put_string(f, "names");
	put_head(f, MAP, 1);
	put_string(f, language != NULL ? language : "en");
	put_string(f, name);
}

static void put_metadata(FILE *f, int32_t nodes)
{
	fputs("\xab\xcd\xef"
	      "MaxMind.com",
		f);
	put_head(f, MAP, 9);
	put_number(f, "node_count", UINT32, (uint64_t)nodes);
	put_number(f, "record_size", UINT16, RECORD_BITS);
	put_number(f, "ip_version", UINT16, 6);
	put_string(f, "database_type");
	put_string(f, "Rollcall-Test-City");
	put_string(f, "languages");
	put_head(f, ARRAY, 1);
	put_string(f, "en");
	put_number(f, "binary_format_major_version", UINT16, 2);
	put_number(f, "binary_format_minor_version", UINT16, 0);
	put_number(f, "build_epoch", UINT64, 1700000000);
	put_string(f, "description");
	put_head(f, MAP, 1);
	put_string(f, "en");
	put_string(f, "Made by the tests");
}

/* The length of the prefix; an IPv4 one counts from the beginning of ::/96. */
static unsigned parse_net(const char *net, unsigned char bytes[16])
{
	char text[64] = "";
	const char *slash = strchr(net, '/');
	unsigned bits;

	if (slash == NULL || (size_t)(slash - net) >= sizeof(text))
		fail("no network", net);
	memcpy(text, net, (size_t)(slash - net));
	memset(bytes, 0, 16);
	bits = (unsigned)strtoul(slash + 1, NULL, 10);
	if (inet_pton(AF_INET6, text, bytes) != 1) {
		if (inet_pton(AF_INET, text, bytes + 12) != 1)
			fail("no network", net);
		bits += 96;
	}
	if (bits == 0 || bits > 128)
		fail("no length of a prefix", net);
	return bits;
}

static void insert(struct tree *t, const char *net, int32_t record)
{
	unsigned char bytes[16];
	unsigned bits = parse_net(net, bytes);
	int32_t at = 0;

	for (unsigned i = 0;; i++) {
		int32_t *next = &t->node[at][bytes[i / 8] >> (7 - i % 8) & 1];

		if (i + 1 == bits) {
			*next = record;
			return;
		}
		if (*next <= 0) { /* what a wider network left here, or nothing, goes one down */
			if (t->used == NODES)
				fail("too many nodes at", net);
			t->node[t->used][0] = t->node[t->used][1] = *next;
			*next = t->used++;
		}
		at = *next;
	}
}

static void put_tree(FILE *f, const struct tree *t)
{
	for (int32_t i = 0; i < t->used; i++) {
		for (int side = 0; side < 2; side++) {
			int32_t record = t->node[i][side];
			int32_t value = record > 0    ? record
					: record == 0 ? t->used
						      : t->used + 16 + (-1 - record);

			put_big_endian(f, (uint64_t)value, RECORD_BITS / 8);
		}
	}
}

void mmdb_make(const char *file, const struct mmdb_net *nets, size_t count)
{
	struct tree *t = calloc(1, sizeof(*t));
	char *data = NULL;
	size_t data_bytes = 0;
	FILE *section = open_memstream(&data, &data_bytes);
	FILE *f = fopen(file, "wb");

	if (t == NULL || section == NULL || f == NULL)
		fail("cannot write", file);
	t->used = 1;
	for (size_t i = 0; i < count; i++) {
		const struct mmdb_net *n = &nets[i];

		insert(t, n->net, -1 - (int32_t)ftell(section));
		put_head(section, MAP, (size_t)(n->city != NULL) + (n->country != NULL));
		put_named(section, "city", n->language, n->city);
		put_named(section, "country", n->language, n->country);
	}
	fclose(section);
	put_tree(f, t);
	put_big_endian(f, 0, 8);
	put_big_endian(f, 0, 8);
	fwrite(data, 1, data_bytes, f);
	put_metadata(f, t->used);
	if (fclose(f) != 0)
		fail("cannot write", file);
	free(data);
	free(t);
}

void mmdb_make_sample(const char *file)
{
	static const struct mmdb_net nets[] = {
		{"203.0.113.0/24", "Lisbon", "Portugal", NULL},
		{"198.51.100.0/24", NULL, "Norway", NULL},
		{"2001:db8::/32", "Lisbon", "Portugal", NULL},
		{"2001:db8:5::/48", "São Paulo", "Brazil", NULL},
	};

	mmdb_make(file, nets, ARRAY_LEN(nets));
}
