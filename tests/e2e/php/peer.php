<?php

// SPDX-License-Identifier: MIT
// For test_kit.php: a server on loopback that answers what the test wants, byte for byte, and keeps what it
// was sent. The first segment of the path names the answer; what is not named is never answered.

declare(strict_types=1);

final class Peer
{
    public readonly string $url;
    private int $pid;

    /** @param array<string, string> $answers */
    public function __construct(array $answers, private readonly string $log)
    {
        $socket = stream_socket_server('tcp://127.0.0.1:0');
        $this->url = 'http://' . stream_socket_get_name($socket, false);
        $this->pid = pcntl_fork();
        if ($this->pid === 0) {
            while (true) {
                $client = @stream_socket_accept($socket, 3600);
                if ($client !== false) {
                    $this->serve($client, $answers);
                }
            }
        }
        fclose($socket);
    }

    /** What it was sent since the last call. */
    public function sent(): string
    {
        $text = (string) @file_get_contents($this->log);
        @unlink($this->log);
        return $text;
    }

    public function end(): void
    {
        posix_kill($this->pid, SIGKILL);
        pcntl_waitpid($this->pid, $status);
    }

    /** @param resource $client */
    private function serve($client, array $answers): void
    {
        static $unanswered = [];
        $request = '';
        while (!str_contains($request, "\r\n\r\n") && ($part = fread($client, 65536)) !== false && $part !== '') {
            $request .= $part;
        }
        $length = preg_match('/^content-length: (\d+)/im', $request, $match) === 1 ? (int) $match[1] : 0;
        [, $body] = explode("\r\n\r\n", $request, 2) + [1 => ''];
        while (strlen($body) < $length && ($part = fread($client, 65536)) !== false && $part !== '') {
            $request .= $part;
            $body .= $part;
        }
        file_put_contents($this->log, $request . "\n", FILE_APPEND);
        $case = explode('/', explode(' ', $request)[1] ?? '')[1] ?? '';
        if (!isset($answers[$case])) {
            $unanswered[] = $client; // stays open: a server that hangs
            return;
        }
        fwrite($client, $answers[$case]);
        fclose($client);
    }
}
