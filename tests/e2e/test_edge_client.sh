#!/bin/sh
# SPDX-License-Identifier: MIT
# A client that somebody else's generator makes from OpenZiti's published API description, against
# the running stack: tests/e2e/edge_client/drive.ts. Run by tests/e2e/run like the other programs,
# with the same environment; what it makes is in $BUILD/edge-client.
#
# Needs node (18 or later) and npm, and a package registry the first time; without node or npm it
# says so and counts as skipped. The lock file pins every package by its digest.
# e2e: once
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
source=$here/edge_client
BUILD=${BUILD:-$root/build}
MODE=${MODE:-release}
work=$BUILD/edge-client
demo=$BUILD/$MODE/rollcall-demo
key=$ROLLCALL_TEST_RUN/demo-key.pem

for tool in node npm; do
	if ! command -v "$tool" >/dev/null; then
		echo "test_edge_client: SKIPPED: there is no $tool; install nodejs and npm"
		exit 0
	fi
done

mkdir -p "$work"
if ! cmp -s "$source/package-lock.json" "$work/package-lock.json" || [ ! -f "$work/installed" ]; then
	rm -f "$work/installed"
	cp "$source/package.json" "$source/package-lock.json" "$work"
	(cd "$work" && npm ci --cache ../npm-cache --silent --ignore-scripts --no-audit --no-fund)
	: >"$work/installed"
fi
cd "$work"
rm -rf src js
mkdir src
cp "$source/drive.ts" src
PATH=$work/node_modules/.bin:$PATH
openapi-ts -i "$source/openziti-api-sessions.yml" -o src/client -c @hey-api/client-fetch >generate.log ||
	{
		cat generate.log >&2
		exit 1
	}
tsc --strict --skipLibCheck --esModuleInterop --target es2022 --lib es2022,dom,dom.iterable \
	--module commonjs --moduleResolution node10 --outDir js src/drive.ts

URL=$ROLLCALL_URL${ROLLCALL_TEST_BASE:-}
ROOT=$("$demo" token "$key" '{"sub":"usr_root","role":"super_admin"}')
SERVICE=$("$demo" token "$key" \
	'{"sub":"svc_login","platform_token":true,"scope":"sessions:write"}')
DESCRIPTION=$source/openziti-api-sessions.yml
export URL ROOT SERVICE DESCRIPTION
exec node js/drive.js
