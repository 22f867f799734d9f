/* SPDX-License-Identifier: MIT
 * The version of the programs. */
#ifndef SERVER_VERSION_H
#define SERVER_VERSION_H

#define ROLLCALL_VERSION "1.0.0"

#endif
