<?php

// SPDX-License-Identifier: MIT
// Ends the session for good, here and in every other application that asks Rollcall.

declare(strict_types=1);

use Rollcall\Exception\RollcallException;
use Rollcall\Guard;
use Rollcall\Page;

require __DIR__ . '/../src/autoload.php';

try {
    Guard::fromEnvironment()->signOut();
} catch (RollcallException $e) {
    Page::unavailable($e); // the session may live on: a repeat can end it
}
header('Content-Type: text/plain; charset=utf-8');
echo "Signed out.\n";
