<?php

// SPDX-License-Identifier: MIT
// Sign in. The password stands for whatever your application asks for.

declare(strict_types=1);

use Rollcall\Exception\Conflict;
use Rollcall\Exception\RollcallException;
use Rollcall\Page;

require __DIR__ . '/app.php';

$app = app();
$message = '';
if (sent()) {
    $user = text('user');
    $password = (string) getenv('ROLLCALL_DEMO_PASSWORD');
    if ($password === '' || preg_match('/^[a-z0-9_-]{1,64}$/D', $user) !== 1 || !hash_equals($password, text('password'))) {
        http_response_code(403);
        $message = '<p role="alert">This name and this password do not belong together.</p>';
    } else {
        try {
            $app->signIn(TENANT, $user, ['expires_in' => 8 * 3600]);
        } catch (Conflict) {
            show('Too many devices', '<p>Please sign out on another device first.</p>', 409);
        } catch (RollcallException $e) {
            Page::unavailable($e);
        }
        unset($_SESSION['form']);
        header('Location: devices.php', true, 303);
        exit;
    }
}
show('Sign in', $message . form('signin.php', '<p><label>Name <input name="user" autocomplete="username" required></label></p>'
    . '<p><label>Password <input name="password" type="password" autocomplete="current-password" required></label></p>'
    . '<p><button>Sign in</button></p>'), http_response_code() ?: 200);
