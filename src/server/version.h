/* SPDX-License-Identifier: MIT
 * The version of the programs, for --version and /metrics. The Makefile writes rollcall_version: in
 * a checkout it is the release, the number of commits and the commit (1.0.0+git412.0a1b2c3), so
 * that later versions are higher; elsewhere it is the release alone. */
#ifndef SERVER_VERSION_H
#define SERVER_VERSION_H

#define ROLLCALL_RELEASE "1.0.0"

extern const char rollcall_version[];

#endif
