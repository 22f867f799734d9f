#!/bin/sh
# SPDX-License-Identifier: MIT
# Every command that README, the man pages, --help and the comments of httpd-conf show (tests/e2e/
# commands) runs, in order, in a stack of its own: places and addresses become the stack's, sudo and
# systemctl are stand-ins, everything else is the real thing. What cannot run here says why, in a
# line of this test's output. Then the three sources of keys that README names are held to what it
# says of them. Run by tests/e2e/run; needs BUILD and MODE as that has them.
# e2e: once
set -eu

# shellcheck source=tests/lib/script.sh
. "$(dirname "$0")/../lib/script.sh"
bin=${BIN_DIR:-$BUILD/$MODE}
own_stack commands
DATA=demo
unset ROLLCALL_TEST_RECORD ROLLCALL_IDP_ISSUER ROLLCALL_IDP_CLIENTS
provider=
trap '"$stack" down >/dev/null 2>&1; kill $provider 2>/dev/null; rm -rf "$run" "$work"' EXIT

"$root/tests/lib/mariadb-data" "$run/data"
"$stack" up >"$work/up.log" 2>&1 || { cat "$work/up.log" >&2; exit 1; }
# shellcheck source=/dev/null
. "$run/env"
mkdir "$work/bin" "$work/sockets" "$work/cron.d" "$work/dest"
# An identity provider with a key of its own.
mkdir "$work/provider"
ROLLCALL_JWKS_FILE=$work/provider/keys.json "$bin/rollcall-admin" keys new >/dev/null
python3 "$root/tests/e2e/jwks/serve.py" "$work/provider" 2>"$work/provider.log" &
provider=$!
until [ -s "$work/provider/ports" ]; do
	kill -0 "$provider" || { cat "$work/provider.log" >&2; exit 1; }
	sleep 0.05
done
read -r provider_port _ <"$work/provider/ports"
cat >"$run/settings.conf" <<-END
	ROLLCALL_DB_DEFAULTS=$run/my.cnf
	ROLLCALL_JWKS_FILE=$run/jwks.json
END
printf 'id,tenant_id,user_id\nses_commands,tnt_commands,usr_commands\n' >"$work/sessions.csv"

# Stand-ins. sudo -u NAME COMMAND and install -o NAME need no other user here.
cat >"$work/bin/sudo" <<-'END'
	#!/bin/sh
	[ "$1" != -u ] || shift 2
	exec "$@"
END
cat >"$work/bin/install" <<-'END'
	#!/bin/sh
	[ "$1" != -o ] || shift 2
	exec /usr/bin/install "$@"
END
cat >"$work/bin/systemctl" <<-END
	#!/bin/sh
	case "\$*" in
	'stop rollcall.socket rollcall' | 'start rollcall.socket') exit 0 ;;
	'restart rollcall') ;;
	*) exit 1 ;;
	esac
	set -a
	. "$run/settings.conf"
	exec "$stack" pool-up
END
cat >"$work/bin/make" <<-END
	#!/bin/sh
	case "\$*" in
	"-s token CLAIMS="*) exec "$bin/rollcall-demo" token "$run/demo-key.pem" "\${3#CLAIMS=}" ;;
	install) exec /usr/bin/make -s -C "$root" --old-file=programs BUILD="$BUILD" DESTDIR="$work/dest" install ;;
	esac
	exit 1
END
# An answer of 400 and above is a failure.
cat >"$work/bin/curl" <<-'END'
	#!/bin/sh
	case " $* " in *' -f '* | *' --fail'*) ;; *) set -- --fail-with-body "$@" ;; esac
	exec /usr/bin/curl --noproxy '*' -s "$@"
END
chmod 755 "$work"/bin/*
PATH=$work/bin:$bin:$PATH
export PATH

local_places() {
	sed -e "s|/etc/rollcall/rollcall.conf|$run/settings.conf|g" -e "s|/etc/rollcall/|$run/|g" \
		-e "s|/etc/rollcall-|$run/php-|g" -e "s|/etc/cron.d|$work/cron.d|g" \
		-e "s|/run/rollcall/|$work/sockets/|g; s|/run/rollcall.sock|$work/sockets/help.sock|g" \
		-e "s|/usr/local/bin|$bin|g; s|/usr/share/doc/rollcall|$root/httpd-conf|g; s|/usr/share/rollcall/schema|$root/schema|g" \
		-e "s|/var/tmp/|$work/|g; s|http://127.0.0.1:8080|$ROLLCALL_URL|g" \
		-e "s|http://localhost/apps/sessions|$ROLLCALL_URL|g" \
		-e "s|https://id.example.org|http://127.0.0.1:$provider_port|g" \
		-e "s|KEY-FILE|$run/hs256.key|g; s|^php hs256|php $root/httpd-conf/php/hs256|" \
		-e "s|-p 9123|-p $pool_port|; s|rollcall-admin migrate\$|& --schema $root/schema|" \
		-e 's/^[0-9*]* [0-9*]* \* \* \* [a-z]* //' -e 's/^rollcall-admin /rollcall-admin --config '"$(quoted)"' /' \
		-e 's/^sudo rollcall-admin /&--config '"$(quoted)"' /; s/(sudo rollcall-admin /&--config '"$(quoted)"' /' \
		-e 's/^sudo -u rollcall rollcall-admin /&--config '"$(quoted)"' /' \
		-e "s/^sudo mariadb\\(-dump\\)\\{0,1\\} /&--no-defaults -u $(id -un) -S $(quoted mariadb.sock) /" \
		-e "s|^$bin/rollcall-admin |&--config $run/settings.conf |"
}

quoted() { # [FILE]
	printf '%s' "$run/${1:-settings.conf}" | sed 's|/|\\/|g'
}

# Why a command is not run here; nothing for one that is.
reason() { # COMMAND
	case $1 in
	'make up' | 'make down') echo 'this stack is up' ;;
	'make run' | 'make test') echo 'this suite is what it runs' ;;
	'make portable') echo 'test_portable.sh runs it' ;;
	'make deb '*) echo 'builds and installs a package on the host' ;;
	*http://localhost/protected/* | *'/var/www/html/protected'*) echo 'tests/package/bare runs it' ;;
	'apt install '* | 'sudo apt install '*) echo 'installs packages on the host' ;;
	*a2enmod* | *a2enconf*) echo 'changes the web server of the host' ;;
	*'CREATE DATABASE'*) echo 'needs the database server of the host' ;;
	*systemd-sysusers* | *'chgrp -R rollcall'*) echo 'makes a user on the host' ;;
	*'systemctl daemon-reload'* | *'systemctl enable'* | *rollcall-authorizer.socket.d*) echo 'changes the services of the host' ;;
	*'-G www-data'*) [ "$(id -u)" -eq 0 ] && getent group www-data >/dev/null || echo 'needs root and the group www-data' ;;
	esac
}

pool_port=$(free_port)
cd "$work"
"$root/tests/e2e/commands" >list
expect "commands are found" yes "$([ "$(wc -l <list)" -ge 40 ] && echo yes)"

# All in one shell, as somebody does who pastes them: what one sets, the next has.
STACK_RUN_DIR=$run
export STACK_RUN_DIR
{
	echo 'unset ROLLCALL_DB_DEFAULTS ROLLCALL_JWKS_FILE'
	tab=$(printf '\t')
	while IFS=$tab read -r where command; do
		why=$(reason "$command")
		if [ -n "$why" ]; then
			printf 'not run: %s: %s (%s)\n' "$where" "$command" "$why" >&3
			continue
		fi
		case $command in
		# A second reader begins here, with no key.
		*'keys new'*) echo "rm -f '$run/signing-key.pem'" ;;
		# A pool of the example before may be on that socket.
		*spawn-fcgi*) echo "rm -f '$work'/sockets/*" ;;
		esac
		printf '{ %s\n} >out 2>&1 && echo 0 >>results || { echo "%s: status $?" >>results; cat out >&2; }\n' \
			"$(printf '%s\n' "$command" | local_places)" "$where"
		case $command in
		*hs256.php*) echo 'cp out php.token' ;;
		*'keys new'*) echo 'sleep 1.1' ;; # the service looks at the file once a second
		esac
	done <list
} 3>&1 >script
: >results
sh script || echo "the shell ended with $?" >>results
expect "commands that fail" "" "$(grep -v '^0$' results || true)"
expect "commands that were run" yes "$([ "$(grep -c '^0$' results)" -ge 30 ] && echo yes)"

# The three sources of keys, as README says of them.
status() { # TOKEN PATH [BODY]
	/usr/bin/curl -s --noproxy '*' -o body -w '%{http_code}' -H "Authorization: Bearer $1" \
		-H 'Content-Type: application/json' ${3:+-d "$3"} "$ROLLCALL_URL$2"
}

until_status() { # WANTED TOKEN PATH [BODY]; keys are looked at once a second
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
		got=$(shift; status "$@")
		[ "$got" != "$1" ] || break
		sleep 0.2
	done
	printf '%s' "$got"
}

admin() {
	rollcall-admin --config "$run/settings.conf" "$@"
}

body='{"tenant_id":"tnt_keys","user_id":"usr_keys"}'
expect "the file of the service token" 400 "$(stat -c %a "$run/php-php.token")"
expect "a service token of one's own key" 201 "$(until_status 201 "$(cat "$run/php-php.token")" /api/v1/sessions "$body")"
expect "a service token of PHP" 201 "$(until_status 201 "$(cat php.token)" /api/v1/sessions "$body")"
expect "a scope that it has not" 403 "$(status "$(cat php.token)" /api/v1/admin/sessions/)"
# An application that reads its key as text gets the same one, with any line end.
printf '%s \r\n' "$(cat "$run/hs256.key")" >crlf.key
expect "a line end of another system" 201 "$(until_status 201 "$(php "$root/httpd-conf/php/hs256.php" crlf.key \
	'{"sub":"shop","platform_token":true,"scope":"sessions:write"}')" /api/v1/sessions "$body")"

# Rotation: the former key's tokens live until it is dropped.
old=$(admin token --claims '{"sub":"a","role":"super_admin"}' --expires 1h)
admin keys rotate >rotated
new=$(admin token --claims '{"sub":"a","role":"super_admin"}' --expires 1h)
former=$(printf '%s' "$old" | cut -d . -f 1 | tr '_-' '/+' | { cat; echo ==; } | base64 -di 2>/dev/null | sed 's/.*"kid":"\([^"]*\)".*/\1/')
expect "a token of the new key" 200 "$(until_status 200 "$new" /api/v1/admin/sessions/)"
expect "a token of the former key" 200 "$(status "$old" /api/v1/admin/sessions/)"
expect "the former key in the list" 1 "$(admin keys list | grep -c "^$former ")"
admin keys drop "$former" >/dev/null
expect "a token of the dropped key" 401 "$(until_status 401 "$old" /api/v1/admin/sessions/)"
expect "a token of the key that stays" 200 "$(status "$new" /api/v1/admin/sessions/)"

# The provider's keys are beside one's own, and stay when the provider is away.
theirs=$(admin token --key provider/signing-key.pem --claims '{"sub":"a","role":"super_admin"}' --expires 1h)
expect "a token of the provider" 200 "$(until_status 200 "$theirs" /api/v1/admin/sessions/)"
expect "a token of one's own key beside it" 200 "$(status "$new" /api/v1/admin/sessions/)"
both=$(admin keys list | sort)
mv provider/keys.json provider/away.json
expect "the provider is away" failed "$(admin jwks >/dev/null 2>&1 || echo failed)"
expect "the keys then" "$both" "$(admin keys list | sort)"

# Nothing is to be warned of but what is wrong.
admin keys rotate >/dev/null
expect "a token that is good" "" "$(admin token --claims '{"sub":"a"}' --expires 1h 2>&1 >/dev/null)"
expect "a token by a key that the service does not know" 1 "$(admin token --key crlf.key --claims '{"sub":"a"}' \
	--expires 1h 2>&1 >/dev/null | grep -c 'its group or others have access')"
openssl rand -base64 48 >other.key
chmod 600 other.key
expect "a token that the service refuses" 1 "$(admin token --key other.key --claims '{"sub":"a"}' \
	--expires 1h 2>&1 >/dev/null | grep -c 'refuses this token: signature not valid')"

totals
