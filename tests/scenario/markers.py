#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Markers: set over HTTP with a token, over the control socket and by command; listed, paged, taken
back; what is answered is there after a kill; who may not is refused, and so is what makes no sense."""
import json
import time

from harness import config, eventually, expect, expect_equal, run, tcp_check

WRITER = "a-token-that-writes"
HOUR_MS = 3600 * 1000


def bearer(token):
    return {"Authorization": f"Bearer {token}"} if token else {}


def post(daemon, body, token=WRITER, **headers):
    text = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return daemon.request("POST", "/api/v1/markers", {**bearer(token), **headers}, text)


def set_marker(daemon, **body):
    answer = post(daemon, body)
    expect_equal(answer.status, 200, f"marker {body}: {answer.body}")
    return answer.json


def markers(daemon, **query):
    return daemon.api("markers", **query)["markers"]


def set_and_listed(daemon):
    before = int(time.time() * 1000)
    plain = set_marker(daemon, text="router replaced")
    expect(plain["id"] > 0 and abs(plain["ts"] - before) < 60000 and plain["watched"], plain)
    deploy = set_marker(daemon, text="shop 1.4", tags=["deploy", "eu"], service="shop",
                        ts=before - HOUR_MS)
    expect_equal(deploy["watched"], True, "shop is watched")
    expect_equal(set_marker(daemon, text="x", service="shpo")["watched"], False, "a wrong name")
    annotation = set_marker(daemon, text="as Grafana has it", tags=["deploy"], time=before - 5)
    expect_equal(annotation["ts"], before - 5, "time is ts")
    own = markers(daemon, service="shop")
    expect_equal([(m["text"], m["tags"], m["ts"], m["found"]) for m in own],
                 [("shop 1.4", ["deploy", "eu"], before - HOUR_MS, False)], "of one service")
    texts = [m["text"] for m in markers(daemon, limit=2)]
    expect_equal(texts, ["as Grafana has it", "x"], "newest first")
    old = markers(daemon, to=before - HOUR_MS + 1, **{"from": before - HOUR_MS})
    expect_equal([m["id"] for m in old], [deploy["id"]], "of a range")
    event = next(e for e in daemon.events("shop", "marker"))
    expect_equal((event["name"], event["cause"]), ("deploy, eu", "shop 1.4"), "as an event")
    page = eventually("the page of events", lambda: (a := daemon.get("/events?kind=marker")).status == 200 and a)
    expect("shop 1.4" in page.text and "router replaced" in page.text, "markers are on the page")
    mark = '<path class="mark"'
    for path in ("/services/shop", f"/services/shop/{daemon.instance}/port", "/hosts"):
        eventually(f"marks in the charts of {path}", lambda p=path: mark in daemon.get(p + "?range=6h").text)
    expect("deploy, eu: shop 1.4</title>" in daemon.get("/services/shop?range=6h").text, "what they say")
    expect("shop 1.4" not in daemon.get("/hosts?range=6h").text, "not of others")


def refused(daemon):
    for body, said in (("", "JSON object"), ("{", "JSON object"), ("[1]", "JSON object"), ({}, "text: "),
                       ({"text": "a\nb"}, "text: "), ({"text": "a" * 1025}, "text: "),
                       ({"text": "a", "ts": int(time.time() * 1000) + HOUR_MS}, "ts: "),
                       ({"text": "a", "ts": 1000}, "ts: nothing is kept"),
                       ({"text": "a", "check": "port"}, "service: "),
                       ({"text": "a", "tags": ["a,b"]}, "tags: "), ({"text": "a", "colour": "red"}, "colour: "),
                       (b'{"text":"\xff"}', "JSON object"), ('{"a":' * 9000, "")):
        answer = post(daemon, body)
        kind = answer.headers["Content-Type"].partition(";")[0]
        status = 413 if len(body) > 16384 else 400
        expect_equal((answer.status, kind), (status, "application/problem+json"), f"{str(body)[:60]!r}")
        expect(said in answer.json["detail"], f"{str(body)[:60]!r}: {answer.json}")
    expect_equal(post(daemon, {"text": "a"}, "not-a-token-at-all").status, 401, "another token")
    expect_equal(post(daemon, {"text": "a"}, None).status, 401, "no token")
    expect_equal(post(daemon, {"text": "a"}, Origin="http://elsewhere.example").status, 403, "another site")
    expect_equal(daemon.request("DELETE", "/api/v1/markers/1").status, 401, "nobody deletes")


def taken_back(daemon):
    wrong = set_marker(daemon, text="a mistake")["id"]
    eventually("it is shown", lambda: "a mistake" in daemon.get("/events?kind=marker").text)
    answer = daemon.request("DELETE", f"/api/v1/markers/{wrong}", bearer(WRITER))
    expect_equal((answer.status, answer.json), (200, {"deleted": wrong}), "taken back")
    expect(wrong not in [m["id"] for m in markers(daemon)], "it is gone")
    eventually("it is shown no more", lambda: "a mistake" not in daemon.get("/events?kind=marker").text)
    expect_equal(daemon.request("DELETE", f"/api/v1/markers/{wrong}", bearer(WRITER)).status, 404, "twice")
    expect_equal(daemon.request("DELETE", "/api/v1/markers/x", bearer(WRITER)).status, 400, "no number")


def by_command(bench, daemon):
    done = bench.bellwether("marker", "shop 1.5", "--tag=deploy", "--tag=eu", "--service=shop",
                            f"--storage.path={daemon.store}")
    expect(done.returncode == 0 and done.stdout.startswith("marker "), done)
    token = bench.folder / "token"
    token.write_text(WRITER + "\n")
    url = f"http://127.0.0.1:{daemon.port}/"
    done = bench.bellwether("marker", "from afar", "--service=shpo", "--ts=2026-01-01T00:00:00Z",
                            f"--url={url}", f"--token-file={token}")
    expect(done.returncode == 0 and "shpo" in done.stderr, done)
    known = {m["text"]: m for m in markers(daemon)}
    expect_equal(known["shop 1.5"]["tags"], ["deploy", "eu"], "tags of the command")
    expect_equal(known["from afar"]["ts"], 1767225600000, "time of the command")
    for args, code, said in ((["a", f"--url={url}"], 1, "token"), (["a\nb", f"--storage.path={daemon.store}"], 1, "text: "),
                             (["a", "--storage.path=/nowhere.db"], 1, "--storage.path"),
                             (["a", "--token-file=x"], 2, "--url"), ([], 2, "TEXT"),
                             (["a", "--url=ftp://127.0.0.1/"], 1, "ftp")):
        done = bench.bellwether("marker", *args)
        expect(done.returncode == code and said.lower() in done.stderr.lower(), f"{args}: {done}")


def found(bench, daemon):
    """An exporter that a command asks begins anew."""
    began = int(time.time()) - 500
    file = bench.folder / "exporter"
    file.write_text(f"process_start_time_seconds {began}\n")
    runs = lambda: daemon.metrics().total("bellwether_check_runs_total", check="exporter", result="success")
    eventually("the command runs", lambda: runs() > 2)
    expect_equal(daemon.events("shop", "marker")[-1]["name"] == "restarted", False, "nothing began")
    file.write_text(f"process_start_time_seconds {int(time.time())}\n")
    event = eventually("it is told", lambda: next((e for e in daemon.events("shop", "marker") if e["name"] == "restarted"), None))
    expect_equal((event["check"], event["cause"]), ("exporter", "the process was started anew"), "what is told")
    answer = daemon.request("DELETE", f"/api/v1/markers/{event['id']}", bearer(WRITER))
    expect_equal(answer.status, 403, "what was found stays")


def scenario(bench):
    [port] = bench.targets("tcp")
    tokens = bench.folder / "web.yml"
    tokens.write_text(json.dumps({"tokens": [
        {"name": "deploy", "scope": "write", "token": WRITER}]}))
    exporter = {"name": "exporter", "exec": ["/bin/cat", str(bench.folder / "exporter")],
                "overrides": {"exec": {"output": "prometheus"}}}
    daemon = bench.daemon(config(services=[{"name": "shop", "checks": [tcp_check("port", port), exporter]}]),
                          args=[f"--web.config.file={tokens}"])
    daemon.instance = f"127.0.0.1:{port}"
    daemon.start()
    set_and_listed(daemon)
    taken_back(daemon)
    by_command(bench, daemon)
    refused(daemon)
    found(bench, daemon)
    ids = [m["id"] for m in markers(daemon)]
    last = set_marker(daemon, text="the last word")["id"]
    daemon.kill()
    daemon.start()
    expect_equal([m["id"] for m in markers(daemon)], [last, *ids], "after a kill")
    expect_equal(daemon.stop()[0], 0, "it ends")


run(scenario)
