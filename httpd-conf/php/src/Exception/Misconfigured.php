<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Rollcall\Exception;

/** This application is set up wrongly: no usable ROLLCALL_URL, or no usable token file. Nothing was sent. */
final class Misconfigured extends RollcallException
{
}
