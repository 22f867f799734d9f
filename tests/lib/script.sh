# SPDX-License-Identifier: MIT
# What the scripts of tests/e2e and tests/package share; each sources it first. Sets variables of the script:
# root (of the tree), BUILD, MODE, stack (the program), passed and failed.
root=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-$root/build}
MODE=${MODE:-release}
stack=$root/httpd-conf/demo/stack
passed=0
failed=0

expect() { # what, wanted, got
	if [ "$2" = "$3" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf '%s: wanted %s, got %s\n' "$1" "$2" "$3" >&2
	fi
}

# The last command of a script.
totals() {
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ]
}

# Below the ports that the kernel gives to clients, as in the stack.
free_port() {
	perl -MIO::Socket::INET -e 'for (1 .. 1000) {
		my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1",
			LocalPort => 10240 + int rand 22000) or next;
		print $s->sockport;
		last;
	}'
}

# Prepares a stack of the script's own with lighttpd, two workers and empty tables; the script may change
# that before it calls "$stack" up. Sets run (the stack's directory) and work (the script's); both are
# removed at the end.
own_stack() { # NAME
	run=$(mktemp -d "${ROLLCALL_TEST_RUN:-/tmp}/own-XXXXXX")
	work=$(mktemp -d "${ROLLCALL_TEST_RUN:-/tmp}/$1-XXXXXX")
	RUN_DIR=$run PORT=0 DATA=none BUFFER_POOL=64M WORKERS=2 WEB=lighttpd FCGI=socket MOUNT='' EXTRA='' PROTECT=
	export BUILD MODE RUN_DIR PORT DATA BUFFER_POOL WORKERS WEB FCGI MOUNT EXTRA PROTECT
	trap '"$stack" down >/dev/null 2>&1; rm -rf "$run" "$work"' EXIT
	trap 'exit 130' INT TERM HUP
}

# A directory for servers that the script starts itself; their ids go into pids. Sets work. It is not below
# BUILD: root's Apache and PHP run as www-data, which has to reach it.
own_servers() {
	umask 022
	work=$(mktemp -d)
	chmod 755 "$work"
	pids=
	trap end_servers EXIT
}

end_servers() {
	for pid in $pids; do
		kill "$pid" 2>/dev/null || true
	done
	wait
	rm -rf "$work"
}
