<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Rollcall;

use Rollcall\Exception\RollcallException;

/**
 * Lets in whoever has a living session, by Rollcall's own cookie and without a PHP session. An
 * application that uses `$_SESSION` takes RegisteredSessionHandler instead. A page without a framework:
 *
 *     require 'Rollcall/autoload.php';
 *     $session = Rollcall\Guard::fromEnvironment()->page('login.php');
 *     echo 'Hello ', htmlspecialchars($session->userId);
 *
 * With PSR-15 take GuardMiddleware, which asks this.
 */
final class Guard
{
    /** As many cookies of one name as Rollcall itself looks at (schema/api.md 3.2). */
    private const MAX_COOKIES = 4;

    private readonly Check $check;

    /**
     * @param WhenUnreachable|null $whenUnreachable null: deny
     * @param Memory|null $memory  needed by WhenUnreachable::allowFor. With one, activity is noted once a
     *                             minute; without, at every request
     * @param string $cookie       ROLLCALL_COOKIE of the installation
     * @param bool $noteActivity   false for a service token without sessions:write; then a tenant's
     *                             idle time-out ends sessions that are in use here
     * @param bool|null $secure    whether the cookie is for https only; null: if this request is https.
     *                             Say true behind a proxy that ends TLS
     */
    public function __construct(
        private readonly Client $client,
        ?WhenUnreachable $whenUnreachable = null,
        private readonly ?Memory $memory = null,
        private readonly string $cookie = 'rollcall_session',
        bool $noteActivity = true,
        private readonly ?bool $secure = null,
    ) {
        $whenUnreachable ??= WhenUnreachable::deny();
        if ($memory === null && $whenUnreachable->seconds > 0) {
            throw new \InvalidArgumentException('To allow for some seconds, Guard needs a Memory.');
        }
        $this->check = new Check($client, $whenUnreachable, $noteActivity);
    }

    /** By ROLLCALL_URL and ROLLCALL_SERVICE_TOKEN_FILE of the environment; denies without an answer. */
    public static function fromEnvironment(): self
    {
        try {
            return new self(Client::fromEnvironment());
        } catch (RollcallException $e) {
            Page::unavailable($e);
        }
    }

    /**
     * The living session of the request, or null. One that was ended a moment ago is out.
     *
     * @param string|null $cookies the request's header Cookie; null: of the current request
     *
     * @throws RollcallException when Rollcall cannot be asked and the policy lets nobody in
     */
    public function session(#[\SensitiveParameter] ?string $cookies = null): ?Session
    {
        foreach ($this->tokens($cookies) as $token) {
            $key = hash('sha256', $token);
            $now = $this->check->ask($token, $this->memory?->recall($key));
            if ($now !== null) {
                $this->memory?->remember($key, $now);
                return $now->session;
            }
            $this->memory?->forget($key);
        }
        return null;
    }

    /**
     * For the first line of a page: the session, or the script ends here. Without a session the answer is
     * a redirect to `$signIn`, or 401 without that. When Rollcall cannot be asked it is 503, and PHP's
     * log says why.
     */
    public function page(?string $signIn = null): Session
    {
        try {
            $session = $this->session();
        } catch (RollcallException $e) {
            Page::unavailable($e);
        }
        if ($session === null) {
            Page::signInFirst($signIn);
        }
        header('Cache-Control: no-store');
        return $session;
    }

    /**
     * Registers the session of a user who has just proved who they are, and sets the cookie. A session of
     * this browser from before is ended.
     *
     * @param array<string, mixed> $more see Client::register
     */
    public function signIn(string $tenantId, string $userId, array $more = []): Session
    {
        if (headers_sent()) {
            throw new \LogicException('Sign in before any output: a cookie has to be set.');
        }
        $registered = $this->client->register($tenantId, $userId, $more + Page::visitor() + ['auth_time' => time()]);
        if ($registered->token === null) {
            throw new \LogicException('A repeated registration gives no token: leave "id" out.');
        }
        foreach ($this->tokens(null) as $former) {
            try {
                $this->client->revoke($former);
            } catch (RollcallException $e) {
                Check::log('a former session of this browser lives on: ' . $e->getMessage());
            }
        }
        $this->setCookie($registered->token, 0);
        return $registered->session;
    }

    /**
     * Ends the session of the request and forgets its cookie. Needs no service token. When it throws, the
     * session may live on and the cookie stays, so that a repeat can end it.
     */
    public function signOut(): void
    {
        foreach ($this->tokens(null) as $token) {
            $this->client->revoke($token);
            $this->memory?->forget(hash('sha256', $token));
        }
        $this->setCookie('', 1);
    }

    /**
     * The session tokens in a header Cookie. `$_COOKIE` is of no use: it takes `rollcall.session` for
     * `rollcall_session`, and only the first of several.
     *
     * @return list<string>
     */
    public function tokens(#[\SensitiveParameter] ?string $cookies): array
    {
        $cookies ??= $_SERVER['HTTP_COOKIE'] ?? '';
        $found = [];
        foreach (explode(';', $cookies) as $pair) {
            [$name, $value] = explode('=', $pair, 2) + [1 => ''];
            $value = trim($value, " \t\"");
            if (trim($name, " \t") === $this->cookie && Transport::isToken($value)) {
                $found[] = $value;
            }
        }
        return array_slice(array_values(array_unique($found)), 0, self::MAX_COOKIES);
    }

    private function setCookie(#[\SensitiveParameter] string $value, int $expires): void
    {
        setcookie($this->cookie, $value, [
            'expires' => $expires,
            'path' => '/',
            'secure' => $this->secure ?? Page::isHttps(),
            'httponly' => true,
            'samesite' => 'Lax',
        ]);
    }
}
