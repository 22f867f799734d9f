<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Rollcall;

use Rollcall\Exception\Conflict;
use Rollcall\Exception\Forbidden;
use Rollcall\Exception\Invalid;
use Rollcall\Exception\Misconfigured;
use Rollcall\Exception\NotFound;
use Rollcall\Exception\RollcallException;
use Rollcall\Exception\Unauthorized;
use Rollcall\Exception\Unreachable;

/**
 * One HTTP call with curl: time-outs, a limit on the answer's size, no redirect, no proxy of the
 * environment, and a status as an exception. The messages hold no token.
 *
 * @internal
 */
final class Transport
{
    private const MAX_ANSWER_BYTES = 8 << 20;
    private const MAX_DETAIL_BYTES = 300;

    public readonly string $url;
    private ?\CurlHandle $curl = null;

    public function __construct(
        string $url,
        private readonly int $connectMs,
        private readonly int $totalMs,
        private readonly ?string $caFile,
    ) {
        $parts = parse_url($url);
        $usable = is_array($parts) && in_array(strtolower($parts['scheme'] ?? ''), ['http', 'https'], true)
            && ($parts['host'] ?? '') !== ''
            && array_diff_key($parts, array_flip(['scheme', 'host', 'port', 'path'])) === []
            && preg_match('/^[\x21-\x7e]+$/D', $url) === 1;
        if (!$usable) {
            throw new Misconfigured('ROLLCALL_URL is not of the form https://host/path');
        }
        if ($connectMs < 1 || $totalMs < 1) {
            throw new \InvalidArgumentException('A time-out is at least one millisecond.');
        }
        $this->url = rtrim($url, '/');
    }

    /** Whether this can be a token: RFC 6750's characters, so that no header can be smuggled in. */
    public static function isToken(#[\SensitiveParameter] string $token): bool
    {
        return strlen($token) <= 8192 && preg_match('~^[A-Za-z0-9._\~+/-]+=*$~D', $token) === 1;
    }

    /** Text of others as one line for a log. */
    public static function line(string $text): string
    {
        return (string) preg_replace('/[\x00-\x1f\x7f]+/', ' ', $text);
    }

    /**
     * @param array<string, mixed>|null $body as JSON, or as a form
     *
     * @throws RollcallException
     */
    public function send(
        string $method,
        string $path,
        #[\SensitiveParameter] ?string $token,
        #[\SensitiveParameter] ?array $body = null,
        bool $form = false,
    ): Answer {
        $what = $method . ' ' . explode('?', $path)[0];
        if ($token !== null && !self::isToken($token)) {
            throw new Unauthorized("$what: the token has characters that no token has");
        }
        [$status, $text, $requestId] = $this->exchange($what, $path, [
            CURLOPT_CUSTOMREQUEST => $method,
            CURLOPT_HTTPHEADER => self::headers($token, $form),
        ] + self::content($method, $body, $form));
        $decoded = $text === '' ? [] : json_decode($text, true, 64);
        if ($status < 200 || $status > 299) {
            throw self::refusal($what, $status, is_array($decoded) ? $decoded : null, $requestId, [$token, $body['token'] ?? null]);
        }
        if (!is_array($decoded)) {
            throw new Unreachable("$what: what answered is no Rollcall: no JSON", $status, $requestId);
        }
        return new Answer($status, $decoded);
    }

    /** @return list<string> */
    private static function headers(#[\SensitiveParameter] ?string $token, bool $form): array
    {
        $headers = ['Accept: application/json', 'Expect:'];
        $headers[] = 'Content-Type: ' . ($form ? 'application/x-www-form-urlencoded' : 'application/json');
        if ($token !== null) {
            $headers[] = 'Authorization: Bearer ' . $token;
        }
        return $headers;
    }

    /**
     * @param array<string, mixed>|null $body
     *
     * @return array<int, string>
     */
    private static function content(string $method, #[\SensitiveParameter] ?array $body, bool $form): array
    {
        if ($body === null) {
            return $method === 'POST' ? [CURLOPT_POSTFIELDS => ''] : [];
        }
        try {
            $text = $form ? http_build_query($body) : json_encode((object) $body, JSON_THROW_ON_ERROR);
        } catch (\JsonException $e) {
            throw new \InvalidArgumentException('A value is no UTF-8 text, or no value of JSON: ' . $e->getMessage());
        }
        return [CURLOPT_POSTFIELDS => $text];
    }

    /**
     * @param array<int, mixed> $options
     *
     * @return array{int, string, string|null} status, body, request id
     */
    private function exchange(string $what, string $path, #[\SensitiveParameter] array $options): array
    {
        $text = '';
        $requestId = null;
        $this->curl ??= curl_init();
        curl_reset($this->curl);
        curl_setopt_array($this->curl, $options + [
            CURLOPT_URL => $this->url . $path,
            CURLOPT_PATH_AS_IS => true,
            CURLOPT_PROTOCOLS => CURLPROTO_HTTP | CURLPROTO_HTTPS,
            CURLOPT_FOLLOWLOCATION => false,
            CURLOPT_PROXY => '',
            CURLOPT_NOSIGNAL => true,
            CURLOPT_CONNECTTIMEOUT_MS => $this->connectMs,
            CURLOPT_TIMEOUT_MS => $this->totalMs,
            CURLOPT_WRITEFUNCTION => static function ($curl, string $part) use (&$text): int {
                $text .= $part;
                return strlen($text) > self::MAX_ANSWER_BYTES ? -1 : strlen($part);
            },
            CURLOPT_HEADERFUNCTION => static function ($curl, string $line) use (&$requestId): int {
                if (preg_match('/^x-request-id:\s*([A-Za-z0-9._-]{1,128})\s*$/i', $line, $match) === 1) {
                    $requestId = $match[1];
                }
                return strlen($line);
            },
        ]);
        if ($this->caFile !== null) {
            curl_setopt($this->curl, CURLOPT_CAINFO, $this->caFile);
        }
        if (curl_exec($this->curl) === false) {
            $why = strlen($text) > self::MAX_ANSWER_BYTES ? 'the answer is too long' : curl_error($this->curl);
            throw new Unreachable(self::line("$what: no answer from {$this->url} (ROLLCALL_URL): $why"));
        }
        return [curl_getinfo($this->curl, CURLINFO_RESPONSE_CODE), $text, $requestId];
    }

    /**
     * @param array<mixed>|null $body
     * @param array<mixed>      $secrets what was sent and must not be said
     */
    private static function refusal(
        string $what,
        int $status,
        #[\SensitiveParameter] ?array $body,
        ?string $requestId,
        #[\SensitiveParameter] array $secrets,
    ): RollcallException {
        $class = match (true) {
            $status === 401 => Unauthorized::class,
            $status === 403 => Forbidden::class,
            $status === 404 => NotFound::class,
            $status === 409 => Conflict::class,
            $status >= 400 && $status < 500 => Invalid::class,
            default => Unreachable::class,
        };
        $detail = $body['detail'] ?? null;
        $faults = is_array($detail) ? array_values(array_filter($detail, 'is_array')) : [];
        $said = is_string($detail) ? $detail : self::faultsAsText($faults);
        if ($said === '') {
            $said = 'what answered says nothing as Rollcall does; see ROLLCALL_URL';
        }
        $said = str_replace(array_filter($secrets, 'is_string'), '…', $said);
        $said = substr(self::line($said), 0, self::MAX_DETAIL_BYTES);
        $of = $requestId === null ? '' : " (request $requestId)";
        return new $class(self::line("$what answered $status: $said$of"), $status, $requestId, $faults);
    }

    /** @param list<array<mixed>> $faults */
    private static function faultsAsText(array $faults): string
    {
        $lines = [];
        foreach ($faults as $fault) {
            $loc = array_filter(is_array($fault['loc'] ?? null) ? $fault['loc'] : [], 'is_scalar');
            $lines[] = implode('.', $loc) . ': ' . (is_string($fault['msg'] ?? null) ? $fault['msg'] : '');
        }
        return implode('; ', $lines);
    }
}
