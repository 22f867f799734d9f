/* SPDX-License-Identifier: MIT
 * Finds mount, prefix and segments in the request target. For http/request.c.
 *
 * The path of REQUEST_URI is M + prefix + rest. The mount M ends where the first of the caller's
 * prefixes begins; of several prefixes at that place the longest is taken. Segments are compared
 * decoded; a %2F separates nothing. M has to agree with the web server: SCRIPT_NAME + PATH_INFO
 * begins with M, or PATH_INFO is prefix + rest. Any other rewrite needs a fixed mount.
 *
 * What the servers send for GET /apps/s/api/v1/me (SCRIPT_NAME | PATH_INFO):
 * 	lighttpd, prefix "/apps/s/"            /apps/s/api | /v1/me  ("/": /apps | /s/api/v1/me)
 * 	lighttpd, "/" and fix-root-scriptname  (empty) | /apps/s/api/v1/me
 * 	mod_fcgid, ScriptAlias                 /apps/s | /api/v1/me
 * 	mod_fcgid, .htaccess rewrite           /apps/s/rollcall.fcgi | /api/v1/me, or nothing
 * 	mod_fcgid, rewrite to another place    /cgi-bin/rollcall.fcgi | /api/v1/me
 * 	mod_proxy_fcgi ProxyPass, nginx        /apps/s/api/v1/me | nothing
 * 	mod_proxy_fcgi SetHandler, wrapper     /apps/s/api | /v1/me, by what exists on the disk */
#ifndef HTTP_TARGET_H
#define HTTP_TARGET_H

#include "http/request.h"

/* Fills mount, prefix, path, segments and path_ok of `r`, whose arena and env are set before.
 * Returns the query in REQUEST_URI; p == NULL if there is none. */
struct str target_parse(
	struct http_request *r, const struct str *prefixes, size_t count, struct str fixed_mount);

#endif
