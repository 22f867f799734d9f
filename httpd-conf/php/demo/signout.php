<?php

// SPDX-License-Identifier: MIT
// Sign out: ends the session here and in every application that asks Rollcall. The session's own token is
// the right to do so; the service token is not used.

declare(strict_types=1);

use Rollcall\Exception\RollcallException;
use Rollcall\Page;

require __DIR__ . '/app.php';

$app = app(ask: false);
if (sent()) {
    try {
        $app->signOut();
    } catch (RollcallException $e) {
        Page::unavailable($e); // still signed in: a repeat can end it
    }
    show('Signed out', '<p><a href="signin.php">Sign in</a></p>');
}
show('Sign out', form('signout.php', '<p><button>Sign out</button></p>'));
