#!/bin/sh
# SPDX-License-Identifier: MIT
# `make install` into a directory: units and settings name the places they were installed for, the
# user that the unit runs as is one that the fragment for sysusers makes, and `make uninstall` leaves
# the configuration alone. `make help` knows every target that README names. Uses the programs that
# are built; asks nothing of the stack. Run by tests/e2e/run.
# e2e: once
set -eu

# shellcheck source=tests/lib/script.sh
. "$(dirname "$0")/../lib/script.sh"
work=$(mktemp -d "${ROLLCALL_TEST_RUN:-/tmp}/install-XXXXXX")
trap 'rm -rf "$work"' EXIT

# With --old-file nothing is built: flags may be others here.
run_make() { # TARGET
	make -s -C "$root" --old-file=programs BUILD="$BUILD" MODE="$MODE" DESTDIR="$work" PREFIX=/opt/r \
		SYSCONFDIR=/srv/conf UNITDIR=/opt/r/units SYSUSERSDIR=/opt/r/sysusers "$1"
}

run_make install
service=$work/opt/r/units/rollcall.service
conf=$work/srv/conf/rollcall
expect "the unit's settings" "EnvironmentFile=-/srv/conf/rollcall/rollcall.conf" "$(grep ^EnvironmentFile "$service")"
expect "the unit's program" "ExecStart=/opt/r/bin/rollcall.fcgi" "$(grep ^ExecStart= "$service")"
expect "the settings' files" "ROLLCALL_DB_DEFAULTS=/srv/conf/rollcall/my.cnf ROLLCALL_JWKS_FILE=/srv/conf/rollcall/jwks.json " \
	"$(grep ^ROLLCALL_ "$conf/rollcall.conf" | tr '\n' ' ')"
expect "other places in units and settings" "" "$(grep -rE '/(etc|usr)/' "$conf" "$work/opt/r/units" || true)"
expect "who may read the settings" "750 640 640" \
	"$(stat -c %a "$conf" "$conf/my.cnf" "$conf/rollcall.conf" | tr '\n' ' ' | sed 's/ $//')"
expect "the Authorizer's own number of workers" "ROLLCALL_WORKERS=2" "$(grep ^ROLLCALL_ "$conf/authorizer.conf")"
# The Authorizer's unit is the other one but for its names; and its socket is what the web servers ask.
expect "the unit of the Authorizer" "$(grep -v '^[#D]' "$service")" \
	"$(sed -e '/^[#D]/d' -e '/authorizer.conf/d' -e 's/rollcall-authorizer/rollcall/' "$work/opt/r/units/rollcall-authorizer.service")"
socket=$(sed -n 's/^ListenStream=//p' "$work/opt/r/units/rollcall-authorizer.socket")
expect "who asks the Authorizer's socket" 2 "$(grep -l "$socket" "$root"/httpd-conf/*/rollcall-authorizer.conf | wc -l)"
user=$(sed -n 's/^User=//p' "$service")
expect "the user" "$user" "$(sed -n 's/^u \([^ ]*\) .*/\1/p' "$work/opt/r/sysusers/rollcall.conf")"
expect "the program" 0 "$("$work/opt/r/bin/rollcall.fcgi" --version >/dev/null; echo $?)"

echo "# mine" >"$conf/rollcall.conf"
run_make install
expect "settings that were there" "# mine" "$(cat "$conf/rollcall.conf")"
run_make uninstall >/dev/null
expect "what is left" "/srv/conf/rollcall/authorizer.conf /srv/conf/rollcall/my.cnf /srv/conf/rollcall/rollcall.conf " \
	"$(cd "$work" && find . -type f | sed 's/^\.//' | sort | tr '\n' ' ')"

# Each build has a higher version than the one of a commit before, and the release alone is the least.
version() {
	make -C "$work/tree" -pn 2>/dev/null | sed -n 's/^BUILD_VERSION := //p'
}

commit() {
	git -C "$work/tree" add -A
	git -C "$work/tree" -c user.name=t -c user.email=t@example.org commit -q --allow-empty -m t
}

if command -v git >/dev/null 2>&1; then
	mkdir "$work/tree"
	mkdir -p "$work/tree/src/server"
	cp "$root/Makefile" "$work/tree"
	cp "$root/src/server/version.h" "$work/tree/src/server"
	released=$(version)
	git -C "$work/tree" init -q
	commit
	first=$(version)
	commit
	second=$(version)
	expect "the version without a checkout" "$(sed -n 's/.*ROLLCALL_RELEASE "\(.*\)"/\1/p' \
		"$root/src/server/version.h")" "$released"
	expect "the versions of two commits" "git1 git2" \
		"$(echo "$first $second" | sed "s/$released+\\(git[0-9]*\\)\\.[0-9a-f]*/\\1/g")"
	expect "their order" 0 "$(dpkg --compare-versions "$second" gt "$first" &&
		dpkg --compare-versions "$first" gt "$released"; echo $?)"
fi

make -s -C "$root" help >"$work/help"
for target in $(grep -oE '(`|^ +)make (-s )?[a-z][a-z-]*' "$root/README.md" "$root/tests/README.md" |
	sed 's/.* //' | sort -u); do
	expect "help on make $target" 1 "$(cut -c 1-15 "$work/help" | grep -cwE -e "^ *$target *" | sed 's/[1-9][0-9]*/1/')"
done

totals
