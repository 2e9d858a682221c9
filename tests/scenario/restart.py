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


def samples(daemon, from_ms):
    answer = daemon.api("samples", series='{__name__=~"probe_.*"}',
                        **{"from": from_ms, "to": int(time.time() * 1000) + 60000})
    return {(s["series"], ts): value for s in answer["series"] for ts, value in s["samples"]}


def checks_of(daemon, *services):
    return {(s["name"], c["name"]): (c["status"], c["since"])
            for s in daemon.api("services")["services"] if s["name"] in services
            for i in s["instances"] for c in i["checks"]}


def alert_of(daemon):
    found = [a for a in daemon.api("alerts")["alerts"] if a["alert"] == "check-unhealthy"
             and a["labels"].get("service") == "calm"]
    return found and (found[0]["level"], found[0]["since"])


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
        trends={"every": "1s", "horizons": ["1m"],
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
            shown.update(samples(daemon, int(time.time() * 1000) - 2000))
        except (OSError, http.client.HTTPException, json.JSONDecodeError, AssertionError):
            time.sleep(0.01)
    reader = Repeating(look)
    stuck = socket.create_connection(("127.0.0.1", daemon.port))
    stuck.sendall(b"GET /metrics HTTP/1.1\r\nHost: local")
    eventually("much was shown", lambda: len(shown) > 1000)
    checks, alert = checks_of(daemon, "calm"), alert_of(daemon)
    events = {e["id"]: e for e in daemon.api("events", service="calm", limit=500)["events"]}
    code, took = daemon.stop()
    reader.stop()
    stuck.close()
    expect_equal(code, 0, "exit code")
    expect(took < 10, f"it took {took:.1f} s")

    daemon.start()
    expect_equal(checks_of(daemon, "calm"), checks, "statuses after the restart")
    expect_equal(daemon.metrics().check_status("calm", "bad"), "UNHEALTHY", "on the metrics page")
    eventually("the alert is still there", lambda: alert_of(daemon), 2)
    expect_equal(alert_of(daemon), alert, "the alert after the restart")
    later = {e["id"]: e for e in daemon.api("events", service="calm", limit=500)["events"]}
    lost = [e for i, e in events.items() if later.get(i) != e]
    expect(not lost, f"events lost or changed: {lost}")
    news = [e for i, e in later.items() if i not in events and e["kind"] in ("status", "alert")]
    expect(not news, f"events that nothing happened for: {news}")
    system = [e["name"] for e in daemon.api("events", limit=500)["events"]
              if e["kind"] == "system"]
    expect("stopped" in system and system.count("started") == 2, f"system events: {system}")
    expect(daemon.api("trends")["trends"], f"no trends after the restart; before: {trends}")
    now = samples(daemon, from_ms)
    gone = [k for k, v in shown.items() if now.get(k) != v]
    expect(not gone, f"{len(gone)} of {len(shown)} samples lost or changed: {gone[:3]}")
    expect_equal(daemon.stop()[0], 0, "exit code of the second")
    print(f"stopped in {took:.1f} s, {len(shown)} samples all there")


run(scenario)
