#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A daemon that was stopped for a while (a suspended machine, a debugger) has missed its ticks: it
says so, makes up for none of them, and goes on as before."""
import signal
import time

from harness import config, eventually, expect, expect_equal, http_check, run

INTERVAL_S, STOPPED_S = 0.2, 4.0


def runs(metrics, check):
    return metrics.total("bellwether_check_runs_total", service="web", check=check)


def scenario(bench):
    good, = bench.targets("good")
    names = [f"page{i}" for i in range(5)]
    daemon = bench.daemon(config([{"name": "web", "checks": [
        http_check(name, good, interval="200ms") for name in names]}])).start()
    eventually("all are HEALTHY", lambda: all(
        (m := daemon.metrics()).check_status("web", name) == "HEALTHY" for name in names))
    before = daemon.metrics()
    daemon.signal(signal.SIGSTOP)
    time.sleep(STOPPED_S)  # the thing under test
    daemon.signal(signal.SIGCONT)
    woke = time.monotonic()
    after = eventually("it goes on", lambda: all(
        runs(m := daemon.metrics(), name) >= runs(before, name) + 5 for name in names) and m)
    took = time.monotonic() - woke
    for name in names:
        extra = runs(after, name) - runs(before, name) - (took + 0.5) / INTERVAL_S
        expect(extra <= 2, f"{name}: {extra:.0f} runs too many within {took:.1f} s of waking")
        expect_equal(after.check_status("web", name), "HEALTHY", f"status of {name}")
    failed = after.total("bellwether_check_runs_total", service="web", result="failure")
    expect(failed <= len(names), f"{failed:.0f} runs failed because we slept")  # those under way
    missed = eventually("missed ticks are counted", lambda: daemon.metrics().value(
        "bellwether_schedule_missed_total") - before.value("bellwether_schedule_missed_total"))
    due = len(names) * STOPPED_S / INTERVAL_S
    expect(0.7 * due <= missed <= 1.1 * due + len(names), f"{missed:.0f} of {due:.0f} were missed")
    expect_equal(daemon.stop()[0], 0, "exit code")


run(scenario)
