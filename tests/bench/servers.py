# SPDX-License-Identifier: MIT
"""What the bench measures: one private MariaDB with three stores, Rollcall on each of them, the peers
and the floors, each behind a lighttpd of its own (but Node, which speaks HTTP itself).

The database, Rollcall on the large store and its web server are httpd-conf/demo/stack's; everything
else here carries the stack's mark in its environment, so `stack down` ends that too."""
import getpass
import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from signal import SIGKILL, SIGTERM

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BEFORE = "bb3ddcb"  # the last commit with the first store
AGE_MOST = 20 * 3600  # bench-data lets sessions expire a day after they were made
WORKERS = 4


def run(*command, **more):
    return subprocess.run([str(c) for c in command], check=True, text=True, **more)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Bench:
    def __init__(self, rows, end_rows, buffer_pool, seconds, wanted):
        self.rows, self.end_rows, self.seconds, self.wanted = rows, end_rows, seconds, wanted
        self.build = Path(os.environ.get("BUILD", ROOT / "build")).resolve()
        self.dir = self.build / "bench"
        self.run_dir = self.dir / "run"
        self.lists = self.run_dir / "lists"
        self.sessions = self.lists / "sessions.tsv"
        self.root_cnf = self.run_dir / "bench.cnf"
        self.started = []
        self.chains = {}
        self.env = dict(
            os.environ,
            BUILD=str(self.build), MODE="release", RUN_DIR=str(self.run_dir), PORT="0", DATA="none",
            PROTECT="yes", WORKERS=str(WORKERS), BUFFER_POOL=buffer_pool, ROLLCALL_LOG_LEVEL="warn",
            ROLLCALL_DB_STATEMENT_MS="60000", ROLLCALL_DB_SEARCH_MS="60000",
            PATH=os.environ["PATH"] + ":/usr/sbin:/sbin")
        self.mark = dict(self.env, STACK_RUN_DIR=str(self.run_dir))

    def tool(self, name):
        return str(self.dir / name)

    def stack(self, *words):
        run(ROOT / "httpd-conf/demo/stack", *words, env=self.env, stdout=subprocess.DEVNULL)

    def sql(self, text, database=""):
        """Text of this file, and names that it makes itself; nothing from outside."""
        run("mariadb", f"--defaults-file={self.root_cnf}", "--batch", "-e", text, *([database] if database else []),
            stdout=subprocess.DEVNULL)

    # Data

    def stores(self):
        """Group of the option file, database, rows, rows of the tenant that is ended."""
        yield "new", "rollcall", self.rows, self.end_rows
        if "depth" in self.wanted:
            yield "tiny", "rollcall_tiny", 10000, 0
        if "register" in self.wanted:
            yield "before", "rollcall_before", min(self.rows, 1000000), 0

    def prepare_before(self):
        """The commit before, built aside."""
        source = self.dir / "before"
        if not (source / "Makefile").exists():
            source.mkdir(exist_ok=True)
            tree = subprocess.run(["git", "-C", str(ROOT), "archive", BEFORE], check=True, capture_output=True).stdout
            subprocess.run(["tar", "-x", "-C", str(source)], input=tree, check=True)
        run("make", "-s", "-C", source, f"BUILD={self.dir}/before-build", "-j2", "programs",
            env={k: v for k, v in self.env.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "BUILD", "MODE", "RUN_DIR")})
        return source, self.dir / "before-build/release"

    def fill(self, group, database, rows, end_rows):
        schema, programs, layout = ROOT / "schema", self.build / "release", "new"
        if group == "before":
            source, programs = self.prepare_before()
            schema, layout = source / "schema", "before"
        stamp = self.run_dir / f"{database}.made"
        want = json.dumps([rows, end_rows, *(p.read_text() for p in sorted(schema.glob("*.sql")))])
        if stamp.exists() and stamp.read_text() == want and time.time() - stamp.stat().st_mtime < AGE_MOST:
            return
        stamp.unlink(missing_ok=True)
        print(f"Making {rows:,} sessions in {database}", flush=True)
        self.sql(f"DROP DATABASE IF EXISTS {database}; CREATE DATABASE {database} CHARACTER SET utf8mb4;"
                 f" GRANT ALL ON {database}.* TO rollcall@localhost, rollcall_admin@localhost")
        run(programs / "rollcall-admin", "migrate", "--schema", schema, stdout=subprocess.DEVNULL,
            env=dict(self.env, ROLLCALL_DB_DEFAULTS=str(self.run_dir / "my.cnf"), ROLLCALL_DB_GROUP=database))
        lists = self.lists if group == "new" else self.run_dir / f"lists-{group}"
        lists.mkdir(exist_ok=True)
        began = time.time()
        run(self.tool("bench-data"), self.root_cnf, f"bench_{group}", layout, rows, end_rows, lists)
        tables = ("session, ended, tally, ended_tally, ended_user, user, tenant, partner" if layout == "new"
                  else "session, session_app, revocation, user, tenant, application, partner")
        self.sql(f"ANALYZE TABLE {tables}", database)
        print(f"  made in {time.time() - began:.0f} s", flush=True)
        stamp.write_text(want)

    def spoil(self, database="rollcall"):
        """The next run makes the data again."""
        (self.run_dir / f"{database}.made").unlink(missing_ok=True)

    def write_options(self):
        path = self.run_dir / "my.cnf"
        text = path.read_text()
        for _, database, _, _ in self.stores():
            if f"[{database}]" not in text:
                text += f"\n[{database}]\ndatabase={database}\n"
        path.write_text(text)
        groups = "".join(f"[bench_{g}]\ndatabase={d}\n" for g, d, _, _ in self.stores())
        self.root_cnf.write_text(f"[client]\nsocket={self.run_dir}/mariadb.sock\nuser={getpass.getuser()}\n{groups}")

    def account(self):
        text = (self.run_dir / "my.cnf").read_text()
        return {k: re.search(rf"^{k}=(.*)$", text, re.M).group(1) for k in ("socket", "user", "password")}

    # Servers

    def start(self, name, command, **env):
        log = open(self.run_dir / f"{name}.log", "ab")
        child = subprocess.Popen([str(c) for c in command], env=dict(self.mark, **env), stdin=subprocess.DEVNULL,
                                 stdout=log, stderr=log, start_new_session=True)
        self.started.append(child)
        return child.pid

    def lighttpd(self, name, config):
        path = self.run_dir / f"{name}.conf"
        path.write_text(config)
        return self.start(name, ["lighttpd", "-D", "-f", path])

    def like_the_stack(self, name, socket_path):
        """The stack's configuration with another pool and port."""
        port = free_port()
        for part in ("rollcall", "app"):
            text = (self.run_dir / f"{part}.conf").read_text()
            text = text.replace(f"{self.run_dir}/pool.sock", str(socket_path))
            (self.run_dir / f"{part}-{name}.conf").write_text(text)
        text = (self.run_dir / "lighttpd.conf").read_text()
        text = re.sub(r"server.port = \d+", f"server.port = {port}", text)
        text = re.sub(r"/(rollcall|app)\.conf", rf"/\1-{name}.conf", text)
        return f"http://127.0.0.1:{port}", self.lighttpd(f"web-{name}", text)

    def add_pool(self, name, command, **env):
        path = self.run_dir / f"{name}.sock"
        path.unlink(missing_ok=True)
        pid = self.start(f"pool-{name}", ["spawn-fcgi", "-n", "-s", path, "-M", "0600", "--", *command], **env)
        url, web = self.like_the_stack(name, path)
        self.add(name, url, web=web, workers=pid, database=self.mariadb_pid)

    def add(self, name, url, **parts):
        self.chains[name] = {"url": url, "parts": parts}

    def add_rollcall(self, name, programs, database, **env):
        self.add_pool(name, [programs / "rollcall.fcgi"], ROLLCALL_WORKERS=str(WORKERS),
                      ROLLCALL_DB_DEFAULTS=str(self.run_dir / "my.cnf"), ROLLCALL_DB_GROUP=database,
                      ROLLCALL_JWKS_FILE=str(self.run_dir / "jwks.json"), **env)

    def add_php(self):
        public = self.run_dir / "certificate.pem"
        run("openssl", "req", "-x509", "-new", "-key", self.run_dir / "demo-key.pem", "-subj", "/CN=bench", "-days",
            "30", "-out", public, stderr=subprocess.DEVNULL)
        constant = self.run_dir / "certificate.php"
        constant.write_text(f"<?php\nreturn <<<'PEM'\n{public.read_text()}PEM;\n")
        account, fpm = self.account(), shutil.which("php-fpm8.2", path=self.env["PATH"]) or "php-fpm"
        conf = self.run_dir / "fpm.conf"
        user = "user = root\ngroup = root\n" if os.getuid() == 0 else ""
        conf.write_text(
            f"[global]\nerror_log = {self.run_dir}/fpm.log\n[www]\nlisten = {self.run_dir}/fpm.sock\n{user}"
            "pm = static\npm.max_children = 8\n"
            f"env[BENCH_CERTIFICATE] = {constant}\nenv[BENCH_SOCKET] = {account['socket']}\n"
            f"env[BENCH_USER] = {account['user']}\nenv[BENCH_PASSWORD] = {account['password']}\n"
            "env[BENCH_DATABASE] = rollcall\n"
            "php_admin_value[opcache.enable] = 1\nphp_admin_value[opcache.validate_timestamps] = 0\n")
        conf.chmod(0o600)
        pid = self.start("fpm", [fpm, *(["-R"] if os.getuid() == 0 else []), "-F", "-y", conf,
                                 "-d", "opcache.jit_buffer_size=64M", "-d", "opcache.jit=tracing"])
        port = free_port()
        web = self.lighttpd("web-php", f"""server.bind = "127.0.0.1"
server.port = {port}
server.document-root = "{HERE}"
server.errorlog = "{self.run_dir}/web-php.log"
server.modules = ( "mod_rewrite", "mod_fastcgi" )
url.rewrite-once = ( "^/api/[^?]*(\\?.*)?$" => "/peer.php$1" )
fastcgi.server = ( ".php" => (( "socket" => "{self.run_dir}/fpm.sock" )) )
""")
        self.add("php", f"http://127.0.0.1:{port}", web=web, workers=pid, database=self.mariadb_pid)

    def add_node(self):
        place = self.dir / "node"
        place.mkdir(exist_ok=True)
        for name in ("package.json", "package-lock.json", ".npmrc", "peer.mjs"):
            shutil.copy(HERE / name, place)
        lock, installed = place / "package-lock.json", place / "installed"
        if not installed.exists() or installed.read_text() != lock.read_text():
            print("Fetching the packages of tests/bench/package-lock.json", flush=True)
            run("npm", "ci", "--loglevel=error", "--cache", self.dir / "npm-cache", cwd=place)
            installed.write_text(lock.read_text())
        run("openssl", "pkey", "-in", self.run_dir / "demo-key.pem", "-pubout", "-out", self.run_dir / "public.pem",
            stderr=subprocess.DEVNULL)
        account, port = self.account(), free_port()
        pid = self.start("node", ["node", place / "peer.mjs"], NODE_ENV="production", BENCH_PORT=str(port),
                         BENCH_PUBLIC_KEY=str(self.run_dir / "public.pem"), BENCH_SOCKET=account["socket"],
                         BENCH_USER=account["user"], BENCH_PASSWORD=account["password"], BENCH_DATABASE="rollcall")
        self.add("node", f"http://127.0.0.1:{port}", workers=pid, database=self.mariadb_pid)

    def make_token(self, **claims):
        claims.setdefault("exp", int(time.time()) + 86400)
        return run(self.build / "release/rollcall-demo", "token", self.run_dir / "demo-key.pem", json.dumps(claims),
                   capture_output=True).stdout.strip()

    def pid_of(self, name):
        return int((self.run_dir / f"{name}.pid").read_text())

    def up(self):
        self.run_dir.mkdir(parents=True, exist_ok=True)
        self.lists.mkdir(exist_ok=True)
        (self.run_dir / "files").mkdir(exist_ok=True)
        self.stack("db-up")
        self.write_options()
        self.sql("SET GLOBAL innodb_log_file_size = 2147483648; SET GLOBAL innodb_flush_log_at_trx_commit = 0")
        for store in self.stores():
            self.fill(*store)
        self.sql("SET GLOBAL innodb_flush_log_at_trx_commit = 2")
        self.stack("up")
        self.mariadb_pid = self.pid_of("mariadb")
        url = re.search(r"ROLLCALL_URL='(.*)'", (self.run_dir / "env").read_text()).group(1)
        self.add("rollcall", url, web=self.pid_of("lighttpd"), workers=self.pid_of("pool"),
                 database=self.mariadb_pid)
        self.token = self.make_token(sub="bench", role="super_admin")
        self.service = self.make_token(sub="bench", platform_token=True,
                                       scope="sessions:write sessions:introspect admin:read admin:write")
        if self.wanted & {"get", "authorize"}:
            self.add_pool("constant", [self.tool("bench-constant"), WORKERS])
        if "get" in self.wanted:
            self.add_rollcall("no-cache", self.build / "release", "rollcall", ROLLCALL_JWT_CACHE="0")
        if self.wanted & {"get", "list"}:
            self.add_php()
            self.add_node()
        if "depth" in self.wanted:
            self.add_rollcall("tiny", self.build / "release", "rollcall_tiny")
            self.chains["tiny"]["sessions"] = self.run_dir / "lists-tiny/sessions.tsv"
        if "register" in self.wanted:
            self.add_rollcall("before", self.dir / "before-build/release", "rollcall_before")

    def down(self):
        for signal in (SIGTERM, SIGKILL):
            for child in self.started:
                try:
                    os.killpg(child.pid, signal)
                    child.wait(10)
                except (ProcessLookupError, subprocess.TimeoutExpired):
                    pass
        self.stack("down")

    # One request, to see that an answer is right before it is measured

    def ask(self, chain, path, method="GET", body=None, token=None):
        request = urllib.request.Request(
            self.chains[chain]["url"] + path, method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {token or self.token}", "Content-Type": "application/json"})
        for _ in range(100):
            try:
                with urllib.request.urlopen(request, timeout=600) as answer:
                    text = answer.read()
                    return answer.headers, json.loads(text) if text.startswith(b"{") else text
            except urllib.error.HTTPError as error:
                if error.code not in (502, 503):
                    raise RuntimeError(f"{chain} {method} {path}: {error.code} {error.read()[:300]}") from error
            except (urllib.error.URLError, ConnectionError):
                pass
            time.sleep(0.1)
        raise RuntimeError(f"{chain} {method} {path}: no answer")

