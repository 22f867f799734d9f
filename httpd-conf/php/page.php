<?php
// SPDX-License-Identifier: MIT
// A page for signed-in users only.
require __DIR__ . '/rollcall.php';

$session = rollcall_check();
if ($session === null) {
    http_response_code(401);
    exit("Please sign in.\n");
}
echo 'Hello ', htmlspecialchars($session['sub']), "\n";
