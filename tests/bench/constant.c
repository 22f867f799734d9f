/* SPDX-License-Identifier: MIT
 * bench-constant PROCESSES: a FastCGI program that always gives one answer, in place of Rollcall in
 * the same chain. What it costs is the floor: web server, socket, libfcgi. Started by
 * tests/bench/run. As an Authorizer it lets everybody in, with the variables that Rollcall sends; a
 * request for /authorize gets the same as a Responder's answer; any other one 600 bytes of JSON. */
#include <fcgiapp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char allowed[] = "Status: 200 OK\r\n"
			      "Variable-ROLLCALL_SESSION: sess_6d65027660c4cdc5288f7d14aa891bf6\r\n"
			      "Variable-ROLLCALL_USER: usr_large_001833\r\n"
			      "Variable-ROLLCALL_TENANT: tnt_large\r\n"
			      "X-Request-Id: 2f1c5f0e-9a51-4d0b-8a3a-0f6d1b2c3d4e\r\n"
			      "Cache-Control: no-store\r\n\r\n";

static int serve(void)
{
	char body[601];
	FCGX_Request r;

	memset(body, 'x', sizeof(body) - 1);
	memcpy(body, "{\"data\":\"", 9);
	memcpy(body + sizeof(body) - 3, "\"}", 3);
	if (FCGX_Init() != 0 || FCGX_InitRequest(&r, 0, 0) != 0)
		return 1;
	while (FCGX_Accept_r(&r) == 0) {
		const char *role = FCGX_GetParam("FCGI_ROLE", r.envp);
		const char *uri = FCGX_GetParam("REQUEST_URI", r.envp);

		if ((role != NULL && strcmp(role, "AUTHORIZER") == 0) ||
			(uri != NULL && strncmp(uri, "/authorize", 10) == 0))
			FCGX_PutS(allowed, r.out);
		else
			FCGX_FPrintF(r.out, "Content-Type: application/json\r\n\r\n%s", body);
		FCGX_Finish_r(&r);
	}
	return 0;
}

int main(int argc, char **argv)
{
	for (int i = argc > 1 ? atoi(argv[1]) : 1; i > 0; i--)
		if (fork() == 0)
			return serve();
	while (wait(NULL) > 0)
		continue;
	return 0;
}
