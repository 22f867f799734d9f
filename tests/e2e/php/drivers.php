<?php

// SPDX-License-Identifier: MIT
// For test_kit.php: two session drivers in PHP. One implements what it must and nothing more, the other all
// that a driver can. Both count what they are asked.

declare(strict_types=1);

class PlainDriver implements SessionHandlerInterface
{
    /** @var array<string, string> */
    public array $rows = [];
    /** @var list<string> */
    public array $calls = [];
    public bool $isOpen = false;

    public function open(string $path, string $name): bool
    {
        $this->isOpen = true;
        return true;
    }

    public function close(): bool
    {
        $this->isOpen = false;
        return true;
    }

    public function read(string $id): string|false
    {
        $this->calls[] = "read $id";
        return $this->rows[$id] ?? '';
    }

    public function write(string $id, string $data): bool
    {
        $this->calls[] = "write $id";
        $this->rows[$id] = $data;
        return true;
    }

    public function destroy(string $id): bool
    {
        $this->calls[] = "destroy $id";
        unset($this->rows[$id]);
        return true;
    }

    public function gc(int $max_lifetime): int|false
    {
        return 7;
    }
}

final class WholeDriver extends PlainDriver implements SessionIdInterface, SessionUpdateTimestampHandlerInterface
{
    private int $made = 0;

    public function create_sid(): string
    {
        return sprintf('whole%027d', ++$this->made);
    }

    public function validateId(string $id): bool
    {
        return isset($this->rows[$id]);
    }

    public function updateTimestamp(string $id, string $data): bool
    {
        $this->calls[] = "touch $id";
        return true;
    }
}
