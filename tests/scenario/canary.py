#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The self-canary: what is down while nobody can see is UNKNOWN, said once, no downtime and no
alert; what is down while we see is UNHEALTHY as ever. A kill in the middle changes nothing."""
import http.server
import json
import threading
import time

from harness import config, eventually, expect, expect_equal, free_port, http_check, run

ALERT = "check-unhealthy"


class Quiet(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"ok\n")

    def log_message(self, *args):
        pass


class Target:
    """A server that can be closed and opened again on its port."""

    def __init__(self):
        self.port = free_port()
        self.server = None

    def open(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Quiet)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02},
                         daemon=True).start()
        return self

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def statuses(daemon):
    """What the view says of each check of the service, and of the service."""
    service = daemon.api("services/web")
    checks = {c["name"]: c["status"] for i in service["instances"] for c in i["checks"]}
    return {**checks, "": service["status"]}


def events(daemon, kind, name=None, begin=0):
    found = [e for e in daemon.api("events", limit=1000)["events"]
             if e["kind"] == kind and e["service"] != "host"]  # which has troubles of its own
    return [e for e in found if (name is None or e.get("name") == name) and e["ts"] >= begin]


def become(daemon, what, **want):
    want = {name.strip("_"): status for name, status in want.items()}
    return eventually(what, lambda: (s := statuses(daemon)) and
                      all(s[k] == v for k, v in want.items()) and s)


def alerts(daemon):
    return [(a["rule"], a["labels"]) for a in daemon.api("alerts")["alerts"]
            if a["state"] == "active" and 'service="host"' not in a["labels"]]


def spent(bench, daemon):
    """How the time of the check was spent, as the report counts it."""
    report = bench.bellwether("report", "summary", "--format=json", "--range=1h",
                              f"--storage.path={daemon.store}")
    expect_equal(report.returncode, 0, report.stderr)
    checks = json.loads(report.stdout)["checks"]
    return next(c for c in checks if c["check"] == "page")


def go_blind(daemon, canary, web):
    canary.close()
    web.close()
    become(daemon, "blind", page="UNKNOWN", local="UNKNOWN", _="UNKNOWN")


def see_again(daemon, canary, web):
    canary.open()
    web.open()
    become(daemon, "sees again", page="HEALTHY", _="HEALTHY")


def whole_story(bench):
    canary, web, other = Target().open(), Target().open(), Target().open()
    services = [{"name": "web", "labels": {"team": "x"}, "checks": [
        http_check("page", web.port), http_check("local", web.port),
        http_check("apart", other.port, canary=False)]}]
    daemon = bench.daemon(config(services, self_canary={
        "targets": [f"tcp 127.0.0.1:{canary.port}"], "interval": "500ms", "timeout": "300ms"}))
    daemon.start()
    become(daemon, "all is well", page="HEALTHY", local="HEALTHY", apart="HEALTHY", _="HEALTHY")
    expect_equal(daemon.metrics().value("bellwether_self_canary_up"), 1, "canary")
    status = daemon.get("/api/v1/status").json
    expect(status["blind"] is False and status["self_canary"]["sees"], f"status: {status}")
    begin = status["ts"]

    go_blind(daemon, canary, web)
    eventually("the page says it", lambda: "We cannot see" in daemon.get("/").text)
    expect("We cannot see" in daemon.get("/events").text, "not on every page")
    eventually("metrics", lambda: daemon.metrics().value("bellwether_self_canary_up") == 0)
    eventually("its status", lambda: daemon.metrics().check_status("web", "page") == "UNKNOWN")
    expect_equal(daemon.metrics().check_status("web", "apart"), "HEALTHY", "what sees for itself")
    status = daemon.get("/api/v1/status").json
    expect(status["blind"] and status["self_canary"]["since"] is not None, f"status: {status}")
    eventually("one alert says it", lambda: [a for a, _ in alerts(daemon)] == ["bellwether-blind"])
    cause = next(c["cause"] for i in daemon.api("services/web")["instances"]
                 for c in i["checks"] if c["name"] == "page")
    expect("cannot see" in cause, cause)
    expect_equal(daemon.get("/-/ready").status, 200, "ready")
    time.sleep(2)  # blind for a time that would be a downtime

    see_again(daemon, canary, web)
    eventually("the alert is over", lambda: alerts(daemon) == [])
    eventually("both ends are stored", lambda: len(events(daemon, "system", "sees again")) == 1)
    expect_equal(len(events(daemon, "system", "blind")), 1, "events of going blind")
    expect_equal(events(daemon, "status", begin=begin), [], "changes of status")
    expect_equal([e for e in events(daemon, "alert") if e["name"] == ALERT], [], "check alerts")
    check = spent(bench, daemon)
    expect_equal(check["downtime_seconds"], 0, f"downtime: {check}")
    expect_equal(check["incidents"], 0, f"incidents: {check}")
    said = bench.bellwether("report", "summary", "--format=md", "--range=1h",
                            f"--storage.path={daemon.store}").stdout
    expect("We could not see for" in said, said)
    return daemon, canary, web


def what_is_down_is_down(bench, daemon, canary, web):
    web.close()
    become(daemon, "down", page="UNHEALTHY", _="UNHEALTHY")
    eventually("its alert", lambda: ALERT in [a for a, _ in alerts(daemon)])
    expect_equal(len(events(daemon, "system", "blind")), 1, "events of going blind")
    # Blind while it is down: its alert stays, and is still there after a kill.
    canary.close()
    become(daemon, "blind", page="UNKNOWN", _="UNKNOWN")
    eventually("stored", lambda: len(events(daemon, "system", "blind")) == 2)
    ends = lambda: [e for e in events(daemon, "alert", ALERT) if e["to"] == "none"]
    time.sleep(1)
    expect_equal(ends(), [], "alerts that ended in the dark")
    daemon.kill()
    daemon.start()
    become(daemon, "still blind", page="UNKNOWN", _="UNKNOWN")
    expect_equal(daemon.get("/api/v1/status").json["blind"], True, "after the kill")
    expect(ALERT in [a for a, _ in alerts(daemon)], f"alerts after the kill: {alerts(daemon)}")
    time.sleep(1)
    canary.open()
    become(daemon, "down again", page="UNHEALTHY", _="UNHEALTHY")
    eventually("said", lambda: len(events(daemon, "system", "sees again")) == 2)
    expect_equal(ends(), [], "alerts that ended though it is down")
    web.open()
    become(daemon, "up", page="HEALTHY", _="HEALTHY")
    eventually("its alert ends", lambda: len(ends()) == 2)
    check = spent(bench, daemon)
    expect_equal(check["incidents"], 1, f"incidents: {check}")
    # Known to be down: from its first event to its last, without what lies in the dark.
    changes = [e["ts"] for e in events(daemon, "status")
               if e["check"] == "page" and "UNHEALTHY" in (e["from"], e["to"])]
    dark = [max(e["ts"] for e in events(daemon, "system", name))
            for name in ("blind", "sees again")]
    most = (max(changes) - min(changes) - (dark[1] - dark[0])) / 1000
    expect(0 < check["downtime_seconds"] <= most + 0.5, f"downtime: at most {most} s: {check}")


def without_a_canary_it_sees(bench, daemon, canary, web):
    """The section is taken out while we are blind."""
    go_blind(daemon, canary, web)
    text = daemon.file.read_text()
    whole = json.loads(text)
    del whole["self_canary"]
    daemon.configure(whole)
    expect_equal(daemon.control("POST", "/-/reload").status, 200, "reload")
    become(daemon, "down", page="UNHEALTHY", _="UNHEALTHY")
    eventually("said", lambda: len(events(daemon, "system", "sees again")) == 3)
    expect_equal(daemon.get("/api/v1/status").json["self_canary"], None, "self_canary")


def as_many_as_needed(bench):
    """Two of three must answer; a server that only knows errors answers, too."""
    web, error = Target().open(), bench.targets("fail")[0]
    first, second = Target().open(), Target().open()
    daemon = bench.daemon(config(
        [{"name": "web", "checks": [http_check("page", web.port)]}],
        self_canary={"targets": [f"http http://127.0.0.1:{error}/", f"tcp 127.0.0.1:{first.port}",
                                 f"http://127.0.0.1:{second.port}/"],
                     "need": 2, "interval": "300ms"}), "need").start()
    become(daemon, "all is well", page="HEALTHY")
    first.close()
    ups = lambda: {t["target"].split(":")[-1]: t["up"] for t in
                   daemon.get("/api/v1/status").json["self_canary"]["targets"]}
    eventually("one is silent", lambda: list(ups().values()) == [True, False, True])
    eventually("and that is on the metrics page", lambda: daemon.metrics().total(
        "bellwether_self_canary_target_up") == 2)
    expect_equal(daemon.get("/api/v1/status").json["blind"], False, "blind for one of three")
    expect_equal(daemon.metrics().check_status("web", "page"), "HEALTHY", "its status")
    second.close()
    become(daemon, "two are silent", page="UNKNOWN")
    cause = daemon.get("/api/v1/status").json["self_canary"]["cause"]
    expect_equal(cause, "only 1 of 3 canary targets answers, 2 must", "why")
    first.open()
    become(daemon, "two answer", page="HEALTHY")
    expect_equal(events(daemon, "alert", ALERT), [], "check alerts")
    expect_equal(daemon.stop()[0], 0, "exit code")


def scenario(bench):
    as_many_as_needed(bench)
    daemon, canary, web = whole_story(bench)
    what_is_down_is_down(bench, daemon, canary, web)
    without_a_canary_it_sees(bench, daemon, canary, web)
    code, _ = daemon.stop()
    expect_equal(code, 0, "exit code")


run(scenario)
