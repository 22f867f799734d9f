#!/bin/sh
# SPDX-License-Identifier: MIT
# Gateways that others wrote, with the configurations that httpd-conf ships: Caddy (forward_auth, and Rollcall
# itself behind its FastCGI), and Apache's mod_auth_openidc as OAuth 2.0 resource server over https. A session
# that has ended is refused at the next request. Run by tests/e2e/run, which sets ROLLCALL_URL and
# ROLLCALL_TEST_RUN.
# e2e: once
set -eu

# shellcheck source=tests/lib/script.sh
. "$(dirname "$0")/../lib/script.sh"
demo=$BUILD/$MODE/rollcall-demo
modules=${APACHE_MODULES:-/usr/lib/apache2/modules}
own_servers

token() { # CLAIMS
	"$demo" token "$ROLLCALL_TEST_RUN/demo-key.pem" "$1"
}

service=$(token '{"sub":"gate","platform_token":true,"scope":"sessions:write"}')

# Sets session and secret.
sign_in() { # ID
	session=$1-$$
	secret=$(curl -s -H "Authorization: Bearer $service" -H 'Content-Type: application/json' \
		-d "{\"tenant_id\":\"tnt_gate\",\"user_id\":\"ada\",\"id\":\"$session\"}" "$ROLLCALL_URL/api/v1/sessions" |
		sed -n 's/.*"token":"\([A-Za-z0-9_-]\{43\}\)".*/\1/p')
}

end() { # the session
	curl -s -o /dev/null -d "token=$secret" "$ROLLCALL_URL/api/v1/sessions/revoke"
}

status() { # URL CURL-ARGUMENT...; the body is in body
	url=$1
	shift
	curl -s -o "$work/body" -w '%{http_code}' "$@" "$url"
}

started() { # URL STATUS
	for _ in $(seq 1 150); do
		[ "$(status "$1")" != "$2" ] || return 0
		sleep 0.02
	done
	echo "$1: $(status "$1")" >&2
	tail "$work"/body "$work"/*.log >&2
	exit 1
}

# Caddy: an application behind the guard that shows what it is told.
caddy_port=$(free_port)
app_port=$(free_port)
sed -e "s|unix//run/rollcall/[a-z]*.sock|unix/$ROLLCALL_TEST_RUN/pool.sock|" \
	"$root/httpd-conf/caddy/rollcall.caddy" >"$work/rollcall.caddy"
cat >"$work/Caddyfile" <<-END
	{
		admin off
		auto_https off
		storage file_system $work/caddy
	}
	import $work/rollcall.caddy
	http://127.0.0.1:$app_port {
		bind 127.0.0.1
		respond "{header.X-Rollcall-User} {header.X-Rollcall-Tenant} {header.X-Rollcall-Session}"
	}
	http://127.0.0.1:$caddy_port {
		bind 127.0.0.1
		import rollcall
		handle /protected/* {
			import rollcall_guard
			reverse_proxy 127.0.0.1:$app_port
		}
	}
END
XDG_DATA_HOME=$work HOME=$work caddy run --config "$work/Caddyfile" --adapter caddyfile >"$work/caddy.log" 2>&1 &
pids="$pids $!"
caddy=http://127.0.0.1:$caddy_port
started "$caddy/protected/x" 401

sign_in caddy
expect "Caddy: nobody" 401 "$(status "$caddy/protected/x")"
expect "Caddy: a Bearer token" 200 "$(status "$caddy/protected/x" -H "Authorization: Bearer $secret")"
expect "Caddy: whose it is" "ada tnt_gate $session" "$(cat "$work/body")"
expect "Caddy: a cookie" 200 "$(status "$caddy/protected/x?a=b" -b "rollcall_session=$secret")"
expect "Caddy: a POST" 200 "$(status "$caddy/protected/x" -b "rollcall_session=$secret" -d hello=1)"
expect "Caddy: headers of a client" 200 "$(status "$caddy/protected/x" -b "rollcall_session=$secret" \
	-H 'X-Rollcall-User: eve' -H 'x-rollcall-tenant: eve' -H 'X-Rollcall-Session: eve')"
expect "Caddy: which do not count" "ada tnt_gate $session" "$(cat "$work/body")"
expect "Caddy: headers alone" 401 "$(status "$caddy/protected/x" -H 'X-Rollcall-User: eve')"
expect "Caddy: a forged token" 401 "$(status "$caddy/protected/x" -H 'Authorization: Bearer forged')"
expect "Caddy: Rollcall itself" 200 "$(status "$caddy/apps/sessions/api/v1/me/sessions" -H "Authorization: Bearer $secret")"
expect "Caddy: an id with a slash" 404 "$(status "$caddy/apps/sessions/api/v1/tenants/tnt_gate/sessions/a%2Fb" \
	-H "Authorization: Bearer $(token '{"sub":"root","role":"super_admin"}')")"
end
expect "Caddy: ended, the next request" 401 "$(status "$caddy/protected/x" -H "Authorization: Bearer $secret")"
expect "Caddy: ended, the cookie" 401 "$(status "$caddy/protected/x" -b "rollcall_session=$secret")"

# mod_auth_openidc. The same Apache puts https in front of Rollcall, as the module wants it.
port=$(free_port)
tls_port=$(free_port)
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" -days 2 -subj /CN=localhost \
	-addext 'subjectAltName=DNS:localhost' 2>/dev/null
printf 'Define ROLLCALL_INTROSPECTION_TOKEN %s\n' \
	"$(token '{"sub":"gate","platform_token":true,"scope":"sessions:introspect"}')" >"$work/introspection-token.conf"
sed -e "s|/etc/rollcall/|$work/|" -e "s|https://example.org/apps/sessions|https://localhost:$tls_port|" \
	"$root/httpd-conf/apache/rollcall-openidc.conf" >"$work/openidc.conf"
mkdir -p "$work/www/protected"
echo 'The protected page.' >"$work/www/protected/page.txt"
[ "$(id -u)" -ne 0 ] || user='User www-data
Group www-data'
cat >"$work/apache.conf" <<END
ServerRoot "$work"
DefaultRuntimeDir "$work"
PidFile "$work/httpd.pid"
Mutex pthread default
ErrorLog "$work/apache.log"
Listen 127.0.0.1:$port
Listen 127.0.0.1:$tls_port
ServerName localhost
LoadModule mpm_event_module "$modules/mod_mpm_event.so"
LoadModule authz_core_module "$modules/mod_authz_core.so"
LoadModule authn_core_module "$modules/mod_authn_core.so"
LoadModule authz_user_module "$modules/mod_authz_user.so"
LoadModule headers_module "$modules/mod_headers.so"
LoadModule mime_module "$modules/mod_mime.so"
LoadModule socache_shmcb_module "$modules/mod_socache_shmcb.so"
LoadModule ssl_module "$modules/mod_ssl.so"
LoadModule proxy_module "$modules/mod_proxy.so"
LoadModule proxy_http_module "$modules/mod_proxy_http.so"
LoadModule auth_openidc_module "$modules/mod_auth_openidc.so"
TypesConfig /dev/null
${user:-}
DocumentRoot "$work/www"
<Directory "$work/www">
	Require all granted
</Directory>
<VirtualHost 127.0.0.1:$tls_port>
	SSLEngine On
	SSLCertificateFile "$work/cert.pem"
	SSLCertificateKeyFile "$work/key.pem"
	ProxyPass "/" "$ROLLCALL_URL/"
</VirtualHost>
<VirtualHost 127.0.0.1:$port>
	OIDCCABundlePath "$work/cert.pem"
	Include "$work/openidc.conf"
</VirtualHost>
END
apache2 -D FOREGROUND -d "$work" -f "$work/apache.conf" >>"$work/apache.log" 2>&1 &
pids="$pids $!"
page=http://127.0.0.1:$port/protected/page.txt
started "$page" 401

sign_in openidc
expect "mod_auth_openidc: nobody" 401 "$(status "$page")"
expect "mod_auth_openidc: a session's token" 200 "$(status "$page" -H "Authorization: Bearer $secret")"
expect "mod_auth_openidc: the page" "The protected page." "$(cat "$work/body")"
expect "mod_auth_openidc: once more" 200 "$(status "$page" -H "Authorization: Bearer $secret")"
expect "mod_auth_openidc: a forged token" 401 "$(status "$page" -H 'Authorization: Bearer forged')"
jwt=$(token "{\"sub\":\"ada\",\"tenant_id\":\"tnt_gate\",\"sid\":\"$session\"}")
expect "mod_auth_openidc: a JWT of the session" 200 "$(status "$page" -H "Authorization: Bearer $jwt")"
end
expect "mod_auth_openidc: ended, the next request" 401 "$(status "$page" -H "Authorization: Bearer $secret")"
expect "mod_auth_openidc: ended, its JWT" 401 "$(status "$page" -H "Authorization: Bearer $jwt")"
expect "tokens in a log" 0 "$(cat "$work"/*.log | grep -cF -e "$secret" -e eyJ || true)"

totals
