#!/bin/sh
# SPDX-License-Identifier: MIT
# What `make portable` makes runs where there is nothing but the C library: as the root of a file
# system that has that and the directory alone, the programs make keys, sign, verify, and try a
# database; and outside, a stack of its own answers with no library from elsewhere. Run by
# tests/e2e/run; needs BUILD and MODE as that has them. Uses the programs that are built.
# e2e: once
set -eu

# shellcheck source=tests/lib/script.sh
. "$(dirname "$0")/../lib/script.sh"
if [ "$MODE" = asan ]; then
	echo "test_portable: SKIPPED: the sanitizers' libraries are not meant to be carried"
	exit 0
fi
own_stack portable

make -s -C "$root" --old-file=programs BUILD="$BUILD" MODE="$MODE" PORTABLE="$work/root/rollcall" portable-tree >"$work/said"
carried=$work/root/rollcall
expect "what is said" 1 "$(grep -c 'for hosts with glibc 2\.[0-9]* or later$' "$work/said")"

# The C library and its loader, where the programs ask for them.
libc=$(ldd "$carried/rollcall.fcgi" | awk '$3 ~ /\/libc\.so/ { print $3 }')
loader=$(ldd "$carried/rollcall.fcgi" | awk '$1 ~ /ld-linux/ { print $1 }')
mkdir -p "$work/root$(dirname "$libc")" "$work/root$(dirname "$loader")" "$work/root/tmp" "$work/root/dev"
for library in libc libm libdl librt libpthread libresolv; do
	cp -L "$(dirname "$libc")/$library".so.[0-9] "$work/root$(dirname "$libc")"
done
cp -L "$loader" "$work/root$loader"

# Root of that tree, by whatever means this user has. The loader finds $ORIGIN by way of /proc.
mkdir "$work/root/proc"
as_user=
[ "$(id -u)" -eq 0 ] || as_user=-r
alone() {
	# shellcheck disable=SC2086 # a word or none
	unshare $as_user -m -p -f --mount-proc="$work/root/proc" env -i PATH="$PATH" chroot "$work/root" "$@"
}

if alone /rollcall/rollcall.fcgi --version >"$work/out" 2>&1; then
	expect "the version" 1 "$(grep -c '^rollcall [0-9]' "$work/out")"
	printf 'ROLLCALL_JWKS_FILE=/tmp/jwks.json\nROLLCALL_DB_DEFAULTS=/tmp/my.cnf\n' >"$work/root/tmp/conf"
	printf '[client]\nhost=127.0.0.1\nport=1\ndatabase=rollcall\n' >"$work/root/tmp/my.cnf"
	chmod 600 "$work/root/tmp/my.cnf"
	expect "a key" 0 "$(alone /rollcall/rollcall-admin --config /tmp/conf keys new >/dev/null 2>&1; echo $?)"
	# Signed by OpenSSL, verified by cjose: a warning would say that it is refused.
	alone /rollcall/rollcall-admin --config /tmp/conf token --claims '{"sub":"a"}' --expires 1h \
		>"$work/token" 2>"$work/warning"
	expect "a token" 2 "$(tr -cd . <"$work/token" | wc -c)"
	expect "a warning of the token" "" "$(cat "$work/warning")"
	alone /rollcall/rollcall.fcgi --config /tmp/conf --check >"$work/check" 2>/dev/null || true
	expect "the keys in --check" 1 "$(grep -c '^keys: 1 can be used' "$work/check")"
	expect "the database in --check" 1 "$(grep -c "^database: .*2002 .*127.0.0.1" "$work/check")"
elif grep -q '^unshare' "$work/out"; then
	echo "test_portable: in part SKIPPED: this user may make no other root"
else
	expect "a root with nothing else" "" "$(cat "$work/out")"
fi

# Outside, with a database and a web server.
cp "$BUILD/$MODE/rollcall-demo" "$carried"
BIN_DIR=$carried
export BIN_DIR
"$stack" up >"$work/up.log" 2>&1 || { cat "$work/up.log" >&2; exit 1; }
# shellcheck source=/dev/null
. "$run/env"
expect "readyz" 200 "$(curl -s -o /dev/null -w '%{http_code}' --noproxy '*' "$ROLLCALL_URL/readyz")"
libraries() {
	sed -n 's|.* \(/.*\.so[.0-9]*\)$|\1|p' "/proc/$(cat "$run/pool.pid")/maps" | sort -u
}
expect "libraries of its own" yes "$([ "$(libraries | grep -c "^$carried/lib/")" -ge 6 ] && echo yes)"
expect "libraries from elsewhere" "" "$(libraries | grep -v "^$carried/lib/" |
	grep -vE '/((libc|libm|libdl|librt|libpthread|libresolv|libnss_[a-z]*)\.so|ld-linux)' || true)"

totals
