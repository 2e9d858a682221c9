# SPDX-License-Identifier: GPL-3.0-or-later
"""A target that keeps time: it notes when it was asked, and turns bad when it is told to. For
scenarios in which something must not disturb the checks."""
import http.server
import socket
import threading
import time

from harness import config, eventually, expect, expect_equal, http_check, tcp_check

INTERVAL_S = 0.2
JITTER_S = 0.25
LOAD = 10


class Target(threading.Thread):
    """Answers 200, or 500 once `bad` is set."""

    def __init__(self):
        super().__init__(daemon=True)
        self.bad = False
        self.asked = {}  # path: times
        target = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                target.asked.setdefault(self.path, []).append(time.monotonic())
                bad = self.path == "/bad" or (self.path == "/turning" and target.bad)
                self.send_response(500 if bad else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            address_family = socket.AF_INET
            request_queue_size = 64

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.start()

    def run(self):
        self.server.serve_forever(0.05)

    def late(self, path, since):
        """How many of the gaps between two askings since then were too long, the worst, of how
        many."""
        times = [t for t in list(self.asked[path]) if t >= since]
        gaps = [b - a for a, b in zip(times, times[1:])]
        return (sum(g > INTERVAL_S + JITTER_S for g in gaps), max(gaps, default=0), len(gaps))


def settings(target, **sections):
    every = f"{INTERVAL_S * 1000:.0f}ms"
    checks = [http_check(name, target.port, "/" + name, interval=every)
              for name in ("page", "bad", "turning")]
    load = [tcp_check(f"port{i}", target.port, interval="100ms") for i in range(LOAD)]
    return config([{"name": "web", "checks": checks}, {"name": "load", "checks": load}], **sections)


def wait_for_statuses(daemon):
    want = {"page": "HEALTHY", "bad": "UNHEALTHY", "turning": "HEALTHY"}
    eventually("statuses are known", lambda: all(
        daemon.metrics().check_status("web", check) == status for check, status in want.items()))


def statuses_are_right(metrics, turning="HEALTHY"):
    for check, status in (("page", "HEALTHY"), ("bad", "UNHEALTHY"), ("turning", turning)):
        if status is not None:
            expect_equal(metrics.check_status("web", check), status, f"status of {check}")


def turn_bad(target, daemon, seconds):
    """A verdict that changes meanwhile changes in its time: after three failures."""
    target.bad = True
    begun = time.monotonic()
    eventually("what turned bad is UNHEALTHY", lambda: daemon.metrics().check_status(
        "web", "turning") == "UNHEALTHY", seconds)
    return time.monotonic() - begun


def probes_are_on_time(target, since):
    for path in ("/page", "/bad", "/turning"):
        late, worst, count = target.late(path, since)
        expect(count > 0.5 * (time.monotonic() - since) / INTERVAL_S, f"{path}: only {count} runs")
        expect(late <= 1 + count // 5 and worst < 5,  # a machine that stands still is not the store
               f"{path}: {late} of {count} runs were late, the worst came after {worst:.2f} s")


def ticks_not_run(metrics):
    """On a machine that is busy: what the schedule says of itself."""
    return (metrics.value("bellwether_schedule_missed_total")
            + metrics.total("bellwether_schedule_skipped_total"))


def ticks_without_a_sample(daemon, check, from_ms, to_ms):
    """Nominal times of a check from which nothing was stored."""
    found = sorted(ts for _, ts in daemon.samples(
        f'probe_success{{service="web",check="{check}"}}', from_ms, to_ms))
    expect(found, f"nothing of {check} is stored")
    step = int(INTERVAL_S * 1000)
    return [a + step for a, b in zip(found, found[1:]) if b - a > step], len(found)
