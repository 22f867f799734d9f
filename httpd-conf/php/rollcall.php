<?php
// SPDX-License-Identifier: MIT
// Rollcall from a PHP application, with plain PHP and nothing to install: register at sign-in, check
// on every request, sign out. Copy this file, set the two environment variables, and see
// login.php, page.php and logout.php beside it for its use.
//
//   ROLLCALL_URL            where Rollcall is mounted, e.g. https://example.org/apps/sessions
//   ROLLCALL_SERVICE_TOKEN_FILE   a file (mode 0600) with a service token: a JWT with the claims
//       "sub"              a name for this application; it is in the audit trail
//       "exp"
//       "platform_token"   true, and no "role"
//       "scope"            "sessions:write admin:write": sessions:write is for rollcall_sign_in and
//                          rollcall_check, admin:write for rollcall_sign_out

const ROLLCALL_COOKIE = 'rollcall_session';

/** One line in PHP's error log, for whoever runs the application; never a token. */
function rollcall_log(string $what): void
{
    error_log('Rollcall: ' . $what);
}

/** One call. Returns [status, decoded body]; status 0 when Rollcall cannot be reached. */
function rollcall_call(string $method, string $path, ?array $body = null): array
{
    $url = getenv('ROLLCALL_URL') . $path;
    $file = (string) getenv('ROLLCALL_SERVICE_TOKEN_FILE');
    $token = is_file($file) ? trim((string) @file_get_contents($file)) : '';
    if ($token === '') {
        rollcall_log("no token in \"$file\" (ROLLCALL_SERVICE_TOKEN_FILE): it is missing, empty, or not to be read");
        return [0, null];
    }
    $answer = @file_get_contents($url, false, stream_context_create(['http' => [
        'method' => $method,
        'header' => "Authorization: Bearer $token\r\nContent-Type: application/json\r\n",
        'content' => $body === null ? '' : json_encode($body, JSON_THROW_ON_ERROR),
        'ignore_errors' => true,
        'timeout' => 5,
    ]]));
    if ($answer === false) {
        rollcall_log("no answer from $method $url (ROLLCALL_URL): " . (error_get_last()['message'] ?? ''));
        return [0, null];
    }
    $status = (int) explode(' ', $http_response_header[0])[1];
    $decoded = json_decode($answer, true);
    if ($status >= 400) {
        $detail = is_array($decoded) ? json_encode($decoded['detail'] ?? null) : 'no answer of Rollcall';
        rollcall_log("$method $url answered $status: $detail");
    }
    return [$status, $decoded];
}

/** Registers the session of a user who has just proved who they are, and sets the cookie. */
function rollcall_sign_in(string $tenant, string $user, array $more = []): bool
{
    [$status, $answer] = rollcall_call('POST', '/api/v1/sessions', $more + [
        'tenant_id' => $tenant,
        'user_id' => $user,
        'ip_address' => $_SERVER['REMOTE_ADDR'],
        'user_agent' => $_SERVER['HTTP_USER_AGENT'] ?? null,
    ]);
    if ($status !== 201) {
        return false;
    }
    return setcookie(ROLLCALL_COOKIE, $answer['data']['token'], [
        'path' => '/',
        'secure' => !empty($_SERVER['HTTPS']),
        'httponly' => true,
        'samesite' => 'Lax',
    ]);
}

/** Whether Rollcall could be asked, and the living session behind the request's cookie, or null. */
function rollcall_ask(): array
{
    $token = $_COOKIE[ROLLCALL_COOKIE] ?? '';
    if ($token === '') {
        return [true, null];
    }
    [$status, $answer] = rollcall_call('POST', '/api/v1/sessions/introspect', ['token' => $token]);
    if ($status !== 200) {
        return [false, null];
    }
    return [true, $answer['active'] && isset($answer['sid'], $answer['tenant_id']) ? $answer : null];
}

/**
 * The living session behind the request's cookie, or null: its 'sid', 'sub' (the user) and
 * 'tenant_id'. What was revoked a moment ago is out; when Rollcall cannot be asked, nobody is in.
 */
function rollcall_check(): ?array
{
    return rollcall_ask()[1];
}

/**
 * Ends the session of the request's cookie and forgets the cookie. False when Rollcall did not say
 * that it has ended: then it may live on, and the cookie stays, so that a repeat can end it.
 */
function rollcall_sign_out(): bool
{
    [$asked, $session] = rollcall_ask();
    if ($session !== null) {
        [$status] = rollcall_call('DELETE', '/api/v1/tenants/' . rawurlencode($session['tenant_id'])
            . '/sessions/' . rawurlencode($session['sid']));
        $asked = $status === 204;
    }
    return $asked && setcookie(ROLLCALL_COOKIE, '', ['expires' => 1, 'path' => '/']);
}
