#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alert rules about the future: a disk whose history was imported fills up, and the rule says when, how
likely and why; one that does not is no alert, nor one of which nobody can know; with another threshold
the alert ends. Mistakes in such rules are named with their place."""
import json
import random
import re
import time

from harness import config, eventually, expect, expect_equal, run

HOUR_S, GIB = 3600, 2 ** 30


def history(name, course, hours):
    """Five minutes apart, up to now."""
    now, noise = int(time.time()), random.Random(7)
    lines = ["# TYPE node_filesystem_avail_bytes gauge"]
    for at in range(now - hours * HOUR_S, now, 300):
        value = course((now - at) / HOUR_S) * GIB + noise.gauss(0, 1) * GIB
        lines.append(f'node_filesystem_avail_bytes{{service="files",instance="nas",mountpoint="{name}"}} {value:.0f} {at}')
    return lines


def fill(bench, daemon):
    daemon.folder.joinpath("data").mkdir()
    lines = history("/tank", lambda ago: 37.2 + 1.2 * ago, 96)
    lines += history("/calm", lambda ago: 37.2, 96)[1:]
    lines += history("/new", lambda ago: 37.2 + 1.2 * ago, 1)[1:]
    file = bench.folder / "history.om"
    file.write_text("\n".join(lines) + "\n# EOF\n")
    done = bench.bellwether("import", "openmetrics", file, f"--storage.path={daemon.store}")
    expect_equal(done.returncode, 0, done.stderr)


def rule(threshold=0, **more):
    return {"name": "disk-will-fill", "level": "warning",
            "predict": {"series": 'node_filesystem_avail_bytes{service="files"}', "threshold": threshold,
                        "side": "below", "within": "72h", "probability": 0.8}, **more}


def settings(*rules):
    return config(alerts={"rules": list(rules), "defaults": False},
                  trends={"select": [{"match": {"__name__": "node_load1"}}]})


def fires(daemon):
    [alert] = eventually("the disk that fills is an alert", lambda: daemon.alerts("disk-will-fill"), 60)
    expect('mountpoint="/tank"' in alert["labels"] and alert["level"] == "warning", alert)
    expect(0.8 <= alert["value"] <= 1, f"the value is the probability: {alert}")
    cause = alert["cause"]
    expect(re.match(r"reaches 0 in 1d \d+h \(1d \d+h to 1d \d+h\), \d\d % within 3d, "
                    r"falling 1\.\d+ GiB an hour since \d{4}-\d\d-\d\d \d\d:\d\d UTC$", cause), cause)
    expect("falls to 0 within 3d" in alert["expr"], alert["expr"])
    trends = {t["labels"]["mountpoint"]: t for t in daemon.api("trends")["trends"] if t["labels"].get("service") == "files"}
    expect_equal(sorted(trends), ["/calm", "/new", "/tank"], "series of a rule are analysed without being selected")
    expect(trends["/tank"]["threshold"]["value"] == 0, trends["/tank"])


def ends(daemon):
    daemon.configure(settings(rule(-2000 * GIB)))
    expect_equal(daemon.control("POST", "/-/reload").status, 200, "reload")
    eventually("it ends when it is not likely any more", lambda: not daemon.alerts("disk-will-fill"), 60)
    last = eventually("its end is stored", lambda: (e := daemon.events("files", "alert"))[-1]["to"] == "none" and e, 60)
    expect_equal([(e["from"], e["to"]) for e in last], [("none", "warning"), ("warning", "none")], "its events")
    expect("with only" in last[-1]["cause"], last[-1]["cause"])


def mistakes(bench):
    file = bench.folder / "wrong.yml"
    for predict, said in (({"series": "up"}, "threshold"), ({"series": "up{", "threshold": 1, "side": "below", "within": "1h"}, "up{"),
                          ({"series": "up", "threshold": 1, "side": "beside", "within": "1h"}, "side"),
                          ({"series": "up", "threshold": 1, "side": "above", "within": "1y"}, "within"),
                          ({"series": "up", "threshold": 1, "side": "above", "within": "1h", "probability": 1}, "probability"),
                          ({"series": "{}", "threshold": 1, "side": "above", "within": "1h"}, "metric"),
                          ({"series": "no_such", "threshold": 1, "side": "above", "within": "1h"}, "no_such"),
                          ({"colour": 1}, "colour")):
        file.write_text("alerts:\n  rules:\n    - name: x\n      predict: " + json.dumps(predict) + "\n")
        done = bench.bellwether("check", file)
        output = done.stdout + done.stderr
        expect(done.returncode == 1 and said in output and "wrong.yml:" in output, f"{predict}: {output}")
    file.write_text("alerts:\n  rules:\n    - {name: x, levels: {info: '> 1'}, predict: {series: node_load1, threshold: 1, side: above, within: 1h}}\n")
    done = bench.bellwether("check", file)
    expect("levels" in done.stdout + done.stderr, done)


def scenario(bench):
    mistakes(bench)
    daemon = bench.daemon(settings(rule()))
    fill(bench, daemon)
    daemon.start()
    fires(daemon)
    ends(daemon)
    expect_equal(daemon.stop()[0], 0, "it ends")


run(scenario)
