#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds grafana/ to the metrics that there are, and to what makes a dashboard importable.

Without promtool everything else is still checked; then the script ends with 77 (skipped).
"""
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
UNITS = set("none short s dtdurations percentunit bytes Bps cps reqps".split())
KINDS = set("stat timeseries table state-timeline".split())
IDENTITY = set("job instance service check module metric".split())
VALUES = {"$job": "bellwether", "$instance": ".+", "$service": ".+", "$metric": ".+", "$__rate_interval": "1m",
          "$__range": "6h"}
faults = []


def fault(where, what):
    faults.append(f"{where}: {what}")


def families():
    """{name as queried: its own labels}, from the table that the program is built with."""
    found = {}
    table = (ROOT / "src/metric/families.def").read_text()
    row = re.compile(r'^BW_FAMILY\(\w+,\s*(\w+),\s*"([\w:]+)",\s*"\w*",\s*(NO_LABELS|LABELS\(([^)]*)\))', re.M)
    for kind, name, _, labels in row.findall(table):
        own = set(re.findall(r'"(\w+)"', labels))
        if kind == "HISTOGRAM":
            found.update({name + "_bucket": own | {"le"}, name + "_sum": own, name + "_count": own})
        else:
            found[name] = own
    return found


def check_names(where, expr, known):
    """Every metric is declared, and is asked for labels that it has."""
    for name in re.findall(r"\b(?:bellwether|probe|node|process)_\w+", expr):
        if name not in known:
            fault(where, f"no such metric: {name}")
    for name, matchers in re.findall(r"\b(\w+)\{([^}]*)\}", expr):
        for label in re.findall(r"(\w+)(?:=|!)", matchers):
            if label not in IDENTITY | known.get(name, set()):
                fault(where, f"{name} has no label {label}")


def check_target(where, target, known):
    expr = target["expr"]
    selectors = re.findall(r"\b(\w+)\{([^}]*)\}", expr)
    check_names(where, expr, known)
    if target["datasource"] != {"type": "prometheus", "uid": "${datasource}"}:
        fault(where, "the data source is not the variable")
    if not selectors:
        fault(where, "no selector")
    for name, matchers in selectors:
        if 'job=~"$job"' not in matchers or 'instance=~"$instance"' not in matchers:
            fault(where, f"{name} is not narrowed to job and instance")
        if name.endswith("_total") and not re.search(r"(?:rate|increase)\(" + name, expr):
            fault(where, f"the counter {name} without rate or increase")
    for window in re.findall(r"\[([^]]+)\]", expr):
        if window not in ("$__rate_interval", "$__range"):
            fault(where, f"a fixed window: [{window}]")


def check_panel(where, panel, known):
    for key in ("title", "description"):
        if not panel.get(key):
            fault(where, f"no {key}")
    if panel["type"] not in KINDS:
        fault(where, f"type {panel['type']}")
    if panel["fieldConfig"]["defaults"].get("unit") not in UNITS:
        fault(where, "no unit that Grafana has")
    if not panel.get("targets"):
        fault(where, "asks nothing")
    if len({target["refId"] for target in panel["targets"]}) != len(panel["targets"]):
        fault(where, "two queries with one refId")
    for target in panel["targets"]:
        check_target(where, target, known)


def check_places(where, panels):
    """Panels lie inside of 24 columns and not on each other."""
    taken = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])}
        if place["x"] + place["w"] > 24 or cells & taken:
            fault(where, f"panel {panel['id']} lies outside or on another")
        taken |= cells
    if len({panel["id"] for panel in panels}) != len(panels):
        fault(where, "two panels with one id")


def check_variables(where, board):
    found = {one["name"]: one for one in board["templating"]["list"]}
    if [one for one in found.values() if one["type"] == "datasource"] != [found.get("datasource")]:
        fault(where, "expected exactly one data source variable, named datasource")
    for name in ("job", "instance"):
        one = found.get(name)
        if one is None or not one["multi"] or one["allValue"] != ".+" or one["refresh"] != 2:
            fault(where, f"variable {name} is missing or not as agreed")
    used = set(re.findall(r"\$(\w+)", json.dumps(board["panels"]))) - {"__rate_interval", "__range"}
    for name in used - set(found):
        fault(where, f"${name} is used and not declared")


def check_board(path, board, known):
    where = path.name
    if "__inputs" in board or "__requires" in board:
        fault(where, "inputs cannot be provisioned")
    if board["schemaVersion"] != 39 or not isinstance(board["schemaVersion"], int):
        fault(where, "schemaVersion is not 39")
    if board["editable"] is not False or board["id"] is not None or board["uid"] != path.stem:
        fault(where, "editable, id or uid is not as agreed")
    if not board["title"] or not board["description"]:
        fault(where, "no title or description")
    check_variables(where, board)
    check_places(where, board["panels"])
    for one in board["templating"]["list"]:
        check_names(f"{where}: variable {one['name']}", one.get("definition", ""), known)
    for panel in board["panels"]:
        if panel["type"] != "row":
            check_panel(f"{where}: {panel['title']}", panel, known)


def expressions(boards):
    for path, board in boards:
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                yield f"{path.name}: {panel['title']}", target["expr"]


def check_with_promtool(boards):
    """All expressions as one file of recording rules; JSON is YAML."""
    rules = []
    for number, (_, expr) in enumerate(expressions(boards)):
        for name, value in VALUES.items():
            expr = expr.replace(name, value)
        rules.append({"record": f"dashboard:{number}", "expr": expr})
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        json.dump({"groups": [{"name": "dashboards", "rules": rules}]}, file)
        file.flush()
        run = subprocess.run(["promtool", "check", "rules", "--lint=none", file.name], capture_output=True, text=True)
    if run.returncode != 0:
        fault("promtool", run.stdout + run.stderr)
    return len(rules)


def check_provisioning():
    for path in ("datasources/bellwether.yaml", "dashboards/bellwether.yaml"):
        text = (ROOT / "grafana/provisioning" / path).read_text()
        if not re.search(r"^apiVersion: 1$", text, re.M) or "\t" in text:
            fault(path, "is not a provisioning file")


def main():
    known = families()
    if len(known) < 100:
        fault("families.def", "could not be read")
    boards = [(path, json.loads(path.read_text())) for path in sorted((ROOT / "grafana/dashboards").glob("*.json"))]
    if [path.stem for path, _ in boards] != ["bellwether-" + name for name in ("itself", "overview", "service", "trends")]:
        fault("grafana/dashboards", "not the four dashboards")
    if len({board["uid"] for _, board in boards}) != len(boards):
        fault("grafana/dashboards", "two dashboards with one uid")
    for path, board in boards:
        check_board(path, board, known)
    check_provisioning()
    made = subprocess.run([ROOT / "scripts/grafana", "--check"], capture_output=True, text=True)
    if made.returncode != 0:
        fault("grafana/dashboards", made.stdout + made.stderr)
    has_promtool = shutil.which("promtool") is not None
    count = check_with_promtool(boards) if has_promtool else 0
    for one in faults:
        print(one)
    print(f"{len(boards)} dashboards, {count} expressions accepted by promtool, {len(faults)} faults")
    return 1 if faults else 0 if has_promtool else 77


sys.exit(main())
