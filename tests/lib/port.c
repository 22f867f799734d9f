/* SPDX-License-Identifier: MIT
 * Looks for a free port; see the header. */
#include "lib/port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LOWEST = 10240, COUNT = 22000, TRIES = 1000 };

static bool is_free(int port)
{
	const struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool bound = fd >= 0 && bind(fd, (const struct sockaddr *)&at, sizeof(at)) == 0;

	if (fd >= 0)
		close(fd);
	return bound;
}

int port_free(void)
{
	for (int i = 0; i < TRIES; i++) {
		uint32_t n;
		int port;

		if (getrandom(&n, sizeof(n), 0) != sizeof(n))
			break;
		port = LOWEST + (int)(n % COUNT);
		if (is_free(port))
			return port;
	}
	fprintf(stderr, "there is no free port\n");
	exit(99);
}
