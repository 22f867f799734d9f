<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Rollcall;

/** The answer to a registration. */
final class Registered
{
    /** The session's token, this once; null when the registration repeats an earlier one of the same id. */
    public readonly ?string $token;

    public function __construct(
        public readonly Session $session,
        #[\SensitiveParameter] ?string $token,
        /** Whether this user had no session on such a device from that network lately. */
        public readonly bool $newDevice,
    ) {
        $this->token = $token;
    }

    /** @return array<string, mixed> for var_dump: without the token */
    public function __debugInfo(): array
    {
        return ['session' => $this->session, 'newDevice' => $this->newDevice];
    }
}
