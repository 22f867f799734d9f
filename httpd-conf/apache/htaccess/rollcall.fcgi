#!/bin/sh
# SPDX-License-Identifier: MIT
# What mod_fcgid starts on a shared host, where FcgidInitialEnv is not for us: sets the environment
# and becomes the program. chmod 755, and owned by the account; suEXEC refuses what others may write.
# Option file (chmod 600) and keys lie outside public_html. All settings: rollcall.fcgi --settings.

# mod_fcgid starts as many processes as it needs and gives each one request at a time.
ROLLCALL_WORKERS=1
ROLLCALL_DB_DEFAULTS=/home/alice/rollcall/my.cnf
ROLLCALL_JWKS_FILE=/home/alice/rollcall/jwks.json
export ROLLCALL_WORKERS ROLLCALL_DB_DEFAULTS ROLLCALL_JWKS_FILE

exec /home/alice/bin/rollcall.fcgi
