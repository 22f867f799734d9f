<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Rollcall;

use Rollcall\Exception\Unreachable;

/**
 * A successful answer.
 *
 * @internal
 */
final class Answer
{
    /** @param array<mixed> $body decoded; empty for an answer without one */
    public function __construct(public readonly int $status, #[\SensitiveParameter] public readonly array $body)
    {
    }

    /** @return array<mixed> */
    public function member(string $name): array
    {
        $value = $this->body[$name] ?? null;
        if (!is_array($value)) {
            throw new Unreachable("what answered is no Rollcall: there is no \"$name\" in it", $this->status);
        }
        return $value;
    }
}
