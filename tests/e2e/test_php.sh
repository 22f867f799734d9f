#!/bin/sh
# SPDX-License-Identifier: MIT
# The pages of httpd-conf/php/pages, run by php's own server against the stack: signed in the page opens,
# ended by an administrator or signed out it is closed, with the same cookie; signing out needs no scope;
# when Rollcall cannot be asked the page is 503, and PHP's log says why. Run by tests/e2e/run, which sets
# ROLLCALL_URL and ROLLCALL_TEST_RUN.
# e2e: once
set -eu

# shellcheck source=tests/lib/script.sh
. "$(dirname "$0")/../lib/script.sh"
demo=$BUILD/$MODE/rollcall-demo
work=$(mktemp -d "$ROLLCALL_TEST_RUN/php-XXXXXX")
php=
trap '[ -z "$php" ] || kill "$php" 2>/dev/null; rm -rf "$work"' EXIT

token() {
	"$demo" token "$ROLLCALL_TEST_RUN/demo-key.pem" "$1"
}

page() { # jar -> status
	curl -s -o "$work/body" -w '%{http_code}' -b "$1" "http://127.0.0.1:$port/page.php"
}

login() { # jar [cookies to send] -> status
	curl -s -o /dev/null -w '%{http_code}' -b "${2:-/dev/null}" -c "$1" -d user=ada "http://127.0.0.1:$port/login.php"
}

logout() { # jar -> status; what the page says is in body, the jar as the browser's
	curl -s -o "$work/body" -w '%{http_code}' -b "$1" -c "$1" "http://127.0.0.1:$port/logout.php"
}

good() { # the scopes that the README asks for
	token '{"sub":"php","platform_token":true,"scope":"sessions:write sessions:introspect"}' >"$work/token"
}

logged() { # TEXT: in how many of the latest lines
	tail -n 5 "$work/log" | grep -cF "$1"
}

start() { # with ROLLCALL_URL; a free port: php says when one is taken
	[ -z "$php" ] || kill "$php"
	for port in 18731 18732 18733 18734 18735 18736 18737 18738; do
		php -S "127.0.0.1:$port" -t "$root/httpd-conf/php/pages" >"$work/log" 2>&1 &
		php=$!
		until curl -s -o /dev/null "http://127.0.0.1:$port/page.php"; do
			kill -0 "$php" 2>/dev/null || break
		done
		kill -0 "$php" 2>/dev/null && break
	done
}

good
admin=$(token '{"sub":"admin","role":"super_admin"}')
export ROLLCALL_SERVICE_TOKEN_FILE="$work/token"
start

expect "without a session" 401 "$(page /dev/null)"
expect "signing in" 303 "$(login "$work/a")"
expect "signed in" 200 "$(page "$work/a")"
expect "who it is" "Hello ada" "$(cat "$work/body")"
expect "a cookie that scripts do not see" 1 "$(grep -c '^#HttpOnly_.*rollcall_session' "$work/a")"
login "$work/b" >/dev/null
expect "a second device" 200 "$(page "$work/b")"

cp "$work/b" "$work/kept"
expect "signing out" 200 "$(logout "$work/b")"
expect "signing out, what it says" "Signed out." "$(cat "$work/body")"
expect "signed out, the cookie is gone" 0 "$(grep -c rollcall_session "$work/b")"
expect "signed out, the old cookie" 401 "$(page "$work/kept")"
expect "signing out once more" 200 "$(logout "$work/kept")"
expect "signing out without a session" 200 "$(logout /dev/null)"
expect "the first device" 200 "$(page "$work/a")"

curl -s -o /dev/null -H "Authorization: Bearer $admin" -H 'Content-Type: application/json' \
	-d '{"user_id":"ada","tenant_id":"tnt_example"}' "$ROLLCALL_URL/api/v1/admin/sessions/revoke-all"
expect "ended by an administrator" 401 "$(page "$work/a")"

# Signing in again in the same browser ends what was there.
login "$work/c" >/dev/null
login "$work/d" "$work/c" >/dev/null
expect "signed in again" 200 "$(page "$work/d")"
expect "the session from before" 401 "$(page "$work/c")"

# The token of the session is the right to end it, whatever the service token may do.
for claims in '{"sub":"php"}' '{"sub":"php","platform_token":true,"scope":"sessions:write","exp":1}'; do
	login "$work/c" >/dev/null
	cp "$work/c" "$work/kept"
	token "$claims" >"$work/token"
	expect "signing out with $claims" 200 "$(logout "$work/c")"
	good
	expect "signed out with $claims" 401 "$(page "$work/kept")"
done

# What is missing: not "Please sign in", and the log says what it is.
for claims in '{"sub":"php","platform_token":true,"scope":"admin:write"}' \
	'{"sub":"php","scope":"sessions:write sessions:introspect"}' \
	'{"sub":"php","role":"nobody","platform_token":true}' \
	'{"sub":"php","platform_token":true,"scope":"sessions:write sessions:introspect","exp":1}'; do
	token "$claims" >"$work/token"
	expect "signing in with $claims" 503 "$(login "$work/c")"
	expect "the page with $claims" 503 "$(page "$work/d")"
	expect "what it says with $claims" 0 "$(grep -c 'sign in' "$work/body")"
done
token '{"sub":"php","platform_token":true,"scope":"admin:write"}' >"$work/token"
login "$work/c" >/dev/null
expect "a scope that is missing, in the log" 1 \
	"$(logged '/api/v1/sessions answered 403: Not enough permissions: needs the scope sessions:write')"
rm "$work/token"
expect "the page without a token" 503 "$(page "$work/d")"
expect "a token that is missing, in the log" 1 "$(logged "no token in \"$work/token\" (ROLLCALL_SERVICE_TOKEN_FILE)")"
expect "tokens in the log" 0 "$(grep -cE "eyJ|$(awk '/rollcall_session/ { print $NF }' "$work/d")" "$work/log" || true)"
good
expect "the page again" 200 "$(page "$work/d")"
expect "nobody at all" 400 "$(curl -s -o /dev/null -w '%{http_code}' -d user= "http://127.0.0.1:$port/login.php")"

# Every call of the kit's client, as this server answers it.
token '{"sub":"php","platform_token":true,"scope":"sessions:write admin:read admin:write"}' >"$work/token"
expect "the calls of the client" "" "$(php "$root/tests/e2e/php/calls.php" 2>&1)"
good

# Nobody answers there.
ROLLCALL_URL=http://127.0.0.1:1 start
expect "the page, with nobody to ask" 503 "$(page "$work/d")"
expect "nobody to ask, in the log" 1 "$(logged 'no answer from http://127.0.0.1:1 (ROLLCALL_URL)')"
expect "signing out, with nobody to ask" 503 "$(cp "$work/d" "$work/kept"; logout "$work/kept")"
expect "what it says, with nobody to ask" 0 "$(grep -c 'Signed out' "$work/body")"
expect "the cookie stays, with nobody to ask" 1 "$(grep -c rollcall_session "$work/kept")"
(unset ROLLCALL_URL; php "$root/httpd-conf/php/pages/page.php" 2>&1) >"$work/body"
expect "a URL that is missing" 1 "$(grep -c 'Rollcall: ROLLCALL_URL is not set' "$work/body")"

totals
