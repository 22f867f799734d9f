#!/bin/sh
# SPDX-License-Identifier: MIT
# What the programs answer to the words of a command line, right and wrong ones. Needs no database.
# Run by tests/e2e/run; needs BUILD and MODE as that has them.
# e2e: once
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
bin=${BUILD:-$root/build}/${MODE:-release}
work=$(mktemp -d "${ROLLCALL_TEST_RUN:-/tmp}/words-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
for name in $(env | sed -n 's/^\(ROLLCALL_[A-Z0-9_]*\)=.*/\1/p'); do
	unset "$name"
done
passed=0
failed=0

answers() { # STATUS TEXT COMMAND...
	want=$1
	text=$2
	shift 2
	status=0
	env "$@" >"$work/said" 2>&1 </dev/null || status=$?
	if [ "$status" -eq "$want" ] && { [ -z "$text" ] || grep -qF -e "$text" "$work/said"; }; then
		passed=$((passed + 1))
		return
	fi
	failed=$((failed + 1))
	echo "$*: status $status, wanted $want and \"$text\"; it said:" >&2
	cat "$work/said" >&2
}

fcgi=$bin/rollcall.fcgi
answers 0 'Usage: rollcall.fcgi' "$fcgi" --help
answers 0 'rollcall ' "$fcgi" --version
answers 0 '| `ROLLCALL_WORKERS` |' "$fcgi" --settings
for word in settings version help; do
	answers 1 'rollcall.fcgi: cannot write the answer' sh -c "'$fcgi' --$word >/dev/full"
done
for words in --unknown more '--check --help' --config '--config x --version' '--config x --config y'; do
	# shellcheck disable=SC2086 # several words
	answers 2 'Usage: rollcall.fcgi' "$fcgi" $words
done
answers 2 'descriptor 0 is no listening socket' "$fcgi"
answers 1 "$work/none: No such file or directory" "$fcgi" --config "$work/none" --check
answers 1 'ROLLCALL_WORKERS is "many"; it has to be' ROLLCALL_WORKERS=many "$fcgi" --check
answers 1 'neither ROLLCALL_JWKS_FILE nor ROLLCALL_JWT_HS256_FILE is set' \
	ROLLCALL_DB_DEFAULTS="$work/none" "$fcgi" --check
for fault in ROLLCALL_JWKS_FILE="$work/none" ROLLCALL_LOG_LEVEL=loud; do
	answers 1 "${fault%%=*} is \"${fault#*=}\"; it has to be" "$fault" spawn-fcgi -n -s "$work/s" -- "$fcgi"
	rm -f "$work/s"
done

admin=$bin/rollcall-admin
answers 0 'usage: rollcall-admin' "$admin" --help
answers 2 'usage: rollcall-admin' "$admin"
answers 2 'usage: rollcall-admin' "$admin" --config /dev/null
answers 2 'usage: rollcall-admin' "$admin" nonsense
answers 2 "$work/none: No such file or directory" "$admin" --config "$work/none" stats
answers 2 'ROLLCALL_WORKERS is "many"' ROLLCALL_WORKERS=many "$admin" --config /dev/null stats
answers 1 "cannot read the option file $work/none" ROLLCALL_DB_DEFAULTS="$work/none" \
	"$admin" --config /dev/null stats
answers 2 'usage: rollcall-admin keys ' ROLLCALL_JWKS_FILE="$work/jwks.json" "$admin" --config /dev/null keys grow
answers 1 'cannot write the answer' sh -c \
	"ROLLCALL_JWKS_FILE='$work/jwks.json' '$admin' --config /dev/null keys new >/dev/full"

demo=$bin/rollcall-demo
for words in '' nonsense keys 'token x' 'data more' 'sample more'; do
	# shellcheck disable=SC2086 # several words
	answers 2 'rollcall-demo keys DIR' "$demo" $words
done
answers 0 "SUPER_ADMIN=" "$demo" sample
answers 1 'cannot be written: No such file or directory' "$demo" keys "$work/none"
answers 0 '' "$demo" keys "$work"
answers 1 'the claims are not a JSON object' "$demo" token "$work/demo-key.pem" no-json
answers 1 "cannot read the option file $work/none" ROLLCALL_DB_DEFAULTS="$work/none" "$demo" data

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
