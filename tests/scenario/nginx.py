#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx as the target: up, down, up again. The status follows fall and rise to the very run, the
events tell the story, the shipped alert fires and resolves."""
import signal
import socket

from harness import (Peer, config, eventually, expect, expect_equal, free_port, http_check,
                     need_program, run, tcp_check)

FALL, RISE = 4, 3


class Nginx:
    def __init__(self, bench):
        self.bench, self.port, self.peer = bench, free_port(), None
        (bench.folder / "nginx.conf").write_text(f"""
            daemon off; master_process off; pid {bench.folder}/nginx.pid;
            error_log {bench.folder}/nginx-error.log;
            events {{ }}
            http {{ access_log off;
                    client_body_temp_path {bench.folder}/t1; proxy_temp_path {bench.folder}/t2;
                    fastcgi_temp_path {bench.folder}/t3; uwsgi_temp_path {bench.folder}/t4;
                    scgi_temp_path {bench.folder}/t5;
                    server {{ listen 127.0.0.1:{self.port}; location / {{ return 200 "hello"; }} }} }}
        """)

    def start(self):
        self.peer = Peer(self.bench, f"nginx-{len(self.bench.peers)}",
                         [need_program("nginx"), "-c", str(self.bench.folder / "nginx.conf"),
                          "-p", str(self.bench.folder), "-e",
                          str(self.bench.folder / "nginx-error.log")])
        def accepts():
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        eventually("nginx accepts", accepts)

    def stop(self):
        self.peer.stop(signal.SIGTERM)


def runs(metrics, check, result):
    return metrics.total("bellwether_check_runs_total", service="site", check=check, result=result)


def follow(daemon, check, result, before, needed, was, becomes):
    """Looks at every page until the status has become `becomes`; on each of them it must be so
    after `needed` runs in a row, and not a run earlier."""
    def look():
        metrics = daemon.metrics()
        status, count = metrics.check_status("site", check), runs(metrics, check, result) - before
        if (status == becomes) != (count >= needed) or status not in (was, becomes):
            raise RuntimeError(f"{check} is {status} after {count} runs with {result}")
        return status == becomes and metrics
    return eventually(f"{check} becomes {becomes}", look, every=0.01)


def story_of(daemon, check):
    return [e for e in daemon.events("site", "status") if e["check"] == check]


def scenario(bench):
    need_program("nginx")
    nginx = Nginx(bench)
    nginx.start()
    daemon = bench.daemon(config([
        {"name": "site", "checks": [http_check("page", nginx.port), tcp_check("port", nginx.port)]},
        # Slower to fall, so that its parent is known to be down by then.
        {"name": "shop", "depends_on": ["site"], "checks": [http_check("page", nginx.port,
                                                                       fall=3 * FALL)]},
    ], global_={"fall": FALL, "rise": RISE})).start()
    for check in ("page", "port"):
        follow(daemon, check, "success", 0, 1, "UNKNOWN", "HEALTHY")
    first = daemon.metrics()
    expect_equal(first.value("bellwether_alert_active", alert="check-unhealthy", level="critical",
                             service="site", check="page") or 0, 0, "alert before")

    nginx.stop()
    for check in ("page", "port"):
        down = follow(daemon, check, "failure", 0, FALL, "HEALTHY", "UNHEALTHY")
        expect_equal(down.total("bellwether_check_runs_total", service="site", check=check,
                                result="failure"),
                     down.total("bellwether_check_runs_total", service="site", check=check,
                                reason="connect_refused"), f"failures of {check}")
        expect_equal(down.total("probe_success", service="site", check=check), 0, "probe_success")
    eventually("the service is UNHEALTHY", lambda: daemon.metrics().status(service="site")
               == "UNHEALTHY")

    def active(check="page"):
        return daemon.metrics().total("bellwether_alert_active", alert="check-unhealthy",
                                      level="critical", service="site", check=check)
    eventually("the alert fires", active)
    alerts = eventually("the API has the alert", lambda: daemon.alerts(
        "check-unhealthy", service="site", check="page"))
    expect_equal((len(alerts), alerts[0]["level"]), (1, "critical"), "the alert")
    eventually("the child is UNHEALTHY too", lambda: daemon.metrics().check_status("shop", "page")
               == "UNHEALTHY")
    evaluated = daemon.metrics().value("bellwether_alert_rule_evaluations_total",
                                       alert="check-unhealthy")
    seen = eventually("rules were evaluated since", lambda: (m := daemon.metrics()).value(
        "bellwether_alert_rule_evaluations_total", alert="check-unhealthy") >= evaluated + 2 and m,
        seconds=30)
    expect_equal(seen.total("bellwether_alert_active", alert="check-unhealthy", service="shop"), 0,
                 "alerts of a child whose parent is down")

    before = {c: runs(daemon.metrics(), c, "success") for c in ("page", "port")}
    nginx.start()
    for check in ("page", "port"):
        follow(daemon, check, "success", before[check], RISE, "UNHEALTHY", "HEALTHY")
    eventually("the alert resolves", lambda: active() == 0)
    eventually("the API has no alert", lambda: not daemon.alerts("check-unhealthy",
                                                                 service="site"))

    for check in ("page", "port"):
        story = eventually("the whole story is stored", lambda: len(s := story_of(daemon, check))
                           >= 3 and s)
        expect_equal([(e["from"], e["to"]) for e in story],
                     [("UNKNOWN", "HEALTHY"), ("HEALTHY", "UNHEALTHY"), ("UNHEALTHY", "HEALTHY")],
                     f"story of {check}")
        expect("refused" in story[1]["cause"], f"cause: {story[1]['cause']}")
        times = [e["ts"] for e in story]
        expect(times == sorted(set(times)), f"times do not rise: {times}")
    levels = eventually("the alert's events", lambda: len(found := [
        e for e in daemon.events("site", "alert") if e["name"] == "check-unhealthy"
        and e["check"] == "page"]) >= 2 and found)
    expect_equal([e["to"] for e in levels], ["critical", "none"], "levels of the alert")
    expect_equal(daemon.stop()[0], 0, "exit code")


run(scenario)
