<?php
// SPDX-License-Identifier: MIT
// Ends the session for good, here and in every other application that asks Rollcall.
require __DIR__ . '/rollcall.php';

rollcall_sign_out();
echo "Signed out.\n";
