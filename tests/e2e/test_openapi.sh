#!/bin/sh
# SPDX-License-Identifier: MIT
# schema/openapi.yaml passes a linter, is what the program serves, and a client that is generated
# from it by somebody else's generator works. Run by tests/e2e/run, which sets ROLLCALL_URL and
# ROLLCALL_TEST_RUN. (That every answer of the suite is as described: tests/e2e/openapi/check.)
# e2e: once
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
demo=${BUILD:-$root/build}/${MODE:-release}/rollcall-demo
url=$ROLLCALL_URL${ROLLCALL_TEST_BASE:-}

tools=$("$here/openapi/prepare") || { [ $? -eq 3 ] && exit 0 || exit 1; }
work=$(mktemp -d "$ROLLCALL_TEST_RUN/openapi-XXXXXX")
trap 'rm -rf "$work"' EXIT
# Programs find their packages in the directory above them, or beside them.
ln -s "$tools/node_modules" "$work/node_modules"
cp "$tools"/*.mjs "$tools"/*.ts "$tools/tsconfig.json" "$work"
cd "$work"

token() {
	"$demo" token "$ROLLCALL_TEST_RUN/demo-key.pem" "$1"
}

curl -fsS --noproxy '*' -o served.json "$url/api/v1/openapi.json"
mount=$(printf '%s\n' "$url" | sed 's|^[a-z]*://[^/]*||')
node lint.mjs "$root/schema/openapi.yaml" served.json "$mount"

node_modules/.bin/openapi-ts --silent --no-log-file --input served.json --output client-ts --client @hey-api/client-fetch
node_modules/.bin/tsc
TENANT=tnt-openapi-$$-$(date +%s)
USER=usr-$TENANT
ROLLCALL_URL=$url
ROOT_TOKEN=$(token '{"sub":"root","role":"super_admin"}')
SERVICE_TOKEN=$(token '{"sub":"login","platform_token":true,"scope":"sessions:write"}')
USER_TOKEN=$(token "{\"sub\":\"$USER\",\"tenant_id\":\"$TENANT\"}")
export TENANT USER ROLLCALL_URL ROOT_TOKEN SERVICE_TOKEN USER_TOKEN
printf '{"type":"commonjs"}' >client-js/package.json
node client-js/client.js
