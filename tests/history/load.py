# SPDX-License-Identifier: MIT
"""Clients: each asks one thing after another, through either pool, and notes call and answer.

Sessions live in cells of two tenants that share a few users. A cell is left after a while and its
tenants are ended as a whole, so that lists stay short and a call without an answer casts its doubt
on few sessions.
"""
import asyncio
import json
import random
import time
import urllib.parse

from client import Connection

CELLS = 3  # at a time
CELL_SESSIONS = 500
CELL_SECONDS = 25
USERS = 4  # of a tenant, besides those that both have
ADDRESSES = [f"203.0.113.{i}" for i in range(1, 7)]
AGENTS = {
    "desktop": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "mobile": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_7 like Mac OS X) AppleWebKit/605.1.15 "
              "(KHTML, like Gecko) Version/17.7 Mobile/15E148 Safari/604.1",
    "bot": "curl/8.0",
}


class Known:
    """A session as a client knows it."""
    __slots__ = ("id", "tenant", "user", "token", "body", "jwt")

    def __init__(self, sid, tenant, user, body):
        self.id = sid
        self.tenant = tenant
        self.user = user
        self.body = body
        self.token = None
        self.jwt = None


class Cell:
    def __init__(self, name):
        self.tenants = [f"t{name}a", f"t{name}b"]
        self.shared = [f"s{name}x", f"s{name}y"]
        self.users = {t: [f"u{t}{i}" for i in range(USERS)] + self.shared for t in self.tenants}
        self.sessions = []
        self.until = time.monotonic() + CELL_SECONDS
        self.leaving = False

    def is_full(self):
        return len(self.sessions) >= CELL_SESSIONS or time.monotonic() > self.until


class Load:
    def __init__(self, hosts, tokens, roots, recorder, prefix="h", weights=None, looks=1):
        self.hosts = hosts
        self.tokens = tokens
        self.recorder = recorder
        self.prefix = prefix
        self.cells = []
        self.cell_count = 0
        self.number = 0
        self.session_number = 0
        self.recent = []  # sessions that something was just done to
        self.leaving = set()
        self.opening = 0
        self.roots = roots
        self.service = tokens.sign({"sub": "svc", "platform_token": True,
                                    "scope": "sessions:write admin:read admin:write"})
        self.weights = weights or WEIGHTS
        self.looks = looks  # at what was just ended

    @property
    def root(self):
        """Of a platform administrator, signed with one of the keys in force."""
        return random.choice(self.roots)

    async def run(self, clients):
        some = [Client(self, i) for i in range(clients)]
        await asyncio.gather(*(client.run() for client in some))
        cleaner = Client(self, clients)
        for cell in self.cells:
            await cleaner.leave(cell)
        while self.leaving:
            await asyncio.sleep(0.1)


WEIGHTS = {
    "register": 24, "again": 1, "activity": 6, "introspect": 12, "authorize": 16, "me_list": 5,
    "tenant_list": 6, "user_list": 3, "admin_list": 3, "edge_list": 3, "edge_all": 1, "stats": 3,
    "detail": 3, "dry_run": 1,
    "admin_delete": 1.5, "tenant_delete": 1.5, "edge_delete": 2, "me_delete": 2,
    "me_revoke_all": 1, "user_revoke": 1.5, "user_revoke_all": 0.7, "tenant_revoke_all": 0.25,
    "admin_revoke_all": 0.9, "tenant_filter": 0.7, "admin_filter": 0.7,
}


class Client:
    def __init__(self, load, index):
        self.load = load
        self.connections = [Connection(h) for h in load.hosts]
        self.index = index
        self.names = list(load.weights)
        self.chances = list(load.weights.values())
        self.unsure = []  # registrations without an answer

    async def run(self):
        while self.load.recorder.go_on():
            if len(self.load.cells) + self.load.opening < CELLS:
                await self.open_cell()
            if not self.load.cells:
                await asyncio.sleep(0.1)
                continue
            cell = random.choice(self.load.cells)
            if cell.is_full() and not cell.leaving:
                await self.leave(cell)
                continue
            name = random.choices(self.names, self.chances)[0]
            await getattr(self, name)(cell)
        for c in self.connections:
            c.close()

    # One call

    async def call(self, op, what, method, path, token=None, body=None, pool=None, form=None,
                   headers=None):
        """`what` goes into the history. Returns the answer; the caller notes what it says."""
        load = self.load
        load.number += 1
        n = load.number
        if pool is None:
            pool = random.randrange(len(self.connections))
        heads = {"X-Request-Id": f"{load.prefix}{n}"}
        data = None
        if token is not None:
            heads["Authorization"] = "Bearer " + token
        if headers:
            heads.update(headers)
        if body is not None:
            data = json.dumps(body).encode()
            heads["Content-Type"] = "application/json"
        elif form is not None:
            data = urllib.parse.urlencode(form).encode()
            heads["Content-Type"] = "application/x-www-form-urlencoded"
        load.recorder.event({"e": "call", "n": n, "t": time.monotonic(), "op": op, "pool": pool,
                             **what})
        answer = await self.connections[pool].ask(method, path, heads, data)
        answer.headers["n"] = n
        return answer

    def done(self, answer, **said):
        event = {"e": "return", "n": answer.headers["n"], "t": time.monotonic(),
                 "status": answer.status}
        if answer.status and "x-request-id" not in answer.headers:
            event["page"] = True
        elif answer.status == 503:
            event["retry_after"] = "retry-after" in answer.headers
        elif answer.status >= 400:
            event["text"] = answer.body[:200].decode("utf-8", "replace")
        event.update(said)
        self.load.recorder.event(event)
        if answer.status in (0, 503) or "page" in event:
            return asyncio.sleep(random.uniform(0.02, 0.3))
        return asyncio.sleep(0)

    def pick(self, cell):
        """A session; rather one that others are at."""
        recent = self.load.recent
        if recent and random.random() < 0.4:
            return random.choice(recent)
        return random.choice(cell.sessions[-120:]) if cell.sessions else None

    def touch(self, s):
        self.load.recent.append(s)
        if len(self.load.recent) > 40:
            del self.load.recent[:20]

    # Registering

    async def open_cell(self):
        """A tenant that nobody has signed in to is 404 to everybody."""
        load = self.load
        load.opening += 1
        load.cell_count += 1
        cell = Cell(f"{load.prefix}{load.cell_count}")
        for tenant in cell.tenants:
            while not any(s.tenant == tenant for s in cell.sessions) and load.recorder.go_on():
                await self.register(cell, tenant)
        load.opening -= 1
        load.cells.append(cell)

    async def register(self, cell, tenant=None):
        load = self.load
        if tenant is None and self.unsure and random.random() < 0.5:
            await self.send(self.unsure.pop())
            return
        load.session_number += 1
        tenant = tenant or random.choice(cell.tenants)
        user = random.choice(cell.users[tenant])
        device = random.choice(list(AGENTS))
        body = {"id": f"{load.prefix}s{load.session_number}", "tenant_id": tenant, "user_id": user,
                "ip_address": random.choice(ADDRESSES), "user_agent": AGENTS[device],
                "expires_in": random.choice([2, 4, 3600, 3600, 3600, 3600, 3600, 3600])}
        s = Known(body["id"], tenant, user, body)
        if not cell.leaving:
            await self.send((cell, s))

    async def again(self, cell):
        s = self.pick(cell)
        if s is not None:
            await self.send((cell, s))

    async def send(self, pair):
        cell, s = pair
        load, body = self.load, s.body
        if cell.leaving:
            return
        first = s.token is None
        a = await self.call("register", {"id": s.id, "tenant": s.tenant, "user": s.user,
                                         "ip": body["ip_address"], "device": body["user_agent"][:12],
                                         "expires_in": body["expires_in"]},
                            "POST", "/api/v1/sessions", load.service, body)
        said = {}
        if a.status in (200, 201):
            data = a.json()["data"]
            said["expires_at"] = load.recorder.clock(data["expires_at"])
            if "token" in data:
                s.token = data["token"]
                s.jwt = load.tokens.sign({"sub": s.user, "tenant_id": s.tenant, "sid": s.id})
                cell.sessions.append(s)
                self.touch(s)
        elif first and a.status in (0, 503, 502, 500, 504):
            self.unsure.append(pair)
        await self.done(a, **said)

    # Being let in

    async def introspect(self, cell, s=None, pool=None):
        s = s or self.pick(cell)
        if s is None:
            return
        token = s.token if random.random() < 0.6 else s.jwt
        a = await self.call("introspect", {"id": s.id}, "POST", "/api/v1/sessions/introspect",
                            self.load.service, form={"token": token}, pool=pool)
        await self.done(a, **({"active": a.json()["active"]} if a.status == 200 else {}))

    async def authorize(self, cell, s=None, pool=None):
        s = s or self.pick(cell)
        if s is None:
            return
        headers = random.choice([{"Cookie": "rollcall_session=" + s.token}, {"zt-session": s.token},
                                 {"Authorization": "Bearer " + s.jwt},
                                 {"Authorization": "Bearer " + s.token}])
        a = await self.call("authorize", {"id": s.id}, "GET", "/authorize", headers=headers, pool=pool)
        await self.done(a)

    async def activity(self, cell):
        s = self.pick(cell)
        if s is None:
            return
        body = random.choice([None, {"application_id": f"app{random.randrange(3)}"}])
        a = await self.call("activity", {"id": s.id}, "POST", f"/api/v1/sessions/{s.id}/activity",
                            self.load.service, body)
        await self.done(a)

    async def detail(self, cell):
        s = self.pick(cell)
        if s is None:
            return
        form = random.choice(["admin", "tenant", "edge"])
        path = {"admin": f"/api/v1/admin/sessions/{s.id}",
                "tenant": f"/api/v1/tenants/{s.tenant}/sessions/{s.id}",
                "edge": f"/edge/management/v1/api-sessions/{s.id}"}[form]
        a = await self.call("detail", {"id": s.id, "form": form}, "GET", path, self.load.root)
        said = {}
        if a.status == 200 and form != "edge":
            said["state"] = a.json()["data"]["status"]
        await self.done(a, **said)

    # Lists and figures

    async def listed(self, form, scope, path, per_page, page=1, everything=False, token=None, sid=None):
        what = {"form": form, "scope": scope, "page": page, "per_page": per_page, "all": everything}
        if sid is not None:
            what["as"] = sid
        a = await self.call("list", what, "GET", path, token or self.load.root)
        said = {}
        if a.status == 200:
            answer = a.json()
            rows = answer["data"]
            if form.startswith("edge"):
                said["total"] = answer["meta"]["pagination"]["totalCount"]
                order = [0]
            else:
                said["total"] = answer["pagination"]["total_items"] if sid is None else len(rows)
                order = [(r["created_at"], r["id"]) for r in rows]
            said["ids"] = [r["id"] for r in rows]
            said["sorted"] = order == sorted(order, reverse=True)
        await self.done(a, **said)

    async def me_list(self, cell):
        s = self.pick(cell)
        if s is not None:
            await self.listed("me", {"tenant": s.tenant, "user": s.user}, "/api/v1/me/sessions", 1000,
                              token=s.jwt, sid=s.id)

    @staticmethod
    def paging():
        per_page = random.choice([1, 5, 20, 100, 100])
        page = random.choice([1, 1, 1, 2, 3])
        return page, per_page

    async def tenant_list(self, cell):
        tenant = random.choice(cell.tenants)
        page, per_page = self.paging()
        everything = random.random() < 0.3
        await self.listed("tenant", {"tenant": tenant},
                          f"/api/v1/tenants/{tenant}/sessions?page={page}&per_page={per_page}"
                          + ("&active_only=false" if everything else ""), per_page, page, everything)

    async def user_list(self, cell):
        tenant = random.choice(cell.tenants)
        user = random.choice(cell.users[tenant])
        page, per_page = self.paging()
        everything = random.random() < 0.3
        path = random.choice([f"/users/{user}?", f"?user_id={user}&"])
        await self.listed("user", {"tenant": tenant, "user": user},
                          f"/api/v1/tenants/{tenant}/sessions{path}page={page}&per_page={per_page}"
                          + ("&active_only=false" if everything else ""), per_page, page, everything)

    async def admin_list(self, cell):
        page, per_page = self.paging()
        tenant, user = random.choice(cell.tenants), random.choice(cell.shared)
        scope = random.choice([{"tenant": tenant}, {"user": user}, {"tenant": tenant, "user": user}])
        query = "&".join(f"{name}_id={value}" for name, value in scope.items())
        await self.listed("admin", scope,
                          f"/api/v1/admin/sessions?{query}&page={page}&per_page={per_page}", per_page,
                          page)

    async def edge_list(self, cell):
        tenant = random.choice(cell.tenants)
        scope = random.choice([{"tenant": tenant}, {"user": random.choice(cell.shared)},
                               {"tenant": tenant, "ip": random.choice(ADDRESSES)}])
        limit = random.choice([1, 10, 500, 500])
        query = urllib.parse.urlencode({"filter": as_filter(scope), "limit": limit})
        await self.listed("edge", scope, "/edge/management/v1/api-sessions?" + query, limit)

    async def edge_all(self, cell):
        limit = random.choice([1, 50, 5000])
        await self.listed("edge all", {}, f"/edge/management/v1/api-sessions?limit={limit}", limit)

    async def dry_run(self, cell):
        tenant = random.choice(cell.tenants)
        scope = {"tenant": tenant, "ip": random.choice(ADDRESSES)}
        a = await self.call("list", {"form": "dry run", "scope": scope, "page": 1, "per_page": 20,
                                     "all": False}, "POST",
                            f"/api/v1/tenants/{tenant}/sessions/revoke-by-filter", self.load.root,
                            {"filter": as_filter({"ip": scope["ip"]}), "dry_run": True})
        said = {}
        if a.status == 200:
            data = a.json()["data"]
            said = {"total": data["matched_count"], "ids": [s["id"] for s in data["sessions"]],
                    "sorted": True}
        await self.done(a, **said)

    async def stats(self, cell):
        tenant = random.choice(cell.tenants)
        a = await self.call("stats", {"scope": {"tenant": tenant}}, "GET",
                            f"/api/v1/tenants/{tenant}/sessions/stats", self.load.root)
        await self.done(a, **({"data": a.json()["data"]} if a.status == 200 else {}))

    # Ending

    async def end(self, form, scope, method, path, token=None, body=None, sid=None, pool=None):
        what = {"form": form, "scope": scope}
        if sid is not None:
            what["as"] = sid
        a = await self.call("end", what, method, path, token or self.load.root, body, pool=pool)
        said = {}
        if a.status == 200 and not form.startswith("edge"):
            data = a.json()["data"]
            said = {"ids": data["session_ids"], "count": data["revoked_count"]}
        await self.done(a, **said)
        return a

    async def end_one(self, cell, form, path, token=None, sid=None, s=None):
        s = s or self.pick(cell)
        if s is None:
            return
        scope = {"id": s.id}
        if sid is not None:
            scope = {"id": s.id, "tenant": s.tenant, "user": s.user}
        self.touch(s)
        pool = random.randrange(len(self.connections))
        a = await self.end(form, scope, "DELETE", path(s), token, sid=sid, pool=pool)
        if a.status in (200, 204) and (self.load.looks > 1 or random.random() < 0.6):
            await self.look_after(cell, s, 1 - pool)

    async def look_after(self, cell, s, pool=None):
        """It has just been ended: it must not be let in by the other pool either."""
        for _ in range(self.load.looks):
            look = random.choice([self.introspect, self.authorize])
            await look(cell, s, pool)

    async def admin_delete(self, cell):
        await self.end_one(cell, "v1.admin.delete", lambda s: f"/api/v1/admin/sessions/{s.id}")

    async def tenant_delete(self, cell):
        await self.end_one(cell, "v1.tenant.delete",
                           lambda s: f"/api/v1/tenants/{s.tenant}/sessions/{s.id}")

    async def edge_delete(self, cell):
        await self.end_one(cell, "edge.delete", lambda s: f"/edge/management/v1/api-sessions/{s.id}")

    def pair(self, cell):
        """A session and another of the same user, or itself."""
        s = self.pick(cell)
        if s is None:
            return None, None
        others = [o for o in cell.sessions[-120:] if o.user == s.user and o.tenant == s.tenant]
        return s, random.choice(others) if others else s

    async def me_delete(self, cell):
        me, other = self.pair(cell)
        if me is not None:
            await self.end_one(cell, "v1.me.delete", lambda s: f"/api/v1/me/sessions/{s.id}", me.jwt,
                               me.id, other)

    async def end_many(self, cell, form, scope, path, body=None, token=None, sid=None):
        a = await self.end(form, scope, "POST", path, token, body, sid)
        if a.status == 200:
            ended = set(a.json()["data"]["session_ids"][:5])
            for s in [s for s in cell.sessions if s.id in ended][:2]:
                await self.look_after(cell, s)

    async def me_revoke_all(self, cell):
        s = self.pick(cell)
        if s is not None:
            await self.end_many(cell, "v1.me.revoke_all",
                                {"tenant": s.tenant, "user": s.user, "except": s.id},
                                "/api/v1/me/sessions/revoke-all", token=s.jwt, sid=s.id)

    async def user_revoke(self, cell):
        some = [self.pick(cell) for _ in range(3)]
        if some[0] is None:
            return
        s = some[0]
        ids = [o.id for o in some] + [o.id for o in cell.sessions[-50:] if o.user == s.user][:2]
        await self.end_many(cell, "v1.tenant.user_revoke",
                            {"tenant": s.tenant, "user": s.user, "ids": ids},
                            f"/api/v1/tenants/{s.tenant}/sessions/users/{s.user}/revoke",
                            {"session_ids": ids})

    async def user_revoke_all(self, cell):
        tenant = random.choice(cell.tenants)
        user = random.choice(cell.users[tenant])
        await self.end_many(cell, "v1.tenant.user_revoke", {"tenant": tenant, "user": user},
                            f"/api/v1/tenants/{tenant}/sessions/users/{user}/revoke",
                            {"revoke_all": True})

    async def tenant_revoke_all(self, cell):
        tenant = random.choice(cell.tenants)
        await self.end_many(cell, "v1.tenant.revoke_all", {"tenant": tenant},
                            f"/api/v1/tenants/{tenant}/sessions/revoke-all")

    async def admin_revoke_all(self, cell):
        tenant, user = random.choice(cell.tenants), random.choice(cell.shared)
        scope = random.choices([{"tenant": tenant}, {"user": user}, {"tenant": tenant, "user": user}],
                               [1, 3, 4])[0]
        await self.end_many(cell, "v1.admin.revoke_all", scope, "/api/v1/admin/sessions/revoke-all",
                            {f"{name}_id": value for name, value in scope.items()})

    async def tenant_filter(self, cell):
        tenant = random.choice(cell.tenants)
        scope = {"tenant": tenant, "ip": random.choice(ADDRESSES)}
        body = {"filter": as_filter({"ip": scope["ip"]})}
        if random.random() < 0.3:
            body["if_count"] = random.randrange(12)
        else:
            body["confirm"] = "all"
        await self.end_many(cell, "v1.tenant.revoke_by_filter", scope,
                            f"/api/v1/tenants/{tenant}/sessions/revoke-by-filter", body)

    async def admin_filter(self, cell):
        tenant = random.choice(cell.tenants)
        scope = random.choice([{"tenant": tenant, "ip": random.choice(ADDRESSES)},
                               {"tenant": tenant, "user": random.choice(cell.users[tenant])}])
        await self.end_many(cell, "v1.admin.revoke_by_filter", scope,
                            "/api/v1/admin/sessions/revoke-by-filter", {"filter": as_filter(scope), "confirm": "all"})

    async def leave(self, cell):
        """Ends everything in a cell's tenants, repeating until that is acknowledged, and looks."""
        cell.leaving = True
        load = self.load
        if cell in load.cells:
            load.cells.remove(cell)
        load.leaving.add(cell)
        await asyncio.sleep(1)  # for those who are at it
        for tenant in cell.tenants:
            a = None
            if not any(s.tenant == tenant for s in cell.sessions):
                continue
            while (a is None or a.status != 200) and not load.recorder.stopped:
                a = await self.end("v1.tenant.revoke_all", {"tenant": tenant}, "POST",
                                   f"/api/v1/tenants/{tenant}/sessions/revoke-all")
            await self.listed("tenant", {"tenant": tenant}, f"/api/v1/tenants/{tenant}/sessions", 20)
            load.recorder.event({"e": "retire", "t": time.monotonic(), "tenant": tenant,
                                 "users": cell.users[tenant]})
        load.leaving.discard(cell)


FIELDS = {"tenant": "tenantId", "user": "identity", "ip": "ipAddress"}


def as_filter(scope):
    return " and ".join(f'{FIELDS[name]} = "{value}"' for name, value in scope.items())
