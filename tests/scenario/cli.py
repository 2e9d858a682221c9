#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every command from outside: its happy path, its mistakes with what is said about them, its exit
codes, and output that nobody or no disk takes."""
import csv
import io
import json
import math
import os
import pty
import re
import signal
import subprocess
import zipfile

from harness import (config, eventually, expect, expect_equal, free_port, http_check, run)


def told(bench, code, *argv, says="", stdin=None, shows=""):
    """Runs a command; expects the exit code, the words on stderr and those on stdout."""
    done = subprocess.run([bench.binary, *map(str, argv)], capture_output=True, text=True,
                          input=stdin or "", timeout=60, cwd=bench.folder, env=bench.environment)
    line = "bellwether " + " ".join(map(str, argv))
    expect_equal(done.returncode, code, f"{line}: exit code ({done.stderr})")
    expect(says in done.stderr, f"{line}: stderr has no {says!r}: {done.stderr}")
    expect(shows in done.stdout, f"{line}: stdout has no {shows!r}: {done.stdout[:2000]}")
    if code == 0 and not says:
        expect_equal(done.stderr, "", f"{line}: stderr")
    return done.stdout


def on_terminal(bench, *argv):
    """Runs a command on a terminal: its exit code and all it said."""
    leader, follower = pty.openpty()
    process = subprocess.Popen([bench.binary, *map(str, argv)], stdin=follower, stdout=follower,
                               stderr=follower, cwd=bench.folder,
                               env={**bench.environment, "TERM": "xterm", "LC_ALL": "C.UTF-8"})
    os.close(follower)
    said = b""
    try:
        while chunk := os.read(leader, 4096):
            said += chunk
    except OSError:
        pass  # a terminal's way to say that the other side has closed
    os.close(leader)
    return process.wait(30), said.decode(errors="replace")


# ---- words and mistakes ----------------------------------------------------------------------

def help_and_mistakes(bench):
    listed = re.findall(r"^  ([a-z]+) ", told(bench, 0, "help"), re.M)
    for name in ("serve", "init", "check", "probe", "trend", "backtest", "query", "report", "db",
                 "completion", "version"):
        expect(name in listed, f"help does not list {name}: {listed}")
        told(bench, 0, name, "--help", shows=f"Usage: bellwether {name}")
        told(bench, 3 if name == "probe" else 2, name, "--nonsense", says="unknown flag --nonsense")
    expect("docs" not in listed, "docs is listed")
    told(bench, 0, "--help", shows="Commands:")
    told(bench, 0, "help", "trend", shows="Usage: bellwether trend")
    told(bench, 2, says="a command is missing")
    told(bench, 2, "sevre", says="did you mean 'serve'?")
    told(bench, 2, "help", "sevre", says="did you mean 'serve'?")
    told(bench, 2, "check", says="FILE is missing")
    told(bench, 2, "version", "now", says="one argument too many")
    told(bench, 0, "version", shows="SQLite")
    told(bench, 0, "--version", shows="bellwether ")
    for page in ("configuration", "metrics", "probes", "routes"):
        told(bench, 0, "docs", page, shows="\n| ")
    told(bench, 0, "completion", "bash", shows="complete -F")
    told(bench, 2, "completion", "zhs", says="did you mean zsh?")
    told(bench, 2, "completion", "tcsh", says="bash, zsh and fish")
    told(bench, 2, "docs", "nothing", says="no document 'nothing'")


def init_and_check(bench):
    told(bench, 0, "init", "new.yml", shows="bellwether check new.yml")
    before = (bench.folder / "new.yml").read_text()
    told(bench, 1, "init", "new.yml", says="name another file")
    expect_equal((bench.folder / "new.yml").read_text(), before, "a file that was there")
    expect_equal(told(bench, 0, "init", "-"), before, "init -")
    told(bench, 1, "init", "no/such/folder.yml", says="No such file")
    told(bench, 0, "check", "new.yml", shows="1 service, 2 checks")
    told(bench, 0, "serve", "--config.check", "--config.file=new.yml", shows="1 service, 2 checks")
    told(bench, 0, "serve", "--config.check", shows="the built-in default")
    (bench.folder / "web.yml").write_text("tokens: [{nme: x}]\n")
    told(bench, 1, "serve", "--config.check", "--web.config.file=web.yml", says="web.yml:1:11")
    (bench.folder / "web.yml").write_text("tokens: [{name: a, scope: read, token: 0123456789abcdef}]\n")
    told(bench, 0, "serve", "--config.check", "--web.config.file=web.yml", shows="the built-in default")
    (bench.folder / "bad.yml").write_text("global: {intervall: 3s}\nservices: 5\n")
    for argv in (("check", "bad.yml"), ("serve", "--config.check", "--config.file=bad.yml")):
        told(bench, 1, *argv, says="bad.yml:1:10: global: unknown key 'intervall'")
        told(bench, 1, *argv, says="bad.yml:2:11: services: expected a list")
    told(bench, 1, "check", "absent.yml", says="absent.yml")


def nobody_listens(bench):
    with open("/dev/full", "w") as full:
        done = subprocess.run([bench.binary, "version"], stdout=full, stderr=subprocess.PIPE,
                              text=True, env=bench.environment)
    expect_equal(done.returncode, 1, "exit code on a full disk")
    expect("No space left" in done.stderr, done.stderr)
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([bench.binary, "docs", "configuration"], stdout=writer,
                          stderr=subprocess.PIPE, text=True, env=bench.environment)
    os.close(writer)
    expect_equal(done.stderr, "", "what is said when the reader has hung up")
    expect_equal(done.returncode, 0, "exit code when the reader has hung up")


# ---- probe -----------------------------------------------------------------------------------

MODULES = """\
modules:
  missing: {prober: http, http: {valid_status_codes: [404]}}
  wary: {prober: http, http: {warn_if_body_not_matches_regexp: ["no page has this"]}}
"""


def probes(bench, page):
    (bench.folder / "modules.yml").write_text(MODULES)
    first = told(bench, 0, "probe", "http", page).splitlines()[0]
    expect(re.match(r"OK: http \S+: status 200 in \S+ \| duration=[\d.]+s;;;0;5", first), first)
    told(bench, 2, "probe", "tcp", f"127.0.0.1:{free_port()}", shows="CRITICAL: tcp")
    told(bench, 2, "probe", "http", page, "--config.file=modules.yml", "--module=missing",
         shows="status 200")
    told(bench, 1, "probe", "http", page, "--config.file=modules.yml", "--module", "wary",
         shows="WARNING")
    result = json.loads(told(bench, 0, "probe", "http", page, "--format=json"))
    expect_equal((result["verdict"], result["success"], result["http_status"]), ("OK", True, 200),
                 "probe --format=json")
    expect(sum(result["phases"].values()) <= result["duration_seconds"], f"phases: {result}")
    told(bench, 3, "probe", "htpp", page, says="did you mean 'http'?")
    told(bench, 3, "probe", "tcp", "nowhere", says="HOST:PORT")
    told(bench, 3, "probe", "http", says="KIND TARGET is missing")
    told(bench, 3, "probe", "http", page, "--module=wary", says="there is no module")
    told(bench, 3, "probe", "http", page, "--config.file=modules.yml", "--module=waryy",
         says="did you mean 'wary'?")
    told(bench, 3, "probe", "tcp", "127.0.0.1:1", "--config.file=modules.yml", "--module=wary",
         says="is for http")
    code, said = on_terminal(bench, "probe", "http", page)
    expect(code == 0 and "\x1b[32mOK\x1b[0m" in said and "|" not in said, f"on a terminal: {said}")
    bench.environment["NO_COLOR"] = "1"
    code, said = on_terminal(bench, "probe", "http", page)
    del bench.environment["NO_COLOR"]
    expect(code == 0 and "\x1b" not in said, f"with NO_COLOR: {said}")


# ---- trend -----------------------------------------------------------------------------------

def trends(bench):
    rows = "".join(f"{1700000000 + i * 60},{10 + i * 0.1 + i * 7919 % 101 / 20}\n" for i in range(500))
    (bench.folder / "up.csv").write_text("time,value\n" + rows)
    text = told(bench, 0, "trend", "up.csv", "--threshold=100", shows="direction  rising")
    expect("threshold  100, from below: reached in" in text, text)
    expect("compare    Mann-Kendall S " in text, text)
    result = json.loads(told(bench, 0, "trend", "-", "--format=json", stdin=rows))
    expect_equal(result["direction"], "rising", "direction")
    expect(abs(result["slope_per_second"] * 60 - 0.1) < 0.01, f"slope: {result}")
    expect(abs(result["sen_slope_per_second"] * 60 - 0.1) < 0.01 and result["mann_kendall_z"] > 10, f"tests: {result}")
    expect_equal([h["horizon_seconds"] for h in result["horizons"]], [3600, 86400, 604800],
                 "horizons")
    exposition = "".join(f'a_total{{x="{x}"}} {i * 30 * x} {1700000000000 + i * 60000}\n'
                         for x in (1, 2) for i in range(100))
    told(bench, 1, "trend", "-", stdin=exposition, says="a second series")
    told(bench, 0, "trend", "-", '--series={x="2"}', "--counter", stdin=exposition,
         shows='a_total{x="2"} (a counter: its rate per second)')
    told(bench, 1, "trend", "-", stdin="1,2\n3,four\n", says="standard input: line 2")
    told(bench, 1, "trend", "absent.csv", says="absent.csv")
    told(bench, 2, "trend", says="name a FILE")
    told(bench, 2, "trend", "up.csv", "--side=above", says="--threshold")
    told(bench, 2, "trend", "up.csv", "--horizons=1h,2h,3h,4h", says="at most 3")
    told(bench, 1, "trend", "--series=up", says="--storage.path")
    plain = subprocess.run([bench.binary, "trend", "up.csv"], capture_output=True,
                           env={**bench.environment, "LC_ALL": "C"}, cwd=bench.folder)
    expect(plain.stdout.isascii() and b"*" in plain.stdout, "the chart without UTF-8")


def backtests(bench):
    """Of a file and of a store with several series: what the past shows is said, in every format."""
    wave = [(1_790_000_000 + i * 3600, 10 + 3 * math.sin(i * math.tau / 24) + i * 7919 % 101 / 100) for i in range(900)]
    (bench.folder / "wave.csv").write_text("".join(f"{t},{v}\n" for t, v in wave))
    text = told(bench, 0, "backtest", "wave.csv", "--horizon=1d,2w,100d", shows="1d ahead, asked 20 times")
    expect("2w ahead, asked" not in text and "% less than by the last value" in text, text)
    result = json.loads(told(bench, 0, "backtest", "wave.csv", "--format=json", "--horizon=6h,1d", "--origins=5"))
    expect_equal([h["origins"] for h in result["all"]["horizons"]], [5, 3], "origins of which the horizon fits")
    expect(result["all"]["horizons"][1]["skill_naive"] > 0.3, f"skill: {result['all']}")
    told(bench, 1, "backtest", "wave.csv", "--horizon=30d",
         says="37d 11h seen, a horizon of 30d needs 90d: two of it to learn from, one to come true")
    told(bench, 2, "backtest", "wave.csv", "--origins=0", says="--origins")
    told(bench, 2, "backtest", "wave.csv", "--horizon=soon", says="--horizon")
    told(bench, 1, "backtest", "-", stdin="1,2\n3,four\n", says="standard input: line 2")

    (bench.folder / "wave.om").write_text("".join(
        f'wave{{n="{n}"}} {v + n} {t}\n' for n in range(3) for t, v in wave[:900 if n else 30]) + "# EOF\n")
    at = "--storage.path=waves.db"
    told(bench, 0, "import", "openmetrics", "wave.om", at, shows="samples of 3 series")
    table = told(bench, 0, "backtest", at, shows="all, 3 series, 1 of them too short")
    expect_equal(len(re.findall(r"^  1d +20 ", table, re.M)), 2, f"a row a series: {table}")
    lines = list(csv.DictReader(io.StringIO(told(bench, 0, "backtest", at, "--format=csv", "--match=wave{n=\"1\"}"))))
    expect_equal([line["scope"] for line in lines], ["series", "metric", "all"], "scopes")
    expect_equal({line["skill_naive"] for line in lines}, {lines[0]["skill_naive"]}, "one series alone")
    code, said = on_terminal(bench, "backtest", at)
    expect(code == 0 and "of 60 analyses" in said, f"progress: {code} {said[:300]}")
    told(bench, 1, "backtest", at, "--match=nothing", says="no stored series")
    told(bench, 1, "backtest", "--storage.path=absent.db", says="name the store with --storage.path")


def json_lines(bench):
    lines = [{"id": "a", "train": [1, 2, 3, 4] * 12, "h": 4},
             {"id": "b", "step": 60, "y": [i + i * 7919 % 101 / 10 for i in range(100)], "counter": False, "thr": 150,
              "side": 1, "H": 75},
             {"file": "c", "t": list(range(50)), "x": [1.0] * 50},
             {"name": "d", "x": [1] * 40 + [9] * 40}]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    answers = [json.loads(a) for a in
               told(bench, 0, "trend", "--format=jsonl", stdin=text).splitlines()]
    expect_equal([a.get("id") or a.get("file") or a.get("name") for a in answers],
                 ["a", "a", "b", "c", "d"], "answers in order")
    expect(all(a["cpu_ms"] >= 0 for a in answers), "cpu_ms everywhere")
    expect_equal(answers[2]["dir"], 1, "direction")
    out = told(bench, 1, "trend", "--format=jsonl", stdin="garbage\n" + text,
               says="1 of 5 lines could not be understood")
    expect_equal(len(out.splitlines()), 6, "every line is answered")


# ---- what needs a store ----------------------------------------------------------------------

def queries(bench, store):
    def ask(sql, form="json"):
        return told(bench, 0, "query", sql, f"--format={form}", f"--storage.path={store}")
    one = json.loads(ask("SELECT * FROM samples WHERE match='probe_success{service=\"web\"}' LIMIT 1"))
    expect_equal(list(one[0]), ["metric", "labels", "series", "ts", "value"], "columns")
    expect_equal(json.loads(one[0]["labels"])["check"], "page", "labels")
    table = list(csv.DictReader(io.StringIO(ask(
        "SELECT service, count(*) AS n FROM samples WHERE metric='probe_success' GROUP BY 1",
        "csv"))))
    expect(any(row["service"] == "web" and int(row["n"]) > 0 for row in table), f"csv: {table}")
    expect("service" in ask("SELECT 1 AS service", "table"), "table")
    for sql in ("DELETE FROM event", "ATTACH 'x.db' AS x", "PRAGMA journal_mode=DELETE",
                "VACUUM INTO 'copy.db'", "CREATE TABLE t(a)"):
        told(bench, 1, "query", sql, f"--storage.path={store}", says="only reading is possible")
    expect(not (bench.folder / "copy.db").exists(), "a query wrote a file")
    told(bench, 1, "query", "SELECT 1,\n  nonsense", f"--storage.path={store}",
         says="line 2, column 3: no such column: nonsense")
    out = told(bench, 1, "query", "--max-rows=2", "--format=csv", f"--storage.path={store}",
               "SELECT ts FROM samples", says="more than 2 rows; --max-rows allows more")
    expect_equal(len(out.split()), 3, "rows up to the limit")
    told(bench, 1, "query", "--max-memory=2MiB", f"--storage.path={store}",
         "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<1000000)"
         " SELECT i FROM n ORDER BY hex(i) LIMIT 1000000", says="--max-memory allows more")
    told(bench, 1, "query", "SELECT 1", says="--storage.path")
    told(bench, 1, "query", "--timeout=200ms", f"--storage.path={store}",
         "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT count(*) FROM n",
         says="--timeout allows more")
    interrupted(bench, store)


def interrupted(bench, store):
    """Ctrl-C ends a statement that never would."""
    process = subprocess.Popen([bench.binary, "query", f"--storage.path={store}", "--format=csv",
                                "SELECT 1 UNION ALL SELECT * FROM (WITH RECURSIVE n(i) AS (SELECT 1"
                                " UNION ALL SELECT i+1 FROM n) SELECT count(*) FROM n)"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env=bench.environment)
    eventually("it waits for a signal", lambda: "\nSigCgt:\t" in (
        status := open(f"/proc/{process.pid}/status").read())
        and int(re.search(r"SigCgt:\s+(\w+)", status)[1], 16) >> (signal.SIGINT - 1) & 1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    expect_equal((process.returncode, "interrupted" in said), (130, True), f"ctrl-C: {said}")


def stored_trends(bench, store):
    told(bench, 0, "trend", f"--storage.path={store}", '--series=probe_success{service="web"}',
         shows="probe_success{")
    told(bench, 1, "trend", f"--storage.path={store}", "--series={service=~\".+\"}",
         says="series are meant, choose one")
    told(bench, 1, "trend", f"--storage.path={store}", "--series=nothing", says="no stored series")
    told(bench, 1, "backtest", f"--storage.path={store}", "--match=probe_success",
         says="seen, a horizon of 1d needs 3d")


def reports(bench, store):
    at = f"--storage.path={store}"
    for form, begins in (("md", "# "), ("csv", ""), ("html", "<!"), ("json", "{")):
        text = told(bench, 0, "report", "summary", at, f"--format={form}", "--range=1h",
                    shows="page")
        expect(text.lstrip("\ufeff").startswith(begins), f"{form}: {text[:80]}")
    told(bench, 0, "report", "summary", at, "--format=xlsx", "--output=r.xlsx")
    expect(zipfile.is_zipfile(bench.folder / "r.xlsx"), "r.xlsx is no workbook")
    code, said = on_terminal(bench, "report", "summary", at, "--format=xlsx")
    expect(code == 2 and "--output" in said, f"a workbook on a terminal: {code} {said[:300]}")
    told(bench, 2, "report", "sumary", at, says="did you mean 'summary'?")
    told(bench, 2, "report", "summary", at, "--range=someday", says="--range")
    told(bench, 2, "report", "summary", at, "--timezone=Nowhere", says="Nowhere")
    told(bench, 1, "report", "summary", "--storage.path=absent.db", says="--storage.path")
    (bench.folder / "bad.mustache").write_text("{{#open}}")
    told(bench, 1, "report", "summary", at, "--template=bad.mustache", says="bad.mustache")


def stores(bench, store):
    at = f"--storage.path={store}"
    told(bench, 0, "db", "verify", at, shows="is sound")
    stats = json.loads(told(bench, 0, "db", "stats", at, "--format=json"))
    expect(stats["samples"] > 0 and stats["series"] > 0, f"stats: {stats}")
    expect(stats["tier_bytes"]["open"] > 0 and stats["damaged"] == 0, f"tiers: {stats}")
    expect(stats["metrics"][0]["samples"] > 0 and stats["top_series"][0]["series"] == 1,
           f"metrics: {stats}")
    told(bench, 0, "db", "stats", at, shows="schema version")
    told(bench, 0, "db", "backup", "copy.db", at, shows="complete copy")
    told(bench, 1, "db", "backup", "copy.db", at, says="name another TARGET")
    told(bench, 0, "db", "verify", "--storage.path=copy.db", shows="is sound")
    told(bench, 1, "db", "verify", "--storage.path=absent.db", says="--storage.path")
    told(bench, 2, "db", "verfy", at, says="did you mean 'verify'?")
    told(bench, 2, "db", "backup", at, says="needs a TARGET")
    told(bench, 2, "db", "stats", "x", at, says="takes no argument")


def damage(bench):
    """A byte of a pack or the journal that is wrong is found and named."""
    path = bench.folder / "copy.db"
    data = bytearray(path.read_bytes())
    for at in range(len(data) // 2, len(data) // 2 + 4096):
        data[at] ^= 0x55
    path.write_bytes(data)
    done = bench.bellwether("db", "verify", "--storage.path=copy.db", "--format=json")
    expect_equal(done.returncode, 1, f"verify of a damaged store ({done.stdout} {done.stderr})")
    if done.stdout:
        expect_equal(json.loads(done.stdout)["sound"], False, "sound")


def scenario(bench):
    bench.environment["LC_ALL"] = "C.UTF-8"
    for part in (help_and_mistakes, init_and_check, nobody_listens, trends, backtests, json_lines):
        part(bench)
    ok, = bench.targets("good")
    daemon = bench.daemon(config([{"name": "web", "checks": [http_check("page", ok)]}]))
    daemon.start()
    probes(bench, f"http://127.0.0.1:{ok}/")
    eventually("a sample is stored", lambda: told(
        bench, 0, "query", "SELECT 1 FROM samples WHERE metric='probe_success' LIMIT 1",
        f"--storage.path={daemon.store}", "--format=csv").strip().endswith("1"))
    for part in (queries, stored_trends, reports):  # live
        part(bench, daemon.store)
    expect_equal(daemon.stop()[0], 0, "exit code of serve")
    stores(bench, daemon.store)  # and stopped
    damage(bench)


run(scenario)
