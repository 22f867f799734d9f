#!/bin/sh
# SPDX-License-Identifier: MIT
# The PHP examples of httpd-conf/php, run by php's own server against the stack: signed in the page
# opens, revoked by an administrator or signed out it is closed, with the same cookie; signing out
# does not claim what did not happen; what is wrong is in PHP's log. Run by tests/e2e/run, which sets ROLLCALL_URL and ROLLCALL_TEST_RUN.
# e2e: once
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

login() { # jar -> status
	curl -s -o /dev/null -w '%{http_code}' -c "$1" -d user=ada "http://127.0.0.1:$port/login.php"
}

logout() { # jar -> status; what the page says is in body, the jar as the browser's
	curl -s -o "$work/body" -w '%{http_code}' -b "$1" -c "$1" "http://127.0.0.1:$port/logout.php"
}

good() { # the token that the header of rollcall.php asks for
	token '{"sub":"php","platform_token":true,"scope":"sessions:write admin:write"}' >"$work/token"
}

good
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
expect "revoked by an administrator" 401 "$(page "$work/a")"

# Every claim and scope is needed. What failed is not called done, and can be done again.
login "$work/c" >/dev/null
for claims in '{"sub":"php","platform_token":true,"scope":"sessions:write"}' \
	'{"sub":"php","platform_token":true,"scope":"admin:write"}' \
	'{"sub":"php","scope":"sessions:write admin:write"}' \
	'{"sub":"php","role":"nobody","platform_token":true,"scope":"sessions:write admin:write"}' \
	'{"sub":"php","platform_token":true,"scope":"sessions:write admin:write","exp":1}'; do
	token "$claims" >"$work/token"
	expect "signing out with $claims" 502 "$(logout "$work/c")"
	expect "what it says with $claims" 0 "$(grep -c 'Signed out' "$work/body")"
	good
	expect "still signed in after $claims" 200 "$(page "$work/c")"
done
for claims in '{"sub":"php","platform_token":true,"scope":"admin:write"}' \
	'{"sub":"php","scope":"sessions:write admin:write"}'; do
	token "$claims" >"$work/token"
	expect "signing in with $claims" 503 "$(login "$work/d")"
	expect "the page with $claims" 401 "$(page "$work/c")"
done
# The user sees that it failed; whoever runs the application sees in PHP's log why.
logged() { # TEXT: in how many of the latest lines
	tail -n 5 "$work/log" | grep -cF "$1"
}
token '{"sub":"php","platform_token":true,"scope":"admin:write"}' >"$work/token"
login "$work/d" >/dev/null
expect "a scope that is missing, in the log" 1 "$(logged "/api/v1/sessions answered 403: \"Not enough permissions: needs the scope sessions:write\"")"
rm "$work/token"
expect "signing in without a token" 503 "$(login "$work/d")"
expect "a token that is missing, in the log" 1 "$(logged "no token in \"$work/token\" (ROLLCALL_SERVICE_TOKEN_FILE)")"
expect "tokens in the log" 0 "$(grep -c eyJ "$work/log" || true)"
good
expect "signing out at last" 200 "$(logout "$work/c")"
expect "nobody at all" 400 "$(curl -s -o /dev/null -w '%{http_code}' -d user= "http://127.0.0.1:$port/login.php")"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
