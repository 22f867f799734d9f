<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Rollcall;

use Rollcall\Exception\RollcallException;

/** The request and the answer of a page without a framework. */
final class Page
{
    /**
     * 503 for the browser, the cause for PHP's log. It does not ask to sign in: a user who is signed in
     * could not do better, and nobody can sign in now.
     */
    public static function unavailable(RollcallException $cause): never
    {
        Check::log($cause->getMessage());
        http_response_code(503);
        header('Retry-After: 10');
        header('Cache-Control: no-store');
        header('Content-Type: text/plain; charset=utf-8');
        exit("This page is not available right now. Please try again in a minute.\n");
    }

    /** Nobody is signed in: 303 to the sign-in page where there is one, else 401. */
    public static function signInFirst(?string $signIn): never
    {
        header('Cache-Control: no-store');
        if ($signIn !== null) {
            header('Location: ' . $signIn, true, 303);
            exit;
        }
        http_response_code(401);
        header('WWW-Authenticate: Cookie');
        header('Content-Type: text/plain; charset=utf-8');
        exit("Please sign in.\n");
    }

    /**
     * What the registration wants to know of the browser. Behind a proxy REMOTE_ADDR is the proxy's: give
     * `ip_address` yourself then.
     *
     * @return array<string, string>
     */
    public static function visitor(): array
    {
        return array_filter([
            'ip_address' => (string) ($_SERVER['REMOTE_ADDR'] ?? ''),
            'user_agent' => (string) ($_SERVER['HTTP_USER_AGENT'] ?? ''),
        ], static fn (string $value): bool => $value !== '');
    }

    public static function isHttps(): bool
    {
        return !in_array(strtolower((string) ($_SERVER['HTTPS'] ?? '')), ['', 'off', '0'], true);
    }
}
