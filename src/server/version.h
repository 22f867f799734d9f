/* SPDX-License-Identifier: MIT
 * The version of the programs, said by --version and /metrics. The Makefile writes
 * rollcall_version: in a checkout it is the release, the number of commits and the commit
 * (1.0.0+git412.0a1b2c3), so that each is higher than the one before; elsewhere the release alone.
 */
#ifndef SERVER_VERSION_H
#define SERVER_VERSION_H

#define ROLLCALL_RELEASE "1.0.0"

extern const char rollcall_version[];

#endif
