# SPDX-License-Identifier: MIT
"""Faults, one after another in several streams, until told to stop. Each mends what it broke before it
returns. A resource that one stream is at is left alone by the others.
"""
import asyncio
import json
import os
import random
import resource
import signal
import subprocess
import time

import store


class Faults:
    def __init__(self, stack, recorder, only=None, pause=(0.2, 3.0)):
        self.stack = stack
        self.recorder = recorder
        self.pause = pause
        self.stopping = False
        self.free = {"db", "keys", "locks", "clock", "host0", "host1"}
        kinds = (KINDS + (CLOCK_KINDS if stack.pool_env else [])
                 + (CLUSTER_KINDS if len(stack.DATABASES) > 1 else [])
                 + (DISK_KINDS if stack.mounted else []))
        self.kinds = [k for k in kinds if only is None or k[1].__name__ in only]

    async def run(self, streams=2):
        await asyncio.gather(*(self.stream() for _ in range(streams)))

    async def stream(self):
        while not self.stopping:
            await asyncio.sleep(random.uniform(*self.pause))
            weights = [k[0] for k in self.kinds]
            _, kind, needs = random.choices(self.kinds, weights)[0]
            host = random.randrange(2)
            wants = {n if n != "host" else f"host{host}" for n in needs}
            if self.stopping or not wants <= self.free:
                continue
            self.free -= wants
            self.note(kind.__name__, True)
            try:
                await kind(self, self.stack.hosts[host])
            finally:
                self.note(kind.__name__, False)
                self.free |= wants

    def note(self, what, on):
        self.recorder.event({"e": "fault", "t": time.monotonic(), "what": what, "on": on})


async def worker_killed(f, host):
    workers = host.workers()
    for pid in random.sample(workers, min(len(workers), random.choice([1, 1, 2]))):
        f.stack.signal(pid, signal.SIGKILL)


async def workers_killed(f, host):
    for pid in host.workers():
        f.stack.signal(pid, signal.SIGKILL)


async def worker_stopped(f, host):
    workers = host.workers()
    if workers:
        pid = random.choice(workers)
        f.stack.signal(pid, signal.SIGSTOP)
        await asyncio.sleep(random.choice([0.1, 0.5, 1, 3, 6]))
        f.stack.signal(pid, signal.SIGCONT)


async def database_killed(f, host):
    name = random.choice(f.stack.DATABASES)
    f.stack.signal(f.stack.pid(name), signal.SIGKILL)
    await asyncio.sleep(random.choice([0, 0.3, 2]))
    await f.stack.start_database(name)


async def database_stopped(f, host):
    pid = f.stack.pid(random.choice(f.stack.DATABASES))
    f.stack.signal(pid, signal.SIGSTOP)
    await asyncio.sleep(random.choice([0.1, 0.3, 1, 4, 7]))
    f.stack.signal(pid, signal.SIGCONT)


async def connections_killed(f, host):
    script = "\n".join(random.choice(store.KILLS) for _ in range(random.choice([1, 3, 10])))
    await talk(f.stack, [(script, 0)])


async def rows_locked(f, host):
    await talk(f.stack, [("START TRANSACTION; " + random.choice(store.ROW_LOCKS) + ";",
                          random.choice([0.2, 1, 1.5, 3, 5])), ("ROLLBACK;", 0)])


async def table_locked(f, host):
    await talk(f.stack, [(store.TABLE_LOCK + ";", random.choice([0.2, 1, 3])), ("UNLOCK TABLES;", 0)])


async def talk(stack, parts):
    """Text to a mariadb client, and how long its connection then stays as it is."""
    child = await asyncio.create_subprocess_exec(
        *stack.client("--force", "--unbuffered"), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    try:
        for text, seconds in parts:
            child.stdin.write(text.encode() + b"\n")
            await child.stdin.drain()
            await asyncio.sleep(seconds)
        child.stdin.close()
    except OSError:
        pass  # its connection was killed
    try:
        await asyncio.wait_for(child.wait(), 20)
    except asyncio.TimeoutError:
        child.kill()
        await child.wait()


async def web_restarted(f, host):
    await host.stop(host.web, random.choice([signal.SIGTERM, signal.SIGKILL]))
    await asyncio.sleep(random.choice([0, 0.5]))
    host.start_web()
    await aside(host.wait_for_answer)


async def pool_renewed(f, host):
    f.stack.signal(f.stack.pid(host.pool), signal.SIGHUP)
    await asyncio.sleep(1)


async def pool_restarted(f, host):
    await host.stop(host.pool, signal.SIGTERM)
    host.start_pool()
    await aside(host.wait_for_answer)


async def keys_garbage(f, host):
    good = (f.stack.dir / "jwks.json").read_bytes()
    for junk in (b"{\"keys\":[", b"", b"\0\xff" * 400):
        replace(f.stack.dir / "jwks.json", junk)
        await asyncio.sleep(random.choice([0.2, 1.2]))
    replace(f.stack.dir / "jwks.json", good)


async def keys_rotated(f, host):
    """The provider adds a key, before and behind the one in force."""
    path = f.stack.dir / "jwks.json"
    other = f.stack.dir / "other"
    good = path.read_bytes()
    if not other.exists():
        other.mkdir(0o700)
        subprocess.run([str(f.stack.bin / "rollcall-demo"), "keys", str(other)], check=True)
    one, two = (json.loads(text)["keys"] for text in (good, (other / "jwks.json").read_bytes()))
    for keys in (one + two, two + one):
        replace(path, json.dumps({"keys": keys}).encode())
        await asyncio.sleep(random.choice([0.2, 1.2]))
    replace(path, good)


async def descriptors_refused(f, host):
    """A worker may open no file and no connection, and has lost the one to the database."""
    await limited(f, host, resource.RLIMIT_NOFILE, lambda pid: 4)


async def clock_moved(f, host):
    """Of the pools, not of the database, whose clock says by definition what has expired."""
    for seconds in random.sample([90, 7200, 2 * 86400, -90, -7200, -2 * 86400], 2):
        f.stack.set_clock(seconds)
        await asyncio.sleep(random.choice([1.5, 4]))
    f.stack.set_clock(0)


async def memory_refused(f, host):
    """A worker gets hardly any memory more; it may end, as it says of itself."""
    await limited(f, host, resource.RLIMIT_AS, lambda pid: memory_of(pid) + random.choice([0, 1 << 18]))


def memory_of(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


async def limited(f, host, what, amount):
    workers = host.workers()
    if not workers:
        return
    pid = random.choice(workers)
    try:
        before = resource.prlimit(pid, what)
        resource.prlimit(pid, what, (amount(pid), before[1]))
        await connections_killed(f, host)
        await asyncio.sleep(random.choice([0.3, 1, 3]))
        if f.stack.is_ours(pid):
            resource.prlimit(pid, what, before)
    except (OSError, ValueError):
        pass  # it has ended


def replace(path, data):
    draft = path.with_suffix(".draft")
    draft.touch(0o600)
    draft.write_bytes(data)
    draft.rename(path)


async def aside(function):
    await asyncio.get_running_loop().run_in_executor(None, function)


async def disk_full(f, host):
    """Nothing in the stack's directory can grow: tables, undo log, logs."""
    filler = f.stack.dir / "filler"
    with open(filler, "wb") as file:
        room = os.statvfs(f.stack.dir)
        try:
            os.posix_fallocate(file.fileno(), 0, room.f_bavail * room.f_frsize)
        except OSError:
            pass  # others were quicker; full is full
    await asyncio.sleep(random.choice([0.5, 2, 5]))
    filler.unlink()
    # InnoDB may have ended itself.
    for name in f.stack.DATABASES:
        if not f.stack.is_ours(f.stack.pid(name)):
            await f.stack.start_database(name)


async def node_isolated(f, host):
    """Of a cluster only: a node that hears nothing of the others and still answers."""
    await f.stack.isolate(random.choice(f.stack.DATABASES), random.choice([1, 4, 8]))


async def node_restarted(f, host):
    """Leaves its cluster in order, misses what is written meanwhile, and joins again."""
    name = random.choice(f.stack.DATABASES)
    await host.stop(name, signal.SIGTERM)
    await asyncio.sleep(random.choice([0, 1, 3]))
    await f.stack.start_database(name)


# How often, what, and what it needs for itself.
KINDS = [
    (8, worker_killed, ["host"]),
    (3, workers_killed, ["host"]),
    (6, worker_stopped, ["host"]),
    (2, database_killed, ["db"]),
    (3, database_stopped, ["db"]),
    (10, connections_killed, []),
    (6, rows_locked, ["locks"]),
    (2, table_locked, ["locks"]),
    (3, web_restarted, ["host"]),
    (4, pool_renewed, ["host", "keys"]),
    (1, pool_restarted, ["host", "keys"]),
    (2, keys_garbage, ["keys"]),
    (2, keys_rotated, ["keys"]),
    (2, descriptors_refused, ["host"]),
    (2, memory_refused, ["host"]),
]
CLOCK_KINDS = [(3, clock_moved, ["clock"])]
CLUSTER_KINDS = [(5, node_isolated, ["db"]), (2, node_restarted, ["db"])]
# Their mending writes, so nothing else is broken meanwhile.
DISK_KINDS = [(3, disk_full, ["db", "keys", "host0", "host1"])]
