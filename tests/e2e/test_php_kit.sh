#!/bin/sh
# SPDX-License-Identifier: MIT
# The PHP kit by itself: its classes in the PHP of the command line (php/test_kit.php), every file for PHP's
# own check and strict_types, and composer.json for Composer's. Asks nothing of the stack.
# e2e: once
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d "${ROLLCALL_TEST_RUN:-/tmp}/kit-XXXXXX")
trap 'rm -rf "$work"' EXIT
status=0

for file in $(find "$root/httpd-conf/php" "$root/tests/e2e/php" -name '*.php'); do
	php -l "$file" >"$work/lint" 2>&1 || { cat "$work/lint" >&2; status=1; }
	grep -q '^declare(strict_types=1);' "$file" || { echo "no strict_types: $file" >&2; status=1; }
done
if command -v composer >/dev/null; then
	COMPOSER_ALLOW_SUPERUSER=1 COMPOSER_HOME="$work" composer validate --strict --no-interaction \
		"$root/httpd-conf/php/composer.json" >"$work/composer" 2>&1 || { cat "$work/composer" >&2; status=1; }
fi
timeout 120 php "$root/tests/e2e/php/test_kit.php" "$work" || status=1
exit "$status"
