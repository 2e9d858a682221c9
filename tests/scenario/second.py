#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A second daemon on the same store is refused at once and says why; the first does not notice."""
import time

from harness import config, eventually, expect, expect_equal, http_check, run


def scenario(bench):
    good, = bench.targets("good")
    settings = config([{"name": "web", "checks": [http_check("page", good)]}])
    first = bench.daemon(settings, "first").start()
    eventually("the check is HEALTHY",
               lambda: first.metrics().check_status("web", "page") == "HEALTHY")

    second = bench.daemon(settings, "second", store=first.store)
    begun = time.monotonic()
    second.spawn()
    expect_equal(second.wait(10), 1, "exit code of the second")
    took = time.monotonic() - begun
    expect(took < 5, f"it took {took:.1f} s")  # 2 s are promised of a build without sanitizers
    errors = [line for line in second.log().splitlines() if "level=error" in line]
    expect_equal(len(errors), 1, f"error lines: {errors}")
    expect(str(first.store) in errors[0] and "lock" in errors[0].lower() or "another" in errors[0],
           f"the message does not say why: {errors[0]}")
    expect("listening" not in second.log(), "the second one listened")

    before = first.metrics().total("bellwether_check_runs_total")
    eventually("the first goes on", lambda: first.is_alive()
               and first.metrics().total("bellwether_check_runs_total") > before)
    expect_equal(first.control("GET", "/-/healthy").status, 200, "the first's control socket")
    expect_equal(first.metrics().value("bellwether_store_up"), 1, "bellwether_store_up")
    expect_equal(first.stop()[0], 0, "exit code of the first")
    second.start()
    expect_equal(second.stop()[0], 0, "exit code of the second, now alone")


run(scenario)
