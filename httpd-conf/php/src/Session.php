<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Rollcall;

/** Whose session it is: what Rollcall said when it was last asked. */
final class Session
{
    /**
     * @param int|null             $expiresAt Unix time
     * @param array<string, mixed> $claims    the whole answer of the introspection, or of the registration
     */
    public function __construct(
        public readonly string $id,
        public readonly string $userId,
        public readonly string $tenantId,
        public readonly ?int $expiresAt = null,
        public readonly array $claims = [],
    ) {
    }

    /**
     * From an answer of the introspection. Null when that does not name a session, as for a JWT
     * without `sid`: what has no session cannot be ended.
     *
     * @param array<string, mixed> $claims
     */
    public static function fromIntrospection(array $claims): ?self
    {
        foreach (['sid', 'sub', 'tenant_id'] as $name) {
            if (!is_string($claims[$name] ?? null) || $claims[$name] === '') {
                return null;
            }
        }
        $expires = is_int($claims['exp'] ?? null) ? $claims['exp'] : null;
        return new self($claims['sid'], $claims['sub'], $claims['tenant_id'], $expires, $claims);
    }

    /**
     * From `data` of the registration.
     *
     * @param array<string, mixed> $data
     */
    public static function fromRegistration(array $data): self
    {
        $expires = is_string($data['expires_at'] ?? null) ? strtotime($data['expires_at']) : false;
        return new self(
            (string) $data['id'],
            (string) $data['user_id'],
            (string) $data['tenant_id'],
            $expires === false ? null : $expires,
            $data,
        );
    }
}
