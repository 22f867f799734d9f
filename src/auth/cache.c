/* SPDX-License-Identifier: MIT
 * The table of verified tokens. For jwt.c. Each entry owns one block on the heap with its texts.
 * Four entries share a bucket; a new one replaces the one used longest ago. The bytes of the
 * SHA-256 choose the bucket; a client cannot choose it, because only signed tokens are stored. */
#include "cache.h"

#include <stdlib.h>

#include "base/heap.h"

#define WAYS 4
#define TEXT_BYTES 2048
#define TEXTS 4

struct entry {
	unsigned char digest[DIGEST_BYTES];
	uint64_t used; /* tick of the last use; 0: empty */
	char *block;   /* the memory of the verdict's texts */
	struct verdict verdict;
};

struct cache {
	struct entry *table;
	size_t buckets; /* a power of two */
	uint64_t tick;
};

struct cache *cache_open(size_t entries)
{
	struct cache *c = heap_zalloc(1, sizeof(*c));

	c->buckets = 1;
	while (c->buckets <= entries / WAYS / 2)
		c->buckets *= 2;
	c->table = heap_zalloc(c->buckets * WAYS, sizeof(*c->table));
	return c;
}

void cache_clear(struct cache *c)
{
	for (size_t i = 0; i < c->buckets * WAYS; i++) {
		free(c->table[i].block);
		c->table[i].block = NULL;
		c->table[i].used = 0;
	}
}

void cache_close(struct cache *c)
{
	if (c == NULL)
		return;
	cache_clear(c);
	free(c->table);
	free(c);
}

static struct entry *bucket_of(struct cache *c, const unsigned char digest[DIGEST_BYTES])
{
	size_t hash;

	memcpy(&hash, digest, sizeof(hash));
	return &c->table[(hash & (c->buckets - 1)) * WAYS];
}

static struct entry *entry_find(struct cache *c, const unsigned char digest[DIGEST_BYTES])
{
	struct entry *bucket = bucket_of(c, digest);
	struct str wanted = {(const char *)digest, DIGEST_BYTES};

	for (size_t i = 0; i < WAYS; i++) {
		struct str there = {(const char *)bucket[i].digest, DIGEST_BYTES};

		if (bucket[i].used && str_eq_secret(there, wanted))
			return &bucket[i];
	}
	return NULL;
}

/* Lists every text of a principal. Add each new text of the struct here. */
static void texts_of(struct principal *who, struct str *texts[TEXTS])
{
	texts[0] = &who->subject;
	texts[1] = &who->session_id;
	texts[2] = &who->tenant_id;
	texts[3] = &who->partner_id;
}

bool cache_find(struct cache *c, struct arena *a, const unsigned char digest[DIGEST_BYTES],
	struct verdict *out)
{
	struct entry *e = entry_find(c, digest);
	struct str *texts[TEXTS];

	if (e == NULL)
		return false;
	e->used = ++c->tick;
	*out = e->verdict;
	texts_of(&out->who, texts);
	for (size_t i = 0; i < TEXTS; i++)
		*texts[i] = str_dup(a, *texts[i]);
	return true;
}

void cache_store(struct cache *c, const unsigned char digest[DIGEST_BYTES], const struct verdict *v)
{
	struct entry *e = entry_find(c, digest), *bucket = bucket_of(c, digest);
	struct verdict copy = *v;
	struct str *texts[TEXTS];
	size_t bytes = 0, at = 0;
	char *block;

	texts_of(&copy.who, texts);
	for (size_t i = 0; i < TEXTS; i++)
		bytes += texts[i]->n;
	if (bytes > TEXT_BYTES)
		return;
	block = heap_zalloc(bytes + 1, 1);
	for (size_t i = 0; i < TEXTS; i++) {
		if (texts[i]->p == NULL)
			continue;
		memcpy(block + at, texts[i]->p, texts[i]->n);
		texts[i]->p = block + at;
		at += texts[i]->n;
	}
	for (size_t i = 0; e == NULL && i < WAYS; i++)
		if (!bucket[i].used)
			e = &bucket[i];
	if (e == NULL) {
		e = bucket;
		for (size_t i = 1; i < WAYS; i++)
			if (bucket[i].used < e->used)
				e = &bucket[i];
	}
	free(e->block);
	memcpy(e->digest, digest, DIGEST_BYTES);
	e->used = ++c->tick;
	e->block = block;
	e->verdict = copy;
}
