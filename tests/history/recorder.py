# SPDX-License-Identifier: MIT
"""The history as it is made: written to a file, shown to the judge, told to the reader."""
import asyncio
import json
import time

from history import History
from host import parse_time


class Recorder:
    """Writes every event to a file and shows it to the judge at once."""

    def __init__(self, path, seconds, operations):
        self.history = History()
        self.path = path
        self.file = open(path, "w", encoding="utf-8")
        self.offset = time.time() - time.monotonic()
        self.started = time.monotonic()
        self.until = self.started + seconds if seconds else None
        self.operations = operations
        self.stopped = False
        self.stop_at_first = False
        self.looks_wanted = None  # so many checks after an acknowledged ending, then stop

    def event(self, event):
        self.history.feed(event)
        event.pop("_call", None)
        self.file.write(json.dumps(event, separators=(",", ":")) + "\n")

    def clock(self, text):
        """A documented instant on the clock of the history."""
        return parse_time(text) - self.offset

    def looks(self):
        return self.history.checked.get("checks after an acknowledged ending", 0)

    def go_on(self):
        if self.stopped or (self.until is not None and time.monotonic() >= self.until):
            return False
        if self.stop_at_first and self.history.violations:
            return False
        if self.looks_wanted is not None and self.looks() >= self.looks_wanted:
            return False
        return self.operations is None or self.history.calls < self.operations


async def show_progress(recorder):
    h = recorder.history
    while True:
        await asyncio.sleep(10)
        print(f"{time.monotonic() - recorder.started:6.0f} s  {h.calls:8,} calls  "
              f"{len(h.sessions):7,} sessions  {sum(h.faults.values()):5} faults  "
              f"{h.busy} busy, {h.unanswered} unanswered, {h.pages} pages of the web server  "
              f"{len(h.violations)} violations", flush=True)


def report(recorder, most=8):
    h = recorder.history
    recorder.file.flush()
    seconds = time.monotonic() - recorder.started
    print(f"\n{h.calls:,} calls in {seconds:.0f} s: {h.answers:,} answers ({h.busy} of them 503, "
          f"{h.late_busy} without a fault nearby; {h.cut} of them 400), {h.pages} pages of the web "
          f"server, {h.unanswered} without an answer")
    print("calls: " + ", ".join(f"{n:,} {op}" for op, n in sorted(h.ops.items())))
    print("faults: " + (", ".join(f"{n} {what}" for what, n in sorted(h.faults.items())) or "none"))
    print("looked at: " + ", ".join(f"{n:,} {what}" for what, n in sorted(h.checked.items())))
    by_claim = {}
    for v in h.violations:
        by_claim.setdefault(v.claim, []).append(v)
    for claim, some in by_claim.items():
        print(f"\nBROKEN, {len(some)} times: {claim}")
        for v in some[:3]:
            print("  " + v.text)
    shown = [some[0] for some in by_claim.values()]
    for v in shown[:most]:
        print(f"\nHistory of: {v}")
        for line in lines_of(recorder.path, h, v):
            print("  " + line)
    print(f"\n{'VIOLATIONS: ' + str(len(h.violations)) if h.violations else 'no violation'}; the "
          f"history is {recorder.path}")


def lines_of(path, h, violation, most=40):
    """The events that a violation is about: its calls, and all that touched its sessions."""
    calls = set(violation.calls)
    ids = set(violation.sessions[:3])
    for sid in ids:
        s = h.sessions.get(sid)
        calls |= set(s.registers + s.enders[:12] + s.claims) if s else set()
    lines = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            event = json.loads(line)
            if event.get("n") in calls or event.get("id") in ids:
                calls.add(event["n"])
                if len(line) > 300:
                    line = line[:300] + " …"
                lines.append(line.rstrip())
    if len(lines) > most:
        lines = lines[:most // 2] + [f"… {len(lines) - most} lines …"] + lines[-most // 2:]
    return lines
