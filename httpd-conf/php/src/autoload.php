<?php

// SPDX-License-Identifier: MIT
// Loads the classes of Rollcall for an application that has no Composer: require this file once.

declare(strict_types=1);

spl_autoload_register(static function (string $class): void {
    if (str_starts_with($class, 'Rollcall\\')) {
        $file = __DIR__ . '/' . strtr(substr($class, 9), '\\', '/') . '.php';
        if (is_file($file)) {
            require $file;
        }
    }
});
