#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules of blackbox_exporter 0.23 as they are: those that its package ships, and a file that has
every key of its documentation, as `module_files` and as `modules`; each can be asked for. Another
has values that are odd, and taken."""
import json
import pathlib
import shutil
import subprocess
import urllib.parse

from harness import Skip, config, expect, expect_equal, need_program, run
from servers import Certificates

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "blackbox"
EVERY_KEY, ODD_VALUES = FIXTURES / "every-key.yml", FIXTURES / "odd-values.yml"
SHIPPED = ("/etc/prometheus/blackbox.yml",
           "/usr/share/doc/prometheus-blackbox-exporter/examples/example.yml",
           "/usr/share/doc/prometheus-blackbox-exporter/examples/blackbox.yml")


def check(bench, whole, called):
    file = bench.folder / f"{called}.yml"
    file.write_text(json.dumps(whole))
    done = bench.bellwether("check", file)
    expect_equal(done.returncode, 0, f"bellwether check of {called}: {done.stdout}{done.stderr}")


def shipped_files_load(bench):
    files = [file for file in SHIPPED if pathlib.Path(file).exists()]
    if not files:
        raise Skip("blackbox_exporter's package is not installed")
    for number, file in enumerate(files):
        check(bench, {**config(), "module_files": [file]}, f"shipped-{number}")


def they_take_it(bench, file):
    exporter = need_program("prometheus-blackbox-exporter")
    done = subprocess.run([exporter, "--config.check", f"--config.file={file}"],
                          capture_output=True, text=True, cwd=bench.folder)
    expect_equal(done.returncode, 0, f"blackbox_exporter takes the file: {done.stderr}")


def every_key_is_there(file):
    """What stands before a colon in their documentation stands in our file, too."""
    document = pathlib.Path("/usr/share/doc/prometheus-blackbox-exporter/CONFIGURATION.md.gz")
    if not document.exists():
        return
    text = subprocess.run(["zcat", document], capture_output=True, text=True, check=True).stdout
    blocks = text.split("```yml")[1:]
    words = [line.split(":")[0].strip(" [-,") for block in blocks
             for line in block.split("```")[0].splitlines() if ":" in line.split("#")[0]]
    ours = file.read_text()
    missing = {word for word in words if word.replace("_", "").isalnum() and f"{word}:" not in ours}
    expect(not missing - {"string"}, f"keys of the documentation that {file.name} lacks: {missing}")


def every_module_can_be_asked_for(daemon, names):
    for name in names:
        query = urllib.parse.urlencode({"module": name, "target": "127.0.0.1:1"})
        answer = daemon.get(f"/probe?{query}", headers={"X-Prometheus-Scrape-Timeout-Seconds": "1"})
        expect(answer.status == 200 and "probe_success 0\n" in answer.text
               or name == "icmp_nothing" or name == "icmp_all",
               f"{name}: {answer.status} {answer.text}")


def scenario(bench):
    shipped_files_load(bench)
    certificates = Certificates(bench.folder)
    for name, source in (("cert.pem", "good.pem"), ("key.pem", "good.key")):
        shutil.copy(certificates.folder / source, bench.folder / name)
    (bench.folder / "secret").write_text("once\n")
    file = bench.folder / EVERY_KEY.name
    shutil.copy(EVERY_KEY, file)
    every_key_is_there(file)
    they_take_it(bench, file)
    odd = bench.folder / ODD_VALUES.name
    shutil.copy(ODD_VALUES, odd)
    they_take_it(bench, odd)
    check(bench, {**config(), "module_files": [str(odd)]}, "odd")
    text = file.read_text()
    inline = bench.folder / "inline.yml"
    inline.write_text(text)
    done = bench.bellwether("check", inline)
    expect_equal(done.returncode, 0, f"as modules: {done.stdout}{done.stderr}")
    daemon = bench.daemon({**config(), "module_files": [str(file)]}).start()
    names = [line.strip(" ").split(":")[0] for line in text.splitlines()
             if line.startswith("  ") and line[2] not in " #"]
    expect(len(names) >= 18, f"modules of the file: {names}")
    every_module_can_be_asked_for(daemon, names)
    code, _ = daemon.stop()
    expect_equal(code, 0, "exit code")


run(scenario)
