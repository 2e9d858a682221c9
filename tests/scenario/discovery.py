#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Targets that are found: lists in files, over HTTP and from name servers become checks and go
again, without touching others; what is wrong leaves the last good list in force. Relabelling is
held against Prometheus itself."""
import base64
import http.server
import json
import os
import shutil
import signal
import subprocess
import threading
import time
import urllib.request

from harness import (Peer, config, eventually, expect, expect_equal, free_port, run, tcp_check)

CHECK = {"name": "port", "tcp": "${instance}"}


def put(folder, name, groups):
    """As who writes such files well: a new one renamed over the old."""
    text = groups if isinstance(groups, str) else json.dumps(groups)
    (folder / (name + ".new")).write_text(text)
    os.rename(folder / (name + ".new"), folder / name)


def group(*targets, **labels):
    return {"targets": list(targets), "labels": labels}


def instances(daemon, service="discovered"):
    """{instance: labels of its first check}; empty without the service."""
    found = daemon.service(service)
    return {} if found is None else {i["name"]: i["checks"][0].get("labels", {})
                                     for i in found["instances"]}


def names(daemon, service="discovered"):
    return sorted(instances(daemon, service))


def soon(what, attempt):
    begun = time.monotonic()
    eventually(what, attempt, seconds=30, every=0.05)
    took = time.monotonic() - begun
    expect(took < 10, f"{what}: took {took:.1f} s")
    return took


def files_come_and_go(bench):
    ports = sorted(bench.targets("good", "good", "good"), key=str)
    good, (a, b, c) = ports[0], (f"127.0.0.1:{port}" for port in ports)
    folder = bench.folder / "files" / "targets"
    folder.mkdir(parents=True)
    put(folder, "a.json", [group(a, team="shop")])
    daemon = bench.daemon(config(
        [{"name": "web", "checks": [tcp_check("port", good)]}],
        discovery={"file": [{"files": ["targets/*.json"], "labels": {"site": "vie"},
                             "checks": [CHECK]}]}), "files").start()
    eventually("the first is up", lambda: daemon.metrics().status(
        service="discovered", instance=a, check="port") == "HEALTHY")
    expect_equal(instances(daemon), {a: {"site": "vie", "team": "shop"}}, "labels")
    runs = daemon.metrics().value("bellwether_check_runs_total", service="discovered", instance=a,
                                  check="port", result="success")
    # One more, in another file; what was there carries on.
    put(folder, "b.json", [group(b, c)])
    took = soon("two more", lambda: names(daemon) == [a, b, c])
    more = daemon.metrics().value("bellwether_check_runs_total", service="discovered", instance=a,
                                  check="port", result="success")
    expect(runs is None or more >= runs, f"counters went back: {runs} -> {more}")
    eventually("all are up", lambda: daemon.metrics().status(service="discovered") == "HEALTHY")
    # Garbage: said once, nothing goes; the other file is still heard.
    put(folder, "a.json", "[{\"targets\":")
    put(folder, "b.json", [group(b)])
    soon("one has gone", lambda: names(daemon) == [a, b])
    said = [line for line in daemon.log().splitlines() if "its last good list stays" in line]
    expect(len(said) == 1 and "a.json: line 1" in said[0], said or "nothing was said")
    gone = eventually("the event", lambda: [e for e in daemon.events(service="discovered")
                                            if e["name"] == "target gone"])
    expect(len(gone) == 1 and c in gone[0]["cause"] and gone[0]["instance"] == c, gone)
    # Right again.
    put(folder, "a.json", [group(a, team="other")])
    soon("labels change", lambda: instances(daemon)[a].get("team") == "other")
    expect("a source is well again" in daemon.log(), "nothing was said")
    expect_equal(daemon.metrics().value("bellwether_discovery_targets",
                                        source="file targets/*.json"), 2, "metric")
    # A mistake in the configuration's file does not stop targets; nor is it read for them.
    good_file = daemon.file.read_text()
    daemon.file.write_text("nonsense: [")
    os.unlink(folder / "a.json")
    soon("a file was deleted", lambda: names(daemon) == [b])
    daemon.file.write_text(good_file)
    # A reload keeps what was found; so does a restart, which begins with it.
    daemon.signal(signal.SIGHUP)
    eventually("reloaded", lambda: any(e["name"] == "reloaded" for e in daemon.events()))
    expect_equal(names(daemon), [b], "after a reload")
    since = daemon.checks("discovered")["port"]["since"]
    expect_equal(daemon.stop()[0], 0, "exit code")
    daemon.start()
    expect_equal(daemon.checks("discovered")["port"]["since"], since, "since, after a restart")
    # Away from the configuration.
    daemon.configure(config([{"name": "web", "checks": [tcp_check("port", good)]}]))
    daemon.signal(signal.SIGHUP)
    eventually("the source is not configured", lambda: daemon.service("discovered") is None)
    expect_equal(daemon.stop()[0], 0, "exit code")
    print(f"a target came within {took:.2f} s")


RULES = [
    {"source_labels": ["env"], "regex": "dev|test", "action": "drop"},
    {"source_labels": ["__address__"], "regex": "([^:]+):(\\d+)", "target_label": "host",
     "replacement": "$1"},
    {"source_labels": ["host", "env"], "separator": "/", "target_label": "where"},
    {"regex": "tag_(.+)", "action": "labelmap"},
    {"regex": "tag_.*", "action": "labeldrop"},
    {"source_labels": ["__address__"], "modulus": 7, "target_label": "part", "action": "hashmod"},
    {"source_labels": ["host"], "target_label": "HOST", "action": "uppercase"},
    {"source_labels": ["HOST"], "target_label": "low", "action": "lowercase"},
    {"source_labels": ["__meta_filepath"], "regex": ".*/(.+)\\.json", "target_label": "file"},
    {"source_labels": ["host"], "regex": "h(.)", "target_label": "x_${1}", "replacement": "<$1$$>"},
    {"target_label": "const", "replacement": "c"},
    {"source_labels": ["host"], "regex": "h.|127.*", "action": "keep"},
]


def relabelling_is_prometheus_s(bench):
    prometheus = shutil.which("prometheus") or shutil.which("prometheus", path="/usr/sbin")
    if prometheus is None:
        print("prometheus is not installed: relabelling was not compared")
        return
    folder = bench.folder / "relabel"
    folder.mkdir()
    put(folder, "list.json", [
        group("ha:80", "hb:81", "zz:80", env="prod", tag_color="red"),
        group("hc:80", env="dev"),
        group("hd:443", "127.0.0.1:9", env="", tag_a="1", tag_b="ü"),
    ])
    source = {"files": [str(folder / "list.json")], "relabel_configs": RULES}
    (folder / "prometheus.yml").write_text(json.dumps({"scrape_configs": [
        {"job_name": "j", "file_sd_configs": [{"files": source["files"]}],
         "relabel_configs": RULES}]}))
    port = free_port()
    peer = Peer(bench, "prometheus", [
        prometheus, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb",
        f"--web.listen-address=127.0.0.1:{port}"])

    def theirs():
        url = f"http://127.0.0.1:{port}/api/v1/targets?state=active"
        with urllib.request.urlopen(url, timeout=5) as answer:
            active = json.load(answer)["data"]["activeTargets"]
        found = {t["labels"]["instance"]: {k: v for k, v in t["labels"].items()
                                           if k not in ("job", "instance")} for t in active}
        return len(found) >= 3 and found
    want = eventually("Prometheus has targets", theirs, seconds=30)
    peer.stop()
    daemon = bench.daemon(config(discovery={"file": [{**source, "checks": [
        {"name": "port", "tcp": "${instance}", "interval": "60s"}]}]}), "compare").start()
    have = instances(daemon)
    for name in sorted(set(have) | set(want)):
        expect_equal(have.get(name), want.get(name), f"labels of {name}")
    expect_equal(daemon.stop()[0], 0, "exit code")
    print(f"{len(want)} targets as Prometheus has them")


class Inventory:
    """An http_sd server whose answer can be changed."""

    def __init__(self, port=0):
        inventory = self
        self.status, self.type, self.body = 200, "application/json; charset=utf-8", "[]"
        self.headers = self.location = None

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                inventory.headers = dict(self.headers)
                body = inventory.body.encode()
                self.send_response(inventory.status)
                self.send_header("Content-Type", inventory.type)
                if inventory.location:
                    self.send_header("Location", inventory.location)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def lists_over_http(bench):
    good, = bench.targets("good")
    one, two = f"127.0.0.1:{good}", f"127.0.0.2:{good}"
    inventory = Inventory()
    url = f"http://me:secret@127.0.0.1:{inventory.port}/sd"
    inventory.body = json.dumps([group(one, service="shop", instance="first")])
    daemon = bench.daemon(config(discovery={"http": [
        {"url": url, "refresh_interval": "1s", "checks": [CHECK]}]}), "http").start()
    eventually("found over HTTP", lambda: names(daemon, "shop") == ["first"])
    expect_equal(inventory.headers.get("X-Prometheus-Refresh-Interval-Seconds"), "1", "header")
    expect(inventory.headers.get("Authorization", "").startswith("Basic "), "no user")
    expect("secret" not in daemon.log(), "a password was logged")
    expect("secret" not in daemon.get("/metrics").text, "a password is a label")

    def failures():  # that are not the one before again
        return daemon.log().count("its last good list stays")
    for what in ({"status": 500}, {"type": "text/html"}, {"body": "[{"},
                 {"body": "[" + " " * (5 << 20) + "]"}):
        before, old = failures(), {k: getattr(inventory, k) for k in what}
        for key, value in what.items():
            setattr(inventory, key, value)
        eventually(f"it fails: {str(what)[:40]}", lambda: failures() > before)
        for key, value in old.items():
            setattr(inventory, key, value)
    inventory.body = json.dumps([group(one, service="shop", instance="first"), group(two)])
    eventually("well again", lambda: names(daemon) == [two])
    inventory.close()
    before = failures()
    eventually("it has died", lambda: failures() > before)
    eventually("failures are counted", lambda: daemon.metrics().total(
        "bellwether_discovery_failures_total") > 4)
    expect_equal((names(daemon), names(daemon, "shop")), ([two], ["first"]), "the last good list")
    the_last_good_list_outlives(bench, daemon, url, inventory.port, two)


def who_asks_for_a_list(bench):
    """Prometheus's keys: a password in a file, which is renewed; no key goes to another server."""
    good, = bench.targets("good")
    one, two = f"127.0.0.1:{good}", f"127.0.0.2:{good}"
    first, other = Inventory(), Inventory()
    first.body, other.body = json.dumps([group(one)]), json.dumps([group(two)])
    word = bench.folder / "word"
    word.write_text("hush\n")
    source = {"url": f"http://127.0.0.1:{first.port}/sd", "refresh_interval": "1s",
              "basic_auth": {"username": "me", "password_file": str(word)}, "checks": [CHECK]}
    daemon = bench.daemon(config(discovery={"http": [source]}), "asks").start()
    eventually("found", lambda: names(daemon) == [one])

    def sent(inventory):
        return inventory.headers.get("Authorization")

    def basic(text):
        return "Basic " + base64.b64encode(text.encode()).decode()
    expect_equal(sent(first), basic("me:hush"), "who asks")
    put(bench.folder, "word", "other\n")
    eventually("the new password is used", lambda: sent(first) == basic("me:other"))
    first.status, first.location = 302, f"http://127.0.0.1:{other.port}/sd"
    eventually("the list from elsewhere", lambda: names(daemon) == [two])
    expect_equal(sent(other), None, "what another server is told")
    first.status, first.body = 200, "[]"
    # What else is said of how to ask is taken with a reload, at once.
    del source["basic_auth"]
    source.update({"bearer_token": "t" * 20, "refresh_interval": "1h"})
    daemon.configure(config(discovery={"http": [source]}))
    daemon.signal(signal.SIGHUP)
    eventually("a token is used", lambda: sent(first) == "Bearer " + "t" * 20)
    eventually("nobody is there", lambda: names(daemon) == [])
    expect_equal(daemon.stop()[0], 0, "exit code")
    # Mistakes are told with their place.
    for wrong, words in (({"authorization": {"credentials": "a"}}, "exclude each other"),
                         ({"bearer_token_file": "b"}, "bearer_token"),
                         ({"tls_config": {"ca_file": "/nowhere"}}, "/nowhere"),
                         ({"proxy_url": "ftp://a"}, "proxy_url")):
        daemon.configure(config(discovery={"http": [{**source, **wrong}]}))
        found = subprocess.run([bench.binary, "check", daemon.file], capture_output=True, text=True)
        said = found.stdout + found.stderr
        expect(found.returncode == 1 and words in said and "discovery.http[0]" in said,
               f"{wrong}: {said}")
    first.close()
    other.close()


def where_lists_may_lead(bench):
    """Who serves a list sends nobody to addresses that answer this machine alone, by no name and no
    redirect; who writes a file here may."""
    good, = bench.targets("good")
    inside, redirect = f"0.0.0.0:{good}", Inventory()
    redirect.status, redirect.location = 302, f"http://{inside}/"
    inventory = Inventory()
    inventory.body = json.dumps([group(inside, f"[::ffff:0.0.0.0]:{good}", f"127.0.0.1:{good}"),
                                 group(f"127.0.0.1:{redirect.port}", service="moved")])
    put(bench.folder, "inside.json", [group(inside, service="file")])
    asks = {"checks": [{"name": "page", "http": "http://${instance}/"}]}
    whole = config(discovery={
        "http": [{"url": f"http://127.0.0.1:{inventory.port}/", "refresh_interval": "1h", **asks}],
        "file": [{"files": [str(bench.folder / "inside.json")], **asks}]})
    daemon = bench.daemon(whole, "inside").start()

    def verdicts():
        found = {}
        for service in daemon.api("services", limit=1000)["services"]:
            for name in service["instances"]:
                check = name["checks"][0]
                if check["status"] != "UNKNOWN" and service["name"] != "host":
                    found[service["name"], name["name"]] = (check["status"],
                                                            check.get("cause") or "")
        return found
    seen = eventually("all have run", lambda: len(verdicts()) == 5 and verdicts())
    for where, (status, cause) in seen.items():
        well = where in (("file", inside), ("discovered", f"127.0.0.1:{good}"))
        expect_equal(status, "HEALTHY" if well else "UNHEALTHY", f"{where}: {cause}")
        expect(well or "not allowed" in cause, f"{where}: {cause}")
    daemon.configure({**whole, "web": {"probe_targets": ["0.0.0.0"]}})
    daemon.signal(signal.SIGHUP)
    eventually("an address that is listed", lambda: {s for s, _ in verdicts().values()}
               == {"HEALTHY"})
    expect_equal(daemon.stop()[0], 0, "exit code")
    inventory.close()
    redirect.close()


def the_last_good_list_outlives(bench, daemon, url, port, two):
    """Restarts while the source is away: what it said last is there at once, and goes on."""
    eventually("it was judged", lambda: daemon.checks("discovered")["port"]["status"]
               in ("HEALTHY", "UNHEALTHY"))
    since = daemon.checks("discovered")["port"]["since"]
    for how in (daemon.stop, daemon.kill):
        how()
        daemon.start()
        expect_equal((names(daemon), names(daemon, "shop")), ([two], ["first"]), "after a restart")
        expect_equal(daemon.checks("discovered")["port"]["since"], since, "since")
        expect_equal([e for e in daemon.events() if e["name"] == "target gone"], [], "events")
        expect("secret" not in "".join(f.read_text() for f in kept(daemon)), "a password was kept")
    # Nothing depends on what was kept.
    daemon.stop()
    kept(daemon)[0].write_bytes(b"[{\x00garbage")
    daemon.start()
    expect_equal(names(daemon), [], "from a damaged file")
    expect("a kept list is damaged" in daemon.log(), "nothing was said")
    again = Inventory(port)
    again.body = json.dumps([group(two)])
    eventually("the source is back", lambda: names(daemon) == [two])
    again.close()
    # A source that is not configured any more leaves nothing.
    daemon.configure(config())
    daemon.stop()
    daemon.start()
    expect_equal(kept(daemon), [], "files of a source that is gone")
    expect_equal(daemon.stop()[0], 0, "exit code")


def kept(daemon):
    return sorted(daemon.store.parent.glob("lists/*"))


def registered_ones(bench):
    """Registered for a time, there after kill -9, gone when their time is over."""
    a, b = sorted(bench.targets("good", "good"), key=str)
    a, b = f"127.0.0.1:{a}", f"127.0.0.1:{b}"
    security = bench.folder / "push-web.yml"
    security.write_text(json.dumps({"tokens": [
        {"name": "fleet", "scope": "write", "token": "w" * 20},
        {"name": "eye", "scope": "read", "token": "r" * 20}]}))
    daemon = bench.daemon(config(discovery={"push": [
        {"name": "fleet", "refresh_interval": "1s", "checks": [CHECK]}]}), "push",
        args=[f"--web.config.file={security}"])

    def start():
        daemon.spawn().wait_listening()
        eventually("ready", lambda: daemon.control("GET", "/-/ready").status == 200)

    def ask(method, query, body=None, token="w" * 20):
        return daemon.request(method, f"/api/v1/targets?{query}",
                              {"Authorization": f"Bearer {token}"}, body)

    def there():
        services = daemon.control("GET", "/api/v1/services?limit=1000").json["services"]
        return sorted(i["name"] for s in services if s["name"] == "discovered"
                      for i in s["instances"])
    start()
    expect_equal(ask("PUT", "source=fleet", "[]", "r" * 20).status, 403, "who only reads")
    expect_equal(ask("PUT", "source=other", "[]").status, 404, "another source")
    expect_equal(ask("PUT", "", "[]").status, 400, "no source")
    expect_equal(ask("PUT", "source=fleet&ttl=1ms", "[]").status, 400, "a time too short")
    for wrong in ("", "[{", "{}", '[{"targets": [""]}]'):
        answer = ask("PUT", "source=fleet", wrong)
        expect(answer.status in (400, 422), f"{wrong!r}: {answer.status} {answer.body}")
    answer = ask("PUT", "source=fleet", json.dumps([group(a, team="x")]))
    expect_equal((answer.status, answer.json["targets"]), (200, 1), f"PUT: {answer.body}")
    daemon.kill()  # what was answered is there again
    start()
    expect_equal(there(), [a], "after kill -9")
    expect_equal(ask("PUT", "source=fleet&ttl=2s", json.dumps([group(b)])).json["targets"], 2, "two")
    eventually("both", lambda: there() == [a, b])
    listed = daemon.request("GET", "/sd/http?service=discovered",
                            {"Authorization": "Bearer " + "r" * 20})
    expect_equal(listed.headers["Content-Type"].split(";")[0], "application/json", "type")
    expect_equal(listed.json, [group(a, b, service="discovered")], "GET /sd/http")
    eventually("its time is over", lambda: there() == [a])
    expect_equal(ask("DELETE", f"source=fleet&target={a}").json["targets"], 0, "DELETE")
    eventually("taken away", lambda: there() == [])
    expect_equal(daemon.stop()[0], 0, "exit code")


def a_hundred_of_them(bench):
    """Many changes, one after the other, while checks run."""
    good, = bench.targets("good")
    folder = bench.folder / "many"
    folder.mkdir()
    put(folder, "list.yml", "[]")
    daemon = bench.daemon(config(discovery={"file": [
        {"files": ["list.yml"], "limit": 90, "checks": [CHECK]}]}), "many").start()
    for count in range(0, 101, 10):
        put(folder, "list.yml", [group(*(f"127.0.1.{n}:{good}" for n in range(count)))])
    eventually("ninety are there", lambda: len(names(daemon)) == 90)
    expect("10 of 100 targets or their checks are left out" in daemon.log(),
           "nothing was said of the limit")
    put(folder, "list.yml", [])
    eventually("none is left", lambda: names(daemon) == [])
    eventually("the rest was counted", lambda: [
        e for e in daemon.events()
        if e["name"] == "targets changed" and "40 more: target gone" in e["cause"]])
    expect_equal(daemon.stop()[0], 0, "exit code")


def scenario(bench):
    files_come_and_go(bench)
    relabelling_is_prometheus_s(bench)
    lists_over_http(bench)
    who_asks_for_a_list(bench)
    where_lists_may_lead(bench)
    registered_ones(bench)
    a_hundred_of_them(bench)


run(scenario)
