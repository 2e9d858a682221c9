#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another process holds the store's write lock for long: no status is wrong or late, no check waits,
the lag is a metric, and everything is stored afterwards."""
import sqlite3
import time

from beat import (Target, probes_are_on_time, settings, statuses_are_right, ticks_not_run,
                  ticks_without_a_sample, turn_bad, wait_for_statuses)
from harness import FULL, eventually, expect, expect_equal, run

LOCKED_S = 60 if FULL else 11
SHOWN_S = 5  # the daemon measures itself so often, while somebody looks
QUEUE_MAX = 1 << 20  # samples


def lag(metrics):
    return metrics.value("bellwether_store_lag_seconds")


def scenario(bench):
    target = Target()
    daemon = bench.daemon(settings(target)).start()
    wait_for_statuses(daemon)
    eventually("samples are stored", lambda: daemon.metrics().value(
        "bellwether_store_samples_total") > 0)
    locker = sqlite3.connect(daemon.store, isolation_level=None, timeout=20)
    locker.execute("BEGIN IMMEDIATE")
    begun, begun_ms = time.monotonic(), int(time.time() * 1000)
    took = depth = most = 0
    while (held := time.monotonic() - begun) < LOCKED_S:
        asked = time.monotonic()
        metrics = daemon.metrics(timeout=10)
        expect(time.monotonic() - asked < 8, "/metrics is slow while the store is locked")
        statuses_are_right(metrics, "UNHEALTHY" if took else "HEALTHY")
        if not took and held > 2:
            took = turn_bad(target, daemon, 10)
        expect(lag(metrics) > held - SHOWN_S - 5, f"a lag of {lag(metrics)} s after {held:.1f} s")
        most = max(most, lag(metrics))
        depth = max(depth, metrics.value("bellwether_store_queue_depth", lane="samples"))
        time.sleep(0.1)
    probes_are_on_time(target, begun)
    expect_equal(metrics.value("bellwether_store_up"), 0, "bellwether_store_up")
    expect(metrics.total("bellwether_store_errors_total", operation="commit") > 0, "no error is counted")
    expect(0 < depth < QUEUE_MAX, f"{depth} samples wait")
    complaints = [line for line in daemon.log().splitlines() if "locked" in line]
    expect(1 <= len(complaints) <= 1 + LOCKED_S / 10, f"{len(complaints)} lines: {complaints[:5]}")

    locker.execute("ROLLBACK")
    locker.close()
    eventually("it is all written", lambda: lag(m := daemon.metrics()) < 2
               and m.value("bellwether_store_up") == 1, 15)
    until_ms = int(time.time() * 1000)
    eventually("and what came after", lambda: max(ts for _, ts in daemon.samples(
        'probe_success{service="web",check="page"}', until_ms - 60000)) > until_ms)
    metrics = daemon.metrics()
    expect_equal(metrics.total("bellwether_store_samples_dropped_total"), 0, "samples dropped")
    for check in ("page", "bad", "turning"):
        missing, found = ticks_without_a_sample(daemon, check, begun_ms - 1000, until_ms)
        expect(len(missing) <= ticks_not_run(metrics),
               f"{check}: {len(missing)} ticks are not stored: {missing[:3]}")
        expect(found > 4 * LOCKED_S, f"{check}: {found} samples")
    expect_equal(daemon.stop()[0], 0, "exit code")
    expect(LOCKED_S - SHOWN_S - 5 < most, f"the lag was {most:.1f} s at most")
    print(f"locked for {LOCKED_S} s: bad after {took:.1f} s, {depth:.0f} samples waited at most")


run(scenario)
