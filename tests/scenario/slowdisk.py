#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk that takes 0.3 s for each sync: pages are as quick as ever, checks are on time, statuses
right, and everything is stored."""
import subprocess
import time

from beat import (Target, probes_are_on_time, settings, statuses_are_right, ticks_not_run,
                  ticks_without_a_sample, turn_bad, wait_for_statuses)
from harness import FULL, eventually, expect, expect_equal, need_program, run

SYNC_MS = 300
WATCHED_S = 60 if FULL else 6

SLOW_SYNC = r"""
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static int slow(long call, int fd)
{
    const char *name = getenv("SLOW_SYNC_COUNT");
    const int count = name == NULL ? -1 : open(name, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (count >= 0 && write(count, ".", 1) == 1)
        close(count);
    usleep(1000 * atoi(getenv("SLOW_SYNC_MS")));
    return (int)syscall(call, fd);
}

int fsync(int fd) { return slow(SYS_fsync, fd); }
int fdatasync(int fd) { return slow(SYS_fdatasync, fd); }
"""


def make_slow(bench):
    """Puts a library below the daemon; the name of a file with a byte for each sync."""
    source, library = bench.folder / "slow_sync.c", bench.folder / "slow_sync.so"
    count = bench.folder / "syncs"
    source.write_text(SLOW_SYNC)
    subprocess.run([need_program("cc"), "-shared", "-fPIC", "-o", library, source], check=True)
    options = bench.environment.get("ASAN_OPTIONS", "")
    bench.environment.update(LD_PRELOAD=str(library), SLOW_SYNC_MS=str(SYNC_MS),
                             SLOW_SYNC_COUNT=str(count),
                             ASAN_OPTIONS=f"{options}:verify_asan_link_order=0".strip(":"))
    return count


def scenario(bench):
    target = Target()
    count = make_slow(bench)
    daemon = bench.daemon(settings(target)).start()
    wait_for_statuses(daemon)
    eventually("samples are stored", lambda: daemon.metrics().value(
        "bellwether_store_samples_total") > 0)
    before, begun, begun_ms = count.stat().st_size, time.monotonic(), int(time.time() * 1000)
    took, times = 0, []
    while time.monotonic() - begun < WATCHED_S:
        asked = time.monotonic()
        metrics = daemon.metrics(timeout=15)
        times.append(time.monotonic() - asked)
        statuses_are_right(metrics, "UNHEALTHY" if took else "HEALTHY")
        if not took and asked - begun > 1:
            took = turn_bad(target, daemon, 10)
        time.sleep(0.02)
    syncs = count.stat().st_size - before
    probes_are_on_time(target, begun)
    expect(syncs > WATCHED_S, f"only {syncs} syncs: the disk was not slow")
    p99 = sorted(times)[len(times) * 99 // 100]
    expect(p99 < 5, f"p99 of /metrics is {p99:.2f} s")
    expect(metrics.value("bellwether_store_lag_seconds") < 15, "the store falls behind")
    expect_equal(metrics.value("bellwether_store_up"), 1, "bellwether_store_up")
    expect_equal(metrics.total("bellwether_store_samples_dropped_total"), 0, "samples dropped")
    until_ms = int(time.time() * 1000)
    eventually("all is stored", lambda: max(ts for _, ts in daemon.samples(
        'probe_success{service="web",check="page"}', until_ms - 60000)) > until_ms)
    for check in ("page", "bad", "turning"):
        missing, _ = ticks_without_a_sample(daemon, check, begun_ms, until_ms)
        expect(len(missing) <= ticks_not_run(daemon.metrics()),
               f"{check}: {len(missing)} ticks are not stored: {missing[:3]}")
    expect_equal(daemon.stop()[0], 0, "exit code")
    print(f"{syncs} syncs of {SYNC_MS} ms; /metrics p99 {1000 * p99:.0f} ms of {len(times)}; "
          f"bad after {took:.1f} s")


run(scenario)
