#!/bin/sh
# SPDX-License-Identifier: MIT
# The demonstration of httpd-conf/php/demo as a shared host runs it: Apache, PHP-FPM, its .htaccess; with PHP's
# own session files, with redis, with memcached, and with a driver of an application's own (php/pdo.php). A device ends another, whose PHP session is destroyed at the
# driver; signing out needs no scope; without an answer of Rollcall the pages are 503, or go on for the
# seconds that the policy says. The remembered time is moved where it is stored; nobody waits for it.
# Run by tests/e2e/run, which sets ROLLCALL_URL and ROLLCALL_TEST_RUN.
# e2e: once
set -eu

# shellcheck source=tests/lib/script.sh
. "$(dirname "$0")/../lib/script.sh"
demo=$BUILD/$MODE/rollcall-demo
stack="env RUN_DIR=$ROLLCALL_TEST_RUN DATA=none $root/httpd-conf/demo/stack"
modules=${APACHE_MODULES:-/usr/lib/apache2/modules}
fpm=$(command -v php-fpm || find /usr/sbin -name 'php-fpm*' | head -n 1)
own_servers
pdo=sqlite:$work/sessions/php.db
me=ada$$

service_token() { # CLAIMS
	"$demo" token "$ROLLCALL_TEST_RUN/demo-key.pem" "$1" >"$work/token.new"
	chmod 644 "$work/token.new" # whoever runs PHP
	mv "$work/token.new" "$work/token"
}

good() {
	service_token '{"sub":"demo","platform_token":true,"scope":"sessions:write"}'
}

# The host.

as_user=
[ "$(id -u)" -ne 0 ] || as_user=yes

write_host() {
	mkdir -p "$work/www" "$work/sessions"
	[ -z "$as_user" ] || chown www-data "$work/sessions"
	cp -R "$root/httpd-conf/php/src" "$work/www"
	for place in files redis memcached pdo fixed; do
		cp -R "$root/httpd-conf/php/demo" "$work/www/$place"
	done
	cp "$root/tests/e2e/php/pdo.php" "$work/www/pdo"
	sed -i -e "s|new SessionHandler()|new PdoSessions('$pdo')|" -e "s|^const TENANT|require __DIR__ . '/pdo.php';\n&|" \
		"$work/www/pdo/app.php"
	settings ''
	cat >"$work/apache.conf" <<-END
		ServerRoot "$work"
		DefaultRuntimeDir "$work"
		PidFile "$work/httpd.pid"
		Mutex pthread default
		ErrorLog "$work/apache.log"
		CustomLog "$work/access.log" "%r %{Referer}i"
		Listen 127.0.0.1:$port
		ServerName 127.0.0.1
		LoadModule mpm_event_module "$modules/mod_mpm_event.so"
		LoadModule authz_core_module "$modules/mod_authz_core.so"
		LoadModule dir_module "$modules/mod_dir.so"
		LoadModule env_module "$modules/mod_env.so"
		LoadModule mime_module "$modules/mod_mime.so"
		LoadModule proxy_module "$modules/mod_proxy.so"
		LoadModule proxy_fcgi_module "$modules/mod_proxy_fcgi.so"
		TypesConfig /dev/null
		${as_user:+User www-data}
		${as_user:+Group www-data}
		DocumentRoot "$work/www"
		<Directory "$work/www">
			AllowOverride AuthConfig FileInfo
			Require all granted
		</Directory>
		<Directory "$work/www/files">
			<FilesMatch "\.php\$">
				SetHandler "proxy:unix:$work/files.sock|fcgi://files"
			</FilesMatch>
		</Directory>
		<Directory "$work/www/memcached">
			<FilesMatch "\.php\$">
				SetHandler "proxy:unix:$work/memcached-fpm.sock|fcgi://memcached"
			</FilesMatch>
		</Directory>
		<Directory "$work/www/pdo">
			<FilesMatch "\.php\$">
				SetHandler "proxy:unix:$work/pdo.sock|fcgi://pdo"
			</FilesMatch>
		</Directory>
		<Directory "$work/www/fixed">
			<FilesMatch "\.php\$">
				SetHandler "proxy:unix:$work/fixed.sock|fcgi://fixed"
			</FilesMatch>
		</Directory>
		<Directory "$work/www/redis">
			<FilesMatch "\.php\$">
				SetHandler "proxy:unix:$work/redis-fpm.sock|fcgi://redis"
			</FilesMatch>
		</Directory>
	END
	cat >"$work/fpm.conf" <<-END
		[global]
		error_log = $work/fpm.log
		daemonize = no
		[files]
		listen = $work/files.sock
		php_value[session.save_handler] = files
		php_value[session.save_path] = $work/sessions
		$(pool_lines)
		[redis]
		listen = $work/redis-fpm.sock
		php_value[session.save_handler] = redis
		php_value[session.save_path] = unix://$work/redis.sock
		$(pool_lines)
		[memcached]
		listen = $work/memcached-fpm.sock
		php_value[session.save_handler] = memcached
		php_value[session.save_path] = $work/sessions/memcached.sock
		$(pool_lines)
		[pdo]
		listen = $work/pdo.sock
		$(pool_lines)
		[fixed]
		listen = $work/fixed.sock
		php_admin_value[session.save_handler] = redis
		php_admin_value[session.save_path] = unix://$work/redis.sock
		$(pool_lines)
	END
}

pool_lines() {
	cat <<-END
		pm = static
		pm.max_children = 4
		catch_workers_output = yes
		php_admin_value[display_errors] = 0
		php_admin_value[log_errors] = 1
		${as_user:+user = www-data}
		${as_user:+group = www-data}
		${as_user:+listen.owner = www-data}
	END
}

settings() { # SECONDS to go on without an answer, or nothing; the host reads .htaccess at each request
	for place in files redis memcached pdo fixed; do
		sed -e "s|https://example.org/apps/sessions|$ROLLCALL_URL|" -e "s|/home/alice/rollcall.token|$work/token|" \
			-e 's|^# \(SetEnv ROLLCALL_DEMO_PASSWORD\) .*|\1 open-sesame|' \
			-e "${1:+s|^# \\(SetEnv ROLLCALL_ALLOW_SECONDS\\) .*|\\1 $1|}" \
			"$root/httpd-conf/php/demo/.htaccess" >"$work/www/$place/.htaccess"
	done
}

start_host() {
	redis-server --port 0 --unixsocket "$work/redis.sock" --unixsocketperm 777 --save '' --dir "$work" \
		--appendonly no >"$work/redis.log" 2>&1 &
	pids="$pids $!"
	memcached -s "$work/sessions/memcached.sock" -a 777 ${as_user:+-u www-data} >"$work/memcached.log" 2>&1 &
	pids="$pids $!"
	"$fpm" --nodaemonize --force-stderr ${as_user:+--allow-to-run-as-root} -y "$work/fpm.conf" >>"$work/fpm.log" 2>&1 &
	pids="$pids $!"
	apache2 -D FOREGROUND -d "$work" -f "$work/apache.conf" >>"$work/apache.log" 2>&1 &
	pids="$pids $!"
	for _ in $(seq 1 500); do
		[ "$(curl -s -o /dev/null -w '%{http_code}' "$base/files/signin.php")" = 200 ] &&
			[ "$(curl -s -o /dev/null -w '%{http_code}' "$base/redis/signin.php")" = 200 ] &&
			[ "$(curl -s -o /dev/null -w '%{http_code}' "$base/memcached/signin.php")" = 200 ] && return
		sleep 0.02
	done
	tail "$work"/*.log >&2
	exit 1
}

# A browser. A jar is a device; the page's text is in body.

get() { # JAR PAGE -> status
	curl -s -o "$work/body" -w '%{http_code}' -A "$1 Firefox/130.0" -b "$work/$1" -c "$work/$1" "$base/$driver/$2"
}

post() { # JAR PAGE FIELD... -> status; sends the secret of the page's form
	jar=$1
	page=$2
	shift 2
	get "$jar" "$page" >/dev/null
	secret=$(sed -n 's/.*name="form" value="\([0-9a-f]*\)".*/\1/p' "$work/body" | head -n 1)
	send "$jar" "$page" -d "form=$secret" "$@"
}

send() { # JAR PAGE CURL-ARGUMENT...
	jar=$1
	page=$2
	shift 2
	curl -s -o "$work/body" -w '%{http_code}' -A "$jar Firefox/130.0" -b "$work/$jar" -c "$work/$jar" "$@" "$base/$driver/$page"
}

sign_in() { # JAR [USER] -> status
	rm -f "$work/$1"
	post "$1" signin.php -d "user=${2:-$me}" -d password=open-sesame
}

id_of() { # JAR
	awk '$6 == "PHPSESSID" { print $7 }' "$work/$1"
}

# What the driver stores.

stored() { # ID -> the session, or nothing
	case $driver in
	files) cat "$work/sessions/sess_$1" 2>/dev/null || true ;;
	redis) redis-cli -s "$work/redis.sock" --raw GET "PHPREDIS_SESSION:$1" ;;
	memcached) php "$root/tests/e2e/php/stored.php" memcached "$work/sessions/memcached.sock" "$1" ;;
	pdo) php "$root/tests/e2e/php/stored.php" pdo "$pdo" "$1" ;;
	esac
}

is_stored() { # ID
	[ -n "$(stored "$1")" ] && echo yes || echo no
}

move_back() { # ID SECONDS: Rollcall's last good answer is that much older
	seen=$(stored "$1" | sed -n 's/.*"seen":\([0-9]*\).*/\1/p' | head -n 1)
	stored "$1" | sed "s/\"seen\":$seen/\"seen\":$((seen - $2))/" >"$work/moved"
	case $driver in
	files) cat "$work/moved" >"$work/sessions/sess_$1" ;;
	redis) printf %s "$(cat "$work/moved")" | redis-cli -s "$work/redis.sock" -x SET "PHPREDIS_SESSION:$1" >/dev/null ;;
	memcached) php "$root/tests/e2e/php/stored.php" memcached "$work/sessions/memcached.sock" "$1" - <"$work/moved" ;;
	pdo) php "$root/tests/e2e/php/stored.php" pdo "$pdo" "$1" - <"$work/moved" ;;
	esac
}

# A web server that lost its pool looks for it again after a second.
until_ready() {
	for _ in $(seq 1 300); do
		[ "$(curl -s -o /dev/null -w '%{http_code}' "$ROLLCALL_URL/readyz")" != 200 ] || return 0
		sleep 0.02
	done
}

claims() { # for one driver
	good
	settings ''
	expect "$driver: without a session" 303 "$(get nobody page.php)"
	expect "$driver: a wrong password" 403 "$(rm -f "$work/x"; post x signin.php -d "user=$me" -d password=guess)"
	expect "$driver: a form of another site" 403 "$(send x signin.php -d "user=$me" -d password=open-sesame)"
	expect "$driver: signing in" 303 "$(sign_in a)"
	expect "$driver: signed in" 200 "$(get a page.php)"
	expect "$driver: who it is" 1 "$(grep -c "Hello $me, this is visit 1" "$work/body")"
	get a page.php >/dev/null
	expect "$driver: PHP's own data" 1 "$(grep -c 'this is visit 2' "$work/body")"
	expect "$driver: the cookie is for the server only" 1 "$(grep -c '^#HttpOnly_.*PHPSESSID' "$work/a")"

	# An id that somebody else knows: a chosen one is not taken, and signing in gives another.
	rm -f "$work/x"
	send x signin.php -b PHPSESSID=chosenchosenchosenchosenchosen00 >/dev/null
	expect "$driver: a chosen id" no "$([ "$(id_of x)" = chosenchosenchosenchosenchosen00 ] && echo yes || echo no)"
	known=$(id_of x)
	post x signin.php -d "user=$me" -d password=open-sesame >/dev/null
	expect "$driver: signed in with another id" no "$([ "$(id_of x)" = "$known" ] && echo yes || echo no)"
	expect "$driver: the known id is gone" no "$(is_stored "$known")"
	post x signout.php >/dev/null

	# Device A ends device B.
	sign_in b >/dev/null
	sign_in bob bob >/dev/null
	expect "$driver: device B" 200 "$(get b page.php)"
	get a devices.php >/dev/null
	expect "$driver: two devices, one of them this" "2 1" "$(grep -c '<li>' "$work/body") $(grep -c 'this device' "$work/body")"
	other=$(sed -n 's/.*name="id" value="\([^"]*\)".*/\1/p' "$work/body")
	expect "$driver: bob cannot end it" 404 "$(post bob devices.php -d "id=$other")"
	expect "$driver: another site cannot end it" 403 "$(send a devices.php -d "id=$other")"
	expect "$driver: device B still" 200 "$(get b page.php)"
	expect "$driver: A ends B" 303 "$(post a devices.php -d "id=$other")"
	was=$(id_of b)
	cp "$work/b" "$work/kept"
	expect "$driver: stored until its next request" yes "$(is_stored "$was")"
	expect "$driver: B's next request" 303 "$(get b page.php)"
	expect "$driver: destroyed at the driver" no "$(is_stored "$was")"
	expect "$driver: another id for B" no "$([ "$(id_of b)" = "$was" ] && echo yes || echo no)"
	expect "$driver: B's old cookie" 303 "$(get kept devices.php)"
	expect "$driver: A is signed in" 200 "$(get a page.php)"
	expect "$driver: bob is signed in" 200 "$(get bob page.php)"
	sign_in b >/dev/null
	expect "$driver: A ends all others" 303 "$(post a devices.php -d end=others)"
	expect "$driver: B again" 303 "$(get b page.php)"

	# Ten requests of one PHP session at once.
	cp "$work/a" "$work/many"
	for i in 1 2 3 4 5 6 7 8 9 10; do
		curl -s -o /dev/null -w '%{http_code}\n' -b "$work/many" "$base/$driver/page.php" >"$work/at-once-$i" &
		eval "at_once_$i=\$!"
	done
	for i in 1 2 3 4 5 6 7 8 9 10; do
		eval "wait \$at_once_$i"
	done
	expect "$driver: ten at once" 10 "$(cat "$work"/at-once-* | grep -c 200)"
	expect "$driver: and one after them" 200 "$(get a page.php)"

	# The token of the session is the right to end it: the service token has no scope at all.
	was=$(id_of a)
	cp "$work/a" "$work/kept"
	service_token '{"sub":"demo"}'
	expect "$driver: a page without the scope" 503 "$(get kept page.php)"
	expect "$driver: the scope is in the log" yes "$(grep -q 'answered 403: .*sessions:introspect' "$work/fpm.log" && echo yes)"
	expect "$driver: signing out by a link" 200 "$(get a signout.php)"
	expect "$driver: which does not sign out" yes "$(is_stored "$was")"
	expect "$driver: signing out without a scope" 200 "$(post a signout.php)"
	expect "$driver: signed out at the driver" no "$(is_stored "$was")"
	good
	expect "$driver: signed out" 303 "$(get kept page.php)"

	# Nobody answers.
	sign_in a >/dev/null
	settings 60
	sign_in b >/dev/null
	settings ''
	$stack pool-down >/dev/null
	was=$(id_of a)
	expect "$driver: nobody answers" 503 "$(get a page.php)"
	expect "$driver: nobody answers, what it says" 0 "$(grep -ci 'sign in' "$work/body" || true)"
	expect "$driver: nobody answers, the session is kept" yes "$(is_stored "$was")"
	expect "$driver: nobody answers, signing in" 503 "$(sign_in c)"
	expect "$driver: nobody answers, signing out" 503 "$(post a signout.php)"
	expect "$driver: nobody answers, it is in the log" yes "$(grep -q 'Rollcall: POST /api/v1/sessions/introspect answered 503' "$work/fpm.log" && echo yes)"
	settings 60
	expect "$driver: allowed for 60 seconds" 200 "$(get b page.php)"
	move_back "$(id_of b)" 50
	expect "$driver: 50 seconds later" 200 "$(get b page.php)"
	move_back "$(id_of b)" 11
	expect "$driver: 61 seconds later" 503 "$(get b page.php)"
	$stack pool-up >/dev/null
	until_ready
	expect "$driver: an answer again" 200 "$(get b page.php)"
	expect "$driver: for the other, too" 200 "$(get a page.php)"
	expect "$driver: signing out at last" 200 "$(post a signout.php)"
	settings ''
	expect "$driver: what pages share is no page" 403 "$(get a app.php)"
	stored "$(id_of b)" | sed -n 's/.*"token":"\([^"]*\)".*/\1/p' >>"$work/secrets"
	id_of b >>"$work/secrets"
	post b signout.php >/dev/null
}

port=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport')
base=http://127.0.0.1:$port
good
write_host
start_host
for driver in files redis memcached pdo; do
	claims
done
# A host that leaves the application no choice of its handler: an error, not a session that nobody ends.
driver=fixed
get x signin.php >/dev/null
expect "a fixed handler" 500 "$(get x signin.php)"
expect "a fixed handler, in the log" yes "$(grep -q 'session.save_handler is set with php_admin_value' "$work/fpm.log" && echo yes)"
expect "secrets were found to look for" 8 "$(grep -c . "$work/secrets")"
expect "secrets in a log" 0 "$(cat "$work"/*.log "$ROLLCALL_TEST_RUN"/*.log | grep -cF -e eyJ -f "$work/secrets" || true)"
expect "errors of PHP" "" "$(grep -hE 'PHP (Fatal|Warning|Notice|Deprecated)' "$work"/*.log | grep -v php_admin_value | head -n 3)"

totals
