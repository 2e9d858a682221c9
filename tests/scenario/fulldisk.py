#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The disk of the store fills up: statuses and metrics stay right, the loss is said (at most once
in 10 s) and counted, and all by itself the store goes on when there is room again. Needs root, for
a small file system in a mount namespace of its own."""
import os
import re
import subprocess
import sys
import time

from harness import (Skip, config, eventually, expect, expect_equal, http_check, need_program,
                     run, tcp_check)

SIZE_MIB = 24
MARK = "BW_SCENARIO_NAMESPACE"


def enter_namespace():
    """Runs this script again where a mount is nobody else's."""
    if os.environ.get(MARK) == "1":
        return
    if os.geteuid() != 0:
        raise Skip("needs root")
    unshare = need_program("unshare")
    if subprocess.run([unshare, "-m", "true"], capture_output=True).returncode != 0:
        raise Skip("no mount namespace can be made here")
    os.environ[MARK] = "1"
    os.execv(unshare, [unshare, "-m", sys.executable, "-B", *sys.argv])


def latest(daemon):
    found = daemon.samples('probe_success{service="web",check="page"}',
                           int(time.time() * 1000) - 120000)
    return max((ts for _, ts in found), default=0)


def fill(path):
    """Takes every byte there is."""
    with open(path, "ab", buffering=0) as f:
        for size in (1 << 20, 4096, 512, 1):
            try:
                while True:
                    f.write(b"\0" * size)
            except OSError:
                pass


def lines_of_store(log, level=r"(warn|error)"):
    found = []
    for line in log.splitlines():
        m = re.search(r"\b(?:ts|time)=(\S+)", line)
        if re.search(rf"level={level}\b", line) and re.search(r"component=store|\bstore\b", line):
            found.append((m and m[1], line))
    return found


def statuses_are_right(daemon):
    metrics = daemon.metrics(timeout=10)
    expect_equal((metrics.check_status("web", "page"), metrics.check_status("web", "bad")),
                 ("HEALTHY", "UNHEALTHY"), "statuses on a full disk")
    return metrics


def scenario(bench):
    enter_namespace()
    disk = bench.folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE_MIB}m", "none", disk],
                             capture_output=True, text=True)
    if mounted.returncode != 0:
        raise Skip(f"mount: {mounted.stderr.strip()}")
    good, failing, turning = bench.targets("good", "fail", "good")
    daemon = bench.daemon(config(
        [{"name": "web", "checks": [http_check("page", good), http_check("bad", failing),
                                    http_check("turning", turning)]},
         {"name": "load", "checks": [tcp_check(f"port{i}", good, interval="100ms")
                                     for i in range(10)]}]),
        store=disk / "data" / "bellwether.db").start()
    eventually("statuses are known", lambda: statuses_are_right(daemon))
    eventually("samples are stored", lambda: latest(daemon) > 0)

    fill(disk / "filler")
    eventually("the daemon says that it cannot store", lambda: (
        fill(disk / "filler"), daemon.metrics().value("bellwether_store_up") == 0)[1], 40, every=0.3)
    reserve = daemon.store.with_name(daemon.store.name + ".reserve")
    expect(not reserve.exists(), "the reserve is not given back on a full disk")
    runs = daemon.metrics().total("bellwether_check_runs_total", service="web")
    full_since = time.monotonic()
    while time.monotonic() - full_since < 12:
        fill(disk / "filler")
        begun = time.monotonic()
        metrics = statuses_are_right(daemon)
        expect(time.monotonic() - begun < 8, "/metrics is slow on a full disk")
        time.sleep(0.2)
    expect(metrics.total("bellwether_check_runs_total", service="web") > runs + 60,
           "checks stopped on a full disk")
    waiting = (metrics.total("bellwether_store_errors_total"),
               metrics.total("bellwether_store_samples_dropped_total"),
               metrics.value("bellwether_store_lag_seconds"))
    expect(waiting[0] + waiting[1] > 0 and waiting[2] > 3, f"the loss is not counted: {waiting}")
    complaints = lines_of_store(daemon.log())
    lasted = time.monotonic() - full_since
    expect(1 <= len(complaints) <= 3 + lasted / 10, f"{len(complaints)} lines: {complaints[:6]}")
    old = latest(daemon)
    expect(old > 0, "what was stored cannot be read on a full disk")

    (disk / "filler").unlink()
    freed = time.monotonic()
    eventually("samples are stored again", lambda: latest(daemon) > old + 1000, 20, every=0.2)
    took = time.monotonic() - freed
    expect(took <= 60, f"it took {took:.0f} s to recover")
    eventually("the reserve is there again", reserve.exists, 30)
    eventually("bellwether_store_up is 1", lambda: daemon.metrics().value("bellwether_store_up") == 1)
    statuses_are_right(daemon)

    # A start with a full disk watches all the same, and finds its store again by itself.
    expect_equal(daemon.stop()[0], 0, "exit code")
    fill(disk / "filler")
    daemon.start()
    eventually("statuses are known without a store", lambda: statuses_are_right(daemon))
    expect_equal(daemon.metrics().value("bellwether_store_up"), 0, "bellwether_store_up")
    expect(lines_of_store(daemon.log()), "a start without room is not said")
    (disk / "filler").unlink()
    eventually("the store is open", lambda: daemon.metrics().value("bellwether_store_up") == 1, 30)
    eventually("samples are stored", lambda: latest(daemon) > old + 2000)
    expect_equal(daemon.control("GET", "/-/healthy").status, 200, "the control socket")
    expect_equal(daemon.stop()[0], 0, "exit code")
    done = bench.bellwether("db", "verify", f"--storage.path={daemon.store}")
    expect_equal(done.returncode, 0, f"db verify: {done.stdout}{done.stderr}")
    print(f"recovered {took:.1f} s after there was room")
    subprocess.run(["umount", "-l", disk])


run(scenario)
