#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The generated pages of docs/ say what the program's tables say, with what people wrote for them in
its place; docs/cli.md has a section for each command and names each flag; links lead somewhere. BW_UPDATE_DOCS=1 writes
the generated pages anew."""
import os
import pathlib
import re
import shutil
import subprocess

from harness import expect, expect_equal, run

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCS, SOURCES = ROOT / "docs", ROOT / "src"
INCLUDE = re.compile(r"^<!-- include: (\S+) -->$", re.M)


def with_parts(page, text):
    """The page with what people wrote for it, docs/PAGE.d, in its places; every part has one."""
    parts = {file.name for file in (DOCS / f"{page}.d").glob("*.md")}
    expect_equal(set(INCLUDE.findall(text)), parts, f"parts of docs/{page}.md")

    def part(found):
        name = f"{page}.d/{found[1]}"
        return f"<!-- from {name} -->\n\n{(DOCS / name).read_text().strip()}\n\n<!-- end of {name} -->"
    return INCLUDE.sub(part, text)


def generated_pages(bench):
    for page in ("configuration", "probes", "routes"):
        made = bench.bellwether("docs", page)
        expect(made.returncode == 0, made.stderr)
        text = with_parts(page, made.stdout.rstrip("\n") + "\n")
        file = DOCS / f"{page}.md"
        if os.environ.get("BW_UPDATE_DOCS") == "1":
            file.write_text(text)
        expect(file.exists() and file.read_text() == text,
               f"docs/{page}.md differs from the tables; run with BW_UPDATE_DOCS=1")


def what_kinds_tell():
    """Each metric and reason that a kind's own sources name is in its tables on docs/probes.md."""
    page = (DOCS / "probes.md").read_text()
    tables = {title: set(re.findall(r"^\| `(\w+)` \|", text, re.M)) for title, text in
              re.findall(r"^##+ ([A-Za-z: ]+)\n\n(.*?)(?=^##|\Z)", page, re.M | re.S)}
    kinds = [title.split(":")[0] for title in tables if title.endswith(": reasons")]
    expect(len(kinds) >= 10, f"docs/probes.md has tables of {kinds} only")
    for kind in kinds:
        sources = [SOURCES / "app" / "pushing.c"] if kind == "push" else [
            file for file in (SOURCES / "probe").glob("*.c")
            if file.stem == kind or file.stem.startswith(f"{kind}_")]
        expect(sources, f"no sources of {kind}")
        named = {word.lower() for file in sources for word in
                 re.findall(r"BW_(?:REASON|METRIC(?=_PROBE))_(\w+)", file.read_text())} - {"none", "count"}
        missing = named - tables[f"{kind}: reasons"] - tables[f"{kind}: metrics"] \
            - tables["Metrics of every kind"] - tables["Reasons of every kind"]
        expect(not missing, f"{kind} tells {sorted(missing)}: add that to src/probe/tells.c")


def documents():
    return [*sorted(ROOT.glob("*.md")), *sorted(DOCS.glob("*.md")), *sorted(DOCS.glob("*.d/*.md")),
            *sorted((ROOT / "grafana").glob("*.md"))]


def without_code(text):
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S))


def anchors(file):
    """What the headings of a document are called in links, as GitHub has it."""
    found, seen = set(), {}
    text = re.sub(r"^```.*?^```$", "", file.read_text(), flags=re.M | re.S)
    for heading in re.findall(r"^#+ (.*?)\s*$", text, re.M):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        times = seen.get(name, 0)
        seen[name] = times + 1
        found.add(f"{name}-{times}" if times else name)
    return found


def links():
    """Each link within the documents leads to a file and a heading that are there. A part of a
    page is read in that page, so its links start there."""
    broken, count = [], 0
    for file in documents():
        home = file.parent.parent if file.parent.suffix == ".d" else file.parent
        page = DOCS / f"{file.parent.stem}.md" if file.parent.suffix == ".d" else file
        for target in re.findall(r"\[[^]]*\]\(([^)\s]+)\)", without_code(file.read_text())):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            there = (home / path).resolve() if path else page
            count += 1
            if not there.exists() or (anchor and there.suffix == ".md"
                                      and anchor not in anchors(there)):
                broken.append(f"{file.relative_to(ROOT)}: {target}")
    expect(count > 100, f"only {count} links were found")
    expect(not broken, "links that lead nowhere:\n" + "\n".join(broken))


def commands_in_documents(bench):
    """Every call of ours in a block of code or within a line has a command and flags that there are,
    and every address of the API that is asked for has a route."""
    routes = [re.sub(r"\\\{[^}]*\\\}", "[^/?]+", re.escape(path)) for path in
              re.findall(r"^\| [A-Z]+ \| `([^`]+)`", (DOCS / "routes.md").read_text(), re.M)]
    helps, wrong, calls = {}, [], 0
    for file in documents():
        text = file.read_text()
        code = re.findall(r"^```(?:sh|console)\n(.*?)^```$", text, re.M | re.S) \
            + re.findall(r"`(bellwether [^`]*)`", text)
        for command, rest in re.findall(r"(?:^|[\s/$(])bellwether ([a-z]+)\b([^\n#|]*)",
                                        "\n".join(code).replace("\\\n", " ")):
            if command not in helps:
                helps[command] = bench.bellwether("help") if command == "help" \
                    else bench.bellwether(command, "--help")
            calls += 1
            flags = set(re.findall(r"(?:^|\s)(--[a-z.-]+)", rest))
            if helps[command].returncode != 0:
                wrong.append(f"{file.name}: there is no command {command}")
            wrong += [f"{file.name}: {command} has no {flag}" for flag in flags
                      if not re.search(rf"^  (?:{flag}|--\[no-\]{flag[2:]})(?![a-z.-])",
                                       helps[command].stdout, re.M)]
        for path in re.findall(r"https?://(?:127\.0\.0\.1:10190|localhost)(/[a-z][^\s'\"?#]*)",
                               "\n".join(code)):
            if not any(re.fullmatch(route, path) for route in routes):
                wrong.append(f"{file.name}: there is no route {path}")
    expect(calls > 40, f"only {calls} calls were found")
    expect(not wrong, "what documents call:\n" + "\n".join(wrong))


def headings_are_told_apart():
    """Tables link to the heading of a group: there is one of that name on the page."""
    for page in ("configuration", "probes", "metrics", "routes"):
        file = DOCS / f"{page}.md"
        linked = set(re.findall(r"\]\(#([^)]+)\)", without_code(file.read_text())))
        twice = sorted(name for name in linked if f"{name}-1" in anchors(file))
        expect(not twice, f"{file.name} has several headings of one name: {twice}")


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
    what_kinds_tell()
    links()
    headings_are_told_apart()
    commands_in_documents(bench)
    command_line(bench)


run(scenario)
