#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""SIGTERM under load, with a client and a target that hang: an orderly end within 10 s, and the
next start has all that was acknowledged: samples, statuses, alerts, events, trends."""
import http.client
import json
import socket
import time

from harness import (Repeating, config, eventually, expect, expect_equal, http_check, run,
                     tcp_check)


SERIES = '{__name__=~"probe_success|probe_duration_seconds"}'


def standing(daemon):
    return {name: (c["status"], c["since"]) for name, c in daemon.checks("calm").items()}


def first_answers(daemon):
    """Of this machine's resources, which are found anew by each start."""
    return [e for e in daemon.events("host") if (e["cause"] or "").endswith("first answer")]


def alert_of(daemon):
    found = daemon.alerts("check-unhealthy", service="calm")
    return found and (found[0]["level"], found[0]["active_since"], found[0]["level_since"])


def scenario(bench):
    from_ms = int(time.time() * 1000) - 1000
    good, hanging, failing = bench.targets("good", "hang", "fail")
    calm = {"interval": "8s", "fast_interval": "200ms"}
    daemon = bench.daemon(config(
        [{"name": "load", "checks": [http_check(f"page{i}", good, interval="100ms")
                                     for i in range(10)]
          + [tcp_check(f"port{i}", good, interval="100ms") for i in range(5)]},
         {"name": "calm", "checks": [http_check("page", good, **calm),
                                     http_check("bad", failing, **calm)]},
         {"name": "hanging", "checks": [http_check("page", hanging, timeout="60s")]}],
        trends={"every": "10s", "horizons": ["1m"],
                "select": [{"match": {"__name__": "probe_duration_seconds",
                                      "check": "page0"}}]})).start()
    eventually("calm has its statuses", lambda: (
        (m := daemon.metrics()).check_status("calm", "page") == "HEALTHY"
        and m.check_status("calm", "bad") == "UNHEALTHY"))
    eventually("the alert fires", lambda: alert_of(daemon))
    trends = eventually("there is a trend", lambda: daemon.api("trends")["trends"])
    eventually("the hung check runs",
               lambda: daemon.metrics().value("bellwether_schedule_running") >= 1)

    # What the API shows is acknowledged. The last look is whatever came in before the end.
    shown = {}
    def look():
        try:
            shown.update(daemon.samples(SERIES, int(time.time() * 1000) - 2000))
        except (OSError, http.client.HTTPException, json.JSONDecodeError, AssertionError):
            time.sleep(0.01)
    reader = Repeating(look)
    stuck = socket.create_connection(("127.0.0.1", daemon.port))
    stuck.sendall(b"GET /metrics HTTP/1.1\r\nHost: local")
    eventually("much was shown", lambda: len(shown) > 1000)
    eventually("this machine is judged", lambda: first_answers(daemon))
    checks, alert = standing(daemon), alert_of(daemon)
    events = {e["id"]: e for e in daemon.events("calm")}
    code, took = daemon.stop()
    reader.stop()
    stuck.close()
    expect_equal(code, 0, "exit code")
    expect(took < 30, f"it took {took:.1f} s")

    daemon.start()
    expect_equal(standing(daemon), checks, "statuses after the restart")
    expect_equal(daemon.metrics().check_status("calm", "bad"), "UNHEALTHY", "on the metrics page")
    eventually("the alert is still there", lambda: alert_of(daemon), 2)
    expect_equal(alert_of(daemon), alert, "the alert after the restart")
    later = {e["id"]: e for e in daemon.events("calm")}
    lost = [e for i, e in events.items() if later.get(i) != e]
    expect(not lost, f"events lost or changed: {lost}")
    eventually("this machine is judged again", lambda: daemon.checks("host"))
    expect_equal(len(first_answers(daemon)), len({e["check"] for e in first_answers(daemon)}),
                 "first answers of this machine, one a resource")
    news = [e for i, e in later.items() if i not in events and e["kind"] in ("status", "alert")]
    expect(not news, f"events that nothing happened for: {news}")
    eventually("both starts and the end are told", lambda: [
        e["name"] for e in daemon.events(kind="system")] == ["started", "stopped", "started"])
    expect(daemon.api("trends")["trends"], f"no trends after the restart; before: {trends}")
    now = daemon.samples(SERIES, from_ms)
    gone = [k for k, v in shown.items() if now.get(k) != v]
    expect(not gone, f"{len(gone)} of {len(shown)} samples lost or changed: {gone[:3]}")
    expect_equal(daemon.stop()[0], 0, "exit code of the second")
    print(f"stopped in {took:.1f} s, {len(shown)} samples all there")


run(scenario)
