#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two hundred checks and far too few descriptors: who gets none says so by name, which says nothing
about its target; the daemon answers, does not spin, and sees again as soon as there are enough."""
import os
import resource
import time

from harness import config, eventually, expect, expect_equal, http_check, run, tcp_check

CHECKS, FEW, ENOUGH = 200, 64, 1024
WATCHED_S, CORES_MAX = 6.0, 0.6
HANGING = 100


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def allow(daemon, count):
    resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (count, ENOUGH))


def scenario(bench):
    slow, good = bench.targets("slow", "good")
    checks = [http_check(f"page{i}", slow, timeout="2s") for i in range(CHECKS // 2)]
    checks += [tcp_check(f"port{i}", good, timeout="2s") for i in range(CHECKS // 2 - 10)]
    checks += [{"name": f"command{i}", "exec": ["/bin/true"], "timeout": "5s"} for i in range(10)]
    daemon = bench.daemon(config([{"name": "many", "checks": checks}],
                                 global_={"interval": "1s"})).start()
    def all_healthy():
        metrics = daemon.metrics()
        bad = [c["name"] for c in checks if metrics.check_status("many", c["name"]) != "HEALTHY"]
        expect(not bad, f"not HEALTHY: {bad[:5]} and {len(bad)} in all")
        return True
    eventually("all are HEALTHY", all_healthy, seconds=60)

    def failures(metrics):
        found = {}
        for labels, value in metrics.all("bellwether_check_runs_total", service="many"):
            if labels["result"] != "success":
                found[labels["reason"]] = found.get(labels["reason"], 0) + value
        return found

    before = failures(daemon.metrics())
    allow(daemon, FEW)
    eventually("checks go without descriptors", lambda: failures(daemon.metrics())
               .get("local_limit", 0) > before.get("local_limit", 0) + CHECKS / 4, seconds=30)
    cpu, begun, slowest = cpu_seconds(daemon.pid), time.monotonic(), 0.0
    while time.monotonic() < begun + WATCHED_S:
        at = time.monotonic()
        daemon.metrics()
        slowest = max(slowest, time.monotonic() - at)
        time.sleep(0.2)
    used = (cpu_seconds(daemon.pid) - cpu) / (time.monotonic() - begun)
    metrics = daemon.metrics()
    after = failures(metrics)
    expect(set(after) <= {"local_limit", *before}, f"failures: {after}, before: {before}")
    statuses = {metrics.check_status("many", c["name"]) for c in checks}
    expect(statuses <= {"HEALTHY", "UNKNOWN"}, f"statuses without descriptors: {statuses}")
    expect("UNKNOWN" in statuses, "no check is UNKNOWN")
    expect(slowest < 10, f"/metrics took {slowest:.2f} s")
    expect(used < CORES_MAX, f"{used:.2f} cores used")
    for i in range(10):
        expect_equal(metrics.check_status("many", f"command{i}"), "HEALTHY", f"command{i}")

    allow(daemon, ENOUGH)
    eventually("all are HEALTHY again", all_healthy, seconds=60)

    # Targets that hang keep what they have got: the pages have a reserve.
    hang = bench.targets("hang")[0]
    daemon.configure(config([{"name": "many", "checks": checks[-10:] + [
        http_check(f"hangs{i}", hang, timeout="8s") for i in range(HANGING)]}],
        global_={"interval": "1s"}))
    daemon.signal(1)
    eventually("targets hang", lambda: len(os.listdir(f"/proc/{daemon.pid}/fd")) > HANGING)
    allow(daemon, FEW)
    time.sleep(9)  # all that were open have timed out, and others have begun
    worst = 0.0
    for _ in range(20):
        at = time.monotonic()
        daemon.metrics(timeout=20)
        worst = max(worst, time.monotonic() - at)
        time.sleep(0.1)
    expect(worst < 7, f"beside targets that hang /metrics took {worst:.2f} s")
    code, took = daemon.stop()
    expect(code == 0 and took < 30, f"exit code {code} after {took:.1f} s")
    print(f"failures {after}; {used:.2f} cores, slowest page {slowest:.2f} s, beside targets "
          f"that hang {worst:.2f} s")


run(scenario)
