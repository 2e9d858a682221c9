#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The generated pages of docs/ say what the program's tables say, and docs/cli.md has a section for
each command and names each flag. BW_UPDATE_DOCS=1 writes the generated pages anew."""
import os
import pathlib
import re
import shutil
import subprocess

from harness import expect, expect_equal, run

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"


def generated_pages(bench):
    for page in ("configuration", "probes", "routes"):
        made = bench.bellwether("docs", page)
        expect(made.returncode == 0, made.stderr)
        text = made.stdout.rstrip("\n") + "\n"
        file = DOCS / f"{page}.md"
        if os.environ.get("BW_UPDATE_DOCS") == "1":
            file.write_text(text)
        expect(file.exists() and file.read_text() == text,
               f"docs/{page}.md differs from the tables; run with BW_UPDATE_DOCS=1")


def command_line(bench):
    page = (DOCS / "cli.md").read_text()
    commands = re.findall(r"^  ([a-z]+)  ", bench.bellwether("help").stdout, re.M)
    expect(len(commands) >= 9, f"help lists only {commands}")
    sections = dict(re.findall(r"^## `([a-z]+)[^`]*`\n(.*?)(?=^## |\Z)", page, re.M | re.S))
    for command in commands:
        expect(command in sections, f"docs/cli.md has no section for {command}")
        told = bench.bellwether(command, "--help").stdout
        for flag in re.findall(r"^  --(?:\[no-\])?([a-z.-]+)", told, re.M):
            expect(flag in ("help", "storage.path") or f"--{flag}" in sections[command],
                   f"docs/cli.md does not say what {command} --{flag} does")


def manual(bench):
    """The manual page has every command and flag, and groff finds nothing to complain of."""
    page = bench.bellwether("docs", "man").stdout
    plain = re.sub(r"\\(e|-|\(aq|\(ga|&|f.)",
                   lambda m: {"e": "\\", "-": "-", "(aq": "'", "(ga": "`"}.get(m[1], ""), page)
    for command in re.findall(r"^  ([a-z]+)  ", bench.bellwether("help").stdout, re.M):
        told = bench.bellwether(command, "--help").stdout
        expect(f'.SS "bellwether {command}' in plain, f"no section for {command}")
        for flag in re.findall(r"^  (--(?:\[no-\])?[a-z.-]+)", told, re.M):
            expect(flag == "--help" or flag in plain, f"the manual page has no {flag}")
    if shutil.which("groff") is None:
        print("groff is not installed: the manual page is not set")
        return
    made = subprocess.run(["groff", "-man", "-ww", "-Kutf8", "-Tutf8"], input=page, text=True,
                          capture_output=True, timeout=60)
    expect_equal((made.returncode, made.stderr), (0, ""), "groff")


def scenario(bench):
    manual(bench)
    generated_pages(bench)
    command_line(bench)


run(scenario)
