<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Rollcall\Exception;

/** 401: the token that the call was made with is missing, expired, ended or not accepted. */
final class Unauthorized extends RollcallException
{
}
