# SPDX-License-Identifier: MIT
"""Two callers end the same large tenant at the same time, one of them killed at one step after the
other. A call may answer 200 only when nothing of the tenant was active at a moment after it began.

Nobody signs in meanwhile, so what is active when the 200 has arrived was active all the time.
"""
import asyncio
import json
import random
import subprocess
import time

import faults
import store as tables
from client import Connection, Tokens

ANSWER_SECONDS = 600
VICTIMS = ["nobody", "the first's workers", "a connection", "the second's workers", "a query",
           "the database killed"]


def run(stack, trials, rows):
    """Status 1 if a trial found a fault."""
    return asyncio.run(Overlap(stack, rows).run(trials))


class Overlap:
    def __init__(self, stack, rows):
        self.stack = stack
        self.rows = rows  # of a tenant
        self.tokens = Tokens(stack.key)
        self.root = self.tokens.sign({"sub": "root", "role": "super_admin"})
        self.faults = []
        self.calls = 0
        self.length = 5.0  # of a call that ends them all, until one was measured

    def broken(self, text):
        self.faults.append(text)
        print(f"  BROKEN: {text}", flush=True)

    def fill(self, tenants):
        """Through rollcall-admin, which knows the tables of its own version."""
        before = time.monotonic()
        child = subprocess.Popen(
            [str(self.stack.bin / "rollcall-admin"), "import", "--create-tenants", "-"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            env=dict(self.stack.env, ROLLCALL_DB_DEFAULTS=str(self.stack.defaults)))
        for tenant in tenants:
            child.stdin.write("".join(
                json.dumps({"id": f"{tenant}-{i}", "tenant_id": tenant, "user_id": f"u{i % 900}",
                            "expires_at": "2199-01-01T00:00:00Z"}) + "\n"
                for i in range(self.rows)).encode())
        child.stdin.close()
        if child.wait() != 0:
            self.broken("the fixture could not be imported")
        print(f"overlap: {self.rows:,} sessions of {len(tenants)} tenant(s) imported in "
              f"{time.monotonic() - before:.0f} s", flush=True)

    async def run(self, trials):
        name = f"big{random.randrange(1 << 32):08x}-"
        for trial in range(trials):
            tenant = f"{name}{trial}"
            self.fill([tenant])
            # The step moves through the call, and each victim sees early and late ones.
            victim = VICTIMS[trial % len(VICTIMS)]
            step = (trial * 0.382 + 0.15) % 1.0
            await self.trial(trial, tenant, victim, step)
        print(f"overlap: {trials} trials, {self.calls} calls, {len(self.faults)} violations",
              flush=True)
        return 1 if self.faults else 0

    async def end(self, host, request, tenant):
        self.calls += 1
        c = Connection(self.stack.hosts[host])
        began = time.monotonic()
        a = await c.ask("POST", f"/api/v1/tenants/{tenant}/sessions/revoke-all",
                        {"Authorization": "Bearer " + self.root, "X-Request-Id": request}, b"",
                        ANSWER_SECONDS)
        c.close()
        took = time.monotonic() - began
        ids = a.json()["data"]["session_ids"] if a.status == 200 else None
        print(f"  {request}: {a.status or 'no answer'} after {took:.2f} s"
              + (f", {len(ids):,} ended" if ids is not None else ""), flush=True)
        if a.status == 200:
            left = await self.active(tenant)
            if left:
                self.broken(f"{request} answered 200 with {left:,} sessions of {tenant} still active")
            if len(ids) == self.rows:
                self.length = took
        elif a.status == 503 and "retry-after" not in a.headers:
            self.broken(f"{request}: 503 without Retry-After")
        elif a.status not in (0, 503) and "x-request-id" in a.headers:
            self.broken(f"{request}: {a.status}")
        return ids

    async def active(self, tenant):
        """Asked of either host until one answers: the other's may just have been killed."""
        while True:
            for host in self.stack.hosts:
                c = Connection(host)
                a = await c.ask("GET", f"/api/v1/tenants/{tenant}/sessions?per_page=1",
                                {"Authorization": "Bearer " + self.root})
                c.close()
                if a.status == 200:
                    return a.json()["pagination"]["total_items"]
            await asyncio.sleep(0.05)

    async def harm(self, victim, step):
        await asyncio.sleep(step * self.length)
        if victim == "the first's workers":
            await faults.workers_killed(self, self.stack.hosts[0])
        elif victim == "the second's workers":
            await faults.workers_killed(self, self.stack.hosts[1])
        elif victim in ("a connection", "a query"):
            await faults.talk(self.stack, [(tables.KILLS[0 if victim == "a connection" else 1], 0)])
        elif victim == "the database killed":
            await faults.database_killed(self, None)

    async def trial(self, number, tenant, victim, step):
        gap = random.choice([0, 0.02, 0.1, 0.3]) * self.length
        print(f"overlap {number}: {victim} at {step:.2f} of {self.length:.1f} s, the second caller "
              f"{gap:.2f} s behind the first", flush=True)
        first = asyncio.create_task(self.end(0, f"o{number}.1", tenant))
        harm = asyncio.create_task(self.harm(victim, step))
        await asyncio.sleep(gap)
        claims = [await asyncio.create_task(self.end(1, f"o{number}.2", tenant)), await first]
        await harm
        while claims[-1] is None:  # a repeat finishes what an interrupted call began
            claims.append(await self.end(random.randrange(2), f"o{number}.{len(claims) + 1}", tenant))
            await asyncio.sleep(0.2)
        await self.audit(tenant, claims)

    async def audit(self, tenant, claims):
        named = [sid for ids in claims if ids is not None for sid in ids]
        if len(named) != len(set(named)):
            self.broken(f"{tenant}: {len(named) - len(set(named))} sessions were claimed twice")
        store = await asyncio.get_running_loop().run_in_executor(
            None, tables.read, self.stack, lambda at: at, "o")
        living = [sid for sid, row in store.living.items() if row.tenant == tenant]
        if living:
            self.broken(f"{tenant}: {len(living):,} sessions are active in the tables")
        wrong = [n for i in range(self.rows)
                 if (n := len(store.audits_of.get(f"{tenant}-{i}", []))) != 1]
        if wrong:
            self.broken(f"{tenant}: {len(wrong):,} sessions are not audited exactly once")
