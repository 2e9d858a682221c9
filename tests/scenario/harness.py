# SPDX-License-Identifier: GPL-3.0-or-later
"""What every scenario stands on: a daemon under test in a folder of its own, waiting with a
deadline, and readers for what the daemon says.

A scenario is a script with a function `scenario(bench)` and the line `run(scenario)`. It is
called with the path of the binary, exits 0 when all held, 1 when something did not (with the
daemon's log), 77 when a peer program is missing. Nothing sleeps where something can be awaited;
ports are chosen by the kernel; processes are ended by their own id only.
"""
import collections
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
FULL = os.environ.get("BW_FULL") == "1"
# Sanitizers and a shared machine make everything slower; a wait that succeeds costs nothing.
PATIENCE_S = 20.0

SANITIZER_MARKS = ("ERROR: AddressSanitizer", "runtime error:", "LeakSanitizer",
                   "WARNING: ThreadSanitizer", "AddressSanitizer:DEADLYSIGNAL", "Assertion `")


class Skip(Exception):
    """A peer program or a right is missing: the scenario cannot be played here."""


class Failed(AssertionError):
    """What the scenario expected did not come."""


def expect(holds, message):
    """Fails with the message unless it holds."""
    if not holds:
        raise Failed(message)


def expect_equal(got, want, what):
    expect(got == want, f"{what}: got {got!r}, want {want!r}")


def eventually(what, attempt, seconds=PATIENCE_S, every=0.05):
    """Calls attempt() until it returns something true, and returns that. An expectation that
    fails inside counts as 'not yet'."""
    deadline = time.monotonic() + seconds
    last = None
    while True:
        try:
            last = attempt()
            if last:
                return last
        except (Failed, OSError, http.client.HTTPException, json.JSONDecodeError, KeyError) as e:
            last = e
        if time.monotonic() >= deadline:
            raise Failed(f"not within {seconds:g} s: {what}; last seen: {last!r}")
        time.sleep(every)


def need_program(*names):
    """The path of each program, from PATH or where Debian puts daemons."""
    found = []
    for name in names:
        path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
        if path is None:
            raise Skip(f"{name} is not installed")
        found.append(path)
    return found if len(found) > 1 else found[0]


def free_port():
    """A port that was free a moment ago, for peers that cannot choose their own."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# ---- metrics ---------------------------------------------------------------------------------

SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)(?: \d+)?(?: # .*)?$')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(,|$)')
UNESCAPE = {r"\\": "\\", r"\"": '"', r"\n": "\n"}


def parse_labels(text):
    labels, at = {}, 0
    while at < len(text):
        m = LABEL.match(text, at)
        expect(m, f"labels cannot be read: {text!r}")
        expect(m[1] not in labels, f"label {m[1]} twice: {text!r}")
        labels[m[1]] = re.sub(r'\\[\\"n]', lambda e: UNESCAPE[e[0]], m[2])
        at = m.end()
    return labels


class Metrics:
    """A page of /metrics. Reading fails on a malformed line and on a series that is there twice."""

    def __init__(self, text):
        self.series = {}
        self.families = []
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                self.families.append(line.split(" ")[2])
            if not line or line.startswith("#"):
                continue
            m = SAMPLE.match(line)
            expect(m, f"not a sample: {line!r}")
            key = (m[1], frozenset(parse_labels(m[2] or "").items()))
            expect(key not in self.series, f"series twice: {line!r}")
            self.series[key] = float(m[3])
        twice = [f for f, n in collections.Counter(self.families).items() if n > 1]
        expect(not twice, f"families declared twice: {twice}")

    def all(self, name, **labels):
        """[(labels, value)] of the series with that name and at least those labels."""
        want = set(labels.items())
        return [(dict(have), value) for (n, have), value in self.series.items()
                if n == name and want <= have]

    def value(self, name, **labels):
        """The value of the only such series, None without one."""
        found = self.all(name, **labels)
        expect(len(found) <= 1, f"{name}{labels} is not one series: {found}")
        return found[0][1] if found else None

    def total(self, name, **labels):
        return sum(value for _, value in self.all(name, **labels))

    def status(self, **labels):
        """The one state that is 1: "HEALTHY"; a service has no check and no instance."""
        for part in ("service", "instance", "check"):
            labels.setdefault(part, "")
        on = [have["state"] for (n, have), value in
              (((n, dict(h)), v) for (n, h), v in self.series.items())
              if n == "bellwether_health_status" and value == 1
              and all(have.get(k, "") == v for k, v in labels.items())]
        expect(len(on) <= 1, f"status of {labels} is {on}")
        return on[0] if on else None

    def check_status(self, service, check):
        """Of a check with one instance."""
        on = [have["state"] for have, value in
              self.all("bellwether_health_status", service=service, check=check) if value == 1]
        expect(len(on) <= 1, f"status of {service}/{check} is {on}")
        return on[0] if on else None


# ---- the daemon ------------------------------------------------------------------------------

class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode()

    @property
    def json(self):
        return json.loads(self.body)


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Daemon:
    """`bellwether serve` on a store and a configuration of its own. `config` is a dict, written
    as JSON (which is YAML), or text."""

    def __init__(self, bench, name, config, store=None, args=()):
        self.bench, self.name = bench, name
        self.folder = bench.folder / name
        self.folder.mkdir(exist_ok=True)
        self.file = self.folder / "bellwether.yml"
        self.store = pathlib.Path(store) if store else self.folder / "data" / "bellwether.db"
        self.args = list(args)
        self.log_file = self.folder / "log"
        self.process = self.port = None
        self.starts = 0
        if config is not None:
            self.configure(config)

    def configure(self, config):
        text = config if isinstance(config, str) else json.dumps(config, indent=1)
        self.file.write_text(text)

    # -- its life

    def spawn(self):
        """Starts it and returns at once."""
        expect(self.process is None or self.process.poll() is not None, "still running")
        self.log_from = self.log_file.stat().st_size if self.log_file.exists() else 0
        self.port = None
        self.starts += 1
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                [self.bench.binary, "serve", f"--config.file={self.file}",
                 f"--storage.path={self.store}", "--web.listen-address=127.0.0.1:0", *self.args],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                env=self.bench.environment)
        self.bench.daemons.append(self)
        return self

    def start(self, seconds=PATIENCE_S):
        """Starts it and waits until it is ready."""
        self.spawn()
        self.wait_listening(seconds)
        eventually("the daemon is ready", lambda: self.get("/-/ready").status == 200, seconds,
                   every=0.02)
        return self

    def wait_listening(self, seconds=PATIENCE_S):
        def look():
            m = re.search(r"listening on http://127\.0\.0\.1:(\d+)/", self.log())
            if m is None and self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended with {self.process.returncode}")
            return m and int(m[1])
        self.port = eventually("the daemon listens", look, seconds, every=0.02)

    def log(self, whole=False):
        """What this start (or every start) logged."""
        if not self.log_file.exists():
            return ""
        data = self.log_file.read_bytes()
        return data[0 if whole else self.log_from:].decode(errors="replace")

    @property
    def pid(self):
        return self.process.pid

    def signal(self, number):
        self.process.send_signal(number)

    def is_alive(self):
        return self.process is not None and self.process.poll() is None

    def stop(self, seconds=15):
        """SIGTERM; returns the exit code and how long it took."""
        begun = time.monotonic()
        self.signal(signal.SIGTERM)
        return self.wait(seconds), time.monotonic() - begun

    def wait(self, seconds):
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.name} still runs after {seconds} s") from None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def rss_bytes(self):
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        return 0

    # -- asking it

    def request(self, method, path, headers=None, body=None, timeout=10):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        return self.exchange(c, method, path, headers, body)

    def control(self, method, path, headers=None, body=None, timeout=10):
        """The same over the control socket beside the store."""
        c = UnixConnection(f"{self.store}.sock", timeout)
        return self.exchange(c, method, path, headers, body)

    @staticmethod
    def exchange(connection, method, path, headers, body):
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def get(self, path, headers=None, timeout=10):
        return self.request("GET", path, headers, timeout=timeout)

    def metrics(self, accept=None, timeout=10):
        answer = self.get("/metrics", {"Accept": accept} if accept else None, timeout)
        expect_equal(answer.status, 200, "GET /metrics")
        return Metrics(answer.text)

    def api(self, path, timeout=20, **query):
        if query:
            path += "?" + urllib.parse.urlencode(query)
        answer = self.get("/api/v1/" + path, timeout=timeout)
        expect(answer.status == 200, f"GET {path}: {answer.status} {answer.body[:300]}")
        return answer.json


    def samples(self, selector, from_ms, to_ms=None):
        """{(series, ts): value} of everything the API has; times of a series must rise. The API
        limits the points of one answer, so a range that is too long is asked for in halves."""
        to_ms = to_ms or int(time.time() * 1000) + 10000
        query = urllib.parse.urlencode({"series": selector, "from": from_ms, "to": to_ms})
        answer = self.get("/api/v1/samples?" + query, timeout=30)
        if answer.status == 422 and to_ms - from_ms > 1:
            middle = (from_ms + to_ms) // 2
            return {**self.samples(selector, from_ms, middle),
                    **self.samples(selector, middle + 1, to_ms)}
        expect_equal(answer.status, 200, f"GET samples: {answer.body[:300]}")
        self.damaged_parts = answer.json.get("damaged_parts", 0)
        got = {}
        for series in answer.json["series"]:
            name = series["metric"] + json.dumps(series["labels"], sort_keys=True)
            last = None
            for ts, value in series["points"]:
                expect((last is None or ts > last) and from_ms <= ts <= to_ms,
                       f"{name}: {ts} after {last}: twice, not rising, or not asked for")
                last = ts
                got[name, ts] = value
        return got

    def service(self, name):
        """The service as the API shows it, None without one."""
        return next((s for s in self.api("services", limit=1000)["services"]
                     if s["name"] == name), None)

    def checks(self, service):
        """{name: check} of a service, of every instance."""
        return {c["name"]: c for i in self.service(service)["instances"] for c in i["checks"]}

    def events(self, service=None, kind=None):
        """Oldest first."""
        query = {k: v for k, v in (("service", service), ("kind", kind)) if v}
        found = self.api("events", limit=1000, **query)["events"]
        return sorted(found, key=lambda e: e["id"])

    def alerts(self, rule, **labels):
        """The active ones of a rule that have at least those labels."""
        want = set(labels.items())
        return [a for a in self.api("alerts", limit=1000)["alerts"]
                if a["rule"] == rule and a["state"] == "active"
                and want <= set(parse_labels(a["labels"].strip("{}")).items())]


# ---- processes beside it ---------------------------------------------------------------------

class Peer:
    """Another program in the play, its output in a file."""

    def __init__(self, bench, name, argv, **options):
        self.name = name
        self.log_file = bench.folder / f"{name}.log"
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            cwd=bench.folder, **options)
        bench.peers.append(self)

    def log(self):
        return self.log_file.read_text(errors="replace")

    def stop(self, number=signal.SIGTERM, seconds=10):
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode


class Bench:
    """The folder, the binary and everything that was started, for one scenario."""

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        self.daemons, self.peers = [], []
        self.environment = dict(os.environ)
        self.environment.setdefault("ASAN_OPTIONS", "quarantine_size_mb=16")
        self.environment.setdefault("UBSAN_OPTIONS", "print_stacktrace=1:halt_on_error=1")

    def daemon(self, config, name="daemon", **options):
        return Daemon(self, name, config, **options)

    def targets(self, *modes):
        """Scripted servers in a process of their own, one for each mode: their ports. See
        peers.py for the modes."""
        peer = Peer(self, f"targets-{len(self.peers)}",
                    [sys.executable, "-B", str(HERE / "peers.py"), *modes])
        def look():
            found = re.findall(r"^listening (\d+)$", peer.log(), re.M)
            return [int(p) for p in found] if len(found) == len(modes) else None
        return eventually("targets listen", look)

    def bellwether(self, *argv, timeout=60):
        """Runs another command of the binary to its end."""
        return subprocess.run([self.binary, *map(str, argv)], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, errors="replace", timeout=timeout,
                              cwd=self.folder, env=self.environment)

    def close(self):
        for daemon in self.daemons:
            if daemon.is_alive():
                daemon.kill()
        for peer in self.peers:
            peer.stop(signal.SIGKILL)

    def check_sanitizers(self):
        for daemon in self.daemons:
            text = daemon.log(whole=True)
            for mark in SANITIZER_MARKS:
                expect(mark not in text, f"{daemon.name}: a sanitizer spoke: {mark}")

    def show_logs(self):
        for daemon in dict.fromkeys(self.daemons):
            lines = daemon.log(whole=True).splitlines()
            print(f"---- log of {daemon.name}, last of {len(lines)} lines ----")
            lines = [f"{line[:500]}..." if len(line) > 500 else line for line in lines[-60:]]
            print("\n".join(lines))
        for peer in self.peers:
            print(f"---- {peer.name} ----")
            print("\n".join(peer.log().splitlines()[-15:]))


def config(services=(), **sections):
    """A configuration for quick tests: short intervals, quick commits, quick alerts."""
    whole = {
        "global": {"interval": "200ms", "timeout": "1s", "slot": "20ms", "fall": 3, "rise": 2},
        "host": {"interval": "1s"},
        "services": list(services),
        "storage": {"commit_interval": "200ms"},
        "alerts": {"every": "200ms"},
    }
    for name, section in sections.items():
        name = "global" if name == "global_" else name
        whole[name] = {**whole.get(name, {}), **section}
    return whole


def http_check(name, port, path="/", **more):
    return {"name": name, "http": f"http://127.0.0.1:{port}{path}", **more}


def tcp_check(name, port, **more):
    return {"name": name, "tcp": f"127.0.0.1:{port}", **more}


class Repeating(threading.Thread):
    """Calls fn() again and again in the background until stop(), which raises what fn raised."""

    def __init__(self, fn, every=0.0):
        super().__init__(daemon=True)
        self.fn, self.every, self.error = fn, every, None
        self.over = threading.Event()
        self.start()

    def run(self):
        try:
            while not self.over.is_set():
                self.fn()
                self.over.wait(self.every)
        except BaseException as e:  # told by stop()
            self.error = e

    def stop(self):
        self.over.set()
        self.join()
        if self.error is not None:
            raise self.error


def run(scenario):
    """Plays it: the last line of every scenario script."""
    if len(sys.argv) < 2:
        sys.exit(f"usage: {sys.argv[0]} BELLWETHER [ARGUMENT...]")
    binary = os.path.abspath(sys.argv[1])
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"bw-{pathlib.Path(sys.argv[0]).stem}-"))
    bench = Bench(binary, folder)
    begun = time.monotonic()
    try:
        scenario(bench)
        bench.close()
        bench.check_sanitizers()
        code = 0
        print(f"passed in {time.monotonic() - begun:.1f} s")
    except Skip as e:
        print(f"skipped: {e}")
        code = 77
    except BaseException as e:
        bench.show_logs()
        traceback.print_exc(file=sys.stdout)
        print(f"FAILED: {e}")
        code = 1
    finally:
        bench.close()
        if os.environ.get("BW_KEEP") == "1":
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(code)
