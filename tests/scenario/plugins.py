#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's monitoring plugins as checks: their verdicts become statuses, their performance data
metrics in base units."""
import os
import pathlib
import time

from harness import Skip, config, eventually, expect, expect_equal, free_port, run

PLUGINS = pathlib.Path("/usr/lib/nagios/plugins")
USED = ("check_disk", "check_dummy", "check_http", "check_load", "check_procs", "check_tcp")
MANY = "9999,9999,9999"


def root_is_mounted():
    """In a changed root the root directory is no mount of its own, and check_disk misses it."""
    mounts = pathlib.Path("/proc/self/mounts").read_text().splitlines()
    return any(line.split()[1] == "/" for line in mounts)


def plays(port):
    """[(name, argv, status, exit code, {(label, unit): lower and upper bound})]"""
    here = ["-H", "127.0.0.1", "-p", port]
    second, count = (0, 30), (0, 1e6)
    found = [
        ("web", ["check_http", *here], "HEALTHY", 0,
         {("time", "seconds"): second, ("size", "bytes"): (10, 10000)}),
        ("web-missing-text", ["check_http", *here, "-s", "no such text"], "UNHEALTHY", 2,
         {("time", "seconds"): second, ("size", "bytes"): (10, 10000)}),
        ("port", ["check_tcp", *here], "HEALTHY", 0, {("time", "seconds"): second}),
        ("closed", ["check_tcp", "-H", "127.0.0.1", "-p", str(free_port())], "UNHEALTHY", 2, {}),
        ("slow", ["check_tcp", *here, "-w", "0.0000001"], "DEGRADED", 1,
         {("time", "seconds"): second}),
        ("load", ["check_load", "-w", MANY, "-c", MANY], "HEALTHY", 0,
         {(f"load{n}", ""): (0, 9999) for n in (1, 5, 15)}),
        ("processes", ["check_procs", "-w", "1:999999", "-c", "1:999999"], "HEALTHY", 0,
         {("procs", ""): (1, 1e6)}),
        ("few-processes", ["check_procs", "-w", "0", "-c", "1:999999"], "DEGRADED", 1,
         {("procs", ""): (1, 1e6)}),
        ("fine", ["check_dummy", "0", "fine"], "HEALTHY", 0, {}),
        ("odd", ["check_dummy", "1", "odd"], "DEGRADED", 1, {}),
        ("broken", ["check_dummy", "2", "broken"], "UNHEALTHY", 2, {}),
        ("who-knows", ["check_dummy", "3", "who knows"], "UNKNOWN", 3, {}),
        ("no-such-option", ["check_tcp", "--no-such-option"], "UNKNOWN", 3, {}),
    ]
    if root_is_mounted():
        found.append(("disk", ["check_disk", "-w", "0%", "-c", "0%", "-p", "/"], "HEALTHY", 0,
                      {("/", "bytes"): (1 << 20, 1 << 60)}))
    if (PLUGINS / "check_ping").exists() and os.geteuid() == 0:
        found.append(("ping", ["check_ping", "-H", "127.0.0.1", "-p", "1", "-w", "5000,100%",
                               "-c", "9000,100%"], "HEALTHY", 0,
                      {("rta", "seconds"): (0, 5), ("pl", "ratio"): (0, 0.99)}))
    return found


def scenario(bench):
    missing = [name for name in USED if not (PLUGINS / name).exists()]
    if missing:
        raise Skip(f"monitoring-plugins-basic is not installed: no {', '.join(missing)}")
    port = str(bench.targets("good")[0])
    played = plays(port)
    checks = [{"name": name, "exec": [str(PLUGINS / argv[0]), *argv[1:]], "interval": "1s",
               "timeout": "15s"} for name, argv, *_ in played]
    daemon = bench.daemon(config([{"name": "plugins", "checks": checks}])).start()

    def settled():
        metrics = daemon.metrics()
        for name, _, status, code, _ in played:
            runs = metrics.total("bellwether_check_runs_total", service="plugins", check=name)
            expect(runs >= 4, f"{name} ran {runs} times")
            expect_equal(metrics.check_status("plugins", name), status, f"status of {name}")
            expect_equal(metrics.value("probe_exec_exit_code", check=name), code,
                         f"exit code of {name}")
        return metrics
    metrics = eventually("every status is the plugin's", settled, seconds=60, every=0.3)

    for name, argv, _, _, wanted in played:
        data = {(labels["label"], labels.get("unit", "")): value for labels, value in
                metrics.all("probe_exec_perfdata", check=name)}
        expect_equal(set(data), set(wanted), f"performance data of {argv[0]} as {name}")
        for key, (low, high) in wanted.items():
            expect(low <= data[key] <= high, f"{name}: {key} is {data[key]}")
    shown = daemon.checks("plugins")
    expect("CRITICAL: broken" in str(shown["broken"]), f"what it says is not shown: {shown['broken']}")
    expect("who knows" in str(shown["who-knows"]), f"not shown: {shown['who-knows']}")
    expect_equal(daemon.service("plugins")["status"], "UNHEALTHY", "the service's status")

    # What is measured is stored as well.
    got = eventually("samples are stored", lambda: daemon.samples(
        'probe_exec_perfdata{check="web"}', int(time.time() * 1000) - 60000))
    expect(any("seconds" in name for name, _ in got), f"stored: {list(got)[:3]}")
    code, _ = daemon.stop()
    expect_equal(code, 0, "exit code")
    print(f"{len(played)} checks by {len({argv[0] for _, argv, *_ in played})} plugins")


run(scenario)
