#!/bin/sh
# SPDX-License-Identifier: MIT
# httpd-conf/demo/install-packages on a made-up root and with a made-up apt-get: nothing can be
# started while packages are installed, nothing that was not enabled is so afterwards, the host's own
# policy is back also after a failure or a run that was killed, and the sizes are said first.
# Asks nothing of the stack. Run by tests/e2e/run.
# e2e: once
set -eu

# shellcheck source=tests/lib/script.sh
. "$(dirname "$0")/../lib/script.sh"
work=$(mktemp -d "${ROLLCALL_TEST_RUN:-/tmp}/packages-XXXXXX")
trap 'rm -rf "$work"' EXIT
policy=$work/root/usr/sbin/policy-rc.d

# What Debian's packages do: ask the policy before a start, and enable all the same.
make_host() {
	rm -rf "$work/root"
	mkdir -p "$work/bin" "$work/root/usr/sbin" "$work/root/etc/systemd/system/multi-user.target.wants" \
		"$work/root/etc/apache2/mods-enabled"
	for level in 2 3 4 5; do
		mkdir "$work/root/etc/rc$level.d"
		ln -s ../init.d/ssh "$work/root/etc/rc$level.d/S01ssh"
	done
	ln -s /lib/ssh.service "$work/root/etc/systemd/system/multi-user.target.wants/ssh.service"
	ln -s ../mods-available/dir.load "$work/root/etc/apache2/mods-enabled/dir.load"
	cat >"$work/bin/apt-get" <<-'END'
		#!/bin/sh
		case "$*" in
		update*) exit 0 ;;
		*--assume-no*)
			case "$*" in *" -y "*) : >"$INSTALL_ROOT/installed-at-once" ;; esac
			echo '0 upgraded, 7 newly installed, 0 to remove and 0 not upgraded.'
			echo 'Need to get 12.3 MB of archives.'
			echo 'After this operation, 45.6 MB of additional disk space will be used.'
			exit 1
			;;
		esac
		echo "$*" >"$INSTALL_ROOT/words"
		for level in 2 3 4 5; do ln -s ../init.d/apache2 "$INSTALL_ROOT/etc/rc$level.d/S01apache2"; done
		mkdir -p "$INSTALL_ROOT/etc/systemd/system/timers.target.wants"
		ln -s /lib/a.service "$INSTALL_ROOT/etc/systemd/system/multi-user.target.wants/apache2.service"
		ln -s /lib/t.timer "$INSTALL_ROOT/etc/systemd/system/timers.target.wants/php.timer"
		ln -s ../mods-available/fcgid.load "$INSTALL_ROOT/etc/apache2/mods-enabled/fcgid.load"
		"$INSTALL_ROOT/usr/sbin/policy-rc.d" apache2 start
		echo "$?" >"$INSTALL_ROOT/policy"
		exit "${FAKE_STATUS:-0}"
	END
	chmod 755 "$work/bin/apt-get"
}

state() {
	(cd "$work/root" && find etc usr | sort)
}

install() {
	INSTALL_ROOT=$work/root PATH=$work/bin:$PATH sh "$root/httpd-conf/demo/install-packages" \
		--as-root apache2 >"$work/out" 2>&1 && echo 0 || echo "$?"
}

make_host
state >"$work/before"
expect "an installation" 0 "$(install)"
expect "a start meanwhile" 101 "$(cat "$work/root/policy")"
expect "the sizes come without an installation" "" "$(ls "$work/root/installed-at-once" 2>/dev/null || true)"
expect "no package is removed" 1 "$(grep -c -e --no-remove "$work/root/words")"
expect "what is enabled and the policy" "$(cat "$work/before")" "$(state | grep -v /K01apache2)"
expect "what is said" "With what they need: 7 newly installed.
To fetch: 12.3 MB of archives.
To store: 45.6 MB of additional disk space will be used.
Installed, but not enabled: apache2 apache2.service fcgid.load php.timer " "$(cat "$work/out")"

# A failure, on a host with a policy of its own.
make_host
echo "the host's own" >"$policy"
expect "a failing installation" 100 "$(FAKE_STATUS=100 install)"
expect "the host's policy after a failure" "the host's own" "$(cat "$policy")"
expect "what is enabled after a failure" "" \
	"$(find "$work/root/etc" -name 'S*apache2' -o -name 'fcgid*' -o -name '*.timer')"

# A run that was killed has left its policy; the next one puts things right.
make_host
INSTALL_ROOT=$work/root sh -c '. /dev/stdin' <<-END
	$(sed -n -e '/^ROOT=/,/^MARK=/p' -e '/^allow_starts()/,/^}/p' -e '/^forbid_starts()/,/^}/p' \
		"$root/httpd-conf/demo/install-packages")
	echo "the host's own" >"\$POLICY"
	forbid_starts
END
expect "a killed run's policy" 1 "$(grep -c Rollcall "$policy")"
expect "the next installation" 0 "$(install)"
expect "the host's policy after a killed run" "the host's own" "$(cat "$policy")"

# A host where an installation finds all there asks for nothing.
expect "nothing to install" "" "$(PATH=$work/bin:$PATH "$root/httpd-conf/demo/install-packages" dpkg 2>&1)"

totals
