#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calendars from outside: what is not watched now does not run, is UNKNOWN and counts for nothing;
when its hours begin it is watched as ever. What is down in maintenance is marked, counts as that,
and is alerted about when that is over. A restart changes nothing."""
import json

from harness import config, eventually, expect, expect_equal, free_port, run, tcp_check

CALENDARS = {"now": [{"years": ["2020:2099"]}], "never": [{"years": ["2020"]}]}


def runs(daemon, check):
    return daemon.metrics().total("bellwether_check_runs_total", service="shop", check=check)


def become(daemon, what, **want):
    """Until the checks have these statuses."""
    def look():
        checks = daemon.checks("shop")
        return all(checks[name]["status"] == status for name, status in want.items()) and checks
    return eventually(what, look)


def reload(daemon, services, **sections):
    daemon.configure(config(services, calendars=CALENDARS, **sections))
    expect_equal(daemon.control("POST", "/-/reload").status, 200, "reload")


def hours(bench):
    port = bench.targets("good")[0]

    def shop(day, night):
        return [{"name": "shop", "checks": [
            tcp_check("day", port, calendar=day), tcp_check("night", port, calendar=night),
            tcp_check("always", port, except_calendar="never")]}]

    daemon = bench.daemon(config(shop("now", "never"), calendars=CALENDARS)).start()
    checks = become(daemon, "what is watched is well", day="HEALTHY", always="HEALTHY")
    eventually("many runs", lambda: runs(daemon, "day") >= 5)
    expect_equal(runs(daemon, "night"), 0, "runs out of hours")
    night = daemon.checks("shop")["night"]
    expect_equal((night["status"], night["watched"], night["last_result"]),
                 ("UNKNOWN", False, None), f"out of hours: {night}")
    expect("not watched now" in night["cause"], night["cause"])
    expect(checks["day"]["watched"], "in hours")
    expect_equal(daemon.service("shop")["status"], "HEALTHY", "the others make the service")
    page = daemon.get("/services/shop").text
    expect("not watched now" in page, "the page does not say it")
    metrics = daemon.metrics()
    expect_equal([metrics.value("bellwether_check_watched", check=c) for c in ("day", "night")],
                 [1, 0], "metrics")

    reload(daemon, shop("never", "now"))
    become(daemon, "they change places", day="UNKNOWN", night="HEALTHY", always="HEALTHY")
    expect_equal(daemon.checks("shop")["day"]["watched"], False, "day")
    before = runs(daemon, "day")

    daemon.kill()
    daemon.start()
    become(daemon, "a restart", day="UNKNOWN", night="HEALTHY", always="HEALTHY")
    expect(runs(daemon, "day") <= before, "runs out of hours")
    said = [e for e in daemon.events("shop", "status") if e["check"] == "day"]
    expect_equal([(e["from"], e["to"]) for e in said], [("UNKNOWN", "HEALTHY")], "events of day")
    return daemon


def told(daemon, name):
    return [e["cause"] for e in daemon.events(kind="system") if e["name"] == name]


def reported(bench, daemon):
    """How the time of each service was spent."""
    report = bench.bellwether("report", "summary", "--format=json", "--range=1h",
                              f"--storage.path={daemon.store}")
    expect_equal(report.returncode, 0, report.stderr)
    return {check["service"]: check for check in json.loads(report.stdout)["checks"]}


def maintenance(bench):
    services = [{"name": "shop", "labels": {"tier": "3"}, "checks": [tcp_check("port", free_port())]},
                {"name": "bank", "checks": [tcp_check("port", free_port())]}]
    window = [{"name": "patching", "calendar": "now", "match": {"tier": "3|4"}}]
    whole = config(services, calendars=CALENDARS)
    daemon = bench.daemon({**whole, "maintenance": window}, name="patched").start()

    eventually("what is not in maintenance is alerted about",
               lambda: daemon.alerts("check-unhealthy", service="bank"))
    become(daemon, "it is down all the same", port="UNHEALTHY")
    asked = daemon.metrics().value("bellwether_alert_rule_evaluations_total", alert="check-unhealthy")
    eventually("alerts were thought of", lambda: daemon.metrics().value(
        "bellwether_alert_rule_evaluations_total", alert="check-unhealthy") >= asked + 3)
    expect_equal(daemon.alerts("check-unhealthy", service="shop"), [], "alerts in maintenance")
    shop = daemon.service("shop")
    expect_equal([shop["maintenance"], daemon.checks("shop")["port"]["maintenance"],
                  daemon.service("bank")["maintenance"]], ["patching", "patching", None], "marks")
    expect_equal(daemon.get("/api/v1/status").json["in_maintenance"], 1, "services in maintenance")
    metrics = daemon.metrics()
    expect_equal([metrics.value("bellwether_check_maintenance", service="shop", tier="3"),
                  len(metrics.all("bellwether_check_maintenance"))], [1, 1], "metrics")
    for path in ("/", "/services/shop"):
        expect("in maintenance: <bdi>patching" in daemon.get(path).text, f"no mark on {path}")

    daemon.kill()
    daemon.start()
    eventually("its begin is stored", lambda: told(daemon, "maintenance begins"))
    expect_equal(told(daemon, "maintenance begins"), ["patching: 1 check"], "told once")

    daemon.configure(whole)
    expect_equal(daemon.control("POST", "/-/reload").status, 200, "reload")
    eventually("when it is over, there is an alert",
               lambda: daemon.alerts("check-unhealthy", service="shop"))
    eventually("its end is stored", lambda: told(daemon, "maintenance ends"))
    spent = eventually("its time is reported", lambda: (s := reported(bench, daemon)) and
                       s["shop"]["downtime_seconds"] > 0 and s)
    expect(spent["shop"]["maintenance_ratio"] > 0, f"shop: {spent['shop']}")
    expect_equal(spent["bank"]["maintenance_ratio"], 0, "bank")
    expect(spent["shop"]["downtime_seconds"] < spent["bank"]["downtime_seconds"], f"{spent}")
    expect_equal(spent["shop"]["incidents"], 1, "incidents: what went on when it was over")
    expect_equal(told(daemon, "maintenance begins"), ["patching: 1 check"], "told once")


def scenario(bench):
    hours(bench)
    maintenance(bench)
    wrong = bench.daemon(config([{"name": "a", "checks": [
        tcp_check("b", free_port(), calendar="nowhere")]}], calendars=CALENDARS), name="wrong")
    said = bench.bellwether("check", str(wrong.file))
    expect_equal(said.returncode, 1, "check")
    expect("there is no calendar 'nowhere'" in said.stdout + said.stderr, said.stdout + said.stderr)


run(scenario)
