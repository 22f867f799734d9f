<?php
// SPDX-License-Identifier: MIT
// A token signed with the symmetric key of ROLLCALL_JWT_HS256_FILE, for an application that signs its
// own. From a page: require it and call the function. From a shell, valid for 90 days:
//   php hs256.php KEY-FILE '{"sub":"shop","platform_token":true,"scope":"sessions:write"}'

declare(strict_types=1);

function rollcall_hs256(string $key_file, array $claims, int $seconds): string
{
    $key = rtrim(file_get_contents($key_file), " \t\r\n");
    $part = fn (string $bytes) => rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
    $claims += ['iat' => time(), 'exp' => time() + $seconds];
    $text = $part('{"alg":"HS256","typ":"JWT"}') . '.' . $part(json_encode($claims, JSON_THROW_ON_ERROR));
    return $text . '.' . $part(hash_hmac('sha256', $text, $key, true));
}

if (PHP_SAPI === 'cli' && realpath($argv[0]) === __FILE__) {
    echo rollcall_hs256($argv[1], json_decode($argv[2], true, 8, JSON_THROW_ON_ERROR), 90 * 86400), "\n";
}
