# SPDX-License-Identifier: MIT
"""One HTTP connection that is kept open and opened again when it was lost; tokens signed with HS256.

A request that got no whole answer is answered with status 0: nobody knows whether it was carried
out. It is never sent a second time by itself.
"""
import asyncio
import base64
import hashlib
import hmac
import json
import time

ANSWER_SECONDS = 40


class Answer:
    __slots__ = ("status", "headers", "body")

    def __init__(self, status=0, headers=None, body=b""):
        self.status = status
        self.headers = headers or {}
        self.body = body

    def json(self):
        return json.loads(self.body)


class Connection:
    def __init__(self, host):
        self.host = host  # has .port
        self.reader = self.writer = None

    def close(self):
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None

    async def ask(self, method, path, headers, body=None, seconds=ANSWER_SECONDS):
        head = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
        head += [f"{name}: {value}" for name, value in headers.items()]
        if body is not None or method == "POST":
            head.append(f"Content-Length: {len(body or b'')}")
        data = ("\r\n".join(head) + "\r\n\r\n").encode() + (body or b"")
        try:
            return await asyncio.wait_for(self.exchange(data), seconds)
        except (OSError, EOFError, ValueError, asyncio.TimeoutError):
            self.close()
            return Answer()

    async def exchange(self, data):
        if self.writer is None or self.reader.at_eof():
            self.close()
            self.reader, self.writer = await asyncio.open_connection(
                "127.0.0.1", self.host.port, limit=1 << 20)
        self.writer.write(data)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].split(" ")[1])
        headers = {}
        for line in head[1:]:
            name, colon, value = line.partition(":")
            if colon:
                headers[name.lower()] = value.strip()
        body = await self.body(status, headers)
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Answer(status, headers, body)

    async def body(self, status, headers):
        if headers.get("transfer-encoding") == "chunked":
            parts = []
            while True:
                size = int((await self.reader.readuntil(b"\r\n")).split(b";")[0], 16)
                part = await self.reader.readexactly(size + 2)
                if size == 0:
                    return b"".join(parts)
                parts.append(part[:-2])
        if "content-length" in headers:
            return await self.reader.readexactly(int(headers["content-length"]))
        if status == 204:
            return b""
        body = await self.reader.read()
        self.close()
        return body


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


class Tokens:
    """Signs claims with the symmetric key of the pool."""
    HEADER = base64url(b'{"alg":"HS256","typ":"JWT"}')

    def __init__(self, key):
        self.key = key

    def sign(self, claims):
        claims = dict({"exp": int(time.time()) + 7 * 86400}, **claims)
        text = self.HEADER + b"." + base64url(json.dumps(claims).encode())
        return (text + b"." + base64url(hmac.digest(self.key, text, hashlib.sha256))).decode()
