<?php

// SPDX-License-Identifier: MIT
// Where your own sign-in ends: the password, the one-time code or the identity provider said yes. For
// applications without a PHP session; demo/ is one with.

declare(strict_types=1);

use Rollcall\Exception\RollcallException;
use Rollcall\Guard;
use Rollcall\Page;

require __DIR__ . '/../src/autoload.php';

$user = is_string($_POST['user'] ?? null) ? $_POST['user'] : '';
if (preg_match('/^[a-z0-9_-]{1,64}$/D', $user) !== 1) {
    http_response_code(400);
    exit("Who are you?\n");
}
try {
    Guard::fromEnvironment()->signIn('tnt_example', $user, ['expires_in' => 8 * 3600]);
} catch (RollcallException $e) {
    Page::unavailable($e);
}
header('Location: page.php', true, 303);
