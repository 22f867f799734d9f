<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Rollcall;

/**
 * What becomes of signed-in users while Rollcall does not answer. Only the exception Unreachable is
 * meant: a token file that is missing or a scope that is lacking lets nobody in under any policy.
 */
final class WhenUnreachable
{
    private function __construct(public readonly int $seconds)
    {
    }

    /** Nobody is let in. */
    public static function deny(): self
    {
        return new self(0);
    }

    /**
     * A session is let in that Rollcall called active at most so many seconds ago. A session that is
     * ended while Rollcall does not answer this application lives on here for that time.
     */
    public static function allowFor(int $seconds): self
    {
        if ($seconds < 1) {
            throw new \InvalidArgumentException('Allow for at least one second, or deny.');
        }
        return new self($seconds);
    }

    public function allows(Remembered $last, int $now): bool
    {
        $expires = $last->session->expiresAt;
        return $this->seconds > 0
            && abs($now - $last->seen) <= $this->seconds
            && ($expires === null || $expires > $now);
    }
}
