#!/bin/sh
# SPDX-License-Identifier: MIT
# Two hosts on one database: a second pool and web server beside those of the run, and calls of both at the
# same moment (tests/history/atonce.py). Run by tests/e2e/run, which sets ROLLCALL_URL and
# ROLLCALL_TEST_RUN.
# e2e: once
set -eu

exec python3 "$(dirname "$0")/../history/atonce.py"
