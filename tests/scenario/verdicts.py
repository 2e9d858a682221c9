#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes a run pass, warn or fail, from outside: conditions on what was measured, retries that
are not hidden, failures that are wanted, and runs that become rare while something is down."""
import http.server
import threading

from harness import config, eventually, expect, expect_equal, free_port, run

PLUGIN = "/usr/bin/printf"


class Target(http.server.BaseHTTPRequestHandler):
    """Of each run the first try fails: every other request does."""
    asked = 0

    def do_GET(self):
        Target.asked += 1
        unwell = Target.asked % 2 == 1
        self.send_response(503 if unwell else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def retried(daemon, path):
    """A run that passed at its second try says so everywhere."""
    story = daemon.get(f"/api/v1{path}").json
    last = story["last_result"]
    expect(last is not None, "it has not run")
    expect_equal((story["status"], last["attempts"]), ("HEALTHY", 2), f"status: {story}")
    expect_equal(last["detail"],
                 "passed at try 2, after: unexpected status code: status 503, expected 2xx", "detail")
    expect(story["last_failures"], "the try that failed is not stored")
    failure = story["last_failures"][0]
    expect_equal((failure["reason"], failure["attempts"]), ("http_status", 2), f"{failure}")
    expect_equal(failure["detail"], "status 503, expected 2xx (passed at try 2)", "the failure")
    said = [line["text"] for line in failure["transcript"]]
    for want in ("HTTP/1.0 503 Service Unavailable", "try 2 of 2", "HTTP/1.0 200 OK", "passed"):
        expect(want in said, f"{want} is not in {said}")
    expect(b"passed at try 2" in daemon.get(path).body, "the page")
    return True


def degraded(daemon, check, cause):
    instance, = daemon.get("/api/v1/services/asked").json["instances"]
    have, = [c for c in instance["checks"] if c["name"] == check]
    expect_equal((have["status"], have["cause"]), ("DEGRADED", f"beyond its limit: {cause}"),
                 check)
    return True


def runs(daemon, check):
    return daemon.metrics().total("bellwether_check_runs_total", check=check)


def scenario(bench):
    server = http.server.HTTPServer(("127.0.0.1", 0), Target)  # one request after the other
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port, closed = server.server_port, free_port()
    often = {"interval": "200ms", "timeout": "10s"}
    daemon = bench.daemon(config([
        {"name": "retried", "checks": [
            {"name": "page", "http": f"http://127.0.0.1:{port}/", "retries": 1, **often}]},
        {"name": "asked", "checks": [
            {"name": "load", "exec": [PLUGIN, "OK | load1=7.5;;;0 free=2048B\n"],
             "degraded_when": {'perfdata{label="load1"}': "> 5"}, **often},
            {"name": "queue", "exec": [PLUGIN, 'queue_length{to="a"} 12\n'],
             "overrides": {"exec": {"output": "prometheus"}},
             "degraded_when": {"queue_length": ">= 12"}, **often},
            {"name": "code", "exec": [PLUGIN, "OK\n"],
             "degraded_when": {"probe_exec_exit_code": "< 1"}, **often}]},
        {"name": "closed", "checks": [
            {"name": "any", "tcp": f"localhost:{port}", "resolve_mode": "any", **often},
            {"name": "wanted", "tcp": f"127.0.0.1:{closed}", "expect": "failure", **often},
            {"name": "rare", "tcp": f"127.0.0.1:{closed}", "down_interval": "24h", **often}]},
    ])).start()
    path = f"/services/retried/127.0.0.1%3A{port}/page"
    eventually("the retry is told", lambda: retried(daemon, path))
    page = daemon.metrics()
    expect_equal(page.value("bellwether_check_attempts", check="page"), 2, "attempts")
    expect(page.value("bellwether_check_retries_total", check="page") >= 1, "retries")
    eventually("a measured value degrades",
               lambda: degraded(daemon, "load", 'perfdata{label="load1"} 7.5 is > 5'))
    eventually("what a command writes degrades",
               lambda: degraded(daemon, "queue", 'queue_length{to="a"} 12 is >= 12'))
    eventually("a metric degrades",
               lambda: degraded(daemon, "code", "probe_exec_exit_code 0 is < 1"))
    eventually("what must not answer does not",
               lambda: daemon.metrics().check_status("closed", "wanted") == "HEALTHY")
    eventually("what should answer does not",
               lambda: daemon.metrics().check_status("closed", "rare") == "UNHEALTHY")
    expect_equal(eventually("an address is told", lambda: daemon.metrics().all(
        "probe_address_success", check="any", address="127.0.0.1"))[0][1], 1, "127.0.0.1")
    before, others = runs(daemon, "rare"), runs(daemon, "wanted")
    eventually("others go on", lambda: runs(daemon, "wanted") >= others + 10)
    expect_equal(runs(daemon, "rare"), before, "runs of what is known to be down")
    expect_equal(daemon.stop()[0], 0, "exit code")
    server.shutdown()


run(scenario)
