# SPDX-License-Identifier: MIT
"""Load on a running service beside which a test upgrades it: registers sessions, then uses them
until standard input ends, and says on standard output what came of it.

    load.py URL SERVICE-TOKEN [PAUSE] < pipe

PAUSE is how many seconds a thread waits after each round of requests; without it, none.

Each thread has sessions of its own and a connection of its own. What counts as well: the answers that
were documented, and a 503 with Retry-After. The last line is the totals as JSON."""
import collections
import http.client
import json
import sys
import threading
import urllib.parse

THREADS = 6
SESSIONS = 20  # of a thread

url = urllib.parse.urlsplit(sys.argv[1])
service = sys.argv[2]
pause = float(sys.argv[3]) if len(sys.argv) > 3 else 0
over = threading.Event()
lock = threading.Lock()
answers = collections.Counter()
wrong = []


class Client:
    def __init__(self):
        self.http = http.client.HTTPConnection(url.hostname, url.port, timeout=60)

    def call(self, method, path, token, body=None):
        headers = {"Authorization": "Bearer " + token}
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        try:
            self.http.request(method, url.path + path, body, headers)
            answer = self.http.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.http.close()
            return 0, repr(error), None
        return answer.status, text, answer.getheader("Retry-After")


def judge(what, status, text, retry, wanted):
    good = status == wanted or (status == 503 and retry is not None)
    with lock:
        answers[status] += 1
        if not good and len(wrong) < 20:
            wrong.append(f"{what}: {status} {text!r}")
    return status == wanted


def until(client, *call):
    """A call that has to succeed in the end."""
    while True:
        status, text, retry = client.call(*call)
        if status != 503 or retry is None:
            return status, text


def work(number, sessions):
    client = Client()
    for n in range(SESSIONS):
        status, text = until(client, "POST", "/api/v1/sessions", service,
                             {"tenant_id": "upgrade", "user_id": f"u{number}", "id": f"up_{number}_{n}"})
        if status != 201:
            wrong.append(f"register: {status} {text!r}")
            return
        sessions.append((f"up_{number}_{n}", json.loads(text)["data"]["token"]))
    with lock:
        answers["registered"] += SESSIONS
    turn = 0
    while not over.is_set():
        sid, token = sessions[turn % SESSIONS]
        judge("own devices", *client.call("GET", "/api/v1/me/sessions", token), 200)
        judge("activity", *client.call("POST", f"/api/v1/sessions/{sid}/activity", service, {}), 204)
        # One more device comes and goes.
        extra = f"up_{number}_extra_{turn}"
        if judge("register", *client.call("POST", "/api/v1/sessions", service, {
                "tenant_id": "upgrade", "user_id": f"u{number}", "id": extra}), 201):
            judge("end", *client.call("DELETE", f"/api/v1/me/sessions/{extra}", token), 200)
        turn += 1
        over.wait(pause)


def alive(sessions):
    client = Client()
    count = 0
    for _, token in sessions:
        status, _ = until(client, "GET", "/api/v1/me/sessions", token)
        count += status == 200
    return count


all_sessions = [[] for _ in range(THREADS)]
threads = [threading.Thread(target=work, args=(i, all_sessions[i])) for i in range(THREADS)]
for thread in threads:
    thread.start()
while answers["registered"] < THREADS * SESSIONS and any(t.is_alive() for t in threads):
    over.wait(0.05)
print("sessions are there", flush=True)
sys.stdin.read()
over.set()
for thread in threads:
    thread.join()
for line in wrong:
    print(line)
print(json.dumps({"answers": sum(v for k, v in answers.items() if k != "registered"),
                  "unavailable": answers[503], "wrong": len(wrong),
                  "sessions": THREADS * SESSIONS, "alive": sum(map(alive, all_sessions))}))
