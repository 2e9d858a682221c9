#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Samples out and in again: export -> Prometheus's blocks -> its dump -> import into another store ->
export gives the same text; so does CSV; an import that is killed again and again is complete when
one is let go on; a live store is exported from and imported into; bad lines are told."""
import hashlib
import math
import os
import random
import shutil
import signal
import struct
import subprocess
import time

from harness import FULL, config, eventually, expect, expect_equal, http_check, run

SERIES, POINTS = 40, 1500
KILLS = 30 if FULL else 6
BEGIN_MS = 1_700_000_000_000


def values(rng, kind, count):
    special = [math.nan, math.inf, -math.inf, -0.0, 5e-324, 1.7976931348623157e308, 0.1 + 0.2]
    total = 0.0
    for i in range(count):
        if rng.random() < 0.02:
            yield rng.choice(special)
        elif kind == 0:
            yield rng.random() * 10 ** rng.randint(-9, 9)
        elif kind == 1:
            total += rng.randint(0, 1000)
            yield total
        elif kind == 2:
            yield round(rng.gauss(50, 10), 2)
        else:
            yield 1.0


def spell(value):
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return repr(value)


def make(seed):
    """{series: [(ms, value)]}, the series with labels that need escapes."""
    rng = random.Random(seed)
    made = {}
    for s in range(SERIES):
        name = f'demo_{"abc"[s % 3]}{{host="h{s // 4}",odd="q\\"b\\\\s\\nn,;é{s}"}}'
        jitter = rng.choice([0, 0, 3, 900])
        made[name] = [(BEGIN_MS + 15000 * i + rng.randint(0, jitter) + s % 7, v)
                      for i, v in enumerate(values(rng, s % 4, POINTS)) if rng.random() > 0.01]
    return made


def checksum(samples):
    """Of every bit of every value, but for the payload of NaN, which text has not."""
    digest = hashlib.sha256()
    for name in sorted(samples):
        digest.update(name.encode())
        for ms, value in sorted(samples[name], key=lambda p: p[0]):
            digest.update(struct.pack("<q", ms))
            digest.update(b"NaN" if math.isnan(value) else struct.pack("<d", value))
    return digest.hexdigest()


def read_openmetrics(text):
    samples = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, value, seconds = line.rsplit(" ", 2)
        samples.setdefault(name, []).append((round(float(seconds) * 1000), float(value)))
    return samples


def write_openmetrics(samples, file, shuffled=None):
    lines = [f"{name} {spell(v)} {ms / 1000:.3f}\n" for name in samples for ms, v in samples[name]]
    if shuffled is not None:
        shuffled.shuffle(lines)
    file.write_text("".join(lines) + "# EOF\n", encoding="utf-8")


class Store:
    def __init__(self, bench, name):
        self.bench, self.path = bench, bench.folder / f"{name}.db"

    def import_(self, form, file, *flags, code=0):
        done = self.bench.bellwether("import", form, file, f"--storage.path={self.path}", *flags,
                                     timeout=300)
        expect_equal(done.returncode, code, f"import: {done.stdout}{done.stderr}")
        return done

    def export(self, form="openmetrics", *flags):
        done = self.bench.bellwether("export", form, f"--storage.path={self.path}", *flags,
                                     timeout=300)
        expect_equal(done.returncode, 0, f"export: {done.stderr}")
        return done.stdout

    def verify(self):
        done = self.bench.bellwether("db", "verify", f"--storage.path={self.path}")
        expect_equal(done.returncode, 0, f"verify: {done.stdout}{done.stderr}")


def there_and_back(bench, made, file):
    """Through our own two formats, and whichever order the lines are in."""
    first = Store(bench, "first")
    done = first.import_("openmetrics", file)
    count = sum(len(points) for points in made.values())
    expect(done.stdout.startswith(f"{count} samples of {len(made)} series added"), done.stdout)
    text = first.export()
    expect_equal(checksum(read_openmetrics(text)), checksum(made), "exported values")
    again = first.import_("openmetrics", file)
    expect(again.stdout.startswith("0 samples ") and f"{count} were there" in again.stdout,
           f"the same again: {again.stdout}")
    expect_equal(first.export(), text, "export after the same again")
    first.verify()

    csv = bench.folder / "all.csv"
    csv.write_text(first.export("csv"), encoding="utf-8")
    second = Store(bench, "csv")
    second.import_("csv", csv, "--strict")
    expect_equal(second.export(), text, "export after CSV")

    mixed = bench.folder / "mixed.om"
    write_openmetrics(made, mixed, shuffled=random.Random(5))
    third = Store(bench, "mixed")
    third.import_("openmetrics", mixed)
    expect_equal(third.export(), text, "export of lines in any order")
    part = third.export("openmetrics", '--match=demo_a{host="h0"}', f"--from={BEGIN_MS + 15000}",
                        f"--to={BEGIN_MS + 30000}")
    want = {name: [p for p in points if BEGIN_MS + 15000 <= p[0] <= BEGIN_MS + 30000]
            for name, points in made.items() if name.startswith('demo_a{host="h0"')}
    expect_equal(checksum(read_openmetrics(part)), checksum(want), "a part")
    return text


def through_prometheus(bench, text):
    promtool = shutil.which("promtool")
    if promtool is None:
        print("promtool is not installed: the way through Prometheus is not taken")
        return
    file, blocks = bench.folder / "out.om", bench.folder / "blocks"
    file.write_text(text, encoding="utf-8")
    subprocess.run([promtool, "tsdb", "create-blocks-from", "openmetrics", file, blocks],
                   check=True, stdout=subprocess.DEVNULL)
    (blocks / "wal").mkdir(exist_ok=True)  # a dump looks for one
    dump = subprocess.run([promtool, "tsdb", "dump", blocks], check=True, capture_output=True)
    dumped = bench.folder / "dump.txt"
    dumped.write_bytes(dump.stdout)
    store = Store(bench, "prometheus")
    store.import_("openmetrics", dumped, "--strict")
    expect_equal(store.export(), text, "export after Prometheus")


def killed_and_run_again(bench, file, text):
    store = Store(bench, "killed")
    rng = random.Random(os.environ.get("BW_SEED", "9"))
    begun = time.monotonic()
    Store(bench, "whole").import_("openmetrics", file)
    whole_s = time.monotonic() - begun
    for _ in range(KILLS):
        process = subprocess.Popen([bench.binary, "import", "openmetrics", file,
                                    f"--storage.path={store.path}"], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, cwd=bench.folder)
        time.sleep(rng.uniform(0, whole_s))  # the moment is what is at stake here
        process.send_signal(signal.SIGKILL)
        process.wait()
    store.import_("openmetrics", file)
    expect_equal(store.export(), text, "export after kills")
    store.verify()


def bad_lines(bench):
    file = bench.folder / "bad.om"
    file.write_text("good 1 1700000000\n" + "what is this\n" * 25 + "good 2 1700000015\n")
    store = Store(bench, "bad")
    done = store.import_("openmetrics", file, "--strict", code=1)
    expect("nothing is imported" in done.stderr and not store.path.exists(), done.stderr)
    done = store.import_("openmetrics", file)
    expect("bad.om:2: expected a number" in done.stderr and "bad.om:21:" in done.stderr
           and "bad.om:22:" not in done.stderr and "and 5 more bad lines" in done.stderr,
           done.stderr)
    expect("2 samples of 1 series added; 25 bad lines left out" in done.stdout, done.stdout)
    file.write_text("no CSV at all\n")
    store.import_("csv", file, code=1)
    store.import_("openmetrics", bench.folder / "absent", code=1)


def live(bench, file):
    port = bench.targets("good")[0]
    daemon = bench.daemon(config([{"name": "web", "checks": [http_check("page", port)]}]))
    daemon.start()
    store = Store(bench, "live")
    store.path = daemon.store
    eventually("a live store is exported", lambda: "probe_success{" in store.export())
    text = store.export()
    expect("# TYPE probe_success gauge\n" in text and "# HELP probe_success " in text
           and text.endswith("# EOF\n"), text[:300])
    store.import_("openmetrics", file)
    said = store.import_("openmetrics", file, "--strict").stdout
    expect(said.startswith("0 samples "), said)
    count = len(daemon.samples("demo_a", BEGIN_MS - 1000, BEGIN_MS + 10 ** 9))
    expect(count > 0, "the daemon reads what was imported")
    daemon.stop()


def scenario(bench):
    made = make(4)
    file = bench.folder / "made.om"
    write_openmetrics(made, file)
    text = there_and_back(bench, made, file)
    through_prometheus(bench, text)
    killed_and_run_again(bench, file, text)
    bad_lines(bench)
    live(bench, file)


run(scenario)
