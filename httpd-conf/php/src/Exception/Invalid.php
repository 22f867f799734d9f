<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Rollcall\Exception;

/** Any other 4xx: the call itself is wrong. For 422 `faults` lists what is wrong with it. */
final class Invalid extends RollcallException
{
}
