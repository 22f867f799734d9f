#!/bin/sh
# SPDX-License-Identifier: MIT
# What mod_fcgid starts on a shared host, where an account cannot use FcgidInitialEnv: it sets the
# environment and becomes the program. chmod 755, and owned by the account: suEXEC refuses a file that
# others may write. Keep the option file (chmod 600) and the keys outside public_html. All settings:
# rollcall.fcgi --settings.

# mod_fcgid starts as many processes as it needs and gives each one request at a time.
ROLLCALL_WORKERS=1
ROLLCALL_DB_DEFAULTS=/home/alice/rollcall/my.cnf
ROLLCALL_JWKS_FILE=/home/alice/rollcall/jwks.json
export ROLLCALL_WORKERS ROLLCALL_DB_DEFAULTS ROLLCALL_JWKS_FILE

exec /home/alice/bin/rollcall.fcgi
