#!/bin/sh
# SPDX-License-Identifier: MIT
# What `make run` prints: requests to paste that work, and a link that opens the console signed in as the
# demonstration's administrator. In a directory of its own, on a free port. Run by
# tests/e2e/run.
# e2e: once
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d "$ROLLCALL_TEST_RUN/run-XXXXXX")
passed=0
failed=0
stack=

finish() {
	RUN_DIR=$work "$root/httpd-conf/demo/stack" down >/dev/null 2>&1 || true
	[ -z "$stack" ] || wait "$stack" || true
	rm -rf "$work"
}
trap finish EXIT

expect() { # what, wanted, got
	if [ "$2" = "$3" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "$1: wanted $2, got $3" >&2
	fi
}

env -u ROLLCALL_URL -u ROLLCALL_DB_DEFAULTS RUN_DIR="$work" PORT=0 DATA=demo PROTECT= \
	"$root/httpd-conf/demo/stack" run >"$work/said" 2>&1 &
stack=$!
until grep -q '^Ctrl-C stops everything' "$work/said"; do
	kill -0 "$stack" 2>/dev/null || { cat "$work/said" >&2; exit 1; }
	sleep 0.2
done

link=$(grep '/console/#token=' "$work/said")
token=${link#*#token=}
expect "one link" 1 "$(grep -c '/console/#token=' "$work/said")"
expect "the console" 200 "$(curl -s -o "$work/page" -w '%{http_code}' "${link%%#*}")"
expect "which is a page" 1 "$(grep -c '<script type="module"' "$work/page")"
expect "what its token opens" 200 "$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $token" \
	"${link%/console/*}/api/v1/admin/sessions/?per_page=1")"
grep '^curl ' "$work/said" >"$work/requests"
expect "requests to paste" 3 "$(grep -c . "$work/requests")"
while read -r request; do
	expect "a request to paste" '{"data":' "$(sh -c "$request" | cut -c 1-8)"
done <"$work/requests"

kill -TERM "$stack" # sh has its background ignore Ctrl-C
wait "$stack" || failed=$((failed + 1))
stack=
expect "told to end" 1 "$(grep -c '^Rollcall is down' "$work/said")"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
