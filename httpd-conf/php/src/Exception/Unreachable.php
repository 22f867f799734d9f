<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Rollcall\Exception;

/** Nobody answered in time, or what answered is not a Rollcall that works now (5xx, a redirect, garbage). */
final class Unreachable extends RollcallException
{
}
