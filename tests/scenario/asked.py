#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""/probe from outside: what it answers, to whom, and about which addresses; a redirect and a name
that lead to a guarded address are not followed; many askers make no scheduled check late."""
import concurrent.futures
import gzip
import http.client
import http.server
import json
import re
import threading
import time
import urllib.parse

from harness import (Metrics, Repeating, Skip, config, eventually, expect, expect_equal, http_check,
                     run)
from namespace import bring_up, enter_namespace, in_namespace

TOKEN = "a-token-that-reads"


class Canary(http.server.BaseHTTPRequestHandler):
    """Counts who comes, but for the checks that are scheduled. /to/URL redirects there."""
    protocol_version, visits, environments = "HTTP/1.1", [], []

    def log_message(self, *args):
        pass

    def do_GET(self):
        if self.path not in ("/", "/known"):
            self.visits.append((self.path, self.headers["Host"]))
        if self.path == "/o":
            self.environments.append(self.headers["X-Env"])
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", urllib.parse.unquote(self.path[4:]))
        else:
            self.send_response(200)
        if self.path == "/slow":
            threading.Event().wait(1)
        self.send_header("Content-Length", "0")
        self.end_headers()


def serve():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Canary)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


class Asker:
    """Whoever comes by one of the listeners."""

    def __init__(self, port, headers=None):
        self.port, self.headers = port, headers or {}

    def ask(self, target, headers=None, **query):
        query = {**({"target": target} if target is not None else {}), **query}
        return self.get("/probe?" + urllib.parse.urlencode(query), headers)

    def get(self, path, headers=None, method="GET"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, headers={**self.headers, **(headers or {})})
            answer = connection.getresponse()
            answer.body = answer.read()
            answer.text = "" if answer.headers["Content-Encoding"] else answer.body.decode()
            return answer
        finally:
            connection.close()


def answers_like_blackbox_exporter(near, base):
    """Texts and statuses that 0.23 has."""
    for target, query, status, text in (
            (None, {}, 400, "Target parameter is missing\n"),
            ("", {}, 400, "Target parameter is missing\n"),
            ("x", {"module": 'no"pe'}, 400, 'Unknown module "no\\"pe"\n'),
            (None, {"module": "nope"}, 400, 'Unknown module "nope"\n'),
            (base, {"module": "named", "hostname": "b.test"}, 400,
             "host header defined both in module configuration (a.test) and with URL-parameter "
             "'hostname' (b.test)\n"),
            (base, {"module": "named_later", "hostname": "b.test"}, 400,
             "host header defined both in module configuration (c.test) and with URL-parameter "
             "'hostname' (b.test)\n"),
            (base, {"module": "named_in_secret", "hostname": "b.test"}, 400,
             "host header defined both in module configuration (<secret>) and with URL-parameter "
             "'hostname' (b.test)\n")):
        answer = near.ask(target, **query)
        expect_equal((answer.status, answer.text), (status, text), f"{target} {query}")
        expect_equal(answer.headers["Content-Type"], "text/plain; charset=utf-8", "type")
    for text, target, query, status in (
            ("abc", base, {}, 500), ("1x", base, {}, 500), ("0x10", base, {}, 500),
            ("abc", None, {}, 500), ("abc", base, {"module": "nope"}, 400), ("-1", base, {}, 200),
            ("NaN", base, {}, 200), ("inf", base, {}, 200), ("", base, {}, 200)):
        answer = near.ask(target, {"X-Prometheus-Scrape-Timeout-Seconds": text}, **query)
        expect_equal(answer.status, status, f"a scrape timeout of '{text}'")
    down = near.ask("http://127.0.0.1:1/")
    expect_equal(down.status, 200, "a target that is down")
    expect_equal(Metrics(down.text).value("probe_success"), 0, "a target that is down")
    expect_equal(down.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8", "type")
    expect("probe_failure_info" not in down.text, "families of our own")
    extra = Metrics(near.ask("http://127.0.0.1:1/", extra="1").text)
    expect_equal([labels["reason"] for labels, _ in extra.all("probe_failure_info")],
                 ["connect_refused"], "the reason with extra=1")
    Canary.visits.clear()
    expect_equal(near.ask(base + "/n", hostname="b.test").status, 200, "with a hostname")
    expect_equal(near.ask(base + "/n", module="named", hostname="a.test").status, 200,
                 "with the module's own")
    expect_equal(near.ask(base + "/n", module="named_later", hostname="c.test").status, 200,
                 "with the module's own")
    expect_equal(Canary.visits, [("/n", "b.test"), ("/n", "a.test"), ("/n", "c.test")],
                 "hosts asked for")
    twice = near.ask(urllib.parse.quote(base + "/twice", safe=""))
    expect_equal(Metrics(twice.text).value("probe_success"), 1, "a target escaped twice")
    short = near.ask(base + "/slow", {"X-Prometheus-Scrape-Timeout-Seconds": "0.7"}, extra="1")
    expect_equal(Metrics(short.text).value("probe_success"), 0, "a short scrape")
    limit = Metrics(short.text).value("probe_timeout_seconds")
    expect(abs(limit - 0.2) < 1e-3, f"a probe within a scrape of 0.7 s may take {limit} s")
    other = near.ask(base, {"Accept": "application/openmetrics-text;version=1.0.0"})
    expect(other.text.endswith("# EOF\n"), "OpenMetrics")
    packed = near.ask(base, {"Accept-Encoding": "gzip"})
    expect(b"probe_success 1\n" in gzip.decompress(packed.body), "gzip")
    expect_equal(near.get(f"/probe?target={base}", method="POST").status, 405, "POST")
    expect_equal(near.get(f"/probe?target={base}", method="HEAD").status, 200, "HEAD")


def the_last_run_answers(daemon, near, base):
    eventually("the check has run", lambda: daemon.metrics().value(
        "probe_success", check="known") == 1)
    Canary.visits.clear()
    for query in ({}, {"module": "http_2xx"}):
        answer = near.ask(base + "/known", cached="1", **query)
        found = Metrics(answer.text)
        expect_equal((answer.status, found.value("probe_success")), (200, 1), f"cached {query}")
        age = found.value("probe_cached_age_seconds")
        expect(0 <= age < 30, f"the age of what is cached: {age}")
        expect("bellwether_" not in answer.text, "metrics that are no probe's")
    for target, query in ((base + "/unknown", {}), (base + "/known", {"module": "named"})):
        expect_equal(near.ask(target, cached="1", **query).status, 404, f"{target} {query}")


def options_are_set(near, base):
    """By parameters that the module lists, and no others."""
    Canary.visits.clear()
    for query, passed in (({}, 1), ({"http.valid_status_codes": "404"}, 0),
                          ({"http_valid_status_codes": "200", "http.headers.X-Env": "blue"}, 1),
                          ({}, 1), ({"other": "1", "q.x": "1"}, 1)):
        answer = near.ask(base + "/o", module="open", **query)
        expect_equal((answer.status, Metrics(answer.text).value("probe_success")), (200, passed),
                     f"with {query}")
    expect_equal(len(Canary.visits), 5, "visits")
    expect_equal(Canary.environments, [None, None, "blue", None, None], "the header that was set")
    codes = "&http.valid_status_codes="
    both = near.get(f"/probe?module=open&target={base}/o{codes}404{codes}200")
    expect_equal(Metrics(both.text).value("probe_success"), 1, "a list")
    Canary.visits.clear()
    for module, query, words in (
            ("open", {"http.method": "POST"}, "parameter 'http.method' is not among"),
            ("open", {"http_method": "POST"}, "parameter 'http_method' is not among"),
            ("quick", {"http.method": "POST"}, "parameter 'http.method' is not among"),
            ("open", {"http.valid_status_codes": "x"}, "parameter 'http.valid_status_codes': "),
            ("open", {"http.headers.X-Env": "a\r\nB: c"}, "'X-Env' is no header"),
            ("open", {"http.headers.X-Env": "x" * 1025}, "more than 1024 bytes"),
            ("open", {"http.headers.X-Env": "x", "cached": "1"}, "cached=1")):
        answer = near.ask(base + "/o", module=module, **query)
        expect_equal(answer.status, 400, f"{module} {query}")
        expect(words in answer.text, f"{module} {query}: {answer.text}")
    guarded = near.ask("http://169.254.169.254/", module="open", **{"http.headers.X-Env": "x"})
    expect_equal(guarded.status, 403, "a guarded address, with an option")
    expect_equal(Canary.visits, [], "visits of what is refused")


def who_may(near, far, base):
    """The same by loopback, from elsewhere, with a token, from a page of another site."""
    token = Asker(far.port, {"Authorization": f"Bearer {TOKEN}"})
    wrong = Asker(far.port, {"Authorization": "Bearer no-token-at-all"})
    page = Asker(near.port, {"Sec-Fetch-Site": "cross-site"})
    for who, name, status in ((near, "loopback", 200), (token, "token", 200), (far, "far", 403),
                              (wrong, "wrong token", 403), (page, "another page", 403)):
        Canary.visits.clear()
        expect_equal(who.ask(base + "/any").status, status, f"any target for {name}")
        expect_equal(len(Canary.visits), 1 if status == 200 else 0, f"visits for {name}")
        expect_equal(who.ask(base + "/known").status, 200, f"a check's target for {name}")
        expect_equal(who.ask(base + "/known", module="tcp").status, status,
                     f"a check's target with another kind for {name}")
        expect_equal(who.ask(base + "/known", hostname="x.test").status, status,
                     f"a check's target by another name for {name}")
        debug = who.ask(base + "/known", debug="true")
        expect_equal(debug.status, status, f"a transcript for {name}")
        expect_equal(who.ask(base + "/known", cached="1").status, 200, f"what is known for {name}")
    guesses = [wrong.ask(base + "/known").status for _ in range(12)]
    expect_equal(guesses[-1], 429, f"the answer to many wrong tokens: {guesses}")


def what_nobody_may(near, base):
    for target, query in (("/bin/sh", {"module": "command"}), ("unix:/run/x.sock", {"module": "tcp"}),
                          ("file:///etc/passwd", {}), ("/etc/passwd", {}),
                          ("http://169.254.169.254/latest", {}), ("http://[fd00:ec2::254]/", {}),
                          ("http://100.100.100.200/", {}), ("http://[::ffff:169.254.169.254]/", {}),
                          ("http://2852039166/", {}), ("http://0xa9fea9fe/", {}),
                          ("169.254.169.254:80", {"module": "tcp"}),
                          ("169.254.169.254", {"module": "icmp"})):
        answer = near.ask(target, **query)
        expect(answer.status == 403 or Metrics(answer.text).value("probe_success") == 0,
               f"{target}: {answer.status} {answer.text}")
        if "254" in target and "[::ffff" not in target or query:
            expect_equal(answer.status, 403, target)
    for guarded in ("http://169.254.169.254/", "http://[fe80::1]/", "file:///etc/passwd"):
        moved = near.ask(f"{base}/to/{urllib.parse.quote(guarded, safe='')}", debug="true")
        expect_equal(moved.status, 200, f"a redirect to {guarded}")
        expect("\nprobe_success 0\n" in moved.text, f"a redirect to {guarded}: {moved.text}")
        expect("root:" not in moved.text, "a file is told")


def a_list_opens(daemon, whole, near, far, base):
    """A network lets strangers in, and no guarded address but by itself."""
    for listed, target, want in (
            (["127.0.0.0/8"], base + "/any", 200), (["10.0.0.0/8"], base + "/any", 403),
            ("any", base + "/any", 200), ("any", "http://169.254.1.1/", 403),
            (["0.0.0.0/0", "::/0"], "http://169.254.1.1/", 403)):
        daemon.configure({**whole, "web": {"probe_targets": listed}})
        reloaded = daemon.control("POST", "/-/reload")
        expect_equal(reloaded.status, 200, f"reload: {reloaded.body}")
        expect_equal(far.ask(target, module="quick").status, want, f"{target} with {listed}")
    daemon.configure({**whole, "web": {"probe_targets": "any"}})
    expect_equal(daemon.control("POST", "/-/reload").status, 200, "reload")
    for target, want in ((base + "/any", 403), ("http://169.254.169.254/", 403)):
        expect_equal(far.ask(target, module="proxied").status, want, f"{target} through a proxy")
    daemon.configure({**whole, "web": {"probe_targets": ["169.254.1.1"]}})
    expect_equal(daemon.control("POST", "/-/reload").status, 200, "reload")
    for who in (near, far):
        answer = who.ask("http://169.254.1.1/", module="quick")
        expect_equal(answer.status, 200, f"a guarded address that is listed: {answer.text}")


def many_ask(daemon, near, base):
    """More than may: all are answered, and scheduled checks start as if nobody asked."""
    def runs():
        return daemon.metrics().value("bellwether_check_runs_total", check="known",
                                      result="success")
    before, begun = runs(), time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(60) as pool:
        slow = [pool.submit(near.ask, base + "/slow") for _ in range(60)]
        rest = Repeating(lambda: near.ask(base + "/any"))
        statuses = {answer.result().status for answer in slow}
        rest.stop()
    expect_equal(statuses, {200}, "answers to sixty at once")
    made, due = runs() - before, (time.monotonic() - begun) / 0.2
    expect(due / 4 <= made <= due + 3, f"{made} scheduled runs where {due:.1f} were due")


def requests_are_counted(daemon):
    """By module and result; whoever makes names up makes no series."""
    metrics = daemon.metrics()
    found = {(labels.get("module", ""), labels["result"]): value
             for labels, value in metrics.all("bellwether_probe_requests_total")}
    for module, result in (("http_2xx", "success"), ("http_2xx", "failure"), ("", "invalid"),
                           ("http_2xx", "cached"), ("http_2xx", "denied"), ("named", "invalid"),
                           ("tcp", "denied"), ("command", "denied")):
        expect(found.get((module, result), 0) > 0, f"'{module}' {result}: {found}")
    modules = {module for module, _ in found}
    expect("nope" not in modules, f"a module that there is not: {modules}")
    expect_equal(metrics.value("bellwether_probe_request_duration_seconds_count"),
                 sum(found.values()), "durations")
    eventually("none runs", lambda: daemon.metrics().value(
        "bellwether_probe_requests_running") == 0)


def strangers_wait(far, base):
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(lambda _: far.ask(base + "/known").status, range(200)))
    expect(set(statuses) <= {200, 429, 503} and 429 in statuses and 200 in statuses,
           f"answers to strangers in a hurry: {set(statuses)}")


def stopping_answers_all(daemon, near, base):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        Canary.visits.clear()
        waiting = [pool.submit(near.ask, base + "/slow") for _ in range(4)]
        eventually("all run", lambda: len(Canary.visits) >= 4)
        code, seconds = daemon.stop()
        expect_equal((code, seconds < 5), (0, True), f"the end, after {seconds:.1f} s")
        expect_equal({answer.result().status for answer in waiting}, {503}, "who waited")


def scenario(bench):
    if not in_namespace():
        raise Skip("no network namespace: it listens on every address")
    bring_up("lo")
    base = f"http://127.0.0.1:{serve()}"
    security = bench.folder / "web.yml"
    security.write_text(json.dumps({"tokens": [
        {"name": "boss", "scope": "write", "token": TOKEN}]}))
    whole = config([{"name": "web", "checks": [
        {"name": "known", "http": base + "/known", "module": "http_2xx"},
        http_check("other", int(base.rpartition(":")[2]))]}],
        modules={"http_2xx": {"prober": "http", "timeout": "3s"},
                 "quick": {"prober": "http", "timeout": "100ms"},
                 "open": {"prober": "http", "timeout": "3s", "parameters": [
                     "http.headers.X-Env", "http.valid_status_codes"]},
                 "proxied": {"prober": "http", "http": {"proxy_url": base}},
                 "named": {"prober": "http", "http": {"headers": {"host": "a.test"}}},
                 "named_later": {"prober": "http", "http": {
                     "http_headers": {"HOST": {"values": ["c.test"]}}}},
                 "named_in_secret": {"prober": "http", "http": {
                     "http_headers": {"Host": {"secrets": ["d.test"]}}}},
                 "tcp": {"prober": "tcp", "timeout": "1s"}, "icmp": {"prober": "icmp"},
                 "command": {"prober": "exec", "exec": {"command": ["/bin/true"]}}})
    daemon = bench.daemon(whole, args=["--web.listen-address=0.0.0.0:0",
                                       f"--web.config.file={security}"]).start()
    far = Asker(int(re.search(r"http://0\.0\.0\.0:(\d+)/", daemon.log())[1]))
    near = Asker(daemon.port)
    answers_like_blackbox_exporter(near, base)
    the_last_run_answers(daemon, near, base)
    options_are_set(near, base)
    who_may(near, far, base)
    what_nobody_may(near, base)
    a_list_opens(daemon, whole, near, far, base)
    many_ask(daemon, near, base)
    strangers_wait(far, base)
    requests_are_counted(daemon)
    stopping_answers_all(daemon, near, base)


enter_namespace()
run(scenario)
