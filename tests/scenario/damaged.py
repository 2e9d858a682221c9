#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`query`, `export`, `db verify` and sqlite3 with the extension read damaged stores: every value that
they print is one that was stored, what they leave out is said by one of them, and none crashes."""
import csv
import io
import json
import os
import pathlib
import random
import shutil
import subprocess

from harness import FULL, SANITIZER_MARKS, expect, expect_equal, need_program, run

TIMES = 60 if FULL else 6
SERIES, TICKS, STEP_S, T0_S = 6, 3000, 60, 1_700_000_000
PAGE = 4096


def value(series, tick):
    return (tick * 31 + series * 17) % 1000 / 8


def stored():
    return {(f"host{s}", T0_S + t * STEP_S): value(s, t) for s in range(SERIES) for t in range(TICKS)}


def make_store(bench, path):
    text = "".join(f'value{{instance="{host}"}} {v} {ts}\n' for (host, ts), v in stored().items())
    source = bench.folder / "samples.om"
    source.write_text(text + "# EOF\n")
    done = bench.bellwether("import", "openmetrics", source, f"--storage.path={path}")
    expect_equal(done.returncode, 0, f"import: {done.stderr}")


def damage(rng, path):
    """Does something to the file; its name."""
    size = path.stat().st_size
    def overwrite(at, data):
        with open(path, "r+b") as f:
            f.seek(at)
            f.write(data)
    def page(n):
        with open(path, "rb") as f:
            f.seek(n * PAGE)
            return f.read(PAGE)
    at, first = rng.randrange(100, size), rng.randrange(1, size // PAGE)
    second = rng.randrange(1, size // PAGE)
    kind = rng.choice(["flip", "flip", "cut", "zeros", "junk", "swap"])
    if kind == "flip":
        byte = page(at // PAGE)[at % PAGE]
        overwrite(at, bytes([byte ^ 1 << rng.randrange(8)]))
    elif kind == "cut":
        os.truncate(path, first * PAGE + rng.choice([0, 1000]))
    elif kind == "zeros":
        overwrite(at, bytes(min(rng.randrange(1, 9000), size - at)))
    elif kind == "junk":
        overwrite(at, rng.randbytes(min(rng.randrange(1, 9000), size - at)))
    else:
        a, b = page(first), page(second)
        overwrite(first * PAGE, b)
        overwrite(second * PAGE, a)
    return kind, at


def check(done, what):
    """No crash, no sanitizer; sqlite3 ends with the number of its error."""
    expect(0 <= done.returncode < 128, f"{what}: exit {done.returncode}: {done.stderr[-300:]}")
    for mark in SANITIZER_MARKS:
        expect(mark not in done.stderr, f"{what}: {done.stderr[-2000:]}")


def values_of(rows, known, what):
    """How many of the rows are there; each is as it was stored, and none is there twice."""
    seen = set()
    for host, ts, number in rows:
        expect((host, ts) in known, f"{what}: invented {host} {ts}")
        expect(known[host, ts] == number, f"{what}: {host} {ts} is {number}")
        expect((host, ts) not in seen, f"{what}: twice {host} {ts}")
        seen.add((host, ts))
    return len(seen)


def exported(bench, path, known):
    done = bench.bellwether("export", "csv", f"--storage.path={path}")
    check(done, "export csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    if done.returncode != 0 and rows and None in rows[-1].values():
        rows.pop()  # what was broken off
    count = values_of(((r["instance"], int(float(r["time"])), float(r["value"])) for r in rows),
                      known, "export")
    return count, done.returncode != 0 or done.stderr.strip() != ""


SQL = "SELECT labels->>'instance' AS host, ts, value FROM samples"


def queried(bench, path, known):
    done = bench.bellwether("query", SQL, "--format=json", f"--storage.path={path}")
    check(done, "query")
    try:
        rows = json.loads(done.stdout or "[]")
    except json.JSONDecodeError:
        expect(done.returncode != 0, f"query: no JSON: {done.stdout[:200]}")
        rows = []
    count = values_of(((r["host"], r["ts"] // 1000, r["value"]) for r in rows), known, "query")
    return count, done.returncode != 0 or done.stderr.strip() != ""


def loaded(bench, shell, path, known):
    extension = pathlib.Path(bench.binary).parent / "bellwether_sqlite"
    done = subprocess.run([shell, "-json", "-readonly", str(path), "-cmd", f".load {extension}", SQL],
                          capture_output=True, text=True, errors="replace", timeout=60)
    check(done, "extension")
    try:
        rows = json.loads(done.stdout or "[]")
    except json.JSONDecodeError:
        rows = []
    return values_of(((r["host"], r["ts"] // 1000, r["value"]) for r in rows), known, "extension")


def scenario(bench):
    shell = need_program("sqlite3")
    good, path = bench.folder / "good.db", bench.folder / "harmed.db"
    known = stored()
    make_store(bench, good)
    for read in (exported, queried):
        expect_equal(read(bench, good, known), (len(known), False), f"{read.__name__} of a sound store")
    expect_equal(loaded(bench, shell, good, known), len(known), "extension on a sound store")
    seed = os.environ.get("BW_SEED", str(os.getpid()) if FULL else "4")
    print(f"BW_SEED={seed}")
    rng = random.Random(seed)
    kept = []
    for turn in range(TIMES):
        for ending in ("-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
        shutil.copyfile(good, path)
        kind = damage(rng, path)
        verified = bench.bellwether("db", "verify", f"--storage.path={path}")
        check(verified, f"db verify, {kind}")
        loaded(bench, shell, path, known)
        for read in (exported, queried):
            count, told = read(bench, path, known)
            kept.append(count / len(known))
            expect(count == len(known) or verified.returncode == 1, f"{read.__name__}, {kind}: "
                   f"{count} of {len(known)} and db verify finds nothing")
            expect(count == len(known) or told, f"{read.__name__}, {kind}: {count} of {len(known)} "
                   "and not a word")
    expect(sum(kept) > 0, "nothing was ever readable")
    print(f"{TIMES} damaged stores, {100 * sum(kept) / len(kept):.0f} % of the values are readable")


run(scenario)
