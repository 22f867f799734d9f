/* SPDX-License-Identifier: MIT
 * Load from one thread over curl's multi interface; see the header. Owns its connections, which are
 * kept and used again, and their buffers. */
#include "lib/load.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/macros.h"

#define REQUEST_SECONDS 60

struct bytes {
	char *p;
	size_t n, cap;
};

struct slot {
	CURL *easy;
	struct curl_slist *headers;
	struct bytes url, line, head, body;
	struct load_job job;
	bool busy;
};

struct load {
	CURLM *multi;
	struct str url;
	load_next_fn next;
	load_done_fn done;
	void *ctx;
	struct slot *slots;
	size_t count, busy;
};

static void add(struct bytes *b, const char *p, size_t n)
{
	if (b->n + n + 1 > b->cap) {
		b->cap = 2 * (b->n + n + 1);
		b->p = realloc(b->p, b->cap);
		if (b->p == NULL)
			out_of_memory(b->cap);
	}
	memcpy(b->p + b->n, p, n);
	b->n += n;
	b->p[b->n] = '\0';
}

static void add_str(struct bytes *b, struct str s)
{
	add(b, s.p != NULL ? s.p : "", s.n);
}

static size_t take(char *p, size_t size, size_t n, void *bytes)
{
	add(bytes, p, size * n);
	return size * n;
}

static void slot_open(struct slot *s)
{
	s->easy = curl_easy_init();
	BUG_ON(s->easy == NULL);
	curl_easy_setopt(s->easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(s->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(s->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(s->easy, CURLOPT_TIMEOUT, (long)REQUEST_SECONDS);
	curl_easy_setopt(s->easy, CURLOPT_PRIVATE, s);
	curl_easy_setopt(s->easy, CURLOPT_HEADERFUNCTION, take);
	curl_easy_setopt(s->easy, CURLOPT_HEADERDATA, &s->head);
	curl_easy_setopt(s->easy, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(s->easy, CURLOPT_WRITEDATA, &s->body);
}

struct load *load_open(
	const char *url, size_t connections, load_next_fn next, load_done_fn done, void *ctx)
{
	struct load *l = calloc(1, sizeof(*l));
	struct slot *slots = calloc(connections, sizeof(*slots));

	if (l == NULL || slots == NULL)
		out_of_memory(connections * sizeof(*slots));
	*l = (struct load){.multi = curl_multi_init(),
		.url = str_from(url),
		.next = next,
		.done = done,
		.ctx = ctx,
		.slots = slots,
		.count = connections};
	BUG_ON(l->multi == NULL);
	curl_multi_setopt(l->multi, CURLMOPT_MAXCONNECTS, (long)connections);
	for (size_t i = 0; i < connections; i++)
		slot_open(&l->slots[i]);
	return l;
}

void load_close(struct load *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < l->count; i++) {
		struct slot *s = &l->slots[i];

		if (s->busy)
			curl_multi_remove_handle(l->multi, s->easy);
		curl_easy_cleanup(s->easy);
		curl_slist_free_all(s->headers);
		free(s->url.p);
		free(s->line.p);
		free(s->head.p);
		free(s->body.p);
	}
	curl_multi_cleanup(l->multi);
	free(l->slots);
	free(l);
}

static void add_header(struct slot *s, const char *name, struct str value)
{
	struct curl_slist *more;

	s->line.n = 0;
	add_str(&s->line, str_from(name));
	add_str(&s->line, value);
	more = curl_slist_append(s->headers, s->line.p);
	BUG_ON(more == NULL);
	s->headers = more;
}

static void start(struct load *l, struct slot *s)
{
	const struct load_job *job = &s->job;
	const char *method = job->method != NULL ? job->method : "GET";
	bool has_body = job->body.p != NULL || strcmp(method, "POST") == 0;

	s->url.n = s->head.n = s->body.n = 0;
	add_str(&s->url, l->url);
	add_str(&s->url, job->path);
	curl_easy_setopt(s->easy, CURLOPT_URL, s->url.p);
	curl_slist_free_all(s->headers);
	s->headers = NULL;
	if (job->token.p != NULL)
		add_header(s, "Authorization: Bearer ", job->token);
	if (job->header.p != NULL)
		add_header(s, "", job->header);
	if (has_body) {
		curl_easy_setopt(
			s->easy, CURLOPT_POSTFIELDS, job->body.p != NULL ? job->body.p : "");
		curl_easy_setopt(s->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)job->body.n);
		add_header(s, "Expect:", STR_NONE);
		add_header(s, "Content-Type: ",
			str_from(job->type != NULL ? job->type : "application/json"));
	} else {
		curl_easy_setopt(s->easy, CURLOPT_HTTPGET, 1L);
	}
	curl_easy_setopt(s->easy, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(s->easy, CURLOPT_HTTPHEADER, s->headers);
	BUG_ON(curl_multi_add_handle(l->multi, s->easy) != CURLM_OK);
	s->busy = true;
	l->busy++;
}

static struct slot *slot_of(CURL *easy)
{
	char *slot = NULL;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &slot);
	return (struct slot *)(void *)slot;
}

static void collect(struct load *l)
{
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(l->multi, &left)) != NULL) {
		struct slot *s = slot_of(msg->easy_handle);
		CURLcode code = msg->data.result;
		struct load_answer a = {0};
		long status = 0;

		add(&s->head, "", 0);
		add(&s->body, "", 0);
		a.head = (struct str){s->head.p, s->head.n};
		a.body = (struct str){s->body.p, s->body.n};
		curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
		if (code == CURLE_OK)
			a.status = (int)status;
		else
			a.body = str_from(curl_easy_strerror(code));
		curl_multi_remove_handle(l->multi, s->easy);
		s->busy = false;
		l->busy--;
		l->done(l->ctx, &s->job, &a);
	}
}

static void wait_a_while(struct load *l, int ms)
{
	int running;

	BUG_ON(curl_multi_perform(l->multi, &running) != CURLM_OK);
	if ((size_t)running == l->busy) {
		BUG_ON(curl_multi_poll(l->multi, NULL, 0, ms, NULL) != CURLM_OK);
		BUG_ON(curl_multi_perform(l->multi, &running) != CURLM_OK);
	}
	collect(l);
}

size_t load_turn(struct load *l, int ms)
{
	size_t under_way;

	for (size_t i = 0; i < l->count; i++) {
		struct slot *s = &l->slots[i];

		if (s->busy)
			continue;
		s->job = (struct load_job){0};
		if (!l->next(l->ctx, &s->job))
			break;
		start(l, s);
	}
	under_way = l->busy;
	wait_a_while(l, ms);
	return under_way;
}

void load_settle(struct load *l)
{
	while (l->busy > 0)
		wait_a_while(l, 1000);
}

struct str load_header(const struct load_answer *a, const char *name)
{
	struct str rest = a->head, line, field;

	while (str_split(&rest, '\n', &line)) {
		if (!str_split(&line, ':', &field) || line.p == NULL ||
			!str_eq_nocase(field, str_from(name)))
			continue;
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		return str_trim(line);
	}
	return STR_NONE;
}
