#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 at random moments under load: every sample that the API had shown is there after the
restart, none changed, none twice, times rise; the statuses are there at once."""
import http.client
import json
import os
import random
import time

from harness import (FULL, Repeating, config, eventually, expect, expect_equal, http_check, run,
                     tcp_check)

SERIES = '{__name__=~"probe_success|probe_duration_seconds|node_load1"}'
KILLS = int(os.environ.get("BW_KILLS", "200" if FULL else "20"))


class Witness:
    """Remembers what /api/v1/samples showed: {(series, ts): value}."""

    def __init__(self, daemon, from_ms):
        self.daemon, self.from_ms = daemon, from_ms
        self.shown = {}
        self.reads = 0

    def read(self, from_ms=None):
        return self.daemon.samples(SERIES, from_ms or self.from_ms)

    def note(self):
        """Called while the daemon may die at any moment; what came in whole counts."""
        try:
            got = self.read(int(time.time() * 1000) - 3000)
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            return
        self.compare(got)
        self.shown.update(got)
        self.reads += 1

    def compare(self, got):
        for key, value in got.items():
            expect(self.shown.get(key, value) == value,
                   f"{key} changed from {self.shown.get(key)} to {value}")

    def check_all_is_there(self):
        now = self.read()
        lost = [key for key in self.shown if key not in now]
        expect(not lost, f"{len(lost)} of {len(self.shown)} samples were lost: {lost[:3]}")
        self.compare(now)
        self.shown.update(now)
        return len(now)


def standing(daemon):
    return {name: (c["status"], c["since"]) for name, c in daemon.checks("calm").items()}


def scenario(bench):
    ports = bench.targets(*["good"] * 4, "slow", "fail")
    checks = [http_check(f"page{i}", ports[i % 4], interval=f"{100 + 20 * (i % 6)}ms")
              for i in range(14)]
    checks += [tcp_check(f"port{i}", ports[i], interval="100ms") for i in range(6)]
    def settings(calm_interval):
        return config([
            {"name": "load", "checks": checks},
            {"name": "calm", "checks": [http_check("page", ports[0], interval=calm_interval),
                                        http_check("bad", ports[5], interval=calm_interval)]}])

    daemon = bench.daemon(settings("200ms"))
    witness = Witness(daemon, int(time.time() * 1000) - 1000)
    rng = random.Random(os.environ.get("BW_SEED", "9"))
    since = None
    begun = time.monotonic()
    for kill in range(KILLS):
        daemon.start()
        if since is not None:
            expect_equal(standing(daemon), since, f"statuses after kill {kill}")
        witness.check_all_is_there()
        if since is None:
            since = eventually("calm has its statuses", lambda: (s := standing(daemon))
                               and s["page"][0] == "HEALTHY" and s["bad"][0] == "UNHEALTHY" and s)
            eventually("they are stored", lambda: len(
                [e for e in daemon.events("calm", "status") if e["check"]]) >= 2)
            # From here on they must not change. A status is kept for three intervals without a
            # result, and no life may be long enough for one.
            daemon.configure(settings("60s"))
        reader = Repeating(witness.note)
        time.sleep(rng.uniform(0.05, 1.6))  # the moment is what is at stake here
        daemon.kill()
        reader.stop()
    daemon.start()
    count = witness.check_all_is_there()
    expect(witness.reads >= KILLS and count > 100 * KILLS // 10,
           f"too little was seen: {witness.reads} reads, {count} samples")
    expect_equal(daemon.stop()[0], 0, "exit code")
    done = bench.bellwether("db", "verify", f"--storage.path={daemon.store}")
    expect_equal(done.returncode, 0, f"db verify: {done.stdout}{done.stderr}")
    print(f"{KILLS} kills in {time.monotonic() - begun:.0f} s, {witness.reads} reads, "
          f"{count} samples all there")


run(scenario)
