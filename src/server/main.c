/* SPDX-License-Identifier: MIT
 * rollcall.fcgi: reads the settings, then serves the listening socket on descriptor 0 until it is
 * told to stop. A web server, spawn-fcgi or systemd starts it; a person starts it only with an
 * option. Exit status: 0 stopped or all well, 1 a setting or a check failed, 2 started wrongly. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "fcgi.h"
#include "server/config.h"
#include "setup.h"
#include "supervisor.h"
#include "version.h"

static const char usage[] =
	"Usage: rollcall.fcgi [--config FILE] [--check]\n"
	"       rollcall.fcgi --settings | --version | --help\n"
	"\n"
	"Without --check it serves the listening socket on descriptor 0, for example:\n"
	"  spawn-fcgi -s /run/rollcall.sock -- \"$(command -v rollcall.fcgi)\"\n"
	"(spawn-fcgi needs the full path), or started by lighttpd (bin-path), Apache mod_fcgid\n"
	"or a systemd socket.\n"
	"\n"
	"  --config FILE  NAME=value lines for what the environment does not set\n"
	"  --check        try settings, keys and database; one line per finding. Without\n"
	"                 --config it reads the service's: " CONFIG_FILE "\n"
	"  --settings     the settings as a table (they are environment variables)\n"
	"  --version      the version\n"
	"\n"
	"Signals: TERM finishes the requests that have begun and stops. HUP replaces the\n"
	"workers one after another and refuses no request. Settings are read at the start\n"
	"only, because the environment of a running process cannot change: restart after a\n"
	"change.\n";

enum action { SERVE, CHECK, SETTINGS, VERSION, HELP, UNKNOWN };

/* Sets *config if there is a --config. */
static enum action action_of(int argc, char **argv, const char **config)
{
	static const char *const options[] = {NULL, "--check", "--settings", "--version", "--help"};
	enum action action = SERVE;

	for (int i = 1; i < argc; i++) {
		enum action a = CHECK;

		if (strcmp(argv[i], "--config") == 0 && i + 1 < argc && *config == NULL) {
			*config = argv[++i];
			continue;
		}
		while (a < UNKNOWN && strcmp(argv[i], options[a]) != 0)
			a++;
		if (action != SERVE || a == UNKNOWN)
			return UNKNOWN;
		action = a;
	}
	return action > CHECK && *config != NULL ? UNKNOWN : action;
}

/* The exit status of what was only printed. */
static int printed(bool good)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return good ? EXIT_SUCCESS : EXIT_FAILURE;
	fputs("rollcall.fcgi: cannot write the answer\n", stderr);
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	const char *config = NULL;
	enum action action = action_of(argc, argv, &config);
	struct jwks *keys;
	struct config cfg;
	int status;

	if (action == UNKNOWN) {
		fputs(usage, stderr);
		return 2;
	}
	if (action == SETTINGS)
		config_print(stdout);
	else if (action == VERSION)
		printf("rollcall %s\n", rollcall_version);
	else if (action == HELP)
		fputs(usage, stdout);
	if (action > CHECK)
		return printed(true);

	if (action == SERVE && !fcgi_inherited()) {
		fputs("rollcall.fcgi: descriptor 0 is no listening socket; start it with "
		      "spawn-fcgi or from a web server (see --help)\n",
			stderr);
		return 2;
	}
	if ((action == CHECK || config != NULL) && !config_file(config, stderr))
		return EXIT_FAILURE;
	if (!config_read(&cfg, stderr))
		return EXIT_FAILURE;
	log_setup((enum log_level)cfg.log_level, (enum log_format)cfg.log_format);
	if (action == CHECK)
		return printed(setup_check(&cfg, stdout));
	keys = setup_keys(&cfg, stderr);
	if (keys == NULL)
		return EXIT_FAILURE;
	status = supervisor_run(&cfg, keys);
	jwks_close(keys);
	return status;
}
