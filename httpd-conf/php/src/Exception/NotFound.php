<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Rollcall\Exception;

/** 404: there is no such session or tenant in the reach of the token, or ROLLCALL_URL is wrong. */
final class NotFound extends RollcallException
{
}
