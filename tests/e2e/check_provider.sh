#!/bin/sh
# SPDX-License-Identifier: MIT
# An OpenID provider that others wrote signs a person in and out, and Rollcall hears of it
# (provider/drive.mjs), in a stack of its own whose settings name that provider. Run by make check-clients;
# needs BUILD and MODE as tests/e2e/run has them.
#
# Needs node (20 or later) and npm, and a package registry the first time; where one is missing it says
# so and counts as skipped. The lock file pins every package by its digest.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-$root/build}
MODE=${MODE:-release}
bin=${BIN_DIR:-$BUILD/$MODE}
stack=$root/httpd-conf/demo/stack
modules=$BUILD/provider

for tool in node npm; do
	if ! command -v "$tool" >/dev/null; then
		echo "check_provider: SKIPPED: there is no $tool; install nodejs and npm"
		exit 0
	fi
done

mkdir -p "$modules"
exec 9>"$modules/lock"
flock -w 300 9
cp "$root"/tests/e2e/provider/*.mjs "$root"/tests/e2e/provider/*.json "$root/tests/e2e/provider/.npmrc" "$modules"
if ! cmp -s "$modules/package-lock.json" "$modules/installed"; then
	(cd "$modules" && npm ci --cache ../npm-cache --prefer-offline --loglevel=error) >&2
	cp "$modules/package-lock.json" "$modules/installed"
fi
exec 9>&-

run=$(mktemp -d "${ROLLCALL_TEST_RUN:-/tmp}/own-XXXXXX")
trap '"$stack" down >/dev/null 2>&1; rm -rf "$run"' EXIT
trap 'exit 130' INT TERM HUP
port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
RUN_DIR=$run PORT=0 DATA=none BUFFER_POOL=64M WORKERS=2 WEB=lighttpd FCGI=socket MOUNT='' EXTRA='' PROTECT=
ROLLCALL_IDP_ISSUER=http://127.0.0.1:$port ROLLCALL_IDP_CLIENTS=shop
unset ROLLCALL_TEST_RECORD
export BUILD MODE RUN_DIR PORT DATA BUFFER_POOL WORKERS WEB FCGI MOUNT EXTRA PROTECT ROLLCALL_IDP_ISSUER ROLLCALL_IDP_CLIENTS
"$stack" up >"$run/up.log" 2>&1 || { cat "$run/up.log" >&2; exit 1; }
# shellcheck source=/dev/null
. "$run/env"
printf 'ROLLCALL_JWKS_FILE=%s\n' "$run/jwks.json" >"$run/settings.conf"
ADMIN=$bin/rollcall-admin DEMO=$bin/rollcall-demo KEY=$run/demo-key.pem CONFIG=$run/settings.conf JWKS=$run/jwks.json
export ADMIN DEMO KEY CONFIG JWKS ROLLCALL_URL
cd "$modules"
node drive.mjs "$port"
