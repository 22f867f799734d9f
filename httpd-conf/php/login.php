<?php
// SPDX-License-Identifier: MIT
// Where your own sign-in ends: the password, the one-time code or the identity provider said yes.
require __DIR__ . '/rollcall.php';

$user = $_POST['user'] ?? '';
if (!preg_match('/^[a-z0-9_-]{1,64}$/', $user)) {
    http_response_code(400);
    exit("Who are you?\n");
}
if (!rollcall_sign_in('tnt_example', $user, ['expires_in' => 8 * 3600])) {
    http_response_code(503);
    exit("Signing in is not possible right now.\n");
}
header('Location: page.php');
http_response_code(303);
