#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What two hosts keep together when they are asked at the same moment: the limit of a policy, and a logout
token that works once. `nodes` runs it over a cluster; as a program it puts a second pool and web server
beside the stack of tests/e2e/run (tests/e2e/test_two_hosts.sh).
"""
import http.client
import json
import os
import pathlib
import re
import sys
import threading
import time
import urllib.parse
import uuid

sys.dont_write_bytecode = True

from host import Failed, Host, Stack, free_port  # noqa: E402

SIGN_INS = 50
LIMIT = 3
ISSUER = "https://id.example.org"  # tests/e2e/run has these two, too
SETTINGS = {"ROLLCALL_IDP_ISSUER": ISSUER, "ROLLCALL_IDP_CLIENTS": "blog,shop"}
EVENTS = {"http://schemas.openid.net/event/backchannel-logout": {}}
PATIENCE = 60  # seconds of answers that say "try again"


class Caller:
    def __init__(self, stack):
        self.hosts = stack.hosts
        self.token = stack.token
        self.root = stack.token({"sub": "root", "role": "super_admin"})
        self.service = stack.token({"sub": "svc", "platform_token": True, "scope": "sessions:write"})

    def ask(self, host, method, path, token=None, body=None, form=None):
        """Status and body. 503 is repeated, as its Retry-After asks: a node may lose what it had begun."""
        until = time.monotonic() + PATIENCE
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if form is not None:
            headers["Content-Type"], text = "application/x-www-form-urlencoded", urllib.parse.urlencode(form)
        else:
            headers["Content-Type"], text = "application/json", None if body is None else json.dumps(body)
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", self.hosts[host % 2].port, timeout=PATIENCE)
            connection.request(method, path, text, headers)
            answer = connection.getresponse()
            said = answer.read()
            connection.close()
            if answer.status != 503 or time.monotonic() > until:
                return answer.status, json.loads(said) if said.startswith(b"{") else None
            time.sleep(0.1)

    def ask_at_once(self, calls):
        """One thread for each; a call is the arguments of `ask`. The hosts take turns."""
        answers, start = [None] * len(calls), threading.Barrier(len(calls))

        def one(i):
            start.wait()
            answers[i] = self.ask(i, *calls[i])

        threads = [threading.Thread(target=one, args=(i,)) for i in range(len(calls))]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        if None in answers:
            raise Failed("a call had no answer")
        return answers


def wanted(what, want, got):
    if want != got:
        raise Failed(f"{what}: wanted {want}, got {got}")


def name(stem):
    return f"{stem}-{uuid.uuid4()}"


def sign_ins(caller, tenant, on_limit):
    """Fifty of one user; the id makes it safe to repeat one. Statuses and tokens."""
    policy = f"/api/v1/tenants/{tenant}/session-policy"
    # The tenant is made by the sign-in of another user.
    first = {"tenant_id": tenant, "user_id": "first"}
    wanted("the first sign-in", 201, caller.ask(0, "POST", "/api/v1/sessions", caller.service, first)[0])
    said = caller.ask(0, "PUT", policy, caller.root, {"max_sessions_per_user": LIMIT, "on_limit": on_limit})
    wanted("the policy", 200, said[0])
    calls = [("POST", "/api/v1/sessions", caller.service, {"tenant_id": tenant, "user_id": "u", "id": name("ses")})
             for _ in range(SIGN_INS)]
    return calls, caller.ask_at_once(calls)


def expect_three(caller, tenant, calls, answers):
    """Three are shown, and the same three are let in, by both hosts."""
    shown = [{s["id"] for s in caller.ask(host, "GET", f"/api/v1/tenants/{tenant}/sessions/users/u",
                                          caller.root)[1]["data"]} for host in (0, 1)]
    wanted("living sessions", (LIMIT, shown[0]), (len(shown[0]), shown[1]))
    for host in (0, 1):
        opens = {call[3]["id"] for call, (status, said) in zip(calls, answers)
                 if status == 201 and caller.ask(host, "GET", "/authorize", said["data"]["token"])[0] == 200}
        # Whoever repeated a sign-in has no token of it.
        have_token = {call[3]["id"] for call, (status, _) in zip(calls, answers) if status == 201}
        wanted("let in", shown[0] & have_token, opens)


def audited(caller, tenant):
    """How many endings by the limit the audit has."""
    path, n = f"/api/v1/tenants/{tenant}/audit?per_page=100", 0
    for entry in caller.ask(1, "GET", path, caller.root)[1]["data"]:
        n += (entry["reason"], entry["revoked_by_kind"]) == ("session_limit", "policy")
    return n


def oldest_end(caller):
    tenant = name("tnt")
    calls, answers = sign_ins(caller, tenant, "end_oldest")
    wanted("sign-ins", set(), {status for status, _ in answers} - {200, 201})
    expect_three(caller, tenant, calls, answers)
    wanted("endings in the audit", SIGN_INS - LIMIT, audited(caller, tenant))


def others_are_refused(caller):
    tenant = name("tnt")
    calls, answers = sign_ins(caller, tenant, "refuse")
    statuses = [200 if status == 201 else status for status, _ in answers]
    wanted("sign-ins", {200: LIMIT, 409: SIGN_INS - LIMIT}, {s: statuses.count(s) for s in sorted(set(statuses))})
    expect_three(caller, tenant, calls, answers)
    wanted("endings in the audit", 0, audited(caller, tenant))


def token_works_once(caller):
    tenant, sid = name("tnt"), name("sid")
    body = {"tenant_id": tenant, "user_id": "u", "idp_issuer": ISSUER, "idp_session_id": sid}
    claims = {"iss": ISSUER, "aud": "shop", "iat": int(time.time()), "jti": name("jti"), "events": EVENTS, "sid": sid}
    form = {"logout_token": caller.token(claims)}

    def register():
        status, said = caller.ask(0, "POST", "/api/v1/sessions", caller.service, body)
        wanted("the sign-in", 201, status)
        return said["data"]["token"]

    first = register()
    answers = caller.ask_at_once([("POST", "/api/v1/backchannel-logout", None, None, form)] * 16)
    wanted("one token sixteen times", {200: 1, 400: 15},
           {s: sum(status == s for status, _ in answers) for s in {status for status, _ in answers}})
    second = register()
    for host in (0, 1):
        status, said = caller.ask(host, "POST", "/api/v1/backchannel-logout", form=form)
        wanted("the token again", (400, "the token was used before"), (status, (said or {}).get("error_description")))
        wanted("the session that it ended", 401, caller.ask(host, "GET", "/authorize", first)[0])
        wanted("the session after it", 200, caller.ask(host, "GET", "/authorize", second)[0])


CLAIMS = {"fifty_sign_ins_at_two_hosts__leave_three_of_which_the_oldest_end": oldest_end,
          "fifty_sign_ins_at_two_hosts__leave_three_and_refuse_the_others": others_are_refused,
          "logout_token_at_two_hosts__works_once": token_works_once}


def hold(stack):
    """Status: 0 when every claim holds."""
    caller, failed = Caller(stack), 0
    for claim, check in CLAIMS.items():
        try:
            check(caller)
        except Failed as e:
            failed += 1
            print(f"[  FAILED  ] {claim}: {e}", file=sys.stderr)
    print(f"{len(CLAIMS) - failed} passed, {failed} failed", flush=True)
    return failed


class Beside(Stack):
    """The stack that runs in ROLLCALL_TEST_RUN, and a second host of it, which ends with us."""

    def __init__(self, directory, url):
        self.dir, self.workers, self.pool_env = pathlib.Path(directory), 8, {}
        self.bin = pathlib.Path(os.environ.get("BUILD", "build")).resolve() / os.environ.get("MODE", "release")
        self.env = dict(os.environ)
        first = Host(self, "", int(re.search(r":(\d+)$", url).group(1)))
        second = Host(self, "-beside", free_port())
        second.defaults = self.serving
        self.hosts = [first, second]
        self.put_beside(second, (self.dir / "lighttpd.conf").read_text(), first.port)


def main():
    try:
        stack = Beside(os.environ["ROLLCALL_TEST_RUN"], os.environ["ROLLCALL_URL"])
        try:
            return hold(stack)
        finally:
            stack.hosts[1].let_go()
    except Failed as e:
        print(f"two hosts: {e}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
