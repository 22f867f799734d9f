<?php

// SPDX-License-Identifier: MIT
// Your devices: where you are signed in, and a button to end that. Rollcall is asked with the session's own
// token, so that nobody sees or ends what is not theirs, whatever this page does.

declare(strict_types=1);

use Rollcall\Client;
use Rollcall\Exception\NotFound;
use Rollcall\Exception\RollcallException;
use Rollcall\Exception\Unauthorized;
use Rollcall\Page;

require __DIR__ . '/app.php';

$session = signed_in();
$token = (string) app()->token();
try {
    $client = Client::fromEnvironment();
    if (sent()) {
        try {
            text('end') === 'others' ? $client->endMyOtherSessions($token) : $client->endMySession($token, text('id'));
        } catch (NotFound | InvalidArgumentException) {
            show('No such device', '<p><a href="devices.php">Your devices</a></p>', 404);
        }
        header('Location: devices.php', true, 303);
        exit;
    }
    $devices = $client->mySessions($token);
} catch (Unauthorized) {
    Page::signInFirst('signin.php'); // ended a moment ago
} catch (RollcallException $e) {
    Page::unavailable($e);
}

$items = '';
foreach ($devices as $device) {
    $items .= '<li>' . h($device['device_label'] ?? $device['user_agent']) . ', ' . h($device['ip_address'])
        . ', last seen ' . h($device['last_activity_at']) . ' '
        . ($device['is_current'] === true
            ? '<b>this device</b>'
            : form('devices.php', '<input type="hidden" name="id" value="' . h($device['id']) . '"><button>End</button>'))
        . "</li>\n";
}
show('Your devices', '<p>Signed in as ' . h($session->userId) . ".</p>\n<ul>\n$items</ul>\n"
    . form('devices.php', '<button name="end" value="others">End all others</button>')
    . '<p><a href="page.php">The protected page</a>, <a href="signout.php">sign out</a></p>');
