<?php

// SPDX-License-Identifier: MIT
// What the four pages of the demonstration share: the session, the form's secret, the frame of a page.
// It is meant to be read and copied. Set in .htaccess or in the pool of PHP-FPM:
//
//   ROLLCALL_URL                 where Rollcall is mounted
//   ROLLCALL_SERVICE_TOKEN_FILE  a service token with the scopes sessions:write and sessions:introspect
//   ROLLCALL_DEMO_PASSWORD       the password of everybody; your own sign-in has a better one
//   ROLLCALL_ALLOW_SECONDS       for how long sessions live on while Rollcall does not answer; not set: 0

declare(strict_types=1);

use Rollcall\Client;
use Rollcall\Exception\RollcallException;
use Rollcall\Page;
use Rollcall\RegisteredSessionHandler;
use Rollcall\Session;
use Rollcall\WhenUnreachable;

require is_file(__DIR__ . '/../src/autoload.php') ? __DIR__ . '/../src/autoload.php' : 'Rollcall/autoload.php';

const TENANT = 'tnt_example';

/**
 * The running session; which driver stores it, php.ini says (session.save_handler). The sign-out page
 * begins without asking whether the session lives.
 */
function app(bool $ask = true): RegisteredSessionHandler
{
    static $handler = null;
    if ($handler === null) {
        $seconds = (int) getenv('ROLLCALL_ALLOW_SECONDS');
        $policy = $seconds > 0 ? WhenUnreachable::allowFor($seconds) : WhenUnreachable::deny();
        try {
            $handler = new RegisteredSessionHandler(new SessionHandler(), Client::fromEnvironment(), $policy);
            $handler->start([], $ask);
        } catch (RollcallException $e) {
            Page::unavailable($e);
        }
    }
    return $handler;
}

/** For the first line of a page for signed-in users only. */
function signed_in(): Session
{
    $session = app()->session();
    if ($session === null) {
        Page::signInFirst('signin.php');
    }
    return $session;
}

/** The form of a page, whose secret no other site knows. */
function form(string $action, string $fields): string
{
    $_SESSION['form'] ??= bin2hex(random_bytes(16));
    return "<form method=\"post\" action=\"$action\"><input type=\"hidden\" name=\"form\" value=\"{$_SESSION['form']}\">"
        . "$fields</form>\n";
}

/** Whether the request is a form of ours that was sent; ends the script for one of somebody else. */
function sent(): bool
{
    if ($_SERVER['REQUEST_METHOD'] !== 'POST') {
        return false;
    }
    $ours = $_SESSION['form'] ?? '';
    if ($ours === '' || !hash_equals($ours, text('form'))) {
        show('Please try again', '<p>This form is too old. Please open the page again.</p>', 403);
    }
    return true;
}

/** A field of the form that was sent; empty when it is missing or no text. */
function text(string $name): string
{
    return is_string($_POST[$name] ?? null) ? $_POST[$name] : '';
}

function h(mixed $value): string
{
    return htmlspecialchars(is_scalar($value) ? (string) $value : '', ENT_QUOTES | ENT_SUBSTITUTE, 'UTF-8');
}

function show(string $title, string $body, int $status = 200): never
{
    http_response_code($status);
    header('Content-Type: text/html; charset=utf-8');
    header('Cache-Control: no-store');
    header("Content-Security-Policy: default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'");
    header('Referrer-Policy: same-origin');
    exit("<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">"
        . "<meta name=\"viewport\" content=\"width=device-width\"><title>$title</title>\n<h1>$title</h1>\n$body");
}
