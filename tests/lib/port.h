/* SPDX-License-Identifier: MIT
 * A free port of the loopback address, for a server that a test starts. It lies below the ports
 * that the kernel gives to clients: a client that connects while nobody listens could otherwise be
 * given that very port, and hold it. */
#ifndef TESTS_LIB_PORT_H
#define TESTS_LIB_PORT_H

/* Another program may take the port before the test does. Without a free port the program ends. */
int port_free(void);

#endif
