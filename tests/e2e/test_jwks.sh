#!/bin/sh
# SPDX-License-Identifier: MIT
# rollcall-admin jwks against a provider that goes wrong in every way (jwks/serve.py): what is written,
# and that after every failure the file is, byte for byte, what it was. Asks nothing of the stack. Run
# by tests/e2e/run.
# e2e: once
set -eu

# shellcheck source=tests/lib/script.sh
. "$(dirname "$0")/../lib/script.sh"
admin=$BUILD/$MODE/rollcall-admin
work=$(mktemp -d "${ROLLCALL_TEST_RUN:-/tmp}/jwks-XXXXXX")
server=
watcher=
finish() {
	for pid in $server $watcher; do kill "$pid" 2>/dev/null || true; done
	rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP
unset ROLLCALL_JWT_ISSUER ROLLCALL_IDP_ISSUER https_proxy HTTPS_PROXY ALL_PROXY all_proxy

# Two authorities: the provider's and another one.
for name in ca other; do
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$name" \
		-keyout "$work/$name.key" -out "$work/$name.pem" 2>/dev/null
done
certify() { # NAME HOST
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$2" \
		-keyout "$work/$1.key" -out "$work/$1.csr" 2>/dev/null
	printf 'subjectAltName=DNS:%s\n' "$2" >"$work/ext"
	openssl x509 -req -in "$work/$1.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 2 \
		-extfile "$work/ext" -out "$work/$1.pem" 2>/dev/null
}
certify provider localhost

# Keys of the provider: one that verifies, and one that encrypts.
provider_keys() { # FILE
	ROLLCALL_JWKS_FILE=$1 "$admin" keys new >/dev/null
	rm "$(dirname "$1")/signing-key.pem"
	sed -i 's/"rollcall":"own",//; s/^]}$/,{"kty":"RSA","use":"enc","alg":"RSA-OAEP","n":"AQAB","e":"AQAB","kid":"enc"}]}/' "$1"
}
mkdir "$work/served"
provider_keys "$work/served/first.json"
provider_keys "$work/served/second.json"
cp "$work/served/first.json" "$work/served/keys.json"
first=$(sed -n 's/.*"kid":"\([^"]*\)".*RS256.*/\1/p; s/.*RS256.*"kid":"\([^"]*\)".*/\1/p' "$work/served/first.json")
second=$(sed -n 's/.*RS256.*"kid":"\([^"]*\)".*/\1/p' "$work/served/second.json")

python3 "$root/tests/e2e/jwks/serve.py" "$work/served" "$work/provider.pem" "$work/provider.key" 2>"$work/server.log" &
server=$!
until [ -s "$work/served/ports" ]; do
	kill -0 "$server" || { cat "$work/server.log" >&2; exit 1; }
	sleep 0.05
done
read -r http https <"$work/served/ports"
secure=https://localhost:$https
plain=http://127.0.0.1:$http

mkdir -m 755 "$work/etc"
export ROLLCALL_JWKS_FILE="$work/etc/jwks.json"
run() { # ARGUMENT...; prints the status
	"$admin" jwks "$@" >"$work/out" 2>"$work/err" && echo 0 || echo "$?"
}
fetch() {
	run --ca-file "$work/ca.pem" "$@"
}
kids() {
	"$admin" keys list 2>/dev/null | cut -d ' ' -f 1 | tr '\n' ' '
}

# What is written
expect "discovery" 0 "$(fetch --issuer "$secure")"
expect "what is said" "$work/etc/jwks.json: 1 key of $secure/keys" "$(cat "$work/out")"
expect "what is left out" 1 "$(grep -c 'a key is left out: not for verifying signatures' "$work/err")"
expect "the keys" "$first " "$(kids)"
expect "the mode" 644 "$(stat -c %a "$work/etc/jwks.json")"
expect "private members, encryption" "" "$(grep -oE '"(d|p|q|k)":|"enc"' "$work/etc/jwks.json" || true)"
expect "nothing is left beside it" jwks.json "$(ls "$work/etc")"
before=$(stat -c %i "$work/etc/jwks.json")
touch -d '2 hours ago' "$work/etc/jwks.json"
expect "the same keys again" 0 "$(fetch --issuer "$secure")"
expect "what is said of them" "$work/etc/jwks.json: 1 key, as before" "$(cat "$work/out")"
expect "the file of the same keys" "$before" "$(stat -c %i "$work/etc/jwks.json")"
expect "its time" yes "$([ $(($(date +%s) - $(stat -c %Y "$work/etc/jwks.json"))) -lt 60 ] && echo yes)"
cp "$work/served/second.json" "$work/served/keys.json"
expect "other keys" 0 "$(fetch --url "$secure/keys")"
expect "the other keys" "$second " "$(kids)"
expect "three redirections" 0 "$(fetch --url "$secure/r1")"
expect "plain HTTP of this host" 0 "$(run --issuer "$plain")"
expect "plain HTTP of this host by name" 0 "$(run --url "http://localhost:$http/keys")"
expect "plain HTTP to HTTPS" 0 "$(fetch --url "$plain/to-https")"
expect "an issuer with a slash at its end" 0 "$(fetch --issuer "$secure/slash/")"
expect "the setting's issuer" 0 "$(ROLLCALL_IDP_ISSUER=$secure fetch)"
expect "the issuer of tokens" 0 "$(ROLLCALL_JWT_ISSUER=$secure fetch)"

# One's own keys stay.
"$admin" keys new >/dev/null 2>&1
own=$(kids | tr ' ' '\n' | grep -v -e "$second" -e '^$')
cp "$work/served/first.json" "$work/served/keys.json"
expect "keys beside one's own" 0 "$(fetch --issuer "$secure")"
expect "what is said with one's own" "$work/etc/jwks.json: 1 key of $secure/keys, beside your own" "$(cat "$work/out")"
expect "both" "$own $first " "$(kids)"

# What is refused. The file is what it was.
cp -p "$work/etc/jwks.json" "$work/before"
refused() { # what, a part of the message, ARGUMENT...
	name=$1
	message=$2
	shift 2
	expect "$name" 1 "$(run "$@")"
	grep -qF "$message" "$work/err" || expect "$name, what is said" "$message" "$(cat "$work/err")"
	cmp -s "$work/before" "$work/etc/jwks.json" || expect "$name, the file" "as before" "another"
	[ "$(stat -c %Y "$work/before")" = "$(stat -c %Y "$work/etc/jwks.json")" ] || expect "$name, its time" "as before" "another"
}
ca="--ca-file $work/ca.pem"
# shellcheck disable=SC2086 # two words
{
	refused "no authority that is known" "certificate" --issuer "$secure"
	refused "another authority" "certificate" --ca-file "$work/other.pem" --issuer "$secure"
	refused "no such authority's file" "ca-file-that-is-not" --ca-file "$work/ca-file-that-is-not" --issuer "$secure"
	refused "another host's certificate" "127.0.0.1" $ca --url "https://127.0.0.1:$https/keys"
	refused "plain HTTP of another host" "has to begin with https://" --url http://192.0.2.1/keys
	refused "plain HTTP of a host named alike" "has to begin with https://" --url http://localhost.example/keys
	refused "plain HTTP behind a user name" "user name" --url http://localhost@192.0.2.1/keys
	refused "a user name" "user name" --url "https://user@localhost:$https/keys"
	refused "another scheme" "has to begin with https://" --url "file://$work/served/keys.json"
	refused "no URL" "has to begin with https://" --url keys
	refused "a redirection to plain HTTP" "" $ca --url "$secure/to-http"
	refused "a redirection from plain to plain HTTP" "" --url "$plain/to-http"
	refused "a redirection to a file" "" $ca --url "$secure/to-file"
	refused "redirections without end" "redirects" $ca --url "$secure/loop"
	refused "404" "status 404" $ca --url "$secure/nowhere"
	refused "more than 256 KiB" "larger than 256 KiB" $ca --url "$secure/huge"
	refused "more than 256 KiB, not announced" "larger than 256 KiB" $ca --url "$secure/huge-without-length"
	refused "an answer cut short" "" $ca --url "$secure/cut-short"
	refused "nobody there" "connect" --url http://127.0.0.1:1/keys
	refused "no name" "resolve" $ca --url https://nowhere.invalid/keys
	refused "another issuer" 'is of the issuer "https://other.example"' $ca --issuer "$secure/mistaken"
	refused "an issuer without its slash" "to the last character" $ca --issuer "$secure/slash"
	refused "keys over plain HTTP" "has to begin with https://" $ca --issuer "$secure/to-plain"
	refused "no jwks_uri" "names no jwks_uri" $ca --issuer "$secure/no-uri"
	refused "a jwks_uri that is no text" "names no jwks_uri" $ca --issuer "$secure/uri-is-no-text"
	refused "a document that is no object" "no JSON object" $ca --issuer "$secure/no-object"
	refused "half a document" "no JSON object" $ca --issuer "$secure/half"
	refused "no document" "status 404" $ca --issuer "$secure/nowhere"
	refused "an issuer with a query" "no ?" $ca --issuer "$secure?tenant=a"
	refused "nobody named" "says whose keys"

	printf '{"keys":[{"kty":"oct","k":"c2VjcmV0","kid":"s"}]}' >"$work/served/keys.json"
	refused "a secret key alone" "no key that can be used" $ca --issuer "$secure"
	printf '{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}' >"$work/served/keys.json"
	refused "a short key alone" "no key that can be used (RSA key under 2048 bits)" $ca --issuer "$secure"
	printf '{"keys":[{"kty":"EC","crv":"P-256","x":"AQAB","y":"AQAB"}]}' >"$work/served/keys.json"
	refused "no point of the curve" "no key that can be used" $ca --issuer "$secure"
	printf '{"keys":[]}' >"$work/served/keys.json"
	refused "no key" "lists no key" $ca --issuer "$secure"
	printf '<html></html>' >"$work/served/keys.json"
	refused "no JSON" "is no JWK set" $ca --issuer "$secure"
	cp "$work/served/first.json" "$work/served/keys.json"
}
expect "nothing is left after failures" "jwks.json signing-key.pem " "$(ls "$work/etc" | tr '\n' ' ')"

# A file that is something else is not written over, nor is a directory that others may write to used.
printf 'precious\n' >"$work/etc/precious"
expect "another file" 1 "$(ROLLCALL_JWKS_FILE=$work/etc/precious fetch --issuer "$secure")"
expect "what it holds" precious "$(cat "$work/etc/precious")"
expect "no directory" 1 "$(ROLLCALL_JWKS_FILE=$work/none/jwks.json fetch --issuer "$secure")"
expect "no file is set" 1 "$(ROLLCALL_JWKS_FILE='' fetch --issuer "$secure")"
expect "two sources" 2 "$(fetch --issuer "$secure" --url "$secure/keys")"
expect "a wrong number" 2 "$(fetch --issuer "$secure" --watch 0)"

# --watch goes on after a failure.
printf '<html></html>' >"$work/served/keys.json"
"$admin" jwks --ca-file "$work/ca.pem" --issuer "$secure" --watch 1 >"$work/watched" 2>"$work/watch.err" &
watcher=$!
tries=0
until [ -s "$work/watch.err" ] || [ "$tries" -gt 100 ]; do
	tries=$((tries + 1))
	sleep 0.05
done
cp "$work/served/second.json" "$work/served/keys.new"
mv "$work/served/keys.new" "$work/served/keys.json"
until [ -s "$work/watched" ] || [ "$tries" -gt 200 ]; do
	tries=$((tries + 1))
	sleep 0.05
done
expect "a failure while watching" 1 "$(grep -c 'is no JWK set' "$work/watch.err")"
expect "the next one" "$own $second " "$(kids)"

# A reader sees whole files only, however often two write.
write_often() {
	while [ -e "$work/watched" ]; do
		"$admin" jwks --url "$plain/keys" >/dev/null 2>&1 || true
	done
}
write_often &
one=$!
write_often &
two=$!
for i in 1 2 3 4 5 6 7 8; do
	cp "$work/served/first.json" "$work/served/keys.new"
	[ $((i % 2)) -eq 0 ] || cp "$work/served/second.json" "$work/served/keys.new"
	mv "$work/served/keys.new" "$work/served/keys.json"
	python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$work/etc/jwks.json" || expect "a whole file" yes no
done
rm "$work/watched"
wait "$one" "$two"

totals
