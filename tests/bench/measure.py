# SPDX-License-Identifier: MIT
"""One measurement of the bench: wrk against a chain, and what each process spent meanwhile.

A chain is a dict: url, and under "parts" the first processes of web server, workers and database.
Children are looked up at each sample; what a process did that has ended stands in its parent's times."""
import json
import os
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
TICK_US = 1e6 / os.sysconf("SC_CLK_TCK")


def stat(pid):
    """Parent and core time in microseconds (own, and of children that ended), None if it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(fields[1]), sum(int(f) for f in fields[11:15]) * TICK_US


def all_processes():
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            one = stat(entry.name)
            if one is not None:
                found[int(entry.name)] = one
    return found


def family(pid, processes):
    """The process and everything below it."""
    members, grew = {pid}, True
    while grew:
        more = {p for p, (parent, _) in processes.items() if parent in members} - members
        members |= more
        grew = bool(more)
    return members


def spent(parts):
    processes = all_processes()
    return {
        name: sum(processes[p][1] for p in family(pid, processes) if p in processes)
        for name, pid in parts.items()
    }


def memory_kb(pid, field="RssAnon"):
    """The largest worker of a pool: its private memory."""
    sizes = [0]
    for p in family(pid, all_processes()) - {pid}:
        try:
            lines = Path(f"/proc/{p}/status").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            continue
        sizes += [int(line.split()[1]) for line in lines if line.startswith(field + ":")]
    return max(sizes)


def settle(parts):
    """Waits until nothing works any more: wrk leaves requests behind that servers go on answering, and a
    server goes on deleting in the background."""
    for _ in range(200):
        before = spent(parts)
        time.sleep(0.1)
        if sum(spent(parts).values()) - sum(before.values()) < 2 * TICK_US:
            return


class Wrong(Exception):
    pass


def wrk(bench, chain, kind, path="/", seconds=None, connections=32, token=None, seed=1, rested=True):
    """Sends for that many seconds. Returns requests, seconds, p50_ms, p99_ms, and core microseconds a
    request under "us" (client is wrk itself)."""
    env = dict(
        os.environ,
        BENCH_KIND=kind,
        BENCH_PATH=path,
        BENCH_TOKEN=token or bench.token,
        BENCH_SESSIONS=str(chain.get("sessions", bench.sessions)),
        BENCH_SEED=str(seed),
    )
    command = [
        "wrk", "-t1", f"-c{connections}", f"-d{seconds or bench.seconds}s", "--latency", "--timeout", "30s",
        "-s", str(HERE / "load.lua"), chain["url"],
    ]
    if rested:
        settle(chain["parts"])
    before, own = spent(chain["parts"]), os.times()
    ran = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    after, own_after = spent(chain["parts"]), os.times()
    lines = [line for line in ran.stdout.splitlines() if line.startswith("{")]
    if ran.returncode != 0 or not lines:
        raise Wrong(f"wrk {chain['url']}{path}: {ran.stdout}{ran.stderr}")
    result = json.loads(lines[-1])
    if not result["requests"] and not result["wrong"] and (seconds or 0) < 60:
        return wrk(bench, chain, kind, path, max(5, 2 * (seconds or bench.seconds)), connections, token, seed, rested)
    if result["wrong"] or not result["requests"]:
        raise Wrong(f"{chain['url']} {kind} {path}: {result['wrong']} of {result['requests']} answers are wrong\n"
                    + ran.stdout)
    client = (own_after.children_user + own_after.children_system - own.children_user - own.children_system) * 1e6
    result["us"] = {name: (after[name] - before[name]) / result["requests"] for name in after}
    result["us"]["client"] = client / result["requests"]
    result["rps"] = result["requests"] / result["seconds"]
    return result


def statement(bench, group, kind, seconds, processes=4):
    """The bare prepared statement in a loop; the same result as wrk()."""
    parts = {"database": bench.mariadb_pid}
    settle(parts)
    before = spent(parts)
    ran = subprocess.run(
        [bench.tool("bench-statement"), bench.root_cnf, group, kind, str(seconds), str(processes),
         str(bench.sessions)],
        capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise Wrong(ran.stderr)
    result = json.loads(ran.stdout)
    result["us"] = {name: (us - before[name]) / result["requests"] for name, us in spent(parts).items()}
    result["us"]["client"] = result.pop("client_us") / result["requests"]
    result["rps"] = result["requests"] / result["seconds"]
    return result
