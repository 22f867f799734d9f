<?php

// SPDX-License-Identifier: MIT
// A session driver as applications write one: a table of a database, through PDO, and nothing beyond
// SessionHandlerInterface. check_php_demo.sh puts it where the demonstration has PHP's own.

declare(strict_types=1);

final class PdoSessions implements SessionHandlerInterface
{
    private readonly PDO $db;

    public function __construct(string $dsn)
    {
        $this->db = new PDO($dsn, null, null, [PDO::ATTR_TIMEOUT => 10]);
        $this->db->exec('CREATE TABLE IF NOT EXISTS php_session (id TEXT PRIMARY KEY, data TEXT, at INTEGER)');
    }

    public function open(string $path, string $name): bool
    {
        return true;
    }

    public function close(): bool
    {
        return true;
    }

    public function read(string $id): string|false
    {
        $find = $this->db->prepare('SELECT data FROM php_session WHERE id = ?');
        $find->execute([$id]);
        return (string) $find->fetchColumn();
    }

    public function write(string $id, string $data): bool
    {
        return $this->db->prepare('REPLACE INTO php_session VALUES (?, ?, ?)')->execute([$id, $data, time()]);
    }

    public function destroy(string $id): bool
    {
        return $this->db->prepare('DELETE FROM php_session WHERE id = ?')->execute([$id]);
    }

    public function gc(int $max_lifetime): int|false
    {
        $old = $this->db->prepare('DELETE FROM php_session WHERE at < ?');
        $old->execute([time() - $max_lifetime]);
        return $old->rowCount();
    }
}
