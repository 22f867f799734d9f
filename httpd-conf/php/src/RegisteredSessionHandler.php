<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Rollcall;

use Rollcall\Exception\RollcallException;

/**
 * Registers PHP's sessions in Rollcall, whatever stores them. It wraps any other handler;
 * `new \SessionHandler()` is the one that php.ini names (files, redis, memcached, …):
 *
 *     $handler = new RegisteredSessionHandler(new \SessionHandler(), Client::fromEnvironment());
 *     $handler->start();                            // in place of session_start()
 *     $handler->signIn('tnt_example', $user);       // after the password was right
 *     $handler->session()?->userId;                 // who is signed in
 *     $handler->signOut();
 *
 * What is stored for a signed-in session begins with a line of this class: the token, and the last good
 * answer. A session without that line is of nobody, and Rollcall is not asked about it. When the session
 * has ended in Rollcall, the next session_start() destroys what is stored and begins an empty session.
 * session_destroy() ends it in Rollcall, too; session_regenerate_id() keeps it.
 *
 * The surprise: PHP calls destroy, open, create_sid and read for session_regenerate_id() as it does for a
 * session that ends and another that begins. The call stack tells the difference (see isWithin).
 */
final class RegisteredSessionHandler implements
    \SessionHandlerInterface,
    \SessionIdInterface,
    \SessionUpdateTimestampHandlerInterface
{
    private const MARK = 'rollcall:1 ';
    private const SAVE_EVERY_SECONDS = 60;

    private readonly Check $check;
    private bool $isOpen = false;
    private bool $asks = true;
    /** The token of the running session; null while nobody is signed in. */
    private ?string $token = null;
    private ?Remembered $remembered = null;
    /** Whether what is stored differs from what is remembered, though PHP's data may not. */
    private bool $isStale = false;
    /** @var array{string, string|false}|null what validateId has read already: id and data */
    private ?array $ahead = null;
    /** What validateId met. Only read can let it out: PHP would go on after validateId. */
    private ?RollcallException $trouble = null;

    /**
     * @param WhenUnreachable|null $whenUnreachable null: deny
     * @param bool $noteActivity false for a service token without sessions:write; then a tenant's idle
     *                           time-out ends sessions that are in use here
     */
    public function __construct(
        private readonly \SessionHandlerInterface $inner,
        private readonly Client $client,
        ?WhenUnreachable $whenUnreachable = null,
        bool $noteActivity = true,
    ) {
        $this->check = new Check($client, $whenUnreachable ?? WhenUnreachable::deny(), $noteActivity);
    }

    /**
     * Makes this PHP's session handler and starts the session, with safe settings of the cookie and of
     * ids. `$options` are session_start's and count first.
     *
     * @param array<string, mixed> $options
     * @param bool $ask false for the sign-out page: Rollcall is not asked, so that signing out works with
     *                  any service token; session() is null then
     *
     * @throws RollcallException when Rollcall cannot be asked and the policy lets nobody in; the PHP session
     *                           stays as it is, and session_status() is PHP_SESSION_NONE
     */
    public function start(array $options = [], bool $ask = true): void
    {
        $this->asks = $ask;
        session_set_save_handler($this, true);
        if (ini_get('session.save_handler') !== 'user') {
            throw new \LogicException('PHP keeps its own session handler: session.save_handler is set with'
                . ' php_admin_value, where only php_value leaves the application a choice.');
        }
        session_start($options + [
            'use_strict_mode' => true,
            'use_only_cookies' => true,
            'use_trans_sid' => false,
            'cookie_httponly' => true,
            'cookie_samesite' => ini_get('session.cookie_samesite') ?: 'Lax',
            'cookie_secure' => Page::isHttps() || ini_get('session.cookie_secure'),
        ]);
    }

    /** Who is signed in, or null. Null, too, when Rollcall was not asked. */
    public function session(): ?Session
    {
        return $this->asks ? $this->remembered?->session : null;
    }

    /** The token of the session, for the calls of Client that are a person's own; or null. */
    public function token(): ?string
    {
        return $this->token;
    }

    /**
     * Registers the session of a user who has just proved who they are. The PHP session gets a new id and
     * keeps its data. A session that was signed in here before is ended.
     *
     * @param array<string, mixed> $more see Client::register
     *
     * @throws RollcallException when it was not registered; then nothing has changed here
     */
    public function signIn(string $tenantId, string $userId, array $more = []): Session
    {
        if (!$this->isOpen || session_status() !== PHP_SESSION_ACTIVE || headers_sent()) {
            throw new \LogicException('Start the session with this handler, and sign in before any output.');
        }
        $registered = $this->client->register($tenantId, $userId, $more + Page::visitor() + ['auth_time' => time()]);
        if ($registered->token === null) {
            throw new \LogicException('A repeated registration gives no token: leave "id" out.');
        }
        $former = $this->token;
        if (!session_regenerate_id(true)) {
            $this->revokeOrLog($registered->token);
            throw new \RuntimeException('PHP could not give the session another id.');
        }
        $this->keep($registered->token, new Remembered($registered->session, time(), time()));
        $this->isStale = true;
        $this->asks = true;
        if ($former !== null) {
            $this->revokeOrLog($former);
        }
        return $registered->session;
    }

    /**
     * Ends the session in Rollcall and the PHP session with it, and forgets the cookie. Needs no service
     * token.
     *
     * @throws RollcallException when Rollcall did not end it; then it lives on, here too, for a repeat
     */
    public function signOut(): void
    {
        if ($this->token !== null) {
            $this->client->revoke($this->token);
            $this->keep(null, null);
        }
        if (session_status() !== PHP_SESSION_ACTIVE) {
            return;
        }
        $_SESSION = [];
        session_destroy();
        $cookie = session_get_cookie_params();
        unset($cookie['lifetime']);
        setcookie((string) session_name(), '', ['expires' => 1] + $cookie);
    }

    public function open(string $path, string $name): bool
    {
        $this->isOpen = true;
        $this->ahead = null;
        $this->trouble = null;
        if (!self::isWithin('session_regenerate_id')) {
            $this->keep(null, null);
        }
        return $this->inner->open($path, $name);
    }

    public function close(): bool
    {
        $this->isOpen = false;
        $this->ahead = null;
        return $this->inner->close();
    }

    public function create_sid(): string
    {
        if ($this->inner instanceof \SessionIdInterface) {
            return $this->inner->create_sid();
        }
        $length = max(32, (int) ini_get('session.sid_length'));
        return substr(bin2hex(random_bytes($length)), 0, $length);
    }

    /** With session.use_strict_mode: an id that nothing is stored for, or an ended session, is given up. */
    public function validateId(#[\SensitiveParameter] string $id): bool
    {
        $knows = $this->inner instanceof \SessionUpdateTimestampHandlerInterface;
        if ($knows && !$this->inner->validateId($id)) {
            return false;
        }
        if (self::isWithin('session_regenerate_id') || self::isWithin('session_create_id')) {
            return $knows; // whether a new id is free
        }
        try {
            $data = $this->load($id, $isThere);
        } catch (RollcallException $e) {
            $this->trouble = $e;
            return true;
        }
        if (!$isThere && !$knows) {
            $this->inner->destroy($id); // reading has perhaps made it
        }
        $this->ahead = [$id, $data];
        return $isThere;
    }

    public function read(#[\SensitiveParameter] string $id): string|false
    {
        if (self::isWithin('session_regenerate_id')) {
            $data = $this->inner->read($id);
            return $data === false ? false : self::opened($data)[2];
        }
        if ($this->ahead !== null && $this->ahead[0] === $id) {
            $data = $this->ahead[1];
            $this->ahead = null;
            return $data;
        }
        try {
            if ($this->trouble !== null) {
                throw $this->trouble;
            }
            return $this->load($id, $isThere);
        } catch (RollcallException $e) {
            $this->close(); // PHP calls nothing after an exception: the driver's lock would stay
            throw $e;
        }
    }

    public function write(#[\SensitiveParameter] string $id, #[\SensitiveParameter] string $data): bool
    {
        $this->isStale = false;
        return $this->inner->write($id, $this->sealed($data));
    }

    /** With session.lazy_write: PHP's data has not changed. What is remembered may have. */
    public function updateTimestamp(#[\SensitiveParameter] string $id, #[\SensitiveParameter] string $data): bool
    {
        if ($this->isStale || !$this->inner instanceof \SessionUpdateTimestampHandlerInterface) {
            return $this->write($id, $data);
        }
        return $this->inner->updateTimestamp($id, $this->sealed($data));
    }

    public function destroy(#[\SensitiveParameter] string $id): bool
    {
        if (!self::isWithin('session_regenerate_id') && $this->token !== null) {
            $this->revokeOrLog($this->token);
            $this->keep(null, null);
        }
        return $this->inner->destroy($id);
    }

    public function gc(int $max_lifetime): int|false
    {
        return $this->inner->gc($max_lifetime);
    }

    /** @return array<string, mixed> for var_dump: without the token */
    public function __debugInfo(): array
    {
        return ['inner' => $this->inner::class, 'session' => $this->session()];
    }

    /**
     * PHP's part of what is stored. An ended session is destroyed, and nothing is left of it.
     *
     * @param bool|null $isThere set: whether there is a session that goes on
     *
     * @throws RollcallException
     */
    private function load(#[\SensitiveParameter] string $id, ?bool &$isThere): string|false
    {
        $isThere = false;
        $stored = $this->inner->read($id);
        if ($stored === false || $stored === '') {
            return $stored;
        }
        [$token, $last, $data] = self::opened($stored);
        if ($token !== null) {
            // Null, too, when the token can be none.
            $now = $this->asks ? $this->check->ask($token, $last) : $last;
            if ($now === null) {
                $this->inner->destroy($id);
                return '';
            }
            $this->keep($token, $now);
            $this->isStale = $last === null || $now->noted !== $last->noted || $this->isWorthSaving($now, $last);
        }
        $isThere = true;
        return $data;
    }

    /** The instant of the last good answer counts for allowFor only, and may be stored a little late. */
    private function isWorthSaving(Remembered $now, Remembered $last): bool
    {
        $seconds = $this->check->whenUnreachable->seconds;
        return $seconds > 0 && $now->seen - $last->seen >= min(self::SAVE_EVERY_SECONDS, intdiv($seconds, 10));
    }

    private function keep(#[\SensitiveParameter] ?string $token, ?Remembered $remembered): void
    {
        $this->token = $token;
        $this->remembered = $remembered;
        $this->isStale = false;
    }

    private function revokeOrLog(#[\SensitiveParameter] string $token): void
    {
        try {
            $this->client->revoke($token);
        } catch (RollcallException $e) {
            Check::log('a session has ended here and lives on in Rollcall: ' . $e->getMessage());
        }
    }

    /** Nobody's data is stored as it is, unless it begins as if it were somebody's. */
    private function sealed(#[\SensitiveParameter] string $data): string
    {
        if ($this->token === null) {
            return str_starts_with($data, self::MARK) ? self::MARK . "null\n" . $data : $data;
        }
        $line = ['token' => $this->token] + ($this->remembered?->toArray() ?? []);
        return self::MARK . json_encode($line, JSON_THROW_ON_ERROR) . "\n" . $data;
    }

    /**
     * The token is null for a session of nobody, and empty, which is no token, for a line that is damaged.
     *
     * @return array{string|null, Remembered|null, string} token, last answer, PHP's data
     */
    private static function opened(#[\SensitiveParameter] string $stored): array
    {
        if (!str_starts_with($stored, self::MARK)) {
            return [null, null, $stored];
        }
        [$line, $data] = explode("\n", substr($stored, strlen(self::MARK)), 2) + [1 => ''];
        if ($line === 'null') {
            return [null, null, $data];
        }
        $from = json_decode($line, true, 16);
        $token = is_array($from) && is_string($from['token'] ?? null) ? $from['token'] : '';
        return [$token, Remembered::fromArray($from), $data];
    }

    private static function isWithin(string $function): bool
    {
        foreach (debug_backtrace(DEBUG_BACKTRACE_IGNORE_ARGS) as $frame) {
            if ($frame['function'] === $function && !isset($frame['class'])) {
                return true;
            }
        }
        return false;
    }
}
