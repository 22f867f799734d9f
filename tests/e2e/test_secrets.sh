#!/bin/sh
# SPDX-License-Identifier: MIT
# No token in clear anywhere but in the answer that made it: signs in, checks and ends sessions
# through every door of a stack of its own, with every log as talkative as it gets, then looks for
# each token in a dump of the database, in every file of the run directory and in every answer.
# Run by tests/e2e/run; needs BUILD and MODE as that has them.
# e2e: once
set -eu

# shellcheck source=tests/lib/script.sh
. "$(dirname "$0")/../lib/script.sh"
demo=$BUILD/$MODE/rollcall-demo
own_stack secrets
WORKERS=3 ROLLCALL_LOG_LEVEL=debug
export ROLLCALL_LOG_LEVEL

"$root/tests/lib/mariadb-data" "$run/data"
"$stack" up >"$work/up.log" 2>&1 || { cat "$work/up.log" >&2; exit 1; }
# shellcheck source=/dev/null
. "$run/env"
mkdir "$work/answers"

# The stack's database is for its user alone.
root_sql() {
	mariadb --no-defaults -u "$(id -un)" -S "$run/mariadb.sock" -N -e "$1" 2>/dev/null
}
[ "$(stat -c %a "$run/mariadb.sock")" = 600 ] || echo "others may connect to the database" >>"$work/open"
[ "$(root_sql 'SELECT @@secure_file_priv')" = "$run/files/" ] ||
	echo "the database may read and write files" >>"$work/open"
case $(root_sql 'SHOW CREATE USER root@localhost') in
*'IDENTIFIED VIA unix_socket') ;;
*) echo "the database's root is not known by the socket alone" >>"$work/open" ;;
esac
: >"$work/secrets"

fail() {
	failed=$((failed + 1))
	echo "$*" >&2
}

# The token goes to the list of what may be found nowhere.
token() { # CLAIMS
	t=$("$demo" token "$run/demo-key.pem" "$1")
	printf '%s\n' "$t" >>"$work/secrets"
}

answers=0
ask() { # WANTED-STATUS CURL-ARGUMENTS...
	want=$1
	shift
	answers=$((answers + 1))
	answer=$work/answers/$answers
	status=$(curl -s -D "$answer.head" -o "$answer" -w '%{http_code}' "$@")
	[ "$status" = "$want" ] || fail "answer $answers: $status, wanted $want: $(cat "$answer")"
}

api=$ROLLCALL_URL/api/v1
edge=$ROLLCALL_URL/edge/management/v1
json='Content-Type: application/json'
token '{"sub":"svc","platform_token":true,"scope":"sessions:write admin:read admin:write"}'
service=$t
token '{"sub":"root","role":"super_admin"}'
admin=$t

# Signs in; sets id and secret. The one answer that may hold the token is not kept.
sign_in() { # USER
	curl -s -o "$work/made" -H "Authorization: Bearer $service" -H "$json" "$api/sessions" \
		-d "{\"tenant_id\":\"tnt\",\"user_id\":\"$1\",\"is_admin\":true,\"id\":\"ses-$1\",
		\"user_agent\":\"curl/8\",\"tags\":{\"a\":\"b\"}}"
	secret=$(sed -n 's/.*"token":"\([A-Za-z0-9_-]*\)".*/\1/p' "$work/made")
	[ "${#secret}" -eq 43 ] || fail "no token for $1: $(cat "$work/made")"
	printf '%s\n' "$secret" >>"$work/secrets"
	rm "$work/made"
}

# Everything that takes a token, with a good one and, after the session has ended, with that one.
show_everywhere() { # STATUS-WHEN-LET-IN-OR-NOT
	token "{\"sub\":\"$user\",\"tenant_id\":\"tnt\",\"sid\":\"ses-$user\"}"
	jwt=$t
	for t in "$secret" "$jwt"; do
		ask 200 -H "Authorization: Bearer $service" --data-urlencode "token=$t" "$api/sessions/introspect"
		ask 200 -H "Authorization: Bearer $service" -H "$json" -d "{\"token\":\"$t\"}" \
			"$api/sessions/introspect"
		ask "$1" -H "Cookie: other=1; rollcall_session=$t" "$ROLLCALL_URL/authorize"
		ask "$1" -H "zt-session: $t" "$ROLLCALL_URL/authorize"
		ask "$1" -H "Authorization: Bearer $t" "$ROLLCALL_URL/authorize"
		# Where tokens are not expected, and in what is refused.
		ask 401 -H "Authorization: Bearer ${t}x" "$api/me/sessions"
		ask 401 -H "Authorization: Basic $t" "$api/me/sessions"
		ask 404 -H "Authorization: Bearer $admin" "$api/admin/sessions/no-$t-such"
		ask 404 -H "Authorization: Bearer $admin" "$api/tokens/$t"
		ask 422 -H "Authorization: Bearer $admin" "$api/admin/sessions?page=$t"
		ask 422 -H "Authorization: Bearer $service" -H "$json" -d "{\"token\":[\"$t\"" \
			"$api/sessions/introspect"
		ask 415 -H "Authorization: Bearer $service" -H 'Content-Type: text/plain' -d "$t" \
			"$api/sessions/introspect"
		ask 405 -X PUT -H "Authorization: Bearer $t" "$api/me/sessions"
	done
	ask "$1" -H "Authorization: Bearer $jwt" "$api/me/sessions"
	ask "$1" -H "zt-session: $secret" "$edge/api-sessions"
	ask "$1" -H "zt-session: $secret" "$edge/api-sessions/ses-root"
}

sign_in root
for user in ada bob; do
	sign_in "$user"
	show_everywhere 200
	ask 204 -d '' -H "Authorization: Bearer $service" "$api/sessions/ses-$user/activity"
	ask 200 -H "Authorization: Bearer $service" -H "$json" "$api/sessions" \
		-d "{\"tenant_id\":\"tnt\",\"user_id\":\"$user\",\"is_admin\":true,\"id\":\"ses-$user\",
		\"user_agent\":\"curl/8\",\"tags\":{\"a\":\"b\"}}"
	ask 409 -H "Authorization: Bearer $service" -H "$json" "$api/sessions" \
		-d "{\"tenant_id\":\"tnt\",\"user_id\":\"$user\",\"id\":\"ses-$user\"}"
	ask 200 -H "Authorization: Bearer $admin" "$api/admin/sessions"
	ask 200 -H "Authorization: Bearer $admin" "$api/admin/sessions/ses-$user"
	ask 200 -H "Authorization: Bearer $admin" "$edge/api-sessions"
	ask 200 -H "Authorization: Bearer $admin" "$edge/api-sessions/ses-$user"
	ask 204 -X DELETE -H "Authorization: Bearer $admin" "$api/admin/sessions/ses-$user"
	show_everywhere 401
	ask 200 -H "Authorization: Bearer $admin" "$api/admin/audit"
	ask 200 -H "Authorization: Bearer $admin" "$api/tenants/tnt/sessions?active_only=false"
done
ask 200 "$ROLLCALL_URL/metrics"

# The database away: that is logged too.
"$stack" db-down >>"$work/up.log" 2>&1
ask 503 -H "Authorization: Bearer $service" --data-urlencode "token=$secret" "$api/sessions/introspect"
ask 503 -H "Cookie: rollcall_session=$secret" "$ROLLCALL_URL/authorize"
"$stack" db-up >>"$work/up.log" 2>&1

mariadb-dump --defaults-file="$run/my.cnf" --skip-extended-insert rollcall >"$work/dump.sql"
mariadb-dump --defaults-file="$run/my.cnf" --hex-blob rollcall >>"$work/dump.sql"
grep -q "ses-ada" "$work/dump.sql" || fail "the dump holds no sessions"
grep -q "route=v1.sessions.introspect" "$run/pool.log" || fail "the pool's log holds no requests"

# A refused token's reason is in the log, beside the id that the client was shown.
refusal() { # TOKEN PATH
	id=$(curl -s -o /dev/null -D - -H "Authorization: Bearer $1" "$api$2" |
		sed -n 's/^[Xx]-[Rr]equest-[Ii]d: *\([^ ]*\).$/\1/p')
	grep "event=refused request=$id " "$run/pool.log" | sed 's/.*why=//'
}
token '{"sub":"a","exp":1}'
[ "$(refusal "$t" /me/sessions)" = '"token expired"' ] || fail "no reason in the log for an expired token"
expired=$t
token '{"sub":"a"}'
[ "$(refusal "${t%.*}.${expired##*.}" /me/sessions)" = '"signature not valid"' ] || fail "no reason in the log for a forged token"
case $(refusal "$t" /admin/sessions) in *'needs the role super_admin or partner_admin"') ;; *)
	fail "no reason in the log for a role that is missing" ;;
esac

# Whole tokens; the signatures of JWTs alone, which are as good as the tokens to whoever knows the
# claims; and opaque tokens as the database might show their bytes.
sed -n 's/.*\.\(.*\)/\1/p' "$work/secrets" >"$work/signatures"
grep -v '\.' "$work/secrets" | while read -r t; do
	printf '%s' "$t" | od -An -v -tx1 | tr -d ' \n'
	echo
done >"$work/hex"
cat "$work/secrets" "$work/signatures" "$work/hex" >"$work/patterns"
[ "$(grep -c . "$work/patterns")" -ge 15 ] || fail "too few tokens were made"

# To see that grep would find one.
head -n 1 "$work/secrets" >"$work/answers/probe"
grep -rqFf "$work/patterns" "$work/answers" || fail "the search finds nothing at all"
rm "$work/answers/probe"

look() { # WHAT FILES...
	what=$1
	shift
	found=$(grep -rlaiFf "$work/patterns" "$@" || true)
	if [ -z "$found" ]; then
		passed=$((passed + 1))
	else
		fail "a token is in $what: $found"
		grep -rhaioFf "$work/patterns" "$@" | cut -c 1-12 | sort | uniq -c | head -n 5 >&2
	fi
}

[ ! -e "$work/open" ] || fail "$(cat "$work/open")"
look "the dump of the database" "$work/dump.sql"
look "the pool's log" "$run/pool.log"
look "another log" "$run"/*.log
look "another file of the run directory" --exclude-dir=data --exclude=pool.log "$run"
look "the database's own files" "$run/data"
look "an answer" "$work/answers"

echo "$answers answers, $(grep -c . "$work/secrets") tokens"
totals
