# SPDX-License-Identifier: MIT
"""All that the checker knows of the tables. Whole tables are read and compared in Python, so no value
ever becomes part of a statement. Where the schema changes, this file does, and nothing else here.
"""
import datetime

# Living ones, then ended ones: id, tenant, user, expiry, how it ended, request, endpoint. The ended
# row is its audit.
SESSIONS = """
SELECT s.id, t.id, s.user_id, s.expires_at, '', '', '' FROM session s JOIN tenant t ON t.no = s.tenant_no;
SELECT e.id, t.id, e.user_id, e.expires_at, e.how, COALESCE(e.request_id, ''),
COALESCE(e.endpoint, '') FROM ended e JOIN tenant t ON t.no = e.tenant_no;
"""

# What programs that ran before have left.
EMPTY = "SET foreign_key_checks = 0;" + "".join(
    f"TRUNCATE {table};" for table in ("ended", "ended_tally", "ended_user", "tally", "session", "user",
                                       "tenant", "partner"))

# Held for a few seconds by a second connection.
ROW_LOCKS = [
    "SELECT id FROM session ORDER BY created_at DESC LIMIT 1 FOR UPDATE",
    "SELECT id FROM session ORDER BY created_at DESC LIMIT 40 FOR UPDATE",
    "SELECT id FROM session ORDER BY created_at DESC LIMIT 40 LOCK IN SHARE MODE",
    "SELECT id FROM tenant FOR UPDATE",
    "SELECT tenant_no, id FROM user FOR UPDATE",
    "SELECT n FROM tally FOR UPDATE",
    "SELECT n FROM tally WHERE scope = 0 FOR UPDATE",
    "SELECT n FROM ended_tally WHERE scope = 0 FOR UPDATE",
]
TABLE_LOCK = "LOCK TABLES session WRITE"

# A connection of a worker that is in a statement, or one that is not.
KILLS = [
    f"""SELECT id INTO @victim FROM information_schema.processlist WHERE command {command}
AND id <> CONNECTION_ID() AND user IN ('rollcall', 'rollcall_admin') AND db IS NOT NULL
ORDER BY RAND() LIMIT 1; {kill} @victim;"""
    for command in ("IN ('Execute', 'Query')", "IN ('Execute', 'Query')", "= 'Sleep'")
    for kill in ("KILL CONNECTION", "KILL QUERY")
]


class Row:
    __slots__ = ("tenant", "user", "expires", "how")

    def __init__(self, tenant, user, expires, how):
        self.tenant, self.user, self.expires, self.how = tenant, user, expires, how


class Audit:
    __slots__ = ("session", "request", "endpoint", "number")

    def __init__(self, session, request, endpoint, prefix):
        self.session, self.request, self.endpoint = session, request, endpoint
        digits = request[len(prefix):]
        self.number = int(digits) if request.startswith(prefix) and digits.isdigit() else None


class Store:
    """living and ended: id to Row; audits: every audit row."""

    def __init__(self):
        self.living, self.ended, self.audits, self.audits_of = {}, {}, [], {}
        self.twice = []


def read(stack, clock, prefix):
    store = Store()
    for sid, tenant, user, expires, how, request, endpoint in stack.sql(SESSIONS):
        at = datetime.datetime.fromisoformat(expires).replace(tzinfo=datetime.timezone.utc)
        place = store.ended if how else store.living
        if sid in place:
            store.twice.append(sid)
        place[sid] = Row(tenant, user, clock(at.timestamp()), how)
        if how == "revoked":
            audit = Audit(sid, request, endpoint, prefix)
            store.audits.append(audit)
            store.audits_of.setdefault(sid, []).append(audit)
    return store
