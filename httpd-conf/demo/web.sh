# shellcheck shell=sh disable=SC2034,SC2153,SC2154 # stack and this file share their variables
# SPDX-License-Identifier: MIT
# The web servers of httpd-conf/demo/stack, which sources this file and owns every variable here.
# Each consists of a template beside this file and of the configurations in httpd-conf that people
# include. Nothing but paths, port and mount point is replaced, so the tests test what is shipped.
#
# The surprise: Apache refuses to serve as root. Started by root it runs as www-data, which needs
# access to the run directory; everything secret in there stays root's.

WEBS="lighttpd apache-fcgid apache-htaccess apache-proxy nginx"
APACHE_MODULES=${APACHE_MODULES:-/usr/lib/apache2/modules}
SIGNIN_URL=https://login.example.org/sign-in
WEB_USER=
case $WEB in
apache-*) [ "$(id -u)" -ne 0 ] || WEB_USER=www-data ;;
esac

# The paths that a shipped configuration names become ours.
localised() { # FILE
	sed -e "s|/etc/rollcall/my.cnf|$SERVING|" -e "s|/home/alice/rollcall/my.cnf|$SERVING|" \
		-e "s|/run/rollcall/[a-z]*.sock|$RUN_DIR/pool.sock|" -e "s|/etc/rollcall/|$RUN_DIR/|" \
		-e "s|/usr/local/bin|$BIN_DIR|" -e "s|/home/alice/rollcall/|$RUN_DIR/|" \
		-e "s|/home/alice/bin/|$BIN_DIR/|" -e "s|/apps/sessions\([\"/(]\)|$MOUNT\1|" \
		-e "s|\(\"ROLLCALL_WORKERS\" => \)\"4\"|\1\"$WORKERS\"|" \
		-e "s|\(ProcessesPerClass\) 4|\1 $WORKERS|" "$root/httpd-conf/$1"
}

filled() { # TEMPLATE PORT
	sed -e "s|@RUN_DIR@|$RUN_DIR|" -e "s|@PORT@|$2|" -e "s|@WEB@|$WEB|" \
		-e "s|@MODULES@|$APACHE_MODULES|" -e "s|@USER@|$(web_user_line)|" "$here/$1"
}

web_user_line() {
	case $WEB in
	nginx) [ "$(id -u)" -ne 0 ] || printf 'user root;' ;;
	*) [ -z "$WEB_USER" ] || printf 'User %s\\nGroup %s' "$WEB_USER" "$WEB_USER" ;;
	esac
}

# NAME=value lines: what the caller set for the program, EXTRA last.
own_settings() {
	env | grep '^ROLLCALL_' |
		grep -v '^ROLLCALL_\(WORKERS\|DB_DEFAULTS\|JWKS_FILE\|URL\|TEST_.*\)=' || true
	for word in $EXTRA; do
		printf '%s\n' "$word"
	done
}

# The application that is protected: a page, and a program that shows what it is told of the user.
write_app_files() {
	mkdir -p "$RUN_DIR/www/protected"
	printf 'The protected page.\n' >"$RUN_DIR/www/protected/page.txt"
	cat >"$RUN_DIR/www/protected/show.cgi" <<-'END'
		#!/bin/sh
		cat >/dev/null
		printf 'Content-Type: text/plain\n\n'
		env | grep -i rollcall
	END
	chmod 755 "$RUN_DIR/www/protected/show.cgi"
	rm -rf "$RUN_DIR/www/browser"
	cp -R "$RUN_DIR/www/protected" "$RUN_DIR/www/browser"
}

# /browser is /protected with a pool that knows a sign-in page.
write_lighttpd_app() {
	localised lighttpd/rollcall-authorizer.conf | sed "s|/var/www/html|$RUN_DIR/www|"
	localised lighttpd/rollcall-authorizer.conf | sed -e "s|/var/www/html|$RUN_DIR/www|" \
		-e 's|/protected|/browser|' -e '/^server.modules/d' \
		-e "s|\"socket\" => .*|\"host\" => \"127.0.0.1\", \"port\" => $signin_port,|"
	cat <<-END
		server.modules += ( "mod_cgi" )
		\$HTTP["url"] =~ "^/(protected|browser)/" {
			cgi.assign = ( ".cgi" => "" )
		}
	END
}

write_apache_app() {
	localised apache/rollcall-authorizer.conf | sed "s|:9123|:$authorizer_port|"
	localised apache/rollcall-authorizer.conf | sed -e "s|:9123|:$signin_port|" \
		-e 's|/protected|/browser|' -e 's/ Rollcall / RollcallSignIn /' \
		-e 's/Require Rollcall/&SignIn/'
	cat <<-END
		<Directory "$RUN_DIR/www">
			<Files "show.cgi">
				SetHandler cgi-script
				Options +ExecCGI
			</Files>
		</Directory>
	END
}

write_apache_app_host() {
	for place in protected browser; do
		cat <<-END
			ProxyPass "/$place" !
			Alias "/$place" "$RUN_DIR/www/$place"
			<Directory "$RUN_DIR/www/$place">
				RewriteEngine Off
			</Directory>
		END
	done
}

write_nginx_app_host() {
	localised nginx/rollcall-authorizer.conf |
		sed "s|http://127.0.0.1:3000|http://unix:$RUN_DIR/app.sock:|"
	localised nginx/rollcall-authorizer.conf | sed -e '1,/^}/d' -e 's|/protected/|/browser/|' \
		-e "s|http://127.0.0.1:3000|http://unix:$RUN_DIR/app.sock:|" \
		-e "s|# error_page 401 .*|error_page 401 =302 $SIGNIN_URL;|"
}

# In place of an application that speaks HTTP.
write_nginx_app() {
	cat <<-END
		server {
			listen unix:$RUN_DIR/app.sock;
			location ~ page.txt {
				return 200 "The protected page.\n";
			}
			location / {
				return 200 "ROLLCALL_SESSION=\$http_x_rollcall_session
		ROLLCALL_USER=\$http_x_rollcall_user
		ROLLCALL_TENANT=\$http_x_rollcall_tenant
		";
			}
		}
	END
}

write_app() {
	: >"$RUN_DIR/app.conf"
	: >"$RUN_DIR/app-host.conf"
	[ -n "$PROTECT" ] || return 0
	write_app_files
	case $WEB in
	lighttpd) write_lighttpd_app >"$RUN_DIR/app.conf" ;;
	apache-*)
		write_apache_app >"$RUN_DIR/app.conf"
		write_apache_app_host >"$RUN_DIR/app-host.conf"
		;;
	nginx)
		rm -f "$RUN_DIR/app.sock"
		write_nginx_app >"$RUN_DIR/app.conf"
		write_nginx_app_host >"$RUN_DIR/app-host.conf"
		;;
	esac
}

write_htaccess() {
	mkdir -p "$RUN_DIR/www$MOUNT"
	localised apache/htaccess/.htaccess >"$RUN_DIR/www$MOUNT/.htaccess"
	own_settings | sed -e "s/'/'\\\\''/g" -e "s/=/='/" -e "s/^/export /" -e "s/\$/'/" >"$RUN_DIR/own"
	localised apache/htaccess/rollcall.fcgi | sed "/^export/r $RUN_DIR/own" \
		>"$RUN_DIR/www$MOUNT/rollcall.fcgi"
	rm "$RUN_DIR/own"
	chmod 755 "$RUN_DIR/www$MOUNT/rollcall.fcgi"
	: >"$RUN_DIR/rollcall.conf"
}

write_fcgid() {
	localised "apache/rollcall-fcgid${MOUNT:+-subpath}.conf" >"$RUN_DIR/rollcall.conf"
	own_settings | sed -e 's/[\\"]/\\&/g' -e 's/=/ "/' -e 's/^/FcgidInitialEnv /' -e 's/$/"/' \
		>>"$RUN_DIR/rollcall.conf"
}

# Lets www-data through to what it has to serve, and to nothing else.
open_to_web_user() {
	[ -n "$WEB_USER" ] || return 0
	chmod -R a+rX "$RUN_DIR/www"
	chgrp "$WEB_USER" "$SERVING" "$RUN_DIR/jwks.json"
	chmod g+r "$SERVING" "$RUN_DIR/jwks.json"
	setpriv --reuid="$WEB_USER" --regid="$WEB_USER" --clear-groups sh -c \
		"test -r '$RUN_DIR/www' && test -x '$BIN_DIR/rollcall.fcgi'" ||
		die "Apache runs as $WEB_USER, which cannot reach $RUN_DIR or $BIN_DIR;" \
			"use another BUILD, or another user than root"
}

write_web_conf() { # PORT
	rm -rf "$RUN_DIR/www"
	mkdir -p "$RUN_DIR/www"
	write_app
	case $WEB in
	lighttpd)
		filled lighttpd.conf.in "$1" >"$RUN_DIR/lighttpd.conf"
		localised "lighttpd/rollcall-$FCGI${MOUNT:+-subpath}.conf" >"$RUN_DIR/rollcall.conf"
		;;
	nginx)
		mkdir -p "$RUN_DIR/nginx.tmp"
		filled nginx.conf.in "$1" >"$RUN_DIR/nginx.conf"
		printf 'include /etc/nginx/fastcgi_params;\n' >"$RUN_DIR/fastcgi_params"
		localised "nginx/rollcall${MOUNT:+-subpath}.conf" >"$RUN_DIR/rollcall.conf"
		;;
	apache-*)
		filled apache.conf.in "$1" >"$RUN_DIR/apache.conf"
		case $WEB in
		*-proxy) localised "apache/rollcall-proxy${MOUNT:+-subpath}.conf" >"$RUN_DIR/rollcall.conf" ;;
		*-fcgid) write_fcgid ;;
		*-htaccess) write_htaccess ;;
		esac
		open_to_web_user
		;;
	esac
}

# Pools besides the one on the socket, for the page behind the Authorizer.
start_app_pools() {
	[ -n "$PROTECT" ] || return 0
	for pool in authorizer signin; do
		stop "$pool" 15
	done
	case $WEB in
	apache-*) tcp_pool_start authorizer "$authorizer_port" ;;
	esac
	[ "$WEB" = nginx ] || tcp_pool_start signin "$signin_port" "ROLLCALL_LOGIN_URL=$SIGNIN_URL"
}

web_process_start() {
	# shellcheck disable=SC2086 # words by definition
	case $WEB in
	lighttpd) start "$WEB" env $EXTRA lighttpd -D -f "$RUN_DIR/lighttpd.conf" ;;
	# In the run directory: by that a process that hides its environment is known.
	nginx) start "$WEB" env -C "$RUN_DIR" nginx -p "$RUN_DIR" -c nginx.conf ;;
	apache-*) start "$WEB" apache2 -D FOREGROUND -d "$RUN_DIR" -f "$RUN_DIR/apache.conf" ;;
	esac
}
