#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine answers as it did when tests/golden/trend/answers.jsonl was written, whatever it was compiled with: decisions are
equal, numbers differ by no more than TOLERANCE of the largest beside them. BW_UPDATE_GOLDEN=1 writes the file anew: who
changes the engine looks at what that changes. scripts/compare-trends asks builds with other flags."""
import json
import math
import os
import random
import subprocess

from harness import expect, expect_equal, run, HERE

GOLDEN = HERE.parent / "golden/trend/answers.jsonl"
TOLERANCE = 1e-9


def noise(seed, n, phi=0.0, sd=1.0):
    """AR(1) noise; sums of twelve uniform draws, so that no logarithm of this machine is in it."""
    draw, last, out = random.Random(seed), 0.0, []
    for _ in range(n):
        last = phi * last + sum(draw.random() for _ in range(12)) - 6
        out.append(sd * last)
    return out


def rounded(values):
    return [None if v is None else round(v, 3) for v in values]


def wave(i, period):
    """A triangle from -1 to 1."""
    return 4 * abs(i / period % 1 - 0.5) - 1


SERIES = {
    "season": [20 + 6 * wave(i, 24) + e for i, e in enumerate(noise(1, 220, 0.3))],
    "two seasons": [50 + 5 * wave(i, 24) + 9 * wave(i, 168) + e for i, e in enumerate(noise(2, 600, 0.4))],
    "walk": [100 + sum(noise(3, 160)[:i]) for i in range(160)],
    "rising": [10 + 0.05 * i + e for i, e in enumerate(noise(4, 300, 0.5))],
    "flat": [5 + e for e in noise(5, 300, 0.6)],
    "shift": [e + (12 if i > 130 else 0) for i, e in enumerate(noise(6, 240, 0.4))],
    "bend": [e * 0.5 + max(0, i - 150) * 0.2 for i, e in enumerate(noise(7, 260))],
    "spikes": [3 + abs(e) + (40 if i % 61 == 17 else 0) for i, e in enumerate(noise(8, 250))],
    "growing": [2.0 ** (i / 40) * (1 + 0.1 * e) for i, e in enumerate(noise(9, 200))],
    "gaps": [None if 60 < i < 90 or i % 11 == 3 else 7 + 0.03 * i + e for i, e in enumerate(noise(10, 240))],
    "counter": [i * 40 % 5000 + abs(e) for i, e in enumerate(noise(11, 240))],
    "stairs": [float(i // 30) for i in range(240)],
    "constant": [4.0] * 60,
    "short": [1.0, 2.5, 2.0, 3.5, 3.0, 4.5, 4.0, 5.5, 5.0],
}


def questions():
    for name, values in SERIES.items():
        x = rounded(values)
        yield {"id": name, "train": x, "h": 24}
        for threshold in (None, round(1.3 * max(v for v in x if v is not None), 3)):
            yield {"id": name, "step": 300, "y": x, "counter": name == "counter", "thr": threshold, "side": 1, "H": 60}
        yield {"name": name, "x": x}
    for name in ("season", "shift", "spikes"):
        yield {"file": name, "t": [], "x": rounded(SERIES[name])}


def ask(binary):
    """The answers as text, one a line, without what they cost."""
    text = "".join(json.dumps(question) + "\n" for question in questions())
    done = subprocess.run([binary, "trend", "--format=jsonl"], input=text, capture_output=True, text=True, timeout=300)
    expect_equal(done.returncode, 0, f"exit code: {done.stderr}")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return [json.dumps({k: v for k, v in a.items() if k != "cpu_ms"}) for a in answers]


def numbers(value):
    if isinstance(value, (dict, list)):
        return [n for part in (value.values() if isinstance(value, dict) else value) for n in numbers(part)]
    return [abs(value)] if isinstance(value, float) else []


def same(got, want, scale, path):
    """Where they differ, or None. Whole numbers, words and what is missing are decisions."""
    if isinstance(want, dict) and isinstance(got, dict) and want.keys() == got.keys():
        pairs = [(got[k], want[k], f"{path}.{k}") for k in want]
    elif isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        pairs = [(g, w, f"{path}[{i}]") for i, (g, w) in enumerate(zip(got, want))]
    elif isinstance(want, (int, float)) and isinstance(got, (int, float)) and (
            isinstance(want, float) or isinstance(got, float)):
        return None if math.isclose(got, want, rel_tol=TOLERANCE, abs_tol=TOLERANCE * scale) else f"{path}: {got!r}, not {want!r}"
    else:
        return None if type(got) is type(want) and got == want else f"{path}: {got!r}, not {want!r}"
    return next((fault for pair in pairs if (fault := same(*pair[:2], scale, pair[2]))), None)


def compare(got, want):
    """What differs, a line each."""
    faults = [] if len(got) == len(want) else [f"{len(got)} answers, not {len(want)}"]
    for number, (g, w) in enumerate(zip(got, want), 1):
        wanted = json.loads(w)
        scale = max([1.0, *numbers(wanted)])
        fault = same(json.loads(g), wanted, scale, str(wanted.get("id") or wanted.get("name") or wanted.get("file")))
        if fault:
            faults.append(f"answer {number}: {fault}")
    return faults


def scenario(bench):
    got = ask(bench.binary)
    expect_equal(ask(bench.binary), got, "the same questions once more")
    if os.environ.get("BW_UPDATE_GOLDEN") == "1":
        GOLDEN.write_text("\n".join(got) + "\n")
    faults = compare(got, GOLDEN.read_text().splitlines())
    expect(not faults, f"{len(faults)} answers are not those of {GOLDEN.name} (BW_UPDATE_GOLDEN=1 writes it anew):\n"
           + "\n".join(faults[:20]))


if __name__ == "__main__":
    run(scenario)
