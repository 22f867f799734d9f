#!/bin/sh
# SPDX-License-Identifier: MIT
# OAuth clients that others wrote (oauth4webapi, openid-client) introspect and revoke as they are. Run by
# tests/e2e/run, which sets ROLLCALL_URL and ROLLCALL_TEST_RUN.
# e2e: once
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
demo=${BUILD:-$root/build}/${MODE:-release}/rollcall-demo
tools=$("$here/openapi/prepare") || { [ $? -eq 3 ] && exit 0 || exit 1; }

token() {
	"$demo" token "$ROLLCALL_TEST_RUN/demo-key.pem" "{\"sub\":\"svc\",\"platform_token\":true,\"scope\":\"$1\"}"
}

exec node "$tools/oauth.mjs" "$ROLLCALL_URL${ROLLCALL_TEST_BASE:-}" "$(token sessions:introspect)" \
	"$(token sessions:write)" "tnt-oauth-$$-$(date +%s)"
