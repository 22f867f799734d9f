<?php

// SPDX-License-Identifier: MIT
// A page for signed-in users only: 401 for the others, 503 when Rollcall cannot be asked.

declare(strict_types=1);

require __DIR__ . '/../src/autoload.php';

$session = Rollcall\Guard::fromEnvironment()->page();
header('Content-Type: text/plain; charset=utf-8');
echo "Hello {$session->userId}\n";
