#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Completion of the command line: an interactive bash on a terminal, its key pressed, shows what the
program's tables say; fish is asked where it is installed; zsh reads its script."""
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import time

from harness import Failed, expect, expect_equal, run

# Asks readline for all that fits (M-*), then lets a printf show the words that came of it.
SHOW = "\x1b*\x01printf '<%s>' \n"
CONFIG = "modules:\n  web: {prober: http}\n  wide: {prober: tcp}\n  'odd one': {prober: tcp}\n"

# A line up to the cursor, and all words that fit in place of its last. {B} is the program.
STORIES = [
    ("{B} tr", ["trend"]),
    ("{B} comp", ["completion"]),
    ("{B} h", ["help"]),
    ("{B} help ver", ["version"]),
    ("{B} db ", ["verify", "stats", "backup", "compact", "delete-series"]),
    ("{B} db st", ["stats"]),
    ("{B} probe ", ["http", "tcp", "icmp", "exec", "dns", "grpc", "websocket", "tls", "unix"]),
    ("{B} probe --timeout=1s ht", ["http"]),
    ("{B} probe --timeout 1s ht", ["http"]),
    ("{B} probe http x --f", ["--format="]),
    ("{B} probe http x --format=", ["--format=text", "--format=json"]),
    ("{B} probe http x --format=j", ["--format=json"]),
    ("{B} probe http x --format t", ["text"]),
    ("{B} probe http http://localhost:80/ --format=j", ["--format=json"]),
    ("{B} probe tcp x --config.file=my.yml --module=w", ["--module=web", "--module=wide"]),
    ("{B} probe tcp x --config.file my.yml --module w", ["web", "wide"]),
    ("{B} probe tcp x --config.file=absent.yml --module=w", ["--module=w"]),
    ("{B} report ", ["summary"]),
    ("{B} report summary --format=x", ["--format=xlsx"]),
    ("{B} serve --log.l", ["--log.level="]),
    ("{B} serve --log.level=w", ["--log.level=warn"]),
    ("{B} serve --config.file=m", ["--config.file=my.yml"]),
    ("{B} serve --config.file m", ["my.yml"]),
    ("{B} serve --config.c", ["--config.check"]),
    ("{B} serve --no-", ["--no-config.check"]),
    ("{B} serve --web.listen-address=:1 --web.listen-address=:2 --web.li", ["--web.listen-address="]),
    ("{B} serve --log.level=info --log.l", ["--log.l"]),
    ("{B} check m", ["my.yml"]),
    ("{B} check my", ["my.yml"]),
    ("{B} check sp", ["spaced name.yml"]),
    ("{B} trend --storage.path=f", ["--storage.path=folder"]),
    ("{B} trend folder/i", ["folder/inside.csv"]),
    ("{B} completion ", ["bash", "zsh", "fish"]),
    ("{B} db -- ver", ["verify"]),
    ("{B} db -- --fo", ["--fo"]),
]


class Shell:
    """An interactive bash on a terminal of its own, without anybody's settings."""

    def __init__(self, bench):
        self.leader, follower = pty.openpty()
        self.process = subprocess.Popen(
            [shutil.which("bash"), "--norc", "--noprofile", "-i"], stdin=follower, stdout=follower,
            stderr=follower, cwd=bench.folder, start_new_session=True,
            env={**bench.environment, "TERM": "dumb", "PS1": "", "PS2": "", "HISTFILE": "",
                 "INPUTRC": "/dev/null", "COLUMNS": "500"})
        os.close(follower)
        self.say("bind 'set completion-query-items 0'; bind 'set enable-bracketed-paste off'; "
                 "stty cols 500; source <(%s completion bash); printf '<%%s>' ready\n" % bench.binary)
        expect_equal(self.words(), ["ready"], "bash")

    def say(self, text):
        os.write(self.leader, text.encode())

    def words(self):
        """What the next printf shows: one line of <word><word>."""
        said, deadline = "", time.monotonic() + 20
        while time.monotonic() < deadline:
            if select.select([self.leader], [], [], 0.1)[0]:
                said += os.read(self.leader, 65536).decode(errors="replace")
            # A terminal repeats what is typed: only a line that begins with < is an answer.
            found = re.search(r"(?:^|\n)((?:<[^<>\n]*>)+)", said)
            if found:
                return re.findall("<([^<>]*)>", found[1])
        raise Failed(f"bash answered only {said!r}")

    def end(self):
        self.process.kill()
        self.process.wait()
        os.close(self.leader)


def bash_completes(bench, breaks=None):
    shell = Shell(bench)
    if breaks is not None:
        shell.say(f"COMP_WORDBREAKS={breaks}; printf '<%s>' set\n")
        expect_equal(shell.words(), ["set"], "bash")
    for line, want in STORIES:
        shell.say(line.format(B=bench.binary) + SHOW)
        got = shell.words()
        before = len(line.split()) - (not line.endswith(" "))
        # Where words are taken apart at "=", what comes before it is there once for all.
        expanded = [w if not got[before].startswith("--") or w.startswith("--")
                    else got[before].split("=")[0] + "=" + w for w in got[before:]]
        expect_equal(sorted(expanded), sorted(want), f"bash completes {line!r}; all words: {got}")
    shell.end()


def fish_completes(bench):
    if shutil.which("fish") is None:
        print("fish is not installed: its completion is not tried")
        return
    script = bench.folder / "bellwether.fish"
    script.write_text(bench.bellwether("completion", "fish").stdout)
    home = bench.folder / "home"
    home.mkdir(exist_ok=True)
    environment = {**bench.environment, "HOME": str(home), "XDG_CONFIG_HOME": str(home),
                   "XDG_DATA_HOME": str(home)}
    for line, want in STORIES:
        line = line.format(B=bench.binary)
        made = subprocess.run(["fish", "--no-config", "-c",
                               f"source {script}; complete -C '{line}'"], cwd=bench.folder,
                              env=environment, capture_output=True, text=True, timeout=60)
        expect(made.returncode == 0 and made.stderr == "", f"fish: {made.stderr}")
        got = [offer.split("\t")[0].rstrip("/") for offer in made.stdout.splitlines()]
        last = line.split(" ")[-1]
        expect_equal(sorted(got or [last]), sorted(want), f"fish completes {line!r}")


def zsh_reads_its_script(bench):
    if shutil.which("zsh") is None:
        print("zsh is not installed: its script is not tried")
        return
    script = bench.folder / "_bellwether"
    script.write_text(bench.bellwether("completion", "zsh").stdout)
    made = subprocess.run(["zsh", "-n", script], capture_output=True, text=True, timeout=60)
    expect(made.returncode == 0 and made.stderr == "", f"zsh -n: {made.stderr}")


def scenario(bench):
    (bench.folder / "my.yml").write_text(CONFIG)
    (bench.folder / "spaced name.yml").write_text(CONFIG)
    (bench.folder / "folder").mkdir()
    (bench.folder / "folder" / "inside.csv").write_text("1,2\n")
    bash_completes(bench)
    bash_completes(bench, breaks="$' \\t\\n'")
    fish_completes(bench)
    zsh_reads_its_script(bench)


run(scenario)
