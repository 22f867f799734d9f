<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Rollcall;

use Rollcall\Exception\Conflict;
use Rollcall\Exception\RollcallException;
use Rollcall\Exception\Unreachable;

/**
 * Asks whether a token is let in now, and decides when nobody answers: what Guard and
 * RegisteredSessionHandler have in common.
 */
final class Check
{
    private const NOTE_EVERY_SECONDS = 60;

    public function __construct(
        private readonly Client $client,
        public readonly WhenUnreachable $whenUnreachable,
        private readonly bool $noteActivity,
    ) {
    }

    /**
     * Null when the session has ended. What is to be remembered otherwise: `$last` itself when Rollcall
     * did not answer and the policy allows that.
     *
     * @throws RollcallException when Rollcall cannot be asked and the policy does not let the token in
     */
    public function ask(#[\SensitiveParameter] string $token, ?Remembered $last): ?Remembered
    {
        try {
            $session = $this->client->introspect($token);
        } catch (Unreachable $e) {
            if ($last === null || !$this->whenUnreachable->allows($last, time())) {
                throw $e;
            }
            self::log('let in without asking, by the policy: ' . $e->getMessage());
            return $last;
        }
        if ($session === null) {
            return null;
        }
        $now = time();
        $noted = $last?->noted ?? 0;
        if ($this->noteActivity && abs($now - $noted) >= self::NOTE_EVERY_SECONDS) {
            try {
                $this->client->activity($session->id);
            } catch (Conflict) {
                return null; // ended since the answer
            } catch (RollcallException $e) {
                self::log('activity is not noted: ' . $e->getMessage());
            }
            $noted = $now;
        }
        return new Remembered($session, $now, $noted);
    }

    /** One line in PHP's error log, for whoever runs the application. */
    public static function log(string $line): void
    {
        error_log('Rollcall: ' . $line);
    }
}
