<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Rollcall;

/** The last good answer about one token, as it is kept from one request to the next. */
final class Remembered
{
    public function __construct(
        public readonly Session $session,
        /** When Rollcall last called the session active, Unix time. */
        public readonly int $seen,
        /** When its activity was last noted in Rollcall, Unix time. */
        public readonly int $noted,
    ) {
    }

    /** @return array<string, mixed> */
    public function toArray(): array
    {
        return [
            'id' => $this->session->id,
            'user' => $this->session->userId,
            'tenant' => $this->session->tenantId,
            'expires' => $this->session->expiresAt,
            'claims' => $this->session->claims,
            'seen' => $this->seen,
            'noted' => $this->noted,
        ];
    }

    /** Null when this is not what toArray has made. */
    public static function fromArray(mixed $from): ?self
    {
        if (!is_array($from)) {
            return null;
        }
        foreach (['id' => 'string', 'user' => 'string', 'tenant' => 'string', 'claims' => 'array',
            'seen' => 'int', 'noted' => 'int'] as $name => $type) {
            if (get_debug_type($from[$name] ?? null) !== $type) {
                return null;
            }
        }
        $expires = is_int($from['expires'] ?? null) ? $from['expires'] : null;
        $session = new Session($from['id'], $from['user'], $from['tenant'], $expires, $from['claims']);
        return new self($session, $from['seen'], $from['noted']);
    }
}
