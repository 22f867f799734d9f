# SPDX-License-Identifier: MIT
"""The final state: what the tables hold and what the API says of them, once everything is quiet."""
import asyncio
import random
import time

import store as tables
from client import Connection

SAMPLE = 12  # tenants that are read by the API


async def judge(stack, recorder, load):
    h = recorder.history
    await asyncio.sleep(1)  # what runs behind an answer
    for host in stack.hosts:
        await asyncio.get_running_loop().run_in_executor(None, host.wait_for_answer)
    state = await asyncio.get_running_loop().run_in_executor(
        None, tables.read, stack, lambda at: at - recorder.offset, load.prefix)
    h.judge_final(state, time.monotonic())
    for sid in state.twice:
        h.broken("living or ended", f"{sid} is twice in the store")
    for host in stack.hosts:
        await Reader(h, host, load).judge(state)
    wrong = await asyncio.get_running_loop().run_in_executor(None, stack.recount)
    if wrong:
        h.broken("maintained numbers are exact", wrong)


class Reader:
    def __init__(self, h, host, load):
        self.h = h
        self.c = Connection(host)
        self.load = load

    async def get(self, path):
        for _ in range(20):
            a = await self.c.ask("GET", path, {"Authorization": "Bearer " + self.load.root})
            if a.status == 200:
                return a.json()
            await asyncio.sleep(0.5)
        self.h.broken("only documented answers", f"GET {path} is {a.status} in the final state")
        return None

    async def walk(self, path):
        """Every row of a list, its pages put together."""
        rows, page, total = [], 1, 1
        while len(rows) < total:
            answer = await self.get(f"{path}{'&' if '?' in path else '?'}per_page=100&page={page}")
            if answer is None or not answer["data"]:
                break
            rows += answer["data"]
            total = answer["pagination"]["total_items"]
            page += 1
        return rows

    async def judge(self, state):
        tenants = sorted({s.tenant for s in self.h.sessions.values()})
        for tenant in random.sample(tenants, min(SAMPLE, len(tenants))):
            await self.tenant(tenant, state)
        listed = {row["id"] for row in await self.walk("/api/v1/admin/sessions")}
        now = time.monotonic()
        alive = {sid for sid, row in state.living.items() if row.expires > now + 30}
        if not alive <= listed or not listed <= state.living.keys():
            self.h.broken("API and tables agree", f"{len(listed)} sessions are listed, "
                          f"{len(alive)} are active in the tables")
        self.c.close()

    async def tenant(self, tenant, state):
        base = f"/api/v1/tenants/{tenant}"
        mine = [sid for sid, row in (*state.living.items(), *state.ended.items())
                if row.tenant == tenant]
        revoked = {sid for sid in mine if sid in state.ended and state.ended[sid].how == "revoked"}
        rows = await self.walk(base + "/sessions?active_only=false")
        if {r["id"] for r in rows} != set(mine) or len(rows) != len(mine):
            self.h.broken("API and tables agree", f"{tenant} has {len(mine)} sessions in the tables "
                          f"and {len(rows)} in its list")
        audits = await self.walk(base + "/audit")
        said = sorted((a["session_id"], a["request_id"]) for a in audits
                      if a["session_id"] in revoked or a.get("how", "revoked") != "expired")
        stored = sorted((a.session, a.request) for sid in revoked for a in state.audits_of.get(sid, []))
        if said != stored:
            self.h.broken("API and tables agree", f"{tenant}: the audit lists {len(said)} rows, the "
                          f"tables hold {len(stored)}")
        stats = await self.get(base + "/sessions/stats")
        if stats is not None:
            d = stats["data"]
            active = sum(sid in state.living and state.living[sid].expires > time.monotonic()
                         for sid in mine)
            said = (d["total_sessions"], d["revoked_sessions"], d["active_sessions"])
            if said != (len(mine), len(revoked), active):
                self.h.broken("API and tables agree", f"{tenant}: statistics say {said} sessions, "
                              f"revoked, active; the tables {(len(mine), len(revoked), active)}")
        self.h.looked("tenants read by the API")
