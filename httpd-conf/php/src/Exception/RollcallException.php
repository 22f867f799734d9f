<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Rollcall\Exception;

/**
 * A call that Rollcall did not carry out. The message says which call and why, in one line that is fit
 * for a log: it holds no token, no control character, and no body of an answer.
 */
abstract class RollcallException extends \RuntimeException
{
    /**
     * @param int                  $status    the HTTP status, 0 when there was no answer
     * @param string|null          $requestId what Rollcall's own log knows the request by
     * @param list<array<mixed>>   $faults    of Invalid: Rollcall's list of {loc, msg, type}
     */
    final public function __construct(
        string $message,
        public readonly int $status = 0,
        public readonly ?string $requestId = null,
        public readonly array $faults = [],
    ) {
        parent::__construct($message, $status);
    }
}
