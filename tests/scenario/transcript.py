#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A target answers 500 with hostile bytes, then recovers: what was tried stays on the check's page
and in JSON, over a restart, without a secret and without a byte that the peer could do harm with."""
import http.server
import threading

from harness import config, eventually, expect, expect_equal, run

SECRETS = ("fr0mheader", "fr0menv", "fr0murl", "fr0mbody", "fr0msend", "c00kie")
BODY = b'<script>alert(1)</script>\x1b[2J\x00\xff {"password":"hidden-by-name"}\n'


class Target(http.server.BaseHTTPRequestHandler):
    well = False

    def do_POST(self):
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        body = b"fine" if Target.well else BODY + asked + str(self.headers).encode()
        self.send_response(200 if Target.well else 500)
        self.send_header("Set-Cookie", "sid=c00kie")
        self.send_header("X-Bytes", "\x1b]0;owned\x07 <b>")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def failure_of(story):
    failures = story["last_failures"]
    expect(failures, f"no failure is kept: {story}")
    return failures[-1]  # the first that there was


def texts(failure):
    return [line["text"] for line in failure["transcript"]]


def is_told(daemon, path):
    """The API's story, and the page, are as they should be; returns the failure."""
    story = daemon.get(f"/api/v1{path}")
    page = daemon.get(path)
    expect_equal(page.status, 200, path)
    expect(len(page.body) < 100_000, f"the page has {len(page.body)} bytes")
    failure = failure_of(story.json)
    expect_equal(failure["reason"], "http_status", "reason")
    said = texts(failure)
    for want in ("> POST /?token=*** HTTP/1.1", "> X-Key: ***", "< HTTP/1.0 500 Internal Server Error",
                 "< Set-Cookie: ***", "< X-Bytes: \\x1b]0;owned\\x07 <b>"):
        expect(want[2:] in said, f"{want} is not in {said}")
    expect(any("<script>alert(1)</script>\\x1b[2J\\x00\\xff" in s for s in said), f"body: {said}")
    expect(failure["transcript"][-1]["kind"] == "verdict", f"the end: {said}")
    expect(b"&lt;script&gt;alert(1)&lt;/script&gt;\\x1b[2J\\x00\\xff" in page.body, "body on the page")
    expect(b"<script>alert" not in page.body, "markup of the peer is on the page")
    for answer in (story, page):
        expect(not any(b in answer.body for b in (b"\x1b", b"\x00", b"\xff")), "raw bytes of the peer")
        for secret in SECRETS + ("hidden-by-name",):
            expect(secret.encode() not in answer.body, f"{secret} is told by {answer.body[:80]}")
    return failure


def scenario(bench):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Target)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_port
    bench.environment["SHOP_SECRET"] = "fr0menv"
    daemon = bench.daemon(config(
        [{"name": "shop", "checks": [
            {"name": "page", "http": f"http://me:fr0murl@127.0.0.1:{port}/?token=${{env:SHOP_SECRET}}",
             "module": "post", "interval": "8s", "fast_interval": "200ms"},
            {"name": "port", "tcp": f"127.0.0.1:{port}", "module": "talk"}]}],
        modules={"post": {"prober": "http", "http": {
                     "method": "POST", "headers": {"X-Key": "fr0mheader"},
                     "body": '{"user":"me","password":"fr0mbody"}'}},
                 "talk": {"prober": "tcp", "tcp": {"query_response": [
                     {"send": "AUTH fr0msend"}, {"expect": "^never"}]}}})).start()
    folder = f"/services/shop/127.0.0.1%3A{port}"
    path = f"{folder}/page"
    eventually("the page is UNHEALTHY",
               lambda: daemon.metrics().check_status("shop", "page") == "UNHEALTHY")
    eventually("the failure is told", lambda: is_told(daemon, path))
    dialogue = eventually("the dialogue is told", lambda: failure_of(
        daemon.get(f"/api/v1{folder}/port").json))
    expect("AUTH ***" in texts(dialogue), f"{texts(dialogue)}")

    def cause():
        said = daemon.get(f"/api/v1{path}").json["cause"] or ""
        return said if "500" in said else None
    before = eventually("the cause is told", cause)
    eventually("its change is stored", lambda: any(
        change["to"] == "UNHEALTHY" for change in daemon.get(f"/api/v1{path}").json["changes"]))
    daemon.kill()
    daemon.start()
    expect_equal(cause(), before, "the cause after kill -9")
    is_told(daemon, path)

    Target.well = True
    eventually("the page recovers",
               lambda: daemon.metrics().check_status("shop", "page") == "HEALTHY")
    before = is_told(daemon, path)
    expect_equal(daemon.stop()[0], 0, "exit code")
    daemon.start()
    after = is_told(daemon, path)
    expect_equal(after, before, "the failure after a restart")
    expect(after["times"] >= 1 and after["last_ts"] >= after["ts"], f"tally: {after}")
    expect_equal(daemon.stop()[0], 0, "exit code of the second")
    for secret in SECRETS:
        expect(secret not in daemon.log(whole=True), f"{secret} is in the log")
    server.shutdown()


run(scenario)
