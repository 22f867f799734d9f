#!/bin/sh
# SPDX-License-Identifier: MIT
# The console in a browser, against the running stack: tests/e2e/console/drive.mjs does at a desktop's
# and at a phone's size what people do. Run by tests/e2e/run like the other programs, with the same
# environment; what it makes is in $BUILD/console.
#
# Needs chromium, node (20 or later) and npm, and a package registry the first time; where one is
# missing it says so and counts as skipped. The lock file pins every package by its digest.
#   SHOTS=DIR     leaves a picture of every page there
#   PICTURES=DIR  leaves only those of README.md there, of the demonstration's data
#   SPEED=FILE    measures only, in a store that is there (make bench CASES=console)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
source=$here/console
BUILD=${BUILD:-$root/build}
work=$BUILD/console
DEMO=$BUILD/${MODE:-release}/rollcall-demo
KEY=$ROLLCALL_TEST_RUN/demo-key.pem
URL=$ROLLCALL_URL${ROLLCALL_TEST_BASE:-}
CHROMIUM=$(command -v chromium || true)

for tool in chromium node npm; do
	if ! command -v "$tool" >/dev/null; then
		echo "test_console: SKIPPED: there is no $tool; install chromium, nodejs and npm"
		exit 0
	fi
done

mkdir -p "$work"
exec 9>"$work/lock"
flock -w 300 9
cp "$source"/*.mjs "$source"/*.json "$source/.npmrc" "$work"
if ! cmp -s "$work/package-lock.json" "$work/installed"; then
	(cd "$work" && npm ci --cache ../npm-cache --prefer-offline --loglevel=error) >&2
	cp "$work/package-lock.json" "$work/installed"
fi
exec 9>&-

# The browser's own files, so that nothing of it is left in a home directory.
HOME=$(mktemp -d "$ROLLCALL_TEST_RUN/browser-XXXXXX")
trap 'rm -rf "$HOME"' EXIT
export DEMO KEY URL CHROMIUM HOME
cd "$work"
if [ -n "${PICTURES:-}" ]; then
	"$DEMO" data
	node pictures.mjs
	exit
fi
if [ -n "${SPEED:-}" ]; then
	node speed.mjs
	exit
fi
node drive.mjs
