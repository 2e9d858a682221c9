#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""import, db compact and db delete-series while a daemon has the store and samples keep coming: the
daemon does it between its commits, and goes on measuring meanwhile; done again they change nothing;
kill -9 in the middle leaves a sound store, in which the same commands then finish."""
import os
import random
import sqlite3
import subprocess
import time

from harness import FULL, Repeating, config, eventually, expect, expect_equal, http_check, run

KILLS = 20 if FULL else 3
SERIES, POINTS, STEP_MS = 24, 1500, 15000
GAP_MS = 2500  # between two results of a check that is due five times a second, on a busy machine


def write_history(file, begin_ms, points=POINTS):
    """Jittered counters of six hosts, in order of time."""
    rng = random.Random(3)
    with open(file, "w", encoding="utf-8") as out:
        for i in range(points):
            for s in range(SERIES):
                ms = begin_ms + i * STEP_MS + s
                out.write(f'demo_{"abcd"[s % 4]}{{host="h{s // 4}"}} {i * 7 + rng.randint(0, 5)} '
                          f'{ms / 1000:.3f}\n')
        out.write("# EOF\n")


class Commands:
    def __init__(self, bench, daemon):
        self.bench, self.daemon = bench, daemon
        self.store = f"--storage.path={daemon.store}"

    def __call__(self, *argv, code=0):
        done = self.bench.bellwether(*argv, self.store, timeout=120)
        expect_equal(done.returncode, code, f"{argv}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def begin(self, *argv):
        return subprocess.Popen([self.bench.binary, *argv, self.store], stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                cwd=self.bench.folder)

    def sql(self, text):
        with sqlite3.connect(f"file:{self.daemon.store}?mode=ro", uri=True, timeout=10) as db:
            return db.execute(text).fetchone()[0]


def imported(bellwether, file, history):
    said = bellwether("import", "openmetrics", file)
    count = SERIES * POINTS
    expect(said.startswith(f"{count} samples of {SERIES} series added"), said)
    said = bellwether("import", "openmetrics", file)
    expect(said.startswith("0 samples ") and f"{count} were there already" in said, said)
    lines = bellwether("export", "openmetrics", '--match={host=~"h."}').splitlines()
    expect_equal(len([line for line in lines if line.startswith("demo_")]), count, "lines exported")
    csv = history.with_suffix(".csv")
    csv.write_text("metric,host,time,value\ndemo_a,h0,1700000000,5\ndemo_a,h0,soon,5\n")
    said = bellwether("import", "csv", csv, "--strict", code=1)
    expect(f"{csv}:3:" in said and "nothing is imported" in said, said)
    said = bellwether("import", "csv", csv)
    expect("1 sample of 1 series added; 1 bad line left out; 1 pack," in said, said)


def merged(bellwether):
    match = '--match={host=~"h."}'
    before = bellwether("export", "openmetrics", match)
    packs = bellwether.sql("SELECT count(*) FROM pack")
    said = bellwether("db", "compact")
    expect("packs became" in said, said)
    expect(bellwether.sql("SELECT count(*) FROM pack") <= packs, "more packs than before")
    expect_equal(bellwether("export", "openmetrics", match), before, "what is exported after merging")


def deleted(bellwether, daemon):
    count = SERIES // 4 * POINTS + 1
    said = bellwether("db", "delete-series", "demo_a", "--dry-run")
    expect(f"{count} samples of {SERIES // 4} series would be deleted" in said
           and 'demo_a{host="h0"}  1501 samples' in said, said)
    said = bellwether("db", "delete-series", '{__name__=~".+"}', "--yes", code=1)
    expect("every series of the store; --all" in said, said)
    bellwether("db", "delete-series", "nothing_such", "--yes", code=1)
    bellwether("db", "delete-series", "{", "--yes", code=2)
    said = bellwether("db", "delete-series", "demo_a", "--yes")
    expect(f"{count} samples of {SERIES // 4} series are deleted" in said, said)
    expect_equal(bellwether("export", "openmetrics", "--match=demo_a"), "# EOF\n", "what is left")

    old = bellwether.sql("SELECT id FROM series WHERE name LIKE 'probe_success{%' LIMIT 1")
    bellwether("db", "delete-series", "probe_success", "--yes")
    def again():
        found = bellwether.sql("SELECT max(id) FROM series WHERE name LIKE 'probe_success{%'")
        return found is not None and found > old and daemon.samples(
            "probe_success", int(time.time() * 1000) - 5000)
    eventually("it is measured under another id", again)
    bellwether("db", "compact")
    expect_equal(bellwether.sql("SELECT count(*) FROM deleted_series"), 0, "what is still to be purged")


def no_gap(daemon, since_ms):
    times = sorted({ts for _, ts in daemon.samples("probe_duration_seconds", since_ms)})
    gaps = [b - a for a, b in zip(times, times[1:])]
    expect(len(times) > 3 and max(gaps) < GAP_MS, f"a gap of {max(gaps)} ms in {len(times)} results")


def killed_in_the_middle(bench, daemon, bellwether, file):
    """Whatever was under way, the store is sound; the command is run again and is complete."""
    rng = random.Random(os.environ.get("BW_SEED", "9"))
    commands = (("import", "openmetrics", str(file)), ("db", "compact"),
                ("db", "delete-series", "demo_b", "--yes"))
    for kill in range(KILLS):
        process = bellwether.begin(*commands[kill % 3])
        time.sleep(rng.uniform(0.02, 1.0))  # the moment is what is at stake here
        daemon.kill()
        process.wait(60)
        done = bench.bellwether("db", "verify", bellwether.store)
        expect_equal(done.returncode, 0, f"verify after kill {kill}: {done.stdout}{done.stderr}")
        daemon.start()
    bellwether("import", "openmetrics", file)
    bellwether("db", "delete-series", "demo_b", "--yes")
    bellwether("db", "compact")
    kept = bellwether("export", "openmetrics", '--match={host=~"h."}').splitlines()
    expect_equal(len([line for line in kept if line.startswith(("demo_c", "demo_d"))]),
                 SERIES // 2 * POINTS, "samples after all")
    expect(not any(line.startswith("demo_b") for line in kept), "demo_b is gone")
    expect_equal(bellwether.sql("SELECT count(*) FROM deleted_series"), 0, "what is to be purged")


def only_the_owner(daemon):
    """No token, no change; and one at a time."""
    answer = daemon.request("POST", "/api/v1/admin/compact")
    expect_equal(answer.status, 403, "without a token")
    begun = daemon.control("POST", "/api/v1/admin/import", body="demo_x 1 1700000000\n")
    expect_equal(begun.status, 200, "an import over the control socket")
    other = daemon.control("POST", "/api/v1/admin/compact")
    expect_equal((other.status, other.headers["Retry-After"]), (503, "1"), "another change meanwhile")
    path = f"/api/v1/admin/import?id={begun.json['id']}&last=true"
    ended = daemon.control("POST", path, body="demo_x nonsense\ndemo_x 2 1700000015\n").json
    expect_equal((ended["added"], ended["bad"], ended["bad_lines"][0]["line"], ended["done"]),
                 (2, 1, 2, True), f"what was imported: {ended}")
    expect_equal(daemon.control("POST", path).status, 404, "what has ended")
    large = daemon.control("POST", "/api/v1/admin/import", {"Content-Length": str(1 << 21)})
    expect_equal(large.status, 413, "too large a part")


def scenario(bench):
    port = bench.targets("good")[0]
    daemon = bench.daemon(config([{"name": "web", "checks": [http_check("page", port)]}]))
    daemon.start()
    bellwether = Commands(bench, daemon)
    history = bench.folder / "history.om"
    begin_ms = (int(time.time() * 1000) // STEP_MS - POINTS) * STEP_MS - 2 * 86400 * 1000
    write_history(history, begin_ms)
    eventually("something is measured", lambda: daemon.samples("probe_success", begin_ms))
    since_ms = int(time.time() * 1000)
    eventually("it is healthy", lambda: daemon.checks("web")["page"]["status"] == "HEALTHY")
    statuses = Repeating(lambda: expect_equal(
        [c["status"] for c in daemon.checks("web").values()], ["HEALTHY"], "the status meanwhile"), 0.1)
    imported(bellwether, history, history)
    merged(bellwether)
    no_gap(daemon, since_ms)
    deleted(bellwether, daemon)
    no_gap(daemon, since_ms)
    statuses.stop()
    only_the_owner(daemon)
    killed_in_the_middle(bench, daemon, bellwether, history)
    expect_equal(daemon.stop()[0], 0, "exit code")
    done = bench.bellwether("db", "verify", bellwether.store)
    expect_equal(done.returncode, 0, f"verify: {done.stdout}{done.stderr}")
    said = bellwether("db", "delete-series", "demo_d", "--yes")  # the same on a stopped store
    expect(f"{SERIES // 4 * POINTS} samples" in said and "before" in said, said)


run(scenario)
