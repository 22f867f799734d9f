#!/bin/sh
# SPDX-License-Identifier: MIT
# The PHP examples of httpd-conf/php, run by php's own server against the stack: signed in the page
# opens, revoked by an administrator or signed out it is closed, with the same cookie. Run by
# tests/e2e/run, which sets ROLLCALL_URL and ROLLCALL_TEST_RUN.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
demo=${BUILD:-$root/build}/${MODE:-release}/rollcall-demo
work=$(mktemp -d "$ROLLCALL_TEST_RUN/php-XXXXXX")
passed=0
failed=0
php=
trap '[ -z "$php" ] || kill "$php" 2>/dev/null; rm -rf "$work"' EXIT

token() {
	"$demo" token "$ROLLCALL_TEST_RUN/demo-key.pem" "$1"
}

expect() { # what, wanted, got
	if [ "$2" = "$3" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "$1: wanted $2, got $3" >&2
	fi
}

page() { # jar -> status
	curl -s -o "$work/body" -w '%{http_code}' -b "$1" "http://127.0.0.1:$port/page.php"
}

token '{"sub":"php","platform_token":true,"scope":"sessions:write admin:write"}' >"$work/token"
admin=$(token '{"sub":"admin","role":"super_admin"}')
export ROLLCALL_SERVICE_TOKEN_FILE="$work/token"

# A free port: php says when one is taken.
for port in 18731 18732 18733 18734 18735 18736 18737 18738; do
	php -S "127.0.0.1:$port" -t "$root/httpd-conf/php" >"$work/log" 2>&1 &
	php=$!
	until curl -s -o /dev/null "http://127.0.0.1:$port/page.php"; do
		kill -0 "$php" 2>/dev/null || break
	done
	kill -0 "$php" 2>/dev/null && break
done

expect "without a session" 401 "$(page /dev/null)"
expect "signing in" 303 "$(curl -s -o /dev/null -w '%{http_code}' -c "$work/a" -d user=ada "http://127.0.0.1:$port/login.php")"
expect "signed in" 200 "$(page "$work/a")"
expect "who it is" "Hello ada" "$(cat "$work/body")"
curl -s -o /dev/null -c "$work/b" -d user=ada "http://127.0.0.1:$port/login.php"
expect "a second device" 200 "$(page "$work/b")"

curl -s -o /dev/null -b "$work/b" "http://127.0.0.1:$port/logout.php"
expect "signed out, the old cookie" 401 "$(page "$work/b")"
expect "the first device" 200 "$(page "$work/a")"

curl -s -o /dev/null -H "Authorization: Bearer $admin" -H 'Content-Type: application/json' \
	-d '{"user_id":"ada","tenant_id":"tnt_example"}' "$ROLLCALL_URL/api/v1/admin/sessions/revoke-all"
expect "revoked by an administrator" 401 "$(page "$work/a")"
expect "nobody at all" 400 "$(curl -s -o /dev/null -w '%{http_code}' -d user= "http://127.0.0.1:$port/login.php")"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
