# SPDX-License-Identifier: MIT
"""The stack over a MariaDB Galera cluster of three nodes (script `cluster`): the first pool's host list
begins with node 1, the second's with node 2. What is read and locked here goes through node 3.
"""
import asyncio
import pathlib
import random
import socket
import subprocess

from host import ROOT, Failed, Host, Stack, free_port

SCRIPT = pathlib.Path(__file__).with_name("cluster")
WEB_CONF = """server.bind = "127.0.0.1"
server.port = {port}
server.document-root = "{dir}"
server.errorlog = "{dir}/{web}.log"
server.upload-dirs = ( "{dir}" )
server.http-parseopts = ( "url-ctrls-reject" => "disable", "url-invalid-utf8-reject" => "disable" )
server.max-request-field-size = 32768
include "{dir}/rollcall{suffix}.conf"
"""


def is_free(port):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_base():
    """Below what the system gives out by itself; all that `cluster` uses from there on is free."""
    while True:
        base = random.randrange(12000, 31000, 340)
        if all(is_free(base + n) for n in range(1, 332)):
            return base


class Cluster(Stack):
    DATABASES = ["n1", "n2", "n3"]

    def __init__(self, build, mode, init="", **options):
        super().__init__(build, mode, **options)
        self.base = free_base()
        self.init = init
        self.env["BASE"] = str(self.base)

    def cluster(self, *words):
        # To a file and not through a pipe, which the nodes would hold open.
        with open(self.dir / "cluster.log", "ab") as log:
            done = subprocess.run([str(SCRIPT), *words], env=self.env, stdin=subprocess.DEVNULL,
                                  stdout=log, stderr=log, check=False)
        if done.returncode != 0:
            raise Failed(f"cluster {' '.join(words)}: see {self.dir}/cluster.log")

    def up(self):
        self.write_key()
        self.cluster("up")
        self.write_defaults("my", [3, 1, 2], "")
        self.call("rollcall-demo", "keys", str(self.dir))
        self.migrate()
        for name in self.DATABASES:  # each has the tables, also for one who does not wait for it
            self.cluster("sql", name[1:], "-e", "SET SESSION wsrep_sync_wait = 15;"
                         " SELECT COUNT(*) FROM rollcall.schema_migration")
        for suffix, order in (("", [1, 2, 3]), ("2", [2, 3, 1])):
            self.hosts.append(self.host(suffix, order))

    def host(self, suffix, order):
        """A pool with that list of nodes, and a web server in front of it."""
        host = Host(self, suffix, free_port())
        host.defaults = self.write_defaults(f"my-{host.pool}", order, self.init)
        host.conf.write_text(WEB_CONF.format(port=host.port, dir=self.dir, web=host.web,
                                             suffix=suffix))
        text = (ROOT / "httpd-conf/lighttpd/rollcall-socket.conf").read_text()
        (self.dir / f"rollcall{suffix}.conf").write_text(
            text.replace("/run/rollcall/rollcall.sock", f"{self.dir}/{host.pool}.sock"))
        host.start_pool()
        host.start_web()
        host.wait_for_answer()
        return host

    def migrate(self):
        """Through each node at the same time: one does the work, the others wait for it."""
        some = [subprocess.Popen(
            [str(self.bin / "rollcall-admin"), "migrate", "--schema", str(ROOT / "schema")],
            env=dict(self.env, ROLLCALL_DB_DEFAULTS=str(self.write_defaults(f"migrate{n}", order, ""))),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            for n, order in enumerate(([1, 2, 3], [2, 3, 1], [3, 1, 2]))]
        said = [child.communicate()[0].decode() for child in some]
        if any(child.returncode != 0 for child in some) or "".join(said).count("applied 0001") != 1:
            raise Failed(f"three migrations at once: {said}")

    def call(self, program, *words):
        subprocess.run([str(self.bin / program), *words], check=True,
                       env=dict(self.env, ROLLCALL_DB_DEFAULTS=str(self.defaults)))

    def write_defaults(self, name, order, init):
        path = self.dir / f"{name}.cnf"
        hosts = ",".join(f"127.0.0.1:{self.base + n}" for n in order)
        path.touch(0o600)
        path.write_text(
            f"[client]\nuser=rollcall\npassword={(self.dir / 'password').read_text()}\n"
            f"[client-mariadb]\nhost=127.0.0.1\nport={self.base + order[0]}\n"
            f"[rollcall]\nhost={hosts}\ndatabase=rollcall\n"
            + (f'init-command="{init}"\n' if init else "")
            + '[mysql]\ndatabase=rollcall\ninit-command="SET SESSION wsrep_sync_wait=15"\n')
        return path

    async def aside(self, *words):
        await asyncio.get_running_loop().run_in_executor(None, self.cluster, *words)

    async def start_database(self, name):
        await self.aside("start", name[1:])

    async def isolate(self, name, seconds):
        for on in ("1", "0"):
            await self.aside("sql", name[1:], "-e",
                             f"SET GLOBAL wsrep_provider_options='gmcast.isolate={on}'")
            await asyncio.sleep(seconds)

    def down(self, keep=False):
        for host in self.hosts:
            host.let_go()
        self.cluster("down")
        self.remove(keep)
