#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A damaged store: garbage in the file is moved aside (at most three such files are kept) and
watching goes on with a fresh one; flipped bytes in what we wrote are found by their checksums,
are left out, and everything else stays readable."""
import os
import random
import sqlite3
import time

from harness import config, eventually, expect, expect_equal, http_check, run

KEPT = 3


def aside(daemon):
    return sorted(p.name for p in daemon.store.parent.iterdir()
                  if ".corrupt-" in p.name and not p.name.endswith(("-wal", "-shm")))


def overwrite(path, offset, data):
    with open(path, "r+b") as f:
        f.seek(offset)
        f.write(data)


def samples(daemon):
    return daemon.samples('{__name__=~"probe_success|probe_duration_seconds|node_load1"}',
                          int(time.time() * 1000) - 300000)


def watch_a_while(daemon):
    daemon.start()
    eventually("HEALTHY", lambda: daemon.metrics().check_status("web", "page") == "HEALTHY")
    eventually("samples are stored", lambda: len(samples(daemon)) > 100)


def garbage_is_moved_aside(bench, daemon):
    rng = random.Random(3)
    def header():
        overwrite(daemon.store, 0, rng.randbytes(100))
    def middle():
        size = daemon.store.stat().st_size
        for offset in range(4096, size, 4096):  # every page but the first
            overwrite(daemon.store, offset, rng.randbytes(2048))
    def short():
        os.truncate(daemon.store, 2500)
    def text():
        daemon.store.write_text("this is no database\n" * 1000)
    for number, harm in enumerate((header, middle, short, text, header), 1):
        expect_equal(daemon.stop()[0], 0, "exit code")
        for ending in ("-wal", "-shm"):  # else the WAL may heal it
            daemon.store.with_name(daemon.store.name + ending).unlink(missing_ok=True)
        harm()
        before = set(aside(daemon))
        watch_a_while(daemon)
        new = set(aside(daemon)) - before
        expect_equal(len(new), 1, f"files moved aside after {harm.__name__}")
        expect_equal(len(aside(daemon)), min(number, KEPT), "files kept")
        expect("corrupt" in daemon.log(), f"the log does not say so after {harm.__name__}")
        expect_equal(daemon.metrics().value("bellwether_store_up"), 1, "bellwether_store_up")
        if number < KEPT + 2:
            time.sleep(1.1)  # names carry the time in seconds


# Packs of series that samples() looks at: others may be larger.
OF_CHECKS = {"pack": """WHERE group_id IN (SELECT group_id FROM series_group JOIN series
                        ON series.id = series WHERE name LIKE 'probe_success%')"""}


def flip(store, table, column):
    """Turns bits all over the largest stored blob but the first, as a disk would: SQLite does not
    notice, and its neighbours stay as they are."""
    with sqlite3.connect(store) as db:
        rows = db.execute(f"SELECT rowid, {column} FROM {table} {OF_CHECKS.get(table, '')}"
                          " ORDER BY rowid").fetchall()
        expect(len(rows) > 1, f"{len(rows)} rows in {table}")
        rowid, blob = max(rows[1:], key=lambda row: len(row[1]))
        harmed = bytearray(blob)
        for at in range(len(harmed) // 4, len(harmed), 61):
            harmed[at] ^= 0x55
        db.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (bytes(harmed), rowid))
    db.close()


def blob_columns(store):
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as db:
        tables = [r[0] for r in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {t: [c[1] for c in db.execute(f"PRAGMA table_info({t})") if c[2] == "BLOB"]
                 for t in tables}
    db.close()
    return found


def verify(bench, daemon):
    return bench.bellwether("db", "verify", f"--storage.path={daemon.store}")


def flipped_bytes_are_found(bench, daemon, table):
    """In rows of the journal (after a kill) or in packs (after an orderly end)."""
    eventually("enough is stored", lambda: len(samples(daemon)) > 600)
    shown = samples(daemon)
    if table == "journal":
        daemon.kill()
    else:
        expect_equal(daemon.stop()[0], 0, "exit code")
    expect_equal(verify(bench, daemon).returncode, 0, "db verify before")
    column = blob_columns(daemon.store)[table][0]
    flip(daemon.store, table, column)
    found = verify(bench, daemon)
    expect_equal(found.returncode, 1, f"db verify with a harmed {table}: {found.stdout}")
    expect(table in found.stdout + found.stderr,
           f"db verify does not name the {table}: {found.stdout}{found.stderr}")
    moved = aside(daemon)
    daemon.start()
    expect_equal(aside(daemon), moved, "files moved aside for one bad part")
    eventually("HEALTHY", lambda: daemon.metrics().check_status("web", "page") == "HEALTHY")
    now = samples(daemon)
    if table == "pack":
        expect(daemon.damaged_parts > 0, "the answer does not say that something is missing")
    wrong = [k for k, v in shown.items() if now.get(k, v) != v]
    expect(not wrong, f"wrong values from a harmed {table}: {wrong[:3]}")
    kept = sum(1 for k in shown if k in now)
    expect(0 < kept, f"nothing of {len(shown)} samples is readable")
    expect(kept < len(shown), f"the harmed part of {table} was read as if it were sound")
    print(f"{table}: {kept} of {len(shown)} samples kept")


def harmed_while_in_use(bench, daemon):
    """Statuses stay right; by the next start at the latest the store is sound again."""
    rng = random.Random(5)
    for offset in range(4096, daemon.store.stat().st_size, 4096):
        overwrite(daemon.store, offset, rng.randbytes(4096))
    runs = daemon.metrics().total("bellwether_check_runs_total")
    def goes_on():
        metrics = daemon.metrics()
        expect_equal(metrics.check_status("web", "page"), "HEALTHY", "status")
        return metrics.total("bellwether_check_runs_total") > runs + 100
    eventually("checks go on", goes_on)
    status = daemon.get("/api/v1/samples?series=probe_success", timeout=30).status
    expect(status in (200, 500, 503), f"samples of a harmed store: {status}")
    expect_equal(daemon.stop()[0], 0, "exit code")
    watch_a_while(daemon)  # what was not noticed before is now
    expect(len(aside(daemon)) <= KEPT, "files kept")
    expect_equal(daemon.stop()[0], 0, "exit code")
    sound = verify(bench, daemon)
    expect_equal(sound.returncode, 0, f"db verify in the end: {sound.stdout}{sound.stderr}")


def scenario(bench):
    good, = bench.targets("good")
    daemon = bench.daemon(config([{"name": "web", "checks": [
        http_check(f"page{i or ''}", good, interval="100ms") for i in range(4)]}]))
    watch_a_while(daemon)
    garbage_is_moved_aside(bench, daemon)
    flipped_bytes_are_found(bench, daemon, "journal")
    flipped_bytes_are_found(bench, daemon, "pack")
    harmed_while_in_use(bench, daemon)


run(scenario)
