#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configurations in the documents. Each is one that `bellwether check` has nothing to say against
(and promtool, of Prometheus's); those of docs/probes.md run, each check against a server here in the
place of the one that is named: it passes, and when its server goes wrong it fails for the reason that
the page gives. What a check tells stands in its kind's tables."""
import http.server
import json
import pathlib
import re
import shutil
import socket
import socketserver
import struct
import subprocess
import threading
from concurrent import futures

from harness import eventually, expect, expect_equal, run
from servers import Certificates, WebSocketHandler, serve_lines

try:
    import grpc
except ImportError:
    grpc = None
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "probes.md"
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.M | re.S)
SCRIPT = re.compile(r"^```sh\n(#!/bin/sh\n.*?)^```$", re.M | re.S)
# Folders of examples that are ours here.
FOLDERS = re.compile(r"(?<![\w.])/(?=(?:etc|run|usr/lib/nagios|usr/local/bin|var/backups)/)")
# For crowded machines.
PATIENCE_S = 60.0

# check: what it fails with when its server goes wrong; None: there is nothing that could.
WRONG = {
    "shop/page": "http_status", "shop/stock": "assertion_body",
    "mail/smtp": "tls_expired", "cache/redis": "assertion_reply",
    "cache/telnet-is-closed": "unexpected_success",
    "network/gateway": None, "network/name": None,
    "host-plugins/load": "command_critical", "backups/age": "command_critical",
    "names/shop": "dns_nxdomain", "names/over-tcp": "dns_nxdomain",
    "cart/serving": "not_serving", "cart/serving-tls": "not_serving",
    "chat/upgrade": "http_status", "chat/talk": "http_status",
    "certificates/shop": "tls_expired", "certificates/mail": "tls_expired",
    "certificates/on-disk": "tls_expired",
    "cache-here/ping": "assertion_reply",
    "database/nightly-backup": "push_failed",
}
TOKEN = "a-token-of-the-backup"


# ---- servers that can go wrong --------------------------------------------------------------------

class World:
    """The servers of the examples; `wrong` is read for each answer."""

    def __init__(self, folder):
        self.folder, self.wrong = folder, False
        for name in ("etc/ssl", "etc/bellwether", "etc/prometheus", "run/redis",
                     "usr/lib/nagios/plugins"):
            (folder / name).mkdir(parents=True)
        self.certificates = Certificates(folder / "etc/ssl", "DNS:shop.example.com,DNS:mail.example.com")
        ssl = folder / "etc/ssl"
        for name in ("shop-ca.pem", "mail-ca.pem"):
            shutil.copy(ssl / "ca.pem", ssl / name)
        self.contexts = {False: self.certificates.context("good"),
                         True: self.certificates.context("expired")}
        (folder / "etc/bellwether/stock.password").write_text("a-password-of-stock\n")
        for name in ("backup", "prometheus"):
            (folder / f"etc/bellwether/{name}.token").write_text(TOKEN + "\n")
        (folder / "etc/prometheus/blackbox.yml").write_text("modules: {http_2xx: {prober: http}}\n")
        self.telnet = socket.socket()  # closed until somebody listens there
        self.telnet.bind(("127.0.0.1", 0))
        redis = self.serve_redis(folder / "run/redis/redis.sock")
        mail, names = serve_lines(self.smtp), self.serve_names()
        self.places = {
            "https://shop.example.com/": f"https://127.0.0.1:{self.serve_pages(secure=True)}/",
            "http://stock.example.com:8080": f"http://127.0.0.1:{self.serve_pages()}",
            "ws://chat.example.com": f"ws://127.0.0.1:{self.serve_chat()}",
            "mail.example.com:25": f"127.0.0.1:{mail}",
            "192.0.2.10:6379": f"127.0.0.1:{redis}",
            "192.0.2.10:23": f"127.0.0.1:{self.telnet.getsockname()[1]}",
            "shop.example.com:443": f"127.0.0.1:{serve_lines(self.handshake)}",
            "ns1.example.com:53": f"127.0.0.1:{names}", "192.0.2.53:53": f"127.0.0.1:{names}",
            "192.0.2.1": "127.0.0.1", "gateway.example.com": "localhost",
        }
        self.break_files()

    def here(self, text):
        """The text with what is there in the place of what is named."""
        for name, place in self.places.items():
            text = re.sub(rf"(?<![\w.]){re.escape(name)}(?![\w.])", place, text)
        return FOLDERS.sub(f"{self.folder}/", text)

    def break_files(self):
        """What is no server: the command, and the certificate on the disk."""
        shutil.copy(self.folder / "etc/ssl" / ("expired.pem" if self.wrong else "good.pem"),
                    self.folder / "etc/ssl/shop.pem")
        self.put_script("usr/lib/nagios/plugins/check_load",
                        "#!/bin/sh\necho \"load is ${2:?} | load1=0.5;15;30;0;\"\n"
                        f"exit {2 if self.wrong else 0}\n")
        self.put_script("usr/local/bin/backup-age", SCRIPT.search(PAGE.read_text())[1])
        for name in ("shop", "mail"):
            backups = self.folder / "var/backups" / name
            backups.mkdir(parents=True, exist_ok=True)
            (backups / "newest.gz").touch()
        if self.wrong:
            (backups / "newest.gz").unlink()

    def put_script(self, path, text):
        script = self.folder / path
        script.parent.mkdir(parents=True, exist_ok=True)
        fresh = script.with_suffix(".new")
        fresh.write_text(text)
        fresh.chmod(0o755)
        fresh.rename(script)

    def go_wrong(self):
        self.wrong = True
        self.break_files()
        self.telnet.listen(64)
        threading.Thread(target=self.open_door, daemon=True).start()

    def open_door(self):
        while True:
            self.telnet.accept()[0].close()

    def handshake(self, talk):
        with self.contexts[self.wrong].wrap_socket(talk, server_side=True) as secure:
            secure.recv(100)

    def serve_pages(self, secure=False):
        world = self

        class Pages(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                stock = self.path == "/api/stock"
                if stock and "Authorization" not in self.headers:
                    self.send_error(401)
                    return
                items = [] if world.wrong else ["tea"]
                self.send_response(503 if world.wrong and not stock else 200)
                self.send_header("Content-Type", "application/json" if stock else "text/html")
                self.end_headers()
                self.wfile.write(json.dumps({"items": items, "queue": {"length": 3}}).encode()
                                 if stock else b"<html><title>Shop of examples</title></html>")
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        server.handle_error = lambda *_: None
        if secure:
            server.socket = self.contexts[False].wrap_socket(server.socket, server_side=True,
                                                             do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server.server_address[1]

    def serve_chat(self):
        world = self

        class Chat(WebSocketHandler):
            def do_GET(self):
                if world.wrong:
                    self.path = "/no"
                super().do_GET()
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Chat)
        server.handle_error = lambda *_: None
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server.server_address[1]

    def smtp(self, talk):
        for answer in (b"220 mail.example.com ESMTP\r\n",
                       b"250-mail.example.com\r\n250 STARTTLS\r\n", b"220 go ahead\r\n"):
            talk.sendall(answer)
            if not answer.startswith(b"220 go"):
                talk.recv(200)
        with self.contexts[self.wrong].wrap_socket(talk, server_side=True) as secure:
            secure.recv(200)
            secure.sendall(b"221 bye\r\n")

    def redis(self, talk):
        talk.recv(100)
        talk.sendall(b"-LOADING not yet\r\n" if self.wrong else b"+PONG\r\n")

    def serve_redis(self, path):
        world = self

        class Redis(socketserver.BaseRequestHandler):
            def handle(self):
                world.redis(self.request)
        server = socketserver.ThreadingUnixStreamServer(str(path), Redis)
        server.daemon_threads = True
        server.handle_error = lambda *_: None
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return serve_lines(self.redis)

    def dns_answer(self, query):
        record = struct.pack("!HHHIH4B", 0xc00c, 1, 1, 60, 4, 192, 0, 2, 10)
        flags, count = (0x8183, 0) if self.wrong else (0x8180, 1)
        return query[:2] + struct.pack("!5H", flags, 1, count, 0, 0) + query[12:] + record * count

    def serve_names(self):
        def over_tcp(talk):
            size, = struct.unpack("!H", talk.recv(2))
            answer = self.dns_answer(talk.recv(size))
            talk.sendall(struct.pack("!H", len(answer)) + answer)

        def over_udp():
            while True:
                query, asker = udp.recvfrom(512)
                udp.sendto(self.dns_answer(query), asker)
        while True:  # one port for both
            port, udp = serve_lines(over_tcp), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            threading.Thread(target=over_udp, daemon=True).start()
            return port

    def serve_health(self):
        """python3-grpcio's server, in the clear and over TLS."""
        def check(request, context):
            wanted = dict(context.invocation_metadata()).get("x-tenant", "blue")
            if request != b"\n\x09shop.Cart" or wanted != "blue":
                context.abort(grpc.StatusCode.NOT_FOUND, "no such service")
            return b"\x08\x02" if self.wrong else b"\x08\x01"
        server = grpc.server(futures.ThreadPoolExecutor(4))
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(
            "grpc.health.v1.Health", {"Check": grpc.unary_unary_rpc_method_handler(check)}),))
        ssl = self.folder / "etc/ssl"
        secret = grpc.ssl_server_credentials([((ssl / "good.key").read_bytes(),
                                               (ssl / "good.pem").read_bytes())])
        plain, secure = (server.add_insecure_port("127.0.0.1:0"),
                         server.add_secure_port("127.0.0.1:0", secret))
        server.start()
        self.places["cart.example.com:50051"] = f"127.0.0.1:{plain}"
        self.places["cart.example.com:50052"] = f"127.0.0.1:{secure}"
        return server


# ---- every configuration is one --------------------------------------------------------------------

def documents():
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md",
            *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "grafana").glob("*.md"))]


def blocks():
    """(document, number, text) of each."""
    return [(file, number, text) for file in documents()
            for number, text in enumerate(BLOCK.findall(file.read_text()), 1)]


def check_block(bench, world, file, number, text):
    name = f"{file.stem}-{number}.yml"
    (bench.folder / name).write_text(world.here(text))
    if text.startswith("# prometheus.yml"):
        promtool = shutil.which("promtool")
        if promtool is None:
            print(f"{file.name}: no promtool to read block {number}")
            return
        said = subprocess.run([promtool, "check", "config", "--syntax-only", bench.folder / name],
                              capture_output=True, text=True, timeout=60)
    elif text.startswith("# web.yml"):
        said = bench.bellwether("serve", "--config.check", f"--web.config.file={bench.folder / name}")
    elif text.startswith("# blackbox.yml"):
        (bench.folder / "whole.yml").write_text(json.dumps({"module_files": [name]}))
        said = bench.bellwether("check", bench.folder / "whole.yml")
    else:
        said = bench.bellwether("check", bench.folder / name)
    expect(said.returncode == 0 and "warning" not in said.stderr,
           f"block {number} of {file.name}, which should stand alone: {said.stdout}{said.stderr}")


def every_block_is_right(bench, world):
    found = blocks()
    expect(len(found) >= 15, f"only {len(found)} configurations in the documents")
    with futures.ThreadPoolExecutor(2) as pool:
        for result in [pool.submit(check_block, bench, world, *block) for block in found]:
            result.result()


# ---- those of docs/probes.md run -------------------------------------------------------------------

def sections(page):
    """The text of each kind's section."""
    return dict(re.findall(r"^## ([a-z]+)\n(.*?)(?=^## |\Z)", page, re.M | re.S))


def listed(page):
    """{kind: what the tables of its section, and those of every kind, list}."""
    tables = {name: set(re.findall(r"^\| `(\w+)` \|", text, re.M)) for name, text in
              re.findall(r"^##+ ([A-Za-z: ]+)\n\n(.*?)(?=^##|\Z)", page, re.M | re.S)}
    common = tables["Metrics of every kind"] | tables["Reasons of every kind"]
    return {kind: tables[f"{kind}: metrics"] | tables[f"{kind}: reasons"] | common
            for kind in sections(page)}


def kinds(bench):
    """Those that there are, by the binary itself."""
    (bench.folder / "no-kind.yml").write_text('{services: [{name: a, checks: [{name: b}]}]}')
    said = bench.bellwether("check", bench.folder / "no-kind.yml").stderr
    return re.search(r"expected one of the keys ([a-z, ]+)", said)[1].split(", ")


def merged(world, page):
    """One configuration of all examples of the page, in haste; and each check's kind."""
    whole = {"global": {"interval": "300ms", "timeout": "5s", "slot": "20ms", "fall": 1, "rise": 1},
             "modules": {}, "services": []}
    kind_of = {}
    for kind, section in sections(page).items():
        texts = BLOCK.findall(section)
        expect(texts, f"no example of {kind}")
        for text in texts:
            part = yaml.safe_load(world.here(text))
            expect_equal(set(part) - {"modules", "services"}, set(), f"sections of {kind}'s example")
            whole["modules"].update(part.get("modules", {}))
            whole["services"] += part["services"]
            for service in part["services"]:
                for check in service["checks"]:
                    check.pop("interval", None)
                    expect(kind in check, f"an example of {kind} has {check}")
                    kind_of[f"{service['name']}/{check['name']}"] = kind
    return whole, kind_of


def without(whole, kind_of, kind):
    """The same without a kind that cannot be played here."""
    for service in whole["services"]:
        service["checks"] = [check for check in service["checks"] if kind not in check]
    whole["services"] = [service for service in whole["services"] if service["checks"]]
    return {check: its for check, its in kind_of.items() if its != kind}


def push(daemon, what):
    answer = daemon.request("POST", f"/api/v1/push/database/nightly-backup{what}",
                            {"Authorization": f"Bearer {TOKEN}"})
    expect_equal(answer.status, 200, "a report is taken")


def told(metrics, check):
    """Families and reasons that there are of a check."""
    service, name = check.split("/")
    series = [(family, dict(labels)) for family, labels in metrics.series
              if dict(labels).get("service") == service and dict(labels).get("check") == name
              and family.startswith("probe_")]
    names = {re.sub("_(bucket|sum|count)$", "", family) for family, _ in series}
    return names | {labels["reason"] for family, labels in series if family == "probe_failure_info"}


def all_have_been(daemon, awaited, page_lists, kind_of):
    """{check: (status, reason or None)} loses those of which the metrics say so now, and is empty in
    the end: on a crowded machine one check or another may time out at any moment."""
    metrics, wrong = daemon.metrics(), {}
    for check, want in list(awaited.items()):
        service, name = check.split("/")
        states = {labels["state"] for labels, value in metrics.all(
            "bellwether_health_status", service=service, check=name)
            if value == 1 and labels.get("instance")}
        reasons = {labels["reason"] for labels, _ in metrics.all(
            "probe_failure_info", service=service, check=name)} or {None}
        if (states, reasons) == ({want[0]}, {want[1]}):
            del awaited[check]
        else:
            wrong[check] = (states, reasons)
        extra = told(metrics, check) - page_lists[kind_of[check]]
        if extra:
            raise RuntimeError(f"{check}: {sorted(extra)} is not in the tables of {kind_of[check]}")
    expect(not wrong, f"{wrong}")
    return True


def pings(bench, daemon, file, kind_of):
    """Loopback cannot go wrong; a name that there is not can. May we ping at all?"""
    said = bench.bellwether("probe", "icmp", "127.0.0.1")
    allowed = said.returncode != 3
    if allowed:
        said = bench.bellwether("probe", f"--config.file={file}", "--module=burst", "icmp",
                                "gone.invalid")
        expect_equal(said.returncode, 2, f"icmp of a name that there is not: {said.stdout}")
    return allowed


def examples_run(bench, world):
    page = PAGE.read_text()
    whole, kind_of = merged(world, page)
    expect_equal(sorted(set(kind_of.values())), sorted(kinds(bench)), "kinds with an example")
    expect_equal(sorted(kind_of), sorted(WRONG), "examples that go wrong")
    if grpc is None:
        print("python3-grpcio is not installed: examples of grpc do not run")
        kind_of = without(whole, kind_of, "grpc")
    daemon = bench.daemon(whole)
    if not pings(bench, daemon, daemon.file, kind_of):
        print("we may not ping: examples of icmp do not run")
        kind_of = without(whole, kind_of, "icmp")
        daemon.configure(whole)
    daemon.start(PATIENCE_S)
    push(daemon, "")
    lists = listed(page)
    awaited = {check: ("HEALTHY", None) for check in kind_of}
    eventually("every example passes", lambda: all_have_been(daemon, awaited, lists, kind_of),
               PATIENCE_S, 0.2)
    world.go_wrong()
    push(daemon, "/fail")
    awaited = {check: ("UNHEALTHY", WRONG[check]) if WRONG[check] else ("HEALTHY", None)
               for check in kind_of}
    eventually("every example fails", lambda: all_have_been(daemon, awaited, lists, kind_of),
               PATIENCE_S, 0.2)
    code, _ = daemon.stop()
    expect_equal(code, 0, "exit code")


def scenario(bench):
    world = World(bench.folder / "peers")
    if grpc is not None:
        world.health = world.serve_health()
    every_block_is_right(bench, world)
    examples_run(bench, world)


run(scenario)
