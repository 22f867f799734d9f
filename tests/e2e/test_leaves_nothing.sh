#!/bin/sh
# SPDX-License-Identifier: MIT
# What README promises of `make up` and `make down`: all of it is below the build directory. A stack
# of its own goes up, answers and goes down, with a home and a directory for temporary files of its
# own: both stay empty, no process, socket or port is left, and neither the checkout nor the host's
# configuration has changed. Run by tests/e2e/run; needs BUILD and MODE as that has them.
# e2e: once
set -eu

# shellcheck source=tests/lib/script.sh
. "$(dirname "$0")/../lib/script.sh"
own_stack leaves
PROTECT=yes HOME=$work/home TMPDIR=$work/tmp
export HOME TMPDIR
mkdir "$HOME" "$TMPDIR"

checkout() {
	find "$root" -path "$BUILD" -prune -o -path "$root/build*" -prune -o -path "$root/.git" -prune -o \
		-printf '%p %s %m\n' | sort
}

# What listens below our directory, and at our ports.
listening() {
	grep -F "$run" /proc/net/unix | awk '{ print $NF }'
	for port in $ports; do
		grep -i "$(printf '0100007F:%04X 00000000:0000 0A' "$port")" /proc/net/tcp
	done
}

processes() {
	grep -lzxF "STACK_RUN_DIR=$run" /proc/[0-9]*/environ 2>/dev/null || true
}

checkout >"$work/checkout.before"
: >"$work/stamp"
"$stack" up >"$work/up.log" 2>&1 || { cat "$work/up.log" >&2; exit 1; }
# shellcheck source=/dev/null
. "$run/env"
ports="${ROLLCALL_URL##*:} $(sed -n 's/.*"port" => \([0-9]*\).*/\1/p' "$run/app.conf")"
expect "an answer" 200 "$(curl -s -o /dev/null -w '%{http_code}' --noproxy '*' "$ROLLCALL_URL/readyz")"
# Web server, its second pool, and the sockets of pool and database (which counts once a connection).
expect "ports and sockets while it is up" yes "$([ "$(listening | sort -u | wc -l)" -ge 4 ] && echo yes)"
expect "processes while it is up" yes "$([ -n "$(processes)" ] && echo yes)"
"$stack" down >"$work/down.log" 2>&1 || { cat "$work/down.log" >&2; exit 1; }

expect "the home directory" "" "$(ls -A "$HOME")"
expect "temporary files" "" "$(ls -A "$TMPDIR")"
expect "processes" "" "$(processes)"
expect "ports and sockets" "" "$(listening || true)"
checkout >"$work/checkout.after"
expect "the checkout" "" "$(diff "$work/checkout.before" "$work/checkout.after" || true)"
expect "the host's configuration" "" "$(find /etc/rollcall /etc/mysql /etc/lighttpd /etc/apache2 \
	/etc/nginx /usr/local /var/www /var/lib/mysql /run/rollcall /run/mysqld -xdev -newer "$work/stamp" ! -type d 2>/dev/null || true)"

totals
