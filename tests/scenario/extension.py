#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables in sqlite3's own shell, while a daemon writes the store: `.load`, the same answers as
`bellwether query`, nothing written, clear words where it cannot work."""
import json
import pathlib
import subprocess

from harness import config, eventually, expect, expect_equal, http_check, need_program, run


def scenario(bench):
    shell = need_program("sqlite3")
    extension = pathlib.Path(bench.binary).parent / "bellwether_sqlite"
    expect(extension.with_suffix(".so").exists(), f"no {extension}.so")

    def ask(store, sql, readonly=True):
        return subprocess.run([shell, "-json", *(["-readonly"] if readonly else []), str(store),
                               "-cmd", f".load {extension}", sql],
                              capture_output=True, text=True, timeout=60)

    def rows(sql):
        done = ask(daemon.store, sql)
        expect_equal((done.returncode, done.stderr), (0, ""), sql)
        return json.loads(done.stdout or "[]")

    ok, = bench.targets("good")
    daemon = bench.daemon(config([{"name": "web", "checks": [http_check("page", ok)]}]))
    daemon.start()
    eventually("samples are committed",
               lambda: rows("SELECT 1 FROM samples WHERE metric='probe_success' LIMIT 1"))
    # Live: what comes is seen by the next statement.
    count = "SELECT count(*) AS n FROM samples WHERE metric='probe_success'"
    before = rows(count)[0]["n"]
    eventually("more samples are seen", lambda: rows(count)[0]["n"] > before)
    plan = ask(daemon.store, "EXPLAIN QUERY PLAN SELECT value FROM samples"
                             " WHERE service='web' AND ts>5").stdout
    expect("service= ts>" in plan, f"plan: {plan}")
    expect_equal(rows("SELECT bellwether_damage() AS n"), [{"n": 0}], "damage")
    done = ask(daemon.store, "DELETE FROM event")
    expect(done.returncode != 0 and "readonly" in done.stderr, f"a delete: {done}")
    daemon.stop()

    # At rest: the same as our own command says.
    for sql in ("SELECT * FROM samples ORDER BY series, ts",
                "SELECT * FROM series ORDER BY id",
                "SELECT tier, series, ts, count, min, max, last, round(p95, 9) AS p95,"
                " round(quantile, 9) AS q FROM rollups WHERE ratio=0.25 ORDER BY tier, series, ts",
                "SELECT service, sum(value) AS n FROM samples WHERE match='probe_success' GROUP BY 1",
                "SELECT s.name, count(*) AS n FROM series s JOIN samples x ON x.series=s.id"
                " WHERE s.metric LIKE 'probe_%' GROUP BY 1"):
        ours = bench.bellwether("query", sql, "--format=json", f"--storage.path={daemon.store}")
        expect_equal(ours.returncode, 0, ours.stderr)
        expect(len(rows(sql)) > 0, f"{sql}: no rows")
        expect_equal(rows(sql), json.loads(ours.stdout), sql)

    done = ask(daemon.store, "SELECT * FROM samples WHERE match='{'")
    expect(done.returncode != 0 and "expected a label name" in done.stderr, f"a wrong selector: {done}")
    other = bench.folder / "other.db"
    done = ask(other, "SELECT 1", readonly=False)
    expect("is empty" in done.stderr, f"another database: {done}")
    subprocess.run([shell, str(other), "CREATE TABLE t(a)"], check=True, timeout=60)
    done = ask(other, "SELECT 1")
    expect("another program" in done.stderr, f"another database: {done}")

    # Only the entry point can be called from outside.
    names = subprocess.run(["nm", "-D", "--defined-only", f"{extension}.so"], capture_output=True,
                           text=True, timeout=60)
    if names.returncode == 0:
        expect_equal([line.split()[-1] for line in names.stdout.splitlines()],
                     ["sqlite3_bellwethersqlite_init"], "symbols")


run(scenario)
