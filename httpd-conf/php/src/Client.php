<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Rollcall;

use Rollcall\Exception\Misconfigured;
use Rollcall\Exception\NotFound;
use Rollcall\Exception\RollcallException;
use Rollcall\Exception\Unreachable;

/**
 * Rollcall's Sessions API for an application that relies on it. Two kinds of calls:
 *
 *  - the application's own, made with its service token; each says which scope that needs;
 *  - a signed-in person's (`my…`, and `revoke`), made with the token of the session.
 *
 * Every call throws a RollcallException (Rollcall\Exception) when Rollcall did not carry it out, and an
 * InvalidArgumentException for an id that can be none. A lost answer leaves open whether the call was
 * carried out; nothing is sent twice.
 */
final class Client
{
    private readonly Transport $transport;
    private readonly ?\Closure $serviceToken;

    /**
     * @param string $url          where Rollcall is mounted, e.g. https://example.org/apps/sessions
     * @param (\Closure(): string)|null $serviceToken gives the service token, asked at every call; see
     *                             tokenFile. Null for an application that calls none of its own.
     * @param int    $connectMs    how long making the connection may take, in milliseconds
     * @param int    $totalMs      how long a whole call may take, in milliseconds
     * @param string|null $caFile  certificates to trust in place of the system's
     *
     * @throws Misconfigured for a URL that is none
     */
    public function __construct(
        string $url,
        ?\Closure $serviceToken = null,
        int $connectMs = 1000,
        int $totalMs = 3000,
        ?string $caFile = null,
    ) {
        $this->transport = new Transport($url, $connectMs, $totalMs, $caFile);
        $this->serviceToken = $serviceToken;
    }

    /** By ROLLCALL_URL and ROLLCALL_SERVICE_TOKEN_FILE of the environment. */
    public static function fromEnvironment(): self
    {
        $url = (string) getenv('ROLLCALL_URL');
        if ($url === '') {
            throw new Misconfigured('ROLLCALL_URL is not set: it says where Rollcall is mounted');
        }
        return new self($url, self::tokenFile((string) getenv('ROLLCALL_SERVICE_TOKEN_FILE')));
    }

    /** A service token in a file, which is read at each call: a renewed one is taken at once. */
    public static function tokenFile(string $file): \Closure
    {
        return static function () use ($file): string {
            $token = is_file($file) ? trim((string) @file_get_contents($file)) : '';
            if ($token === '') {
                throw new Misconfigured(Transport::line("no token in \"$file\" (ROLLCALL_SERVICE_TOKEN_FILE):"
                    . ' it is missing, empty, or not to be read'));
            }
            return $token;
        };
    }

    /**
     * Registers the session of a user who has just proved who they are. Needs sessions:write.
     *
     * @param array<string, mixed> $more further members, e.g. user_email, ip_address, user_agent,
     *                                   expires_in, role, auth_time, amr (schema/api.md 5.1)
     */
    public function register(string $tenantId, string $userId, array $more = []): Registered
    {
        if (is_string($more['user_agent'] ?? null)) {
            $more['user_agent'] = self::scrubbed($more['user_agent']);
        }
        $body = ['tenant_id' => $tenantId, 'user_id' => $userId] + $more;
        $data = $this->service('POST', '/api/v1/sessions', $body)->member('data');
        if (!is_string($data['id'] ?? null) || !is_string($data['user_id'] ?? null)) {
            throw new Unreachable('POST /api/v1/sessions: what answered is no Rollcall');
        }
        $token = $data['token'] ?? null;
        $newDevice = ($data['new_device'] ?? null) === true;
        unset($data['token']);
        return new Registered(Session::fromRegistration($data), is_string($token) ? $token : null, $newDevice);
    }

    /**
     * The session is in use, and has perhaps reached an application. Needs sessions:write.
     *
     * @throws Exception\Conflict when it has ended
     */
    public function activity(string $sessionId, ?string $applicationId = null, ?string $applicationName = null): void
    {
        $body = array_filter(
            ['application_id' => $applicationId, 'application_name' => $applicationName],
            static fn (?string $value): bool => $value !== null,
        );
        $this->service('POST', '/api/v1/sessions/' . self::segment($sessionId) . '/activity', $body ?: null);
    }

    /** The session of a token that is let in now, else null. Needs sessions:introspect. */
    public function introspect(#[\SensitiveParameter] string $token): ?Session
    {
        if (!Transport::isToken($token)) {
            return null; // no token has such bytes
        }
        $answer = $this->transport->send('POST', '/api/v1/sessions/introspect', $this->token(), ['token' => $token], true);
        if (!is_bool($answer->body['active'] ?? null)) {
            throw new Unreachable('POST /api/v1/sessions/introspect: what answered is no Rollcall', $answer->status);
        }
        return $answer->body['active'] ? Session::fromIntrospection($answer->body) : null;
    }

    /**
     * Ends the session of a token (RFC 7009). The token itself is the right to do so: no service token
     * is sent. An unknown or ended token is no error.
     */
    public function revoke(#[\SensitiveParameter] string $token): void
    {
        if (Transport::isToken($token)) {
            $this->transport->send('POST', '/api/v1/sessions/revoke', null, ['token' => $token], true);
        }
    }

    /**
     * The person's active sessions, newest first; `is_current` marks the token's own.
     *
     * @return list<array<string, mixed>>
     */
    public function mySessions(#[\SensitiveParameter] string $token): array
    {
        return array_values($this->transport->send('GET', '/api/v1/me/sessions', $token)->member('data'));
    }

    /**
     * Ends one of the person's sessions. False when it had ended before.
     *
     * @throws NotFound when it is no session of theirs
     */
    public function endMySession(#[\SensitiveParameter] string $token, string $sessionId): bool
    {
        $path = '/api/v1/me/sessions/' . self::segment($sessionId);
        return self::revoked($this->transport->send('DELETE', $path, $token)) !== [];
    }

    /**
     * Ends all of the person's sessions but the token's own.
     *
     * @return list<string> the ids of those that this call has ended
     */
    public function endMyOtherSessions(#[\SensitiveParameter] string $token): array
    {
        return self::revoked($this->transport->send('POST', '/api/v1/me/sessions/revoke-all', $token));
    }

    /**
     * Ends all sessions of a user, or all but one: after a changed password give the id of the session
     * that changed it. Needs admin:write.
     *
     * @return list<string> the ids of those that this call has ended
     */
    public function endUserSessions(string $tenantId, string $userId, ?string $exceptSessionId = null): array
    {
        $body = ['revoke_all' => true];
        if ($exceptSessionId !== null) {
            $body['except_session_id'] = $exceptSessionId;
        }
        $path = self::tenant($tenantId) . '/users/' . self::segment($userId) . '/revoke';
        return self::revoked($this->service('POST', $path, $body));
    }

    /**
     * Ends the named sessions of a user; what is not theirs or has ended is left out. Needs admin:write.
     *
     * @param list<string> $sessionIds
     *
     * @return list<string> the ids of those that this call has ended
     */
    public function endSessionsOfUser(string $tenantId, string $userId, array $sessionIds): array
    {
        $path = self::tenant($tenantId) . '/users/' . self::segment($userId) . '/revoke';
        return self::revoked($this->service('POST', $path, ['session_ids' => array_values($sessionIds)]));
    }

    /**
     * Ends a session of a tenant; one that has ended is no error. Needs admin:write.
     *
     * @throws NotFound when there never was such a session in that tenant
     */
    public function endSession(string $tenantId, string $sessionId): void
    {
        $this->service('DELETE', self::tenant($tenantId) . '/' . self::segment($sessionId));
    }

    /**
     * A session of a tenant, active or ended. Needs admin:read.
     *
     * @return array<string, mixed>
     */
    public function session(string $tenantId, string $sessionId): array
    {
        return $this->service('GET', self::tenant($tenantId) . '/' . self::segment($sessionId))->member('data');
    }

    /**
     * One page of a user's sessions, newest first. Needs admin:read.
     *
     * @return array{data: list<array<string, mixed>>, pagination: array<string, mixed>}
     */
    public function userSessions(
        string $tenantId,
        string $userId,
        bool $activeOnly = true,
        int $page = 1,
        int $perPage = 20,
    ): array {
        $query = http_build_query(['active_only' => $activeOnly ? 'true' : 'false', 'page' => $page, 'per_page' => $perPage]);
        $answer = $this->service('GET', self::tenant($tenantId) . '/users/' . self::segment($userId) . '?' . $query);
        return ['data' => array_values($answer->member('data')), 'pagination' => $answer->member('pagination')];
    }

    /** Whether Rollcall answers and its database does: for a health check of one's own. */
    public function isReady(): bool
    {
        try {
            return $this->transport->send('GET', '/readyz', null)->status === 200;
        } catch (RollcallException) {
            return false;
        }
    }

    /** @return array<string, mixed> for var_dump: without the token */
    public function __debugInfo(): array
    {
        return ['url' => $this->transport->url];
    }

    /** @param array<string, mixed>|null $body */
    private function service(string $method, string $path, #[\SensitiveParameter] ?array $body = null): Answer
    {
        return $this->transport->send($method, $path, $this->token(), $body);
    }

    private function token(): string
    {
        if ($this->serviceToken === null) {
            throw new Misconfigured('this call needs a service token, and the Client was made without one');
        }
        return ($this->serviceToken)();
    }

    /** @return list<string> */
    private static function revoked(Answer $answer): array
    {
        return array_values((new Answer($answer->status, $answer->member('data')))->member('session_ids'));
    }

    private static function tenant(string $tenantId): string
    {
        return '/api/v1/tenants/' . self::segment($tenantId) . '/sessions';
    }

    /** An id as one segment of a path. Dots would be taken for a step up on the way. */
    private static function segment(string $id): string
    {
        if ($id === '' || $id === '.' || $id === '..' || strlen($id) > 255 || str_contains($id, "\0")) {
            throw new \InvalidArgumentException('This can be no id of Rollcall.');
        }
        return rawurlencode($id);
    }

    /** A browser may send any bytes; JSON takes UTF-8. */
    private static function scrubbed(string $text): string
    {
        return (string) json_decode((string) json_encode($text, JSON_INVALID_UTF8_SUBSTITUTE));
    }
}
