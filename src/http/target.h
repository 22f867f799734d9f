/* SPDX-License-Identifier: MIT
 * Where in the request target our paths begin: mount, prefix, segments. For http/request.c.
 *
 * With P the path of REQUEST_URI, the mount M is what stands before the first run of segments equal
 * to a prefix of the caller's (the longest of those at that place): P = M + prefix + rest. Segments
 * are compared decoded, and %2F never separates. What the web server says has to agree with
 * M: SCRIPT_NAME and PATH_INFO together begin with M, or PATH_INFO is exactly prefix + rest. Any
 * other rewrite needs a fixed mount.
 *
 * What the servers send for GET /apps/s/api/v1/me (SCRIPT_NAME | PATH_INFO):
 *	lighttpd, prefix "/apps/s/"            /apps/s/api | /v1/me  ("/": /apps | /s/api/v1/me)
 *	lighttpd, "/" and fix-root-scriptname  (empty) | /apps/s/api/v1/me
 *	mod_fcgid, ScriptAlias                 /apps/s | /api/v1/me
 *	mod_fcgid, .htaccess rewrite           /apps/s/rollcall.fcgi | /api/v1/me, or nothing
 *	mod_fcgid, rewrite to another place    /cgi-bin/rollcall.fcgi | /api/v1/me
 *	mod_proxy_fcgi ProxyPass, nginx        /apps/s/api/v1/me | nothing
 *	mod_proxy_fcgi SetHandler, wrapper     /apps/s/api | /v1/me, by what exists on the disk */
#ifndef HTTP_TARGET_H
#define HTTP_TARGET_H

#include "http/request.h"

/* Fills mount, prefix, path, segments and path_ok of `r`, whose arena and env are set. Returns the
 * query in REQUEST_URI, p == NULL if there is none. */
struct str target_parse(
	struct http_request *r, const struct str *prefixes, size_t count, struct str fixed_mount);

#endif
