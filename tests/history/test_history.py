# SPDX-License-Identifier: MIT
"""The judge itself: a short history for each promise, once kept and once broken.

Called by `make check-history`, and by hand: python3 -B -m unittest discover -s tests/history
"""
import unittest

import store as tables
from history import History

SCOPE = {"tenant": "t"}


class Told:
    """A history, told call by call; a second passes with every event."""

    def __init__(self):
        self.h = History()
        self.t = 0.0
        self.n = 0

    def call(self, op, **what):
        self.t += 1
        self.n += 1
        self.h.feed(dict({"e": "call", "n": self.n, "t": self.t, "op": op}, **what))
        return self.n

    def answer(self, n, status, **said):
        self.t += 1
        self.h.feed(dict({"e": "return", "n": n, "t": self.t, "status": status}, **said))

    def begin_register(self, sid, user="u", expires_in=3600):
        return self.call("register", id=sid, tenant="t", user=user, ip="a", device="d",
                         expires_in=expires_in)

    def register(self, sid, status=201, **what):
        n = self.begin_register(sid, **what)
        said = {"expires_at": self.t + what.get("expires_in", 3600)} if status == 201 else {}
        self.answer(n, status, **said)
        return n

    def begin_end(self, form, **scope):
        return self.call("end", form=form, scope=scope)

    def end(self, form, status, ids=None, **scope):
        n = self.begin_end(form, **scope)
        self.answer(n, status, **({"ids": ids, "count": len(ids)} if ids is not None else {}))
        return n

    def introspect(self, sid, active):
        self.answer(self.call("introspect", id=sid), 200, active=active)

    def begin_list(self, **what):
        return self.call("list", **dict({"form": "tenant", "scope": SCOPE, "page": 1, "per_page": 20,
                                         "all": False}, **what))

    def list(self, ids, total, **what):
        self.answer(self.begin_list(**what), 200, ids=ids, total=total, sorted=True)

    def final(self, living=(), ended=(), audits=()):
        store = tables.Store()
        for sid in living:
            store.living[sid] = tables.Row("t", "u", self.t + 3600, "")
        for sid in ended:
            store.ended[sid] = tables.Row("t", "u", self.t + 3600, "revoked")
        for sid, n, endpoint in audits:
            audit = tables.Audit(sid, f"h{n}", endpoint, "h")
            store.audits.append(audit)
            store.audits_of.setdefault(sid, []).append(audit)
        self.h.judge_final(store, self.t)

    def stats(self, **changes):
        data = dict({"total_sessions": 1, "active_sessions": 1, "expired_sessions": 0,
                     "revoked_sessions": 0, "unique_users": 1, "by_device_type": {"d": 1}}, **changes)
        self.answer(self.call("stats", scope=SCOPE), 200, data=data)


class Judge(unittest.TestCase):
    def setUp(self):
        self.told = Told()

    def kept(self):
        self.assertEqual([str(v) for v in self.told.h.violations], [])

    def broken(self, claim):
        self.assertIn(claim, [v.claim for v in self.told.h.violations])

    # Let in

    def test_a_session_that_lives_may_be_let_in(self):
        self.told.register("s")
        self.told.introspect("s", True)
        self.kept()

    def test_let_in_after_an_acknowledged_ending_is_caught(self):
        self.told.register("s")
        self.told.end("v1.admin.delete", 204, id="s")
        self.told.introspect("s", True)
        self.broken("nobody is let in after the end")

    def test_a_check_that_began_before_the_ending_was_answered_may_say_either(self):
        t = self.told
        t.register("s")
        check, end = t.call("introspect", id="s"), t.begin_end("v1.admin.delete", id="s")
        t.answer(end, 204)
        t.answer(check, 200, active=True)
        self.kept()

    def test_let_in_after_an_ending_without_an_answer_is_no_fault(self):
        self.told.register("s")
        self.told.end("v1.admin.delete", 0, id="s")
        self.told.introspect("s", True)
        self.told.introspect("s", False)
        self.kept()

    def test_let_in_after_the_tenant_was_ended_is_caught(self):
        self.told.register("s")
        self.told.end("v1.tenant.revoke_all", 200, ["s"], tenant="t")
        self.told.answer(self.told.call("authorize", id="s"), 200)
        self.broken("nobody is let in after the end")

    def test_let_in_after_it_expired_is_caught(self):
        self.told.register("s", expires_in=2)
        self.told.t += 3
        self.told.introspect("s", True)
        self.broken("nobody is let in after the end")

    def test_refusing_a_session_that_nobody_ended_is_caught(self):
        self.told.register("s")
        self.told.introspect("s", False)
        self.broken("an acknowledged registration exists")

    # Claims

    def test_two_calls_that_claim_one_session_are_caught(self):
        t = self.told
        t.register("s")
        first = t.begin_end("v1.tenant.revoke_all", tenant="t")
        second = t.begin_end("v1.tenant.revoke_all", tenant="t")
        t.answer(first, 200, ids=["s"], count=1)
        t.answer(second, 200, ids=["s"], count=1)
        self.broken("no session is claimed by two calls")

    def test_an_ending_of_a_tenant_that_leaves_one_out_is_caught(self):
        self.told.register("s")
        self.told.end("v1.tenant.revoke_all", 200, [], tenant="t")
        self.broken("an ending names all it ended")

    def test_an_ending_outside_its_scope_is_caught(self):
        self.told.register("s")
        self.told.end("v1.admin.revoke_all", 200, ["s"], user="other")
        self.broken("an ending keeps to its scope")

    def test_a_tenant_ended_with_200_holds_for_what_another_call_was_ending(self):
        t = self.told
        t.register("s")
        t.end("v1.admin.revoke_all", 0, None, tenant="t")
        t.end("v1.tenant.revoke_all", 200, [], tenant="t")
        self.kept()
        t.list(["s"], 1)
        self.broken("nobody is let in after the end")

    # Lists and figures

    def test_a_list_of_what_lives_is_right(self):
        self.told.register("s")
        self.told.list(["s"], 1)
        self.kept()

    def test_an_empty_page_beside_a_total_is_caught(self):
        t = self.told
        n = t.begin_list()
        t.register("s")
        t.answer(n, 200, ids=[], total=1, sorted=True)
        self.broken("a page and its total agree")

    def test_a_total_below_what_lives_is_caught(self):
        self.told.register("s")
        self.told.list([], 0)
        self.broken("no list outside its bounds")

    def test_a_total_above_what_can_live_is_caught(self):
        self.told.register("s")
        self.told.list(["s"], 2, per_page=1)
        self.broken("no list outside its bounds")

    def test_a_registration_under_way_may_or_may_not_be_counted(self):
        t = self.told
        n = t.begin_register("s")
        t.list([], 0)
        t.list(["s"], 1)
        t.answer(n, 201)
        self.kept()

    def test_a_registration_that_lands_behind_its_tenants_last_ending_may_be_counted(self):
        t = self.told
        t.answer(t.begin_register("late"), 0)
        t.end("v1.tenant.revoke_all", 200, tenant="t", ids=[])
        t.h.feed({"e": "retire", "t": t.t, "tenant": "t", "users": ["u"]})
        t.list(["late"], 1, scope={}, form="edge all")
        self.kept()

    def test_a_list_with_a_session_of_another_user_is_caught(self):
        self.told.register("s")
        self.told.list(["s"], 1, scope={"tenant": "t", "user": "other"})
        self.broken("no list outside its bounds")

    def test_statistics_whose_members_differ_are_caught(self):
        self.told.register("s")
        self.told.stats()
        self.kept()
        self.told.stats(by_device_type={"d": 2})
        self.broken("members of statistics agree")

    def test_statistics_whose_parts_are_not_the_total_are_caught(self):
        self.told.register("s")
        self.told.stats(revoked_sessions=1)
        self.broken("members of statistics agree")

    # Answers

    def test_an_undocumented_answer_is_caught(self):
        self.told.answer(self.told.call("introspect", id="s"), 500)
        self.broken("only documented answers")

    def test_503_without_retry_after_is_caught(self):
        self.told.answer(self.told.call("introspect", id="s"), 503, retry_after=True)
        self.kept()
        self.told.answer(self.told.call("introspect", id="s"), 503, retry_after=False)
        self.broken("only documented answers")

    def test_the_web_servers_own_page_without_a_fault_is_caught(self):
        t = self.told
        t.h.feed({"e": "fault", "t": t.t, "what": "f", "on": True})
        t.answer(t.call("introspect", id="s"), 502, page=True)
        t.h.feed({"e": "fault", "t": t.t, "what": "f", "on": False})
        self.kept()
        t.t += 60
        t.answer(t.call("introspect", id="s"), 502, page=True)
        self.broken("only documented answers")

    # The final state

    def test_a_final_state_as_it_was_told_is_right(self):
        self.told.register("s")
        self.told.register("r")
        n = self.told.end("v1.admin.delete", 204, id="r")
        self.told.final(["s"], ["r"], [("r", n, "v1.admin.delete")])
        self.kept()

    def test_a_lost_registration_is_caught(self):
        self.told.register("s")
        self.told.final()
        self.broken("an acknowledged registration exists")

    def test_a_registration_without_an_answer_may_be_there_or_not(self):
        self.told.register("s", 0)
        self.told.register("r", 0)
        self.told.final(["s"])
        self.kept()

    def test_an_acknowledged_ending_that_did_not_last_is_caught(self):
        self.told.register("s")
        self.told.end("v1.admin.delete", 204, id="s")
        self.told.final(["s"])
        self.broken("an acknowledged ending holds")

    def test_an_ending_without_its_audit_row_is_caught(self):
        self.told.register("s")
        self.told.end("v1.admin.delete", 204, id="s")
        self.told.final([], ["s"])
        self.broken("audited exactly once")

    def test_an_ending_that_is_audited_twice_is_caught(self):
        self.told.register("s")
        n = self.told.end("v1.admin.delete", 204, id="s")
        self.told.final([], ["s"], [("s", n, "v1.admin.delete")] * 2)
        self.broken("audited exactly once")

    def test_an_audit_row_of_a_call_that_did_not_ask_for_it_is_caught(self):
        self.told.register("s")
        n = self.told.end("v1.admin.delete", 204, id="s")
        self.told.final([], ["s"], [("s", n + 1, "v1.admin.delete")])
        self.broken("audited exactly once")

    def test_an_audit_row_of_another_call_than_the_one_that_claimed_it_is_caught(self):
        t = self.told
        t.register("s")
        first = t.begin_end("v1.admin.delete", id="s")
        t.end("v1.tenant.revoke_all", 200, ["s"], tenant="t")
        t.answer(first, 204)
        t.final([], ["s"], [("s", first, "v1.admin.delete")])
        self.broken("no session is claimed by two calls")

    def test_a_session_that_nobody_registered_is_caught(self):
        self.told.final(["s"])
        self.broken("an ending keeps to its scope")


if __name__ == "__main__":
    unittest.main()
