#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's monitoring plugins as checks: their verdicts become statuses, their performance data
and what they judge by metrics in base units. Beside them a command that writes its metrics itself:
they are shown, stored and alerted on under their own names."""
import os
import pathlib
import time

from harness import Skip, config, eventually, expect, expect_equal, free_port, run
from servers import serve_lines

PLUGINS = pathlib.Path("/usr/lib/nagios/plugins")
USED = ("check_cluster", "check_disk", "check_dummy", "check_file_age", "check_ftp", "check_http",
        "check_imap", "check_load", "check_pop", "check_procs", "check_smtp", "check_ssh", "check_tcp",
        "check_udp", "check_users", "negate")
MANY = "9999,9999,9999"
PATIENCE_S = 60
SECOND, COUNT, SIZE = (0, 60), (0, 1e6), (10, 10000)

# A job's own command: two metrics, one of them with labels; its name on standard error.
BACKUPS = """echo '# HELP backup_age_seconds Time since the newest backup.'
echo '# TYPE backup_age_seconds gauge'
echo 'backup_age_seconds{database="shop"} 90000'
echo 'backup_age_seconds{database="mail"} 60'
echo '# TYPE backup_runs_total counter'
echo 'backup_runs_total 7'
echo 'two databases' >&2
exit 0"""


def root_is_mounted():
    """In a changed root the root directory is no mount of its own, and check_disk misses it."""
    mounts = pathlib.Path("/proc/self/mounts").read_text().splitlines()
    return any(line.split()[1] == "/" for line in mounts)


def saying(greeting, *answers):
    """A server that greets, and answers what comes."""
    def talk_to(talk):
        talk.sendall(greeting)
        for answer in answers:
            talk.recv(1000)
            talk.sendall(answer)
    return ["-H", "127.0.0.1", "-p", str(serve_lines(talk_to))]


def greeted():
    """[(name, argv, status, exit code, perfdata)] of plugins that talk to servers of ours."""
    def ssh(talk):
        talk.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
        talk.recv(1000)
    time_taken = {("time", "seconds"): SECOND}
    return [
        ("ssh", ["check_ssh", "-p", str(serve_lines(ssh)), "127.0.0.1"], "HEALTHY", 0, time_taken),
        ("smtp", ["check_smtp", *saying(b"220 mail ESMTP\r\n", b"250 mail\r\n", b"221 bye\r\n")],
         "HEALTHY", 0, time_taken),
        ("ftp", ["check_ftp", *saying(b"220 ready\r\n", b"221 bye\r\n")], "HEALTHY", 0, time_taken),
        ("imap", ["check_imap", *saying(b"* OK ready\r\n", b"* BYE\r\na1 OK\r\n")], "HEALTHY", 0,
         time_taken),
        ("pop", ["check_pop", *saying(b"+OK ready\r\n", b"+OK\r\n")], "HEALTHY", 0, time_taken),
        ("not-imap", ["check_imap", *saying(b"+OK ready\r\n", b"+OK\r\n")], "DEGRADED", 1, time_taken),
    ]


def plays(bench, port):
    """[(name, argv, status, exit code, {(label, unit): lower and upper bound})]"""
    here = ["-H", "127.0.0.1", "-p", port]
    file = bench.folder / "seen"
    file.write_text("0123456789")
    aged = {("age", "seconds"): (0, 3600), ("size", "bytes"): (10, 10)}
    found = greeted() + [
        ("web", ["check_http", *here], "HEALTHY", 0,
         {("time", "seconds"): SECOND, ("size", "bytes"): SIZE}),
        ("web-missing-text", ["check_http", *here, "-s", "no such text"], "UNHEALTHY", 2,
         {("time", "seconds"): SECOND, ("size", "bytes"): SIZE}),
        ("port", ["check_tcp", *here], "HEALTHY", 0, {("time", "seconds"): SECOND}),
        ("closed", ["check_tcp", "-H", "127.0.0.1", "-p", str(free_port())], "UNHEALTHY", 2, {}),
        ("slow", ["check_tcp", *here, "-w", "0.0000001"], "DEGRADED", 1,
         {("time", "seconds"): SECOND}),
        ("silent", ["check_udp", "-H", "127.0.0.1", "-p", str(free_port()), "-s", "x", "-e", "y",
                    "-t", "1"], "UNHEALTHY", 2, {}),
        ("load", ["check_load", "-w", MANY, "-c", MANY], "HEALTHY", 0,
         {(f"load{n}", ""): (0, 9999) for n in (1, 5, 15)}),
        ("processes", ["check_procs", "-w", "1:999999", "-c", "1:999999"], "HEALTHY", 0,
         {("procs", ""): (1, 1e6)}),
        ("few-processes", ["check_procs", "-w", "0", "-c", "1:999999"], "DEGRADED", 1,
         {("procs", ""): (1, 1e6)}),
        ("users", ["check_users", "-w", "9999", "-c", "99999"], "HEALTHY", 0, {("users", ""): COUNT}),
        ("file", ["check_file_age", "-w", "99999", "-c", "99999", "-f", str(file)], "HEALTHY", 0, aged),
        ("no-file", ["check_file_age", "-f", f"{file}.gone"], "UNHEALTHY", 2, {}),
        ("cluster", ["check_cluster", "-s", "-d", "0,2,2", "-w", "1", "-c", "5"], "DEGRADED", 1, {}),
        ("negated", ["negate", str(PLUGINS / "check_dummy"), "2", "closed"], "HEALTHY", 0, {}),
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
                      {("rta", "seconds"): (0, 9), ("pl", "ratio"): (0, 0.99)}))
    return found


# (check, label): what its plugin judges by, in base units.
BOUNDS = {
    ("load", "load5"): {"warning_max": 9999, "critical_max": 9999, "min": 0},
    ("processes", "procs"): {"warning_min": 1, "warning_max": 999999, "critical_min": 1,
                             "critical_max": 999999, "min": 0},
    ("file", "age"): {"warning_max": 99999, "critical_max": 99999},
    ("slow", "time"): {"warning_max": 0, "min": 0, "max": 10},
    ("ping", "rta"): {"warning_max": 5, "critical_max": 9, "min": 0},
    ("ping", "pl"): {"warning_max": 1, "critical_max": 1, "min": 0},
}


def check_statuses(metrics, played):
    for name, _, status, code, _ in played:
        runs = metrics.total("bellwether_check_runs_total", service="plugins", check=name)
        expect(runs >= 4, f"{name} ran {runs} times")
        expect_equal(metrics.check_status("plugins", name), status, f"status of {name}")
        expect_equal(metrics.value("probe_exec_exit_code", check=name), code, f"exit code of {name}")


def check_perfdata(metrics, played):
    for name, argv, _, _, wanted in played:
        data = {(labels["label"], labels.get("unit", "")): value for labels, value in
                metrics.all("probe_exec_perfdata", check=name)}
        expect_equal(set(data), set(wanted), f"performance data of {argv[0]} as {name}")
        for key, (low, high) in wanted.items():
            expect(low <= data[key] <= high, f"{name}: {key} is {data[key]}")
    for (name, label), wanted in BOUNDS.items():
        found = {labels["bound"]: value for labels, value in
                 metrics.all("probe_exec_perfdata_bound", check=name, label=label)}
        if any(name == play[0] for play in played):
            expect_equal(found, wanted, f"bounds of {label} of {name}")


def check_backups(daemon, metrics, since_ms):
    """What the command wrote itself."""
    expect_equal(metrics.check_status("jobs", "backups"), "HEALTHY", "status of backups")
    ages = {labels["database"]: value for labels, value in
            metrics.all("backup_age_seconds", service="jobs", instance="localhost", check="backups")}
    expect_equal(ages, {"shop": 90000, "mail": 60}, "ages of backups")
    expect_equal(metrics.value("backup_runs_total", check="backups"), 7, "runs of backups")
    expect_equal(metrics.value("probe_exec_output_error", check="backups"), 0, "backups are read")
    expect_equal(metrics.value("probe_exec_output_error", check="mistaken"), 1, "a mistake is told")
    expect_equal(metrics.check_status("jobs", "mistaken"), "DEGRADED", "status of mistaken")
    expect_equal(metrics.all("mistaken_total"), [], "nothing is taken of a text with a mistake")
    stored = daemon.samples('backup_age_seconds{database="shop",check="backups"}', since_ms)
    expect(len(stored) >= 2 and set(stored.values()) == {90000}, f"stored: {stored}")
    alerts = daemon.alerts("old-backup")
    expect(len(alerts) == 1 and 'database="shop"' in alerts[0]["labels"], f"alerts: {alerts}")


def scenario(bench):
    missing = [name for name in USED if not (PLUGINS / name).exists()]
    if missing:
        raise Skip(f"monitoring-plugins-basic is not installed: no {', '.join(missing)}")
    port, since_ms = str(bench.targets("good")[0]), int(time.time() * 1000) - 60000
    played = plays(bench, port)
    checks = [{"name": name, "exec": [str(PLUGINS / argv[0]), *argv[1:]], "interval": "1s",
               "timeout": "30s"} for name, argv, *_ in played]
    jobs = [{"name": name, "exec": ["/bin/sh", "-c", script], "interval": "500ms", "timeout": "30s",
             "overrides": {"exec": {"output": "prometheus"}}}
            for name, script in (("backups", BACKUPS), ("mistaken", "echo mistaken_total 1; echo oh"))]
    rule = {"name": "old-backup", "expr": "backup_age_seconds",
            "levels": {"critical": "> 1d"}, "for": "0s"}
    daemon = bench.daemon(config([{"name": "plugins", "checks": checks},
                                  {"name": "jobs", "checks": jobs}],
                                 alerts={"rules": [rule]})).start()

    def settled():
        metrics = daemon.metrics()
        check_statuses(metrics, played)
        check_perfdata(metrics, played)
        check_backups(daemon, metrics, since_ms)
        return True
    eventually("everything is as the commands say", settled, seconds=PATIENCE_S, every=0.3)

    shown = daemon.checks("plugins")
    expect("CRITICAL: broken" in str(shown["broken"]), f"what it says is not shown: {shown['broken']}")
    expect("who knows" in str(shown["who-knows"]), f"not shown: {shown['who-knows']}")
    expect("two databases" in str(daemon.checks("jobs")["backups"]), "standard error is shown")
    expect("line 2: expected a number" in str(daemon.checks("jobs")["mistaken"]), "so is a mistake")
    expect_equal(daemon.service("plugins")["status"], "UNHEALTHY", "the service's status")

    # What is measured is stored as well.
    got = eventually("samples are stored", lambda: daemon.samples(
        'probe_exec_perfdata{check="web"}', since_ms), seconds=PATIENCE_S)
    expect(any("seconds" in name for name, _ in got), f"stored: {list(got)[:3]}")
    code, _ = daemon.stop()
    expect_equal(code, 0, "exit code")
    print(f"{len(played)} checks by {len({argv[0] for _, argv, *_ in played})} plugins")


run(scenario)
