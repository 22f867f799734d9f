<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Rollcall;

/**
 * One file a session in a directory of the application's own, outside of the web space. Whoever can write
 * there decides who is let in while Rollcall does not answer: the directory is made with mode 0700.
 */
final class FileMemory implements Memory
{
    private const KEEP_SECONDS = 7 * 86400;

    public function __construct(private readonly string $directory)
    {
        if (!is_dir($directory) && !@mkdir($directory, 0700, true) && !is_dir($directory)) {
            throw new \InvalidArgumentException("Cannot make the directory $directory");
        }
        $others = (fileperms($directory) & 0022) !== 0;
        if ($others || (function_exists('posix_geteuid') && fileowner($directory) !== posix_geteuid())) {
            throw new \InvalidArgumentException("Others can write in the directory $directory");
        }
    }

    public function recall(string $key): ?Remembered
    {
        $text = @file_get_contents($this->file($key));
        return $text === false ? null : Remembered::fromArray(json_decode($text, true, 16));
    }

    public function remember(string $key, Remembered $what): void
    {
        $new = @tempnam($this->directory, 'new-');
        if ($new === false || dirname($new) !== realpath($this->directory)) {
            Check::log("cannot write in {$this->directory}");
            return;
        }
        file_put_contents($new, json_encode($what->toArray(), JSON_THROW_ON_ERROR));
        rename($new, $this->file($key));
        if (random_int(1, 1000) === 1) {
            $this->sweep();
        }
    }

    public function forget(string $key): void
    {
        @unlink($this->file($key));
    }

    private function file(string $key): string
    {
        return $this->directory . '/' . hash('sha256', $key);
    }

    private function sweep(): void
    {
        foreach (glob($this->directory . '/*') ?: [] as $file) {
            if (@filemtime($file) < time() - self::KEEP_SECONDS) {
                @unlink($file);
            }
        }
    }
}
