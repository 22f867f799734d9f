<?php

// SPDX-License-Identifier: MIT
// A page for signed-in users only.

declare(strict_types=1);

require __DIR__ . '/app.php';

$session = signed_in();
$_SESSION['visits'] = ($_SESSION['visits'] ?? 0) + 1;
show('The protected page', '<p>Hello ' . h($session->userId) . ", this is visit {$_SESSION['visits']}.</p>\n"
    . '<p><a href="devices.php">Your devices</a>, <a href="signout.php">sign out</a></p>');
