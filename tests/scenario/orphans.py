#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""As process 1 of a container the daemon is given every orphan there is: none stays a zombie, and its
own commands go on. As root only, where process numbers of one's own can be had."""
import os
import pathlib
import shutil
import signal
import subprocess

from harness import Skip, config, eventually, expect, expect_equal, run

ORPHANS = 5
PATIENCE_S = 60


def children(pid):
    """{pid: state} of a process's children."""
    found = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            try:
                found[int(child)] = pathlib.Path(f"/proc/{child}/stat").read_text().rsplit(")")[-1].split()[0]
            except OSError:
                pass
    return found


def put_in_a_namespace(bench):
    """A program that runs the daemon as process 1; the daemon's own number is its only child's."""
    unshare, nsenter = shutil.which("unshare"), shutil.which("nsenter")
    if os.geteuid() != 0 or unshare is None or nsenter is None:
        raise Skip("not root, or no unshare")
    how = [unshare, "--pid", "--fork", "--mount-proc", "--kill-child"]
    if subprocess.run([*how, "true"], capture_output=True, timeout=60).returncode != 0:
        raise Skip("no process numbers of one's own here")
    script = bench.folder / "bellwether"
    script.write_text("#!/bin/sh\nexec " + " ".join(how) + f" {bench.binary} \"$@\"\n")
    script.chmod(0o755)
    return script, nsenter


def scenario(bench):
    script, nsenter = put_in_a_namespace(bench)
    checks = [{"name": "true", "exec": ["/bin/true"], "interval": "200ms", "timeout": "30s"}]
    bench.binary = script
    daemon = bench.daemon(config([{"name": "commands", "checks": checks}])).start()
    inner, = children(daemon.pid)
    helper = eventually("its helper", lambda: list(children(inner)), seconds=PATIENCE_S)
    enter = [nsenter, f"--target={inner}", "--pid", "--mount"]
    for _ in range(ORPHANS):
        subprocess.run([*enter, "sh", "-c", "sleep 0.3 & sleep 0.1 & exit"], check=True, timeout=60,
                       stdout=subprocess.DEVNULL)

    def only_the_helper():
        expect_equal(list(children(inner)), helper, "children of process 1")
        return True
    eventually("all orphans are reaped", only_the_helper, seconds=PATIENCE_S)

    def runs():
        return daemon.metrics().total("bellwether_check_runs_total", check="true", result="success")
    before = runs()
    eventually("commands run", lambda: runs() > before + 2, seconds=PATIENCE_S)
    os.kill(helper[0], signal.SIGKILL)
    again = eventually("another helper", lambda: [pid for pid in children(inner)
                                                  if pid != helper[0]], seconds=PATIENCE_S)
    before = runs()
    eventually("commands run again", lambda: runs() > before + 2, seconds=PATIENCE_S)
    expect(helper[0] not in children(inner), "the killed helper is reaped")
    os.kill(inner, signal.SIGTERM)
    eventually("the daemon ends", lambda: daemon.process.poll() is not None, seconds=PATIENCE_S)
    print(f"{2 * ORPHANS} orphans; helpers {helper[0]} and {again[0]}")


run(scenario)
