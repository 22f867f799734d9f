# SPDX-License-Identifier: MIT
"""What may be true: judges a history of calls against the promises of the service.

Fed with events in the order in which they happened, by run while they happen or from a file that
run wrote. It opens no file and no connection. The surprise: a call without an answer, or answered
503, has no end. Whatever it asked for may happen at any later time, so it weakens what is known of
its scope and never strengthens it.

An event is a dict: {"e": "call", "n", "t", "op", …} when a client sends, {"e": "return", "n", "t",
"status", …} when the answer is complete (status 0: none came), {"e": "fault", "t", "what", "on"}.
Times are seconds of one monotonic clock; expires_at is on that clock too.
"""

EPS = 0.05  # by which two readings of the machine's clock may differ, in seconds
QUIET = 20.0  # after a fault, how long the web server's own error pages are excused
NEVER = float("inf")


class Session:
    __slots__ = ("id", "tenant", "user", "ip", "device", "asked", "acked", "expires_least",
                 "expires_most", "end_began", "end_acked", "enders", "claims", "registers")

    def __init__(self, call):
        self.id = call["id"]
        self.tenant = call["tenant"]
        self.user = call["user"]
        self.ip = call["ip"]
        self.device = call["device"]
        self.asked = call["t"]  # its first registration was sent
        self.acked = None  # its registration was answered
        self.expires_least = call["t"] + call["expires_in"]
        self.expires_most = NEVER
        self.end_began = None  # the first call that might end it was sent
        self.end_acked = None  # its end was answered
        self.enders = []  # numbers of all calls that might end it
        self.claims = []  # numbers of the calls that said they ended it
        self.registers = []

    def surely_lives(self, since, until):
        """From `since` to now, which is `until`."""
        return (self.acked is not None and self.acked <= since and self.end_began is None
                and self.expires_least > until + EPS)

    def surely_ended(self, before):
        return ((self.end_acked is not None and self.end_acked < before)
                or self.expires_most < before - EPS)

    def may_live(self, since, until):
        return self.asked < until and not self.surely_ended(since)


class Call:
    """An ending, kept for the audit."""
    __slots__ = ("n", "t", "op", "form", "scope", "single", "status", "ids", "matched")

    def __init__(self, event):
        self.n = event["n"]
        self.t = event["t"]
        self.op = event["op"]
        self.form = event["form"]
        self.scope = event["scope"]
        self.single = self.scope.get("id")
        self.status = None
        self.ids = None


def in_scope(scope, s):
    if "id" in scope and s.id != scope["id"]:
        return False
    if "tenant" in scope and s.tenant != scope["tenant"]:
        return False
    if "user" in scope and s.user != scope["user"]:
        return False
    if "ip" in scope and s.ip != scope["ip"]:
        return False
    if "ids" in scope and s.id not in scope["ids"]:
        return False
    return s.id != scope.get("except")


class Violation:
    def __init__(self, claim, text, calls=(), sessions=()):
        self.claim = claim
        self.text = text
        self.calls = list(calls)
        self.sessions = [s.id for s in sessions]

    def __str__(self):
        return f"{self.claim}: {self.text}"


class History:
    def __init__(self):
        self.sessions = {}
        self.by_tenant = {}
        self.by_user = {}
        self.live_tenants = {}  # tenant: its sessions; those that have been retired are left out
        self.pending = {}  # n: the call event, until it returns
        self.endings = {}  # n: Call
        self.open_endings = {}  # n: Call of many sessions that is running or was never answered
        self.violations = []
        self.calls = self.answers = self.unanswered = self.busy = self.pages = self.late_busy = 0
        self.cut = 0
        self.checked = {}  # what was looked at: count
        self.faults_running = 0
        self.last_fault = -NEVER
        self.faults = {}
        self.ops = {}

    def broken(self, claim, text, calls=(), sessions=()):
        self.violations.append(Violation(claim, text, calls, sessions))

    def looked(self, what, n=1):
        self.checked[what] = self.checked.get(what, 0) + n

    # Events

    def feed(self, event):
        kind = event["e"]
        if kind == "call":
            self.call(event)
        elif kind == "return":
            self.returned(event)
        elif kind == "fault":
            self.fault(event)
        elif kind == "retire":
            # A registration that was never answered may come to be behind the last ending.
            left = [s for s in self.live_tenants.pop(event["tenant"], [])
                    if not s.surely_ended(event["t"])]
            if left:
                self.live_tenants[event["tenant"]] = left
            for n in [n for n, c in self.open_endings.items()
                      if c.scope.get("tenant") == event["tenant"]
                      or c.scope.get("user") in event["users"]]:
                del self.open_endings[n]

    def fault(self, event):
        self.faults_running += 1 if event["on"] else -1
        self.last_fault = event["t"]
        if event["on"]:
            self.faults[event["what"]] = self.faults.get(event["what"], 0) + 1

    def disturbed(self, since):
        return self.faults_running > 0 or since - self.last_fault < QUIET

    def call(self, event):
        self.calls += 1
        self.ops[event["op"]] = self.ops.get(event["op"], 0) + 1
        self.pending[event["n"]] = event
        if event["op"] == "register":
            self.register_began(event)
        elif event["op"] == "end":
            self.end_began(event)

    def register_began(self, event):
        s = self.sessions.get(event["id"])
        if s is None:
            s = Session(event)
            self.sessions[s.id] = s
            self.by_tenant.setdefault(s.tenant, []).append(s)
            self.by_user.setdefault(s.user, []).append(s)
            self.live_tenants.setdefault(s.tenant, self.by_tenant[s.tenant])
            for call in self.open_endings.values():
                if in_scope(call.scope, s):
                    self.may_end(s, call, event["t"])
        s.registers.append(event["n"])

    @staticmethod
    def may_end(s, call, t):
        if s.end_began is None:
            s.end_began = t
        s.enders.append(call.n)

    def of_scope(self, scope):
        if "id" in scope:
            s = self.sessions.get(scope["id"])
            some = [s] if s is not None else []
        elif "user" in scope:
            some = self.by_user.get(scope["user"], [])
        elif "tenant" in scope:
            some = self.by_tenant.get(scope["tenant"], [])
        else:
            some = [s for sessions in self.live_tenants.values() for s in sessions]
        return [s for s in some if in_scope(scope, s)]

    def end_began(self, event):
        call = Call(event)
        self.endings[call.n] = call
        if call.single is None:
            self.open_endings[call.n] = call
        for s in self.of_scope(call.scope):
            if not s.surely_ended(call.t):
                self.may_end(s, call, call.t)

    def returned(self, event):
        call = self.pending.pop(event["n"])
        status = event["status"]
        event["_call"] = call
        if status == 0:
            self.unanswered += 1
            return
        if event.get("page"):  # the web server's own words
            self.pages += 1
            if not self.disturbed(call["t"]):
                self.broken("only documented answers",
                            f"call {call['n']} ({call['op']}) got the web server's own {status} "
                            "without a fault", [call["n"]])
            return
        self.answers += 1
        if status == 503:
            self.busy += 1
            if not event.get("retry_after"):
                self.broken("only documented answers", f"call {call['n']}: 503 without Retry-After",
                            [call["n"]])
            if not self.disturbed(call["t"]):
                self.late_busy += 1
            return
        if status == 400 and self.disturbed(call["t"]):
            self.cut += 1  # a web server sends a request again when a worker is gone, without its body
            return
        if status not in DOCUMENTED[call["op"]]:
            self.broken("only documented answers", f"call {call['n']} ({call['op']} "
                        f"{call.get('form', '')}): {status} {event.get('text', '')}", [call["n"]])
            return
        getattr(self, call["op"] + "_returned")(call, event)

    # Registering

    def register_returned(self, call, event):
        s = self.sessions[call["id"]]
        if s.acked is None:
            s.acked = event["t"]
        if "expires_at" in event:
            s.expires_least = s.expires_most = event["expires_at"]

    # Being let in

    def admitted(self, sid, call, event, let_in):
        s = self.sessions.get(sid)
        self.looked("checks whether a session lives")
        if let_in and s.surely_ended(call["t"]):
            self.looked("checks after an acknowledged ending")
            why = ("its ending was acknowledged" if s.end_acked is not None
                   and s.end_acked < call["t"] else "it had expired")
            self.broken("nobody is let in after the end",
                        f"call {call['n']} ({call['op']}) began {describe(s, call['t'])} and let "
                        f"{sid} in, although {why}", [call["n"]], [s])
        elif let_in:
            pass
        elif s.surely_lives(call["t"], event["t"]):
            self.broken("an acknowledged registration exists",
                        f"call {call['n']} ({call['op']}) refused {sid}, which nobody had ended",
                        [call["n"]], [s])
        elif s.surely_ended(call["t"]):
            self.looked("checks after an acknowledged ending")

    def introspect_returned(self, call, event):
        self.admitted(call["id"], call, event, event["active"])

    def authorize_returned(self, call, event):
        self.admitted(call["id"], call, event, event["status"] == 200)

    def activity_returned(self, call, event):
        s = self.sessions[call["id"]]
        if event["status"] == 404 and s.acked is not None and s.acked <= call["t"]:
            self.broken("an acknowledged registration exists",
                        f"call {call['n']}: activity of {s.id} is 404", [call["n"]], [s])
        self.admitted(call["id"], call, event, event["status"] == 204)

    def detail_returned(self, call, event):
        s = self.sessions[call["id"]]
        if event["status"] == 404:
            if s.acked is not None and s.acked <= call["t"] and call["form"] != "edge":
                self.broken("an acknowledged registration exists",
                            f"call {call['n']}: {s.id} is 404", [call["n"]], [s])
            if call["form"] != "edge":
                return
        self.admitted(call["id"], call, event,
                      event["status"] == 200 and event.get("state", "active") == "active")

    # Lists and figures

    def list_returned(self, call, event):
        if "as" in call:
            self.admitted(call["as"], call, event, event["status"] == 200)
            if event["status"] != 200:
                return
        n, t0, t1 = call["n"], call["t"], event["t"]
        ids, total, scope = event["ids"], event["total"], call["scope"]
        page, per_page = call["page"], call["per_page"]
        self.looked("lists")
        if len(set(ids)) != len(ids):
            self.broken("no list outside its bounds", f"call {n}: an id twice on a page", [n])
        if not event["sorted"]:
            self.broken("no list outside its bounds", f"call {n}: the page is not newest first", [n])
        room = max(0, min(per_page, total - (page - 1) * per_page))
        if len(ids) != room:
            what = ("an empty page" if not ids else f"a page of {len(ids)}")
            self.broken("a page and its total agree", f"call {n} ({call['form']}): {what} beside a "
                        f"total of {total} (page {page}, per_page {per_page})", [n])
        known = self.of_scope(scope)
        by_id = {s.id: s for s in known}
        for sid in ids:
            s = by_id.get(sid) or self.sessions.get(sid)
            if s is None or not in_scope(scope, s):
                self.broken("no list outside its bounds",
                            f"call {n} ({call['form']}): {sid} is not of the scope {scope}", [n],
                            [s] if s else [])
            elif not call["all"] and s.surely_ended(t0):
                self.broken("nobody is let in after the end", f"call {n} ({call['form']}) began "
                            f"{describe(s, t0)} and lists {sid} as active", [n], [s])
        self.bounds(call, event, known, total, set(ids) if page == 1 and total <= per_page else None)

    def bounds(self, call, event, known, total, all_ids):
        n, t0, t1 = call["n"], call["t"], event["t"]
        if call["all"]:
            least = [s for s in known if s.acked is not None and s.acked <= t0]
            most = sum(s.asked < t1 for s in known)
        else:
            least = [s for s in known if s.surely_lives(t0, t1)]
            most = sum(s.may_live(t0, t1) for s in known)
        if not len(least) <= total <= most:
            self.broken("no list outside its bounds",
                        f"call {n} ({call.get('form', call['op'])} {call['scope']}): total {total}, but "
                        f"at least {len(least)} and at most {most} were active", [n],
                        least[:3] if total < len(least) else
                        [s for s in known if s.surely_ended(t0)][-3:])
        if all_ids is not None:
            missing = [s for s in least if s.id not in all_ids]
            if missing:
                self.broken("no list outside its bounds", f"call {n} ({call['form']}): "
                            f"{len(missing)} living sessions are not listed", [n], missing[:3])

    def stats_returned(self, call, event):
        n, d = call["n"], event["data"]
        self.looked("statistics")
        devices = sum(d["by_device_type"].values())
        if d["active_sessions"] != devices:
            self.broken("members of statistics agree", f"call {n}: active_sessions is "
                        f"{d['active_sessions']}, the device types are {devices} together", [n])
        parts = d["active_sessions"] + d["expired_sessions"] + d["revoked_sessions"]
        if d["total_sessions"] != parts:
            self.broken("members of statistics agree", f"call {n}: total_sessions is "
                        f"{d['total_sessions']}, active, expired and revoked are {parts}", [n])
        if (d["unique_users"] > d["active_sessions"]
                or (d["unique_users"] == 0) != (d["active_sessions"] == 0)):
            self.broken("members of statistics agree", f"call {n}: unique_users is "
                        f"{d['unique_users']} of {d['active_sessions']} sessions", [n])
        known = self.of_scope(call["scope"])
        self.bounds(dict(call, all=False), event, known, d["active_sessions"], None)
        self.bounds(dict(call, all=True), event, known, d["total_sessions"], None)

    # Ending

    def end_returned(self, call, event):
        n, t0, t1, status = call["n"], call["t"], event["t"], event["status"]
        ending = self.endings[n]
        ending.status = status
        self.open_endings.pop(n, None)
        if "as" in call:
            self.admitted(call["as"], call, event, status != 401)
        if status in (401, 409):
            return  # nothing was ended, and the sessions stay as uncertain as they were
        if status == 404:
            self.end_not_found(call, event)
            return
        self.looked("acknowledged endings")
        if event.get("ids") is not None:
            self.claimed(ending, call, event)
        for s in self.of_scope(ending.scope):
            if s.acked is None or s.acked > t0:
                continue
            if (event.get("ids") is not None and s.enders == [n] and s.expires_least > t1 + EPS
                    and s.id not in ending.ids):
                self.broken("an ending names all it ended", f"call {n} ({ending.form}): {s.id} was "
                            "active, of the scope, and is not named", [n], [s])
            if s.end_acked is None or s.end_acked > t1:
                s.end_acked = t1

    def end_not_found(self, call, event):
        s = self.sessions.get(call["scope"].get("id"))
        if s is None or s.acked is None or s.acked > call["t"]:
            return
        if call["form"] != "edge.delete":
            self.broken("an acknowledged registration exists", f"call {call['n']} ({call['form']}): "
                        f"{s.id} is 404", [call["n"]], [s])
        elif s.enders == [call["n"]] and s.expires_least > event["t"] + EPS:
            self.broken("an acknowledged registration exists", f"call {call['n']} ({call['form']}): "
                        f"{s.id} is 404 although nobody had ended it", [call["n"]], [s])
        else:  # it was not active
            s.end_acked = min(s.end_acked or NEVER, event["t"])

    def claimed(self, ending, call, event):
        n, t0, t1 = call["n"], call["t"], event["t"]
        ending.ids = set(event["ids"])
        if event["count"] != len(event["ids"]) or len(ending.ids) != len(event["ids"]):
            self.broken("an ending names all it ended", f"call {n}: revoked_count {event['count']} "
                        f"beside {len(event['ids'])} ids", [n])
        for sid in ending.ids:
            s = self.sessions.get(sid)
            if s is None or not in_scope(ending.scope, s):
                self.broken("an ending keeps to its scope", f"call {n} ({ending.form}) ended {sid}, "
                            f"which is not of {ending.scope}", [n], [s] if s else [])
                continue
            self.looked("claims")
            s.claims.append(n)
            if len(s.claims) > 1:
                self.broken("no session is claimed by two calls",
                            f"{sid} was claimed by calls {s.claims}", s.claims, [s])
            elif s.surely_ended(t0):
                self.broken("no session is claimed by two calls", f"call {n} claims {sid}, which "
                            f"had ended before it began", [n], [s])
            if s.end_acked is None or s.end_acked > t1:
                s.end_acked = t1

    # The final state

    def judge_final(self, store, now):
        """`store` is what store.read gave after every call had its answer and every fault its
        end."""
        self.looked("sessions in the final state", len(self.sessions))
        for s in self.sessions.values():
            self.judge_session(s, store, now)
        for sid in store.living.keys() | store.ended.keys():
            if sid not in self.sessions:
                self.broken("an ending keeps to its scope", f"{sid} is in the store and was never "
                            "registered")
        for audit in store.audits:
            if audit.session not in store.ended:
                self.broken("audited exactly once", f"{audit.session} has an audit row of "
                            f"{audit.request} and is not ended")

    def judge_session(self, s, store, now):
        living, ended = store.living.get(s.id), store.ended.get(s.id)
        audits = store.audits_of.get(s.id, [])
        if living is not None and ended is not None:
            self.broken("living or ended", f"{s.id} is both", (), [s])
        if living is None and ended is None:
            if s.acked is not None:
                self.broken("an acknowledged registration exists", f"{s.id} is not in the store",
                            (), [s])
            return
        row = living if living is not None else ended
        if (row.tenant, row.user) != (s.tenant, s.user):
            self.broken("an acknowledged registration exists", f"{s.id} is of {row.tenant} "
                        f"{row.user} in the store, not of {s.tenant} {s.user}", (), [s])
        if ended is None or ended.how == "expired":
            self.judge_not_revoked(s, living, audits, now)
        elif len(audits) != 1:
            self.broken("audited exactly once", f"{s.id} has {len(audits)} audit rows", s.enders,
                        [s])
        else:
            self.judge_audit(s, audits[0])

    def judge_not_revoked(self, s, living, audits, now):
        if audits:
            self.broken("audited exactly once", f"{s.id} is audited and was not revoked", s.enders,
                        [s])
        if s.claims:
            self.broken("an acknowledged ending holds", f"{s.id} was claimed by {s.claims} and is "
                        "not revoked", s.claims, [s])
        elif living is not None and s.end_acked is not None and living.expires > now:
            self.broken("an acknowledged ending holds", f"{s.id} is still active", s.enders, [s])
        elif living is None and s.expires_least > now + EPS:
            self.broken("an acknowledged registration exists", f"{s.id} counts as expired before "
                        "its time", (), [s])

    def judge_audit(self, s, audit):
        n = audit.number
        call = self.endings.get(n)
        if call is None or n not in s.enders:
            self.broken("audited exactly once", f"{s.id} was ended by request {audit.request}, which "
                        "did not ask for that", s.enders, [s])
            return
        if audit.endpoint != "v1." + call.form and audit.endpoint != call.form:
            self.broken("audited exactly once", f"{s.id} was ended by call {n}, {call.form}; its "
                        f"audit row says {audit.endpoint}", [n], [s])
        if call.status in (401, 404, 409):
            self.broken("an ending keeps to its scope", f"{s.id} was ended by call {n}, which "
                        f"answered {call.status}", [n], [s])
        if call.ids is not None and s.id not in call.ids:
            self.broken("an ending names all it ended", f"{s.id} was ended by call {n}, whose answer "
                        "does not name it", [n], [s])
        for claim in s.claims:
            if claim != n:
                self.broken("no session is claimed by two calls", f"{s.id} was claimed by call "
                            f"{claim}, its audit row names call {n}", [n, claim], [s])


DOCUMENTED = {
    "register": {200, 201},
    "activity": {204, 404, 409},
    "introspect": {200},
    "authorize": {200, 401},
    "detail": {200, 404},
    "list": {200, 401},
    "stats": {200},
    "end": {200, 204, 401, 404, 409},
}


def describe(s, t):
    if s.end_acked is not None and s.end_acked < t:
        return f"{(t - s.end_acked) * 1000:.1f} ms after the ending of {s.id} was acknowledged"
    return f"{(t - s.expires_most) * 1000:.1f} ms after {s.id} expired"
