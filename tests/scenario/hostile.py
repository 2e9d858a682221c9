#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Forty hostile targets beside good ones: each fails for a plausible reason within its deadline,
no good check is late, memory stays bounded."""
import time

from harness import config, eventually, expect, expect_equal, http_check, run, tcp_check

TIMEOUT_S, TOLERANCE_S, GOOD_INTERVAL_S = 1.0, 2.0, 0.2
WATCHED_S = 8.0
STALL_S = 5.0  # a shared machine may stop us all for a moment; once is not being late
RSS_GROWTH_BYTES = 48 << 20

PLAUSIBLE = {
    "hang": {"timeout"},
    "full": {"connect_timeout", "timeout"},
    "drip": {"timeout"},
    "dripbody": {"timeout"},
    "flood": {"response_too_large"},
    "floodheaders": {"response_too_large", "http_protocol"},
    "redirect": {"http_redirects"},
    "chain": {"http_redirects"},
    "garbage": {"http_protocol", "connection_closed"},
    "reset": {"connection_closed", "connect_failed"},
    "close": {"connection_closed", "http_protocol"},
    "fail": {"http_status"},
}
WHEN_CROWDED = {"connect_timeout", "dns_timeout", "timeout"}  # the machine may have stopped us all
ROUNDS = 3  # of each of the above
TALKERS = ("hang", "flood", "garbage", "drip")  # and once more by tcp, which wants a greeting


def scenario(bench):
    modes = [m for m in PLAUSIBLE for _ in range(ROUNDS)]
    hostile = bench.targets(*modes)
    talkers = bench.targets(*TALKERS)
    good = bench.targets("good")[0]  # in a process of its own, so that no flood slows it
    bad = [{"name": f"{mode}-{i}", "checks": [http_check("page", port)]}
           for i, (mode, port) in enumerate(zip(modes, hostile))]
    bad += [{"name": f"tcp{mode}-{i}", "checks": [tcp_check("talk", port, module="greeting")]}
            for i, (mode, port) in enumerate(zip(TALKERS, talkers))]
    pleasant = {"name": "good", "checks": [
        http_check(f"page{i}", good, interval="200ms") for i in range(5)]
        + [tcp_check(f"port{i}", good, interval="200ms") for i in range(5)]}
    daemon = bench.daemon(config(
        bad + [pleasant], global_={"interval": "1s", "timeout": "1s", "fall": 2},
        modules={"greeting": {"prober": "tcp",
                              "tcp": {"query_response": [{"expect": "^220 "}]}}})).start()
    eventually("every hostile target is UNHEALTHY", lambda: all(
        (m := daemon.metrics()).check_status(s["name"], s["checks"][0]["name"]) == "UNHEALTHY"
        for s in bad), seconds=30)

    # Who is late shows as a gap between the times of a good check's runs.
    last, gaps, rss0 = {}, {}, daemon.rss_bytes()
    slowest_page = 0.0
    end = time.monotonic() + WATCHED_S
    while time.monotonic() < end:
        begun = time.monotonic()
        metrics = daemon.metrics()
        slowest_page = max(slowest_page, time.monotonic() - begun)
        for labels, value in metrics.all("bellwether_check_last_run_timestamp_seconds",
                                         service="good"):
            name = labels["check"]
            if value > last.get(name, value):
                gaps.setdefault(name, []).append(value - last[name])
            last[name] = value
        time.sleep(0.05)

    metrics = daemon.metrics()
    for s in bad:
        mode = s["name"].partition("-")[0]
        reasons = {labels["reason"] for labels, value in
                   metrics.all("bellwether_check_runs_total", service=s["name"]) if value > 0}
        wanted = PLAUSIBLE.get(mode, {"timeout", "assertion_reply", "response_too_large",
                                      "connection_closed"})
        expect(reasons & wanted and reasons <= wanted | WHEN_CROWDED,
               f"{s['name']} failed for {reasons}, not {wanted}")
        runs = metrics.total("bellwether_check_runs_total", service=s["name"])
        expect(runs >= WATCHED_S * 0.4, f"{s['name']} ran only {runs} times")
        took = metrics.total("bellwether_check_duration_seconds_sum", service=s["name"]) / runs
        expect(took <= TIMEOUT_S + TOLERANCE_S, f"{s['name']} takes {took:.2f} s")
        for labels, within in metrics.all("bellwether_check_duration_seconds_bucket",
                                          service=s["name"]):
            if float(labels["le"]) >= TIMEOUT_S + TOLERANCE_S:
                expect_equal(within, runs, f"{s['name']}: runs within {labels['le']} s")
    expect_equal(len(gaps), 10, "good checks seen")
    for name, seen in sorted(gaps.items()):
        expect_equal(metrics.check_status("good", name), "HEALTHY", f"status of good/{name}")
        late = [gap for gap in seen if gap > GOOD_INTERVAL_S + TOLERANCE_S]
        expect(len(seen) > 20 and len(late) <= 2 and max(seen) <= GOOD_INTERVAL_S + STALL_S,
               f"good/{name}: {len(late)} of {len(seen)} runs were late, {max(seen):.2f} s apart")
    every = sorted(gap for seen in gaps.values() for gap in seen)
    usual, worst = every[len(every) * 95 // 100], every[-1]
    expect(usual <= GOOD_INTERVAL_S + TOLERANCE_S, f"one gap in twenty is {usual:.2f} s")
    failures = metrics.total("bellwether_check_runs_total", service="good", result="failure")
    expect_equal(failures, 0, "failures of good checks")
    expect(slowest_page < 10, f"/metrics took {slowest_page:.2f} s")
    grown = daemon.rss_bytes() - rss0
    expect(grown < RSS_GROWTH_BYTES, f"memory grew by {grown >> 20} MiB")
    code, took = daemon.stop()
    expect(code == 0 and took < 30, f"exit code {code} after {took:.1f} s")
    print(f"{len(bad)} hostile targets; worst gap of a good check {worst:.2f} s, "
          f"slowest page {slowest_page:.2f} s, {grown >> 20} MiB more")


run(scenario)
