#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs that report by themselves: every spelling of a report, tokens, jobs that are late or do not
come, runs with a beginning and an end; a restart keeps the deadline, and what fell into a time when
the daemon was not there is nobody's fault."""
import time

from harness import config, eventually, expect, expect_equal, run

TOKENS = {name: f"token-of-{name[0]}-0123456789" for name in ("backup", "quick", "Nightly Job", "slow")}


def job(name, every, grace, **more):
    return {"name": name, "push": {"every": every, "grace": grace, "token": TOKENS[name]}, **more}


def push(daemon, path, token=None, method="POST", body=None):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return daemon.request(method, path, headers, body)


def taken(daemon, path, token=None, method="POST", body=None):
    answer = push(daemon, path, token, method, body)
    expect_equal((answer.status, answer.json), (200, {"ok": True}), f"{method} {path}")


def check_of(daemon, name):
    return next(c for i in daemon.api("services/jobs")["instances"] for c in i["checks"]
                if c["name"] == name)


def become(daemon, name, status):
    return eventually(f"{name} is {status}",
                      lambda: (c := check_of(daemon, name))["status"] == status and c)


def spellings(daemon):
    expect_equal(check_of(daemon, "backup")["status"], "UNKNOWN", "before the first report")
    taken(daemon, "/api/v1/push/jobs/backup?duration=1m30s", TOKENS["backup"], body="42 files")
    check = become(daemon, "backup", "HEALTHY")
    expect_equal(check["last_result"]["duration_seconds"], 90, "duration")
    expect_equal(check["last_result"]["detail"], "42 files", "message")
    metrics = daemon.metrics()
    expect_equal(metrics.value("probe_push_duration_seconds", check="backup"), 90, "as a measure")
    taken(daemon, f"/api/v1/push/jobs/backup/fail?msg=disk%20full&token={TOKENS['backup']}",
          method="GET")
    check = become(daemon, "backup", "UNHEALTHY")
    expect_equal(check["last_result"]["reason"], "push_failed", "reason")
    expect("disk full" in check["cause"], check["cause"])
    taken(daemon, "/api/v1/endpoints/jobs_backup/external?success=true&error=&duration=10s",
          TOKENS["backup"])
    expect_equal(become(daemon, "backup", "HEALTHY")["last_result"]["duration_seconds"], 10, "Gatus")
    taken(daemon, "/api/v1/endpoints/jobs_nightly-job/external?success=false&error=no%20tape",
          TOKENS["Nightly Job"])
    become(daemon, "Nightly Job", "UNHEALTHY")
    taken(daemon, f"/api/push/{TOKENS['Nightly Job']}?status=up&msg=OK&ping=250", method="GET")
    expect_equal(become(daemon, "Nightly Job", "HEALTHY")["last_result"]["duration_seconds"], 0.25, "Kuma")
    taken(daemon, f"/api/push/{TOKENS['Nightly Job']}?status=down&msg=no&ping=")
    become(daemon, "Nightly Job", "UNHEALTHY")


def runs(daemon):
    taken(daemon, "/api/v1/push/jobs/slow/start", TOKENS["slow"])
    time.sleep(0.3)
    taken(daemon, "/api/v1/push/jobs/slow/start", TOKENS["slow"])
    eventually("the overlap", lambda: [e for e in daemon.events("jobs", "marker")
                                       if e["name"] == "runs overlap"])
    time.sleep(0.3)
    taken(daemon, "/api/v1/push/jobs/slow/finish", TOKENS["slow"])
    took = become(daemon, "slow", "HEALTHY")["last_result"]["duration_seconds"]
    expect(0.29 < took < 5, f"from its beginning to its end: {took}")
    page = daemon.get("/services/jobs/push/slow")
    expect_equal(page.status, 200, "its page")
    expect("every 1h, grace 1m" in page.text, "what is expected of it")


def refusals(daemon):
    for path in ("/api/v1/push/jobs/backup?duration=x", "/api/v1/push/jobs/backup/maybe",
                 "/api/v1/endpoints/jobs_backup/external", f"/api/push/{TOKENS['slow']}?ping=x",
                 f"/api/push/{TOKENS['slow']}?status=perhaps"):
        expect_equal(push(daemon, path, TOKENS["backup"]).status, 400, path)
    big = push(daemon, "/api/v1/push/jobs/backup", TOKENS["backup"], body="x" * 20000)
    expect_equal(big.status, 413, "a large body")
    for path, token in (("/api/v1/push/jobs/backup", None),
                        ("/api/v1/push/jobs/backup", TOKENS["slow"]),
                        ("/api/v1/push/jobs/nobody", TOKENS["backup"]),
                        ("/api/v1/push/web/backup", TOKENS["backup"]),
                        ("/api/v1/endpoints/jobs_backu/external?success=true", TOKENS["backup"]),
                        ("/api/push/nothing", None)):
        answer = push(daemon, path, token)
        expect_equal((answer.status, "no such job" in answer.text), (401, True), path)
    for _ in range(5):
        push(daemon, "/api/v1/push/jobs/backup", "wrong")
    answer = push(daemon, "/api/v1/push/jobs/backup", TOKENS["backup"])
    expect_equal(answer.status, 429, "after too many wrong tokens")


def deadlines(daemon):
    taken(daemon, "/api/v1/push/jobs/quick", TOKENS["quick"])
    become(daemon, "quick", "HEALTHY")
    check = become(daemon, "quick", "UNHEALTHY")
    expect_equal(check["last_result"]["reason"], "push_missed", "reason")
    expect("no report for" in check["cause"], check["cause"])
    taken(daemon, "/api/v1/push/jobs/quick", TOKENS["quick"])
    check = become(daemon, "quick", "DEGRADED")
    expect("late" in check["cause"], check["cause"])
    time.sleep(1)
    taken(daemon, "/api/v1/push/jobs/quick", TOKENS["quick"])
    become(daemon, "quick", "HEALTHY")


def restarts(daemon):
    daemon.stop()
    time.sleep(3.5)  # its deadline passes
    daemon.start()
    expect_equal(check_of(daemon, "quick")["status"], "HEALTHY", "nobody was there to listen")
    begun = time.monotonic()
    become(daemon, "quick", "UNHEALTHY")
    expect(time.monotonic() - begun > 0.3, "forgiven")
    expect_equal(check_of(daemon, "backup")["status"], "HEALTHY", "what was not expected yet")
    due = daemon.metrics().value("probe_push_due_timestamp_seconds", check="quick")
    expect(due > time.time() - 5, f"due: {due}")


def scenario(bench):
    daemon = bench.daemon(config([{"name": "jobs", "checks": [
        job("backup", "24h", "1h"), job("quick", "2s", "1s"), job("Nightly Job", "24h", "1h"),
        job("slow", "1h", "1m")]}]))
    daemon.start()
    spellings(daemon)
    runs(daemon)
    deadlines(daemon)
    restarts(daemon)
    refusals(daemon)
    eventually("they are counted", lambda: daemon.metrics().value(
        "bellwether_push_reports_total", result="refused") == 11)


run(scenario)
