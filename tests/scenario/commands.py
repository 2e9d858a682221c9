#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile commands, all at once in one daemon: each fails for a named reason within its deadline,
nothing of it lives 3 s longer, memory and descriptors stay bounded, no other check is late."""
import os
import pathlib
import random
import time

from harness import config, eventually, expect, expect_equal, http_check, run

TIMEOUT_S, GRACE_S = 1.0, 3.0
RATE, TOLERANCE_S = 5.0, 3.0  # of the good checks, a second; of a timeout
WATCHED_S = 12.0
QUICK, QUICK_RUNS = 10, 1000
RSS_GROWTH_BYTES = 32 << 20
SLEEP = "sleep 611"
TICKS = os.sysconf("SC_CLK_TCK")

# name: (script, {reasons}); the reason of a run that passed is "none".
HOSTILE = {
    "ignores-term": (f"trap '' TERM; while :; do {SLEEP}; done", {"timeout"}),
    "daemonises": (f"setsid sh -c 'trap \"\" TERM; (setsid {SLEEP} &) & {SLEEP}' & echo OK",
                   {"none"}),
    "daemonises-and-stays": (f"setsid sh -c 'trap \"\" TERM HUP; (setsid {SLEEP} &); {SLEEP}' & "
                             f"{SLEEP}", {"timeout"}),
    "floods": ("yes flood", {"response_too_large"}),
    "floods-and-stays": (f"trap '' TERM PIPE; yes 2>&1 & {SLEEP}; wait", {"response_too_large"}),
    "forks-many": (f"trap '' TERM; for i in $(seq 60); do {SLEEP} & done; wait", {"timeout"}),
    "grows": ("exec tail -n1 /dev/zero", {"command_broken", "none", "timeout"}),
    "spins": ("while :; do :; done", {"timeout", "command_broken"}),
    "closes-all": (f"exec <&- >&- 2>&-; {SLEEP}", {"timeout"}),
    "stops-itself": (f"kill -STOP $$; {SLEEP}", {"timeout"}),
    "stops-its-guard": (f"kill -STOP $PPID; exec {SLEEP}", {"timeout"}),
    "kills-its-guard": (f"setsid {SLEEP} & kill -9 $PPID; {SLEEP}", {"command_broken"}),
    "says-bytes": (r"printf 'NUL \000 and \033[31mred\033[0m \377 | a=1\n'; exit 2",
                   {"command_critical"}),
    "measures-much": ("echo \"OK |$(seq -s ' ' -f 'm%g=1' 1 6000)\"", {"none"}),
    "breaks-lines": ("echo \"OK | $1=3\"", {"none"}),
}


def process_table():
    """[(pid, parent, state, age in seconds, its command line, its environment)]"""
    found = []
    up = float(pathlib.Path("/proc/uptime").read_text().split()[0])
    for folder in pathlib.Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
            found.append((int(folder.name), int(stat[1]), stat[0], up - int(stat[19]) / TICKS,
                          (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()))
        except OSError:
            pass  # gone meanwhile
    return found


class Commands:
    """What the daemon's commands are at this moment. They inherit TZ, which nobody else has."""

    def __init__(self, daemon, mark):
        table = process_table()
        self.helpers = [p for p in table if p[1] == daemon.pid]
        helpers = {p[0] for p in self.helpers}
        self.guards = [p for p in table if p[1] in helpers]
        ours = helpers | {p[0] for p in self.guards} | {daemon.pid}
        self.left = [p for p in table if mark in p[5] and p[0] not in ours]
        self.zombies = [p for p in table if p[2] == "Z" and p[1] in ours]

    def oldest(self):
        return max((p[3] for p in self.left), default=0.0)


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def rss_bytes(pid):
    return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def exec_check(name, script, *arguments, **more):
    return {"name": name, "exec": ["/bin/sh", "-c", script, name, *arguments], **more}


def runs_of(metrics, service, **labels):
    return metrics.total("bellwether_check_runs_total", service=service, **labels)


def watch(daemon, mark):
    """Runs a second of each good check, the oldest command, the slowest page."""
    before, start = daemon.metrics(), time.monotonic()
    oldest = slowest = 0.0
    while time.monotonic() < start + WATCHED_S:
        begun = time.monotonic()
        daemon.get("/metrics")
        slowest = max(slowest, time.monotonic() - begun)
        oldest = max(oldest, Commands(daemon, mark).oldest())
        time.sleep(0.1)
    after, seconds = daemon.metrics(), time.monotonic() - start
    rates = {name: (runs_of(after, "good", check=name) - runs_of(before, "good", check=name))
             / seconds for name in ("page0", "page1", "command")}
    return rates, oldest, slowest


def check_hostile(metrics):
    for name, (_, wanted) in HOSTILE.items():
        runs = {labels.get("reason", "none"): value for labels, value in
                metrics.all("bellwether_check_runs_total", service="hostile", check=name)
                if value > 0}
        expect(runs and set(runs) <= wanted, f"{name} ended with {runs}, not {wanted}")
        expect(sum(runs.values()) >= WATCHED_S * 0.3, f"{name} ran only {sum(runs.values())} times")
        took = metrics.total("bellwether_check_duration_seconds_sum", check=name)
        expect(took / sum(runs.values()) <= TIMEOUT_S + TOLERANCE_S, f"{name} is late: {took}")
    data = metrics.all("probe_exec_perfdata", check="measures-much")
    expect_equal(len(data), 100, "measurements kept")
    expect_equal(metrics.value("probe_exec_perfdata", check="says-bytes", label="a"), 1,
                 "perfdata behind a NUL")


def check_good(metrics, rates):
    """A command shares the processor with the hostile ones; the loop waits for nobody."""
    for name, rate in rates.items():
        least = RATE * (0.2 if name == "command" else 0.7)
        expect(rate >= least, f"good/{name} ran {rate:.1f} times a second, not {RATE}")
        expect_equal(metrics.check_status("good", name), "HEALTHY", f"status of good/{name}")
    expect_equal(runs_of(metrics, "good", result="failure"), 0, "failures of good checks")


def scenario(bench):
    mark = f"TZ=<BW{os.getpid()}X{random.randrange(10**9)}>0".encode()
    bench.environment["TZ"] = mark.decode()[3:]
    trap = bench.folder / "trap"
    argument = f"a\nb; touch {trap} $(touch {trap})"
    port = bench.targets("good")[0]
    hostile = {"name": "hostile", "checks": [
        exec_check(name, script, argument, interval="1s") for name, (script, _) in HOSTILE.items()]}
    hostile["checks"] = [{**c, "limits": {"memory": "64MiB"}} if c["name"] == "grows" else c
                         for c in hostile["checks"]]
    good = {"name": "good", "checks": [
        *(http_check(f"page{i}", port, interval="200ms") for i in range(2)),
        {"name": "command", "exec": ["/bin/echo", "OK"], "interval": "200ms"}]}
    quick = {"name": "quick", "checks": [
        {"name": f"true{i}", "exec": ["/bin/true"], "interval": "100ms"} for i in range(QUICK)]}
    general = {"interval": "1s", "timeout": "1s"}
    daemon = bench.daemon(config([hostile, good, quick], global_=general)).start()
    eventually("every command was run", lambda: all(
        (m := daemon.metrics()).total("bellwether_check_runs_total", check=name) >= 2
        for name in HOSTILE), seconds=30)
    helper = Commands(daemon, mark).helpers[0][0]
    rss0, helper0, fds0 = daemon.rss_bytes(), rss_bytes(helper), descriptors(daemon.pid)

    rates, oldest, slowest = watch(daemon, mark)
    eventually("a thousand quick commands", lambda: daemon.metrics().total(
        "bellwether_check_runs_total", service="quick", result="success") >= QUICK_RUNS)

    metrics = daemon.metrics()
    check_hostile(metrics)
    check_good(metrics, rates)
    expect(oldest <= TIMEOUT_S + GRACE_S, f"a process of a command lived {oldest:.1f} s")
    expect(slowest < 10, f"/metrics took {slowest:.2f} s")
    expect(not trap.exists(), "an argument was run as a command")
    expect_equal([p[0] for p in Commands(daemon, mark).helpers], [helper], "helpers")
    grown, helper_grown = daemon.rss_bytes() - rss0, rss_bytes(helper) - helper0
    expect(grown < RSS_GROWTH_BYTES, f"memory grew by {grown >> 20} MiB")
    expect(helper_grown < 4 << 20, f"the helper's memory grew by {helper_grown >> 10} KiB")
    more = descriptors(daemon.pid) - fds0
    expect(more <= 4, f"{more} more descriptors")
    expect_equal(descriptors(helper), 4, "descriptors of the helper")

    # Without them: nothing is left while the daemon goes on.
    daemon.configure(config([good], global_=general))
    daemon.signal(1)
    def is_quiet():
        commands = Commands(daemon, mark)
        old = [p for p in commands.left + commands.zombies if p[3] > 1]
        expect(not old, f"left: {old}")
        return len(commands.left) <= 1
    eventually("nothing is left of the hostile ones", is_quiet, seconds=TIMEOUT_S + GRACE_S + 2)

    # A helper that is killed from outside is replaced.
    os.kill(helper, 9)
    eventually("a new helper", lambda: [p[0] for p in Commands(daemon, mark).helpers
                                        if p[2] != "Z"] not in ([], [helper]))
    runs = daemon.metrics().total("bellwether_check_runs_total", check="command", result="success")
    eventually("commands run again", lambda: daemon.metrics().total(
        "bellwether_check_runs_total", check="command", result="success") > runs)

    # A daemon that is killed leaves nothing either, not even of a guard that is stopped.
    daemon.configure(config([hostile, good], global_=general))
    daemon.signal(1)
    eventually("hostile commands run again", lambda: len(Commands(daemon, mark).left) > 10)
    daemon.kill()
    eventually("nothing is left behind a killed daemon",
               lambda: not [p for p in process_table() if mark in p[5]], seconds=GRACE_S)
    daemon.configure(config([good], global_=general))
    daemon.start()
    eventually("commands run after a restart", lambda: daemon.metrics().total(
        "bellwether_check_runs_total", check="command", result="success") > 2)

    code, took = daemon.stop()
    expect(code == 0 and took < 30, f"exit code {code} after {took:.1f} s")
    left = [p for p in process_table() if mark in p[5]]
    expect(not left, f"left behind the daemon: {left}")
    print(f"{len(HOSTILE)} hostile commands; oldest {oldest:.1f} s, slowest page {slowest:.2f} s, "
          f"{grown >> 20} MiB more, {min(rates.values()):.1f} runs of a good check a second")


run(scenario)
