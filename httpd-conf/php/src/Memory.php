<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Rollcall;

/** Where Guard keeps the last good answers. A key is a digest: what is kept lets nobody sign in. */
interface Memory
{
    public function recall(string $key): ?Remembered;

    public function remember(string $key, Remembered $what): void;

    public function forget(string $key): void;
}
