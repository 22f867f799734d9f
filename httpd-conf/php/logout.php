<?php
// SPDX-License-Identifier: MIT
// Ends the session for good, here and in every other application that asks Rollcall.
require __DIR__ . '/rollcall.php';

if (!rollcall_sign_out()) {
    http_response_code(502);
    exit("Signing out failed: you may still be signed in. Please try again.\n");
}
echo "Signed out.\n";
