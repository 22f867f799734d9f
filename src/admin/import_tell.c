/* SPDX-License-Identifier: MIT
 * The messages of an import: bad rows, those of earlier runs, the progress line, the command that
 * goes on. Control characters in a file's text are printed as '?'. */
#include <stdio.h>
#include <string.h>

#include "import_tell.h"

#define BAR_WIDTH 20

int import_complain(struct import *imp, const char *what, const char *why)
{
	progress_clear(&imp->progress);
	fprintf(stderr, "rollcall-admin import: %s: %s\n", what, why);
	return 1;
}

/* The text with '?' for bytes that could control a terminal. */
static const char *plain(struct arena *a, const char *text)
{
	char *out = arena_dup(a, text, strlen(text));

	for (char *p = out; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7F)
			*p = '?';
	return out;
}

void import_report(struct import *imp, int64_t line, const char *why)
{
	imp->bad++;
	imp->no_tenant += strcmp(why, IMPORT_NO_TENANT) == 0;
	progress_clear(&imp->progress);
	fprintf(stderr, "rollcall-admin import: line %lld: %s\n", (long long)line,
		plain(imp->adm->arena, why));
}

void import_keep_bad(struct import *imp, int64_t line, const char *why)
{
	imp->place.bad++;
	if (imp->told_count++ < IMPORT_TOLD_MAX)
		buf_printf(&imp->told, "%lld %s\n", (long long)line, plain(imp->adm->arena, why));
}

void import_tell_earlier(struct import *imp)
{
	struct str rest = imp->place.told, line, number;

	while (rest.n > 0 && str_split(&rest, '\n', &line) && str_split(&line, ' ', &number)) {
		fprintf(stderr, "rollcall-admin import: line %.*s, in an earlier run: %.*s\n",
			STR_FMT(number), STR_FMT(line));
		imp->told_count++;
	}
	if (imp->place.bad > imp->told_count)
		fprintf(stderr, "rollcall-admin import: and %lld more in earlier runs\n",
			(long long)(imp->place.bad - imp->told_count));
	buf_str(&imp->told, imp->place.told);
}

static void put_word(const char *word)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "_-./=:,+@%";

	if (*word != '\0' && strspn(word, safe) == strlen(word)) {
		fprintf(stderr, " %s", word);
		return;
	}
	fputs(" '", stderr);
	for (; *word != '\0'; word++)
		fputs(*word == '\'' ? "'\\''" : (const char[]){*word, '\0'}, stderr);
	putc('\'', stderr);
}

void import_say_how_to_go_on(const struct import *imp)
{
	fputs(imp->state_file != NULL && !imp->dry_run
			? "To go on there:"
			: "Without --state the next run begins at the front and passes over what is "
			  "there:",
		stderr);
	fputs(" rollcall-admin", stderr);
	if (imp->adm->config != NULL) {
		put_word("--config");
		put_word(imp->adm->config);
	}
	put_word("import");
	for (char **word = imp->words + 1; *word != NULL; word++)
		put_word(*word);
	putc('\n', stderr);
}

void import_draw(struct import *imp)
{
	double seconds = progress_seconds(&imp->progress);
	int64_t rows = imp->added + imp->present + imp->bad, at = imp->in.offset;
	char bar[BAR_WIDTH + 1] = "";
	int64_t left;

	if (!progress_due(&imp->progress))
		return;
	if (imp->size <= 0 || at > imp->size || at == imp->began) {
		progress_draw(&imp->progress, "import: %.1f MB, %lld rows, %.0f rows/s",
			(double)at / 1e6, (long long)rows, (double)rows / seconds);
		return;
	}
	for (int i = 0; i < BAR_WIDTH; i++)
		bar[i] = i < at * BAR_WIDTH / imp->size ? '#' : '.';
	left = (int64_t)((double)(imp->size - at) * seconds / (double)(at - imp->began));
	progress_draw(&imp->progress,
		"import: [%s] %lld%% of %.1f MB, %.0f rows/s, %lld:%02lld:%02lld left", bar,
		(long long)(at * 100 / imp->size), (double)imp->size / 1e6, (double)rows / seconds,
		(long long)(left / 3600), (long long)(left / 60 % 60), (long long)(left % 60));
}

void import_say_full(struct import *imp)
{
	progress_clear(&imp->progress);
	fprintf(stderr,
		"rollcall-admin import: stopped behind line %lld, with %lld bad rows "
		"(--max-errors)\n",
		(long long)imp->rows[imp->used - 1].line, (long long)imp->bad);
	if (imp->no_tenant > 0)
		fprintf(stderr,
			"rollcall-admin import: %lld of them name a tenant that is not known; "
			"--create-tenants makes them\n",
			(long long)imp->no_tenant);
	import_say_how_to_go_on(imp);
}

void import_say_outcome(const struct import *imp)
{
	printf("%s %lld sessions, %lld already there, %lld bad rows",
		imp->dry_run ? "would import" : "imported", (long long)imp->added,
		(long long)imp->present, (long long)imp->bad);
	if (imp->place.bad > imp->bad)
		printf(", %lld in all runs", (long long)imp->place.bad);
	putchar('\n');
}
