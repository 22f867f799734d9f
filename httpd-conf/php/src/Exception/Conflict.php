<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Rollcall\Exception;

/** 409: the session has ended, the user has too many sessions, or the id is taken by another session. */
final class Conflict extends RollcallException
{
}
