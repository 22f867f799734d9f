<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Rollcall\Exception;

/** 403: the token lacks a scope or a role that the call needs; the message names it. */
final class Forbidden extends RollcallException
{
}
