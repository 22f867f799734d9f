# SPDX-License-Identifier: MIT
"""What the clients talk to: httpd-conf/demo/stack's MariaDB, and two pools on it, each behind a web
server of its own, as two web hosts would be. Starts, stops and signals these processes and no other.

The first pool and web server are the stack's own; the second are started here in the same way, with
the stack's mark in their environment, so that `stack down` ends what is left of them.
"""
import asyncio
import datetime
import glob
import json
import os
import pathlib
import random
import re
import secrets
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
STACK = ROOT / "httpd-conf/demo/stack"


# Of Debian's package libfaketime. Without it no clock is moved.
FAKETIME = (glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1") + [None])[0]


class Failed(Exception):
    pass


def free_port():
    """Below the ports that the kernel gives to clients: a client that connects while a server is
    being restarted could otherwise be given the server's own port, and hold it."""
    while True:
        port = random.randrange(10240, 32240)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


def children(pid):
    try:
        tasks = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(p) for p in tasks.split()]


class Stack:
    """The database and the two hosts; `hosts` have a port each."""

    DATABASES = ["mariadb"]  # pid files of the servers

    def __init__(self, build, mode, settings=None, workers=4, buffer_pool="192M"):
        self.dir = pathlib.Path(build).resolve() / f"history-{os.getpid()}"
        self.bin = pathlib.Path(build).resolve() / mode
        self.dir.mkdir(parents=True)
        self.dir.chmod(0o700)
        self.mounted = False
        self.key = secrets.token_bytes(48)
        self.env = dict(os.environ, BUILD=str(build), MODE=mode, BIN_DIR=str(self.bin),
                        RUN_DIR=str(self.dir), PORT="0", DATA="none", WEB="lighttpd", FCGI="socket",
                        MOUNT="", EXTRA="", PROTECT="", WORKERS=str(workers),
                        BUFFER_POOL=buffer_pool)
        for name in [n for n in self.env if n.startswith("ROLLCALL_")]:
            del self.env[name]
        self.settings = {"ROLLCALL_JWT_HS256_FILE": str(self.dir / "hs256.key"),
                         "ROLLCALL_ACTIVITY_INTERVAL": "1", "ROLLCALL_RETRY_AFTER": "1",
                         "ROLLCALL_MAX_REQUESTS": "5000"}
        self.settings.update(settings or {})
        self.env.update(self.settings)
        self.clock = self.dir / "clock"
        self.pool_env = {}
        self.workers = workers
        self.hosts = []

    @property
    def defaults(self):
        return self.dir / "my.cnf"

    @property
    def serving(self):
        """Of the account that serves; a cluster of nodes has one account for everything."""
        file = self.dir / "service.cnf"
        return file if file.exists() else self.defaults

    def run(self, command):
        done = subprocess.run([str(STACK), command], env=self.env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            raise Failed(f"stack {command}: {done.stdout.decode()}")

    async def start_database(self, name):
        """It had been killed; it is whole again on return."""
        await asyncio.get_running_loop().run_in_executor(None, self.run, "db-up")

    def mount(self, mib):
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=700", "history",
                        str(self.dir)], check=True)
        self.mounted = True

    def watch_clock(self):
        """The clock of the pools and of the first web server can be moved from now on."""
        self.clock.touch(0o600)
        self.set_clock(0)
        self.pool_env = {"LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": str(self.clock),
                         "FAKETIME_CACHE_DURATION": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        self.env["EXTRA"] = " ".join(f"{name}={value}" for name, value in self.pool_env.items())

    def set_clock(self, seconds):
        with open(self.clock, "r+", encoding="ascii") as file:  # as long as before: the disk may be full
            file.write(f"{seconds:+09}s\n")

    def write_key(self):
        path = self.dir / "hs256.key"
        path.touch(0o600)
        path.write_bytes(self.key)

    def up(self):
        self.write_key()
        self.run("up")
        text = (self.dir / "lighttpd.conf").read_text()
        port = int(re.search(r"server.port = (\d+)", text).group(1))
        self.hosts = [Host(self, "", port), Host(self, "2", free_port())]
        self.put_beside(self.hosts[1], text, port)
        for host in self.hosts:
            host.wait_for_answer()

    def put_beside(self, second, text, port):
        """Starts a second host with the first one's configuration, which has that port."""
        second.conf.write_text(text.replace(f"server.port = {port}", f"server.port = {second.port}")
                               .replace(f"{self.dir}/rollcall.conf", f"{self.dir}/{second.web}-app.conf"))
        (self.dir / f"{second.web}-app.conf").write_text(
            (self.dir / "rollcall.conf").read_text().replace("/pool.sock", f"/{second.pool}.sock"))
        second.start_pool()
        second.start_web()
        second.wait_for_answer()

    def token(self, claims):
        """Signed with the demonstration key, RS256."""
        claims = dict({"exp": int(time.time()) + 7 * 86400}, **claims)
        return subprocess.run([str(self.bin / "rollcall-demo"), "token",
                               str(self.dir / "demo-key.pem"), json.dumps(claims)], check=True,
                              stdout=subprocess.PIPE).stdout.decode().strip()

    def down(self, keep=False):
        for host in self.hosts:
            host.let_go()
        self.run("down")
        self.remove(keep)

    def remove(self, keep):
        if self.mounted and keep:  # what is in a file system of our own goes with it
            subprocess.run(["cp", "-R", str(self.dir), f"{self.dir}.kept"], check=False)
        if self.mounted:
            subprocess.run(["umount", str(self.dir)], check=False)
        if self.mounted or not keep:
            subprocess.run(["rm", "-rf", str(self.dir)], check=False)

    def pid(self, name):
        return int((self.dir / f"{name}.pid").read_text())

    def start(self, name, *command, defaults=None, more=None):
        env = dict(self.env, STACK_RUN_DIR=str(self.dir), ROLLCALL_WORKERS=str(self.workers),
                   ROLLCALL_DB_DEFAULTS=str(defaults or self.serving),
                   ROLLCALL_JWKS_FILE=str(self.dir / "jwks.json"), **(more or {}))
        with open(self.dir / f"{name}.log", "ab") as log:
            child = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=log,
                                     stderr=log, start_new_session=True)
        (self.dir / f"{name}.pid").write_text(f"{child.pid}\n")
        return child

    # The database, by the mariadb client with its option file

    def client(self, *options):
        return ["mariadb", f"--defaults-file={self.defaults}", "--batch", "--skip-column-names",
                *options]

    def sql(self, text):
        """Rows of text columns. `text` is a constant of this program: no value is put into it."""
        done = subprocess.run(self.client("--raw"), input=text.encode(), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            raise Failed(done.stderr.decode())
        return [line.split("\t") for line in done.stdout.decode().splitlines()]

    def recount(self):
        """What rollcall-admin finds wrong in the maintained numbers; empty when nothing is."""
        done = subprocess.run([str(self.bin / "rollcall-admin"), "recount", "--dry-run"],
                              env=dict(self.env, ROLLCALL_DB_DEFAULTS=str(self.defaults)),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return done.stdout.decode()[:600] if done.returncode != 0 else ""

    def is_ours(self, pid):
        try:
            environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            return False
        return f"STACK_RUN_DIR={self.dir}".encode() in environment.split(b"\0")

    def signal(self, pid, signo):
        if self.is_ours(pid):
            try:
                os.kill(pid, signo)
            except ProcessLookupError:
                pass


class Host:
    """A pool and the web server in front of it."""

    def __init__(self, stack, suffix, port):
        self.stack = stack
        self.port = port
        self.pool = f"pool{suffix}"
        self.web = f"lighttpd{suffix}"
        self.conf = stack.dir / f"lighttpd{suffix}.conf"
        self.children = []
        self.defaults = stack.defaults

    def workers(self):
        return children(self.stack.pid(self.pool))

    def start_pool(self):
        sock = self.stack.dir / f"{self.pool}.sock"
        sock.unlink(missing_ok=True)
        self.children.append(self.stack.start(self.pool, "spawn-fcgi", "-n", "-s", str(sock), "-M",
                                              "0600", "--", str(self.stack.bin / "rollcall.fcgi"),
                                              defaults=self.defaults, more=self.stack.pool_env))

    def start_web(self):
        self.children.append(self.stack.start(self.web, "lighttpd", "-D", "-f", str(self.conf)))

    def wait_for_answer(self, seconds=30):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 2) as s:
                    s.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
                    if b" 200 " in s.recv(64):
                        return
            except OSError:
                pass
            time.sleep(0.05)
        raise Failed(f"no answer at port {self.port}; see {self.stack.dir}/{self.pool}.log")

    async def stop(self, name, signo, seconds=20):
        pid = self.stack.pid(name)
        self.stack.signal(pid, signo)
        until = time.monotonic() + seconds
        while self.stack.is_ours(pid) and time.monotonic() < until:
            self.reap()
            await asyncio.sleep(0.05)
        if self.stack.is_ours(pid):
            self.stack.signal(pid, signal.SIGKILL)
            await asyncio.sleep(0.2)

    def reap(self):
        self.children = [c for c in self.children if c.poll() is None]

    def let_go(self):
        """`stack down` ends them; we must not keep them as zombies."""
        for child in self.children:
            child.terminate()
        for child in self.children:
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def parse_time(text):
    """RFC 3339 in UTC, as seconds since 1970."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
