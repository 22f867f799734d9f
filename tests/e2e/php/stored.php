<?php

// SPDX-License-Identifier: MIT
// What memcached or PdoSessions has stored for a PHP session, for check_php_demo.sh:
//   stored.php DRIVER PLACE ID        prints it
//   stored.php DRIVER PLACE ID -      replaces it by standard input

declare(strict_types=1);

[, $driver, $place, $id] = $argv;
$data = ($argv[4] ?? '') === '-' ? stream_get_contents(STDIN) : null;
if ($driver === 'memcached') {
    $server = new Memcached();
    $server->addServer($place, 0);
    $data === null ? print($server->get("memc.sess.key.$id") ?: '') : $server->set("memc.sess.key.$id", $data);
} else {
    require __DIR__ . '/pdo.php';
    $handler = new PdoSessions($place);
    $data === null ? print($handler->read($id)) : $handler->write($id, $data);
}
