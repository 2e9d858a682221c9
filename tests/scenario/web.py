#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The front end from outside: every page and route answers with its guards in place; what is not
there is 404, what is not allowed 405; a foreign Host and a reload without scope are refused."""
import socket
import urllib.parse

from harness import config, eventually, expect, expect_equal, http_check, run

PAGES = ["/", "/services/web", "/trends", "/alerts", "/reports"]
JSON = ["/api/v1/services", "/api/v1/services/web", "/api/v1/targets", "/api/v1/alerts",
        "/api/v1/trends", "/api/v1/series", "/api/v1/events",
        '/api/v1/samples?series=probe_success', "/api/v1/status"]
OTHERS = ["/metrics", "/-/healthy", "/-/ready", "/style.css"]
ABSENT = ["/nothing", "/services/nothing", "/api/v1/nothing", "/api/v1/services/nothing",
          "/api/v9/services", "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/index.php",
          "/services/web/nothing", "/reports/archive/../../bellwether.db"]
HEADERS = {"X-Content-Type-Options": "nosniff"}


def has_guards(answer, path, is_page):
    for name, value in HEADERS.items():
        expect_equal(answer.headers[name], value, f"{name} of {path}")
    for name in ("Access-Control-Allow-Origin", "Server"):
        expect(answer.headers[name] is None, f"{path} sends {name}")
    if is_page:
        policy = answer.headers["Content-Security-Policy"] or ""
        for part in ("default-src 'none'", "frame-ancestors 'none'"):
            expect(part in policy, f"policy of {path}: {policy}")
        expect("unsafe" not in policy, f"policy of {path}: {policy}")
        expect(answer.headers["Referrer-Policy"], f"{path} has no Referrer-Policy")
        expect(answer.headers["Content-Type"] == "text/html; charset=utf-8",
               f"{path}: {answer.headers['Content-Type']}")


def everything_answers(daemon):
    for path in PAGES + JSON + OTHERS:
        answer = daemon.get(path)
        want = (200, 503) if path == "/api/v1/status" else (200,)  # 503: something is UNHEALTHY
        expect(answer.status in want, f"GET {path}: {answer.status} {answer.body[:200]}")
        has_guards(answer, path, path in PAGES)
        if path in JSON:
            expect(answer.headers["Content-Type"].startswith("application/json"), path)
            expect(answer.json is not None, path)
        if path in PAGES:
            expect(answer.text.lstrip().lower().startswith("<!doctype html>"), f"{path}: no page")
            expect("<script>alert" not in answer.text, f"{path}: a name came through as markup")
        head = daemon.request("HEAD", path)
        expect(head.status in want and head.body == b"", f"HEAD {path}: {head.status}")
    odd = urllib.parse.quote('<script>alert(1)</script> & "ä"', safe="")
    expect_equal(daemon.get(f"/services/{odd}").status, 200, "a page with an odd name")
    expect_equal(daemon.get(f"/api/v1/services/{odd}").json["name"],
                 '<script>alert(1)</script> & "ä"', "its name in JSON")


def what_is_not_there(daemon):
    for path in ABSENT:
        answer = daemon.get(path)
        expect(answer.status in (400, 404), f"GET {path}: {answer.status}")
        has_guards(answer, path, False)
    problem = daemon.get("/api/v1/nothing")
    expect(problem.headers["Content-Type"].startswith("application/problem+json"), "problem+json")
    expect_equal(problem.json["status"], 404, "status in problem+json")
    for method, path in (("POST", "/"), ("DELETE", "/api/v1/services"), ("PUT", "/metrics"),
                         ("GET", "/-/reload"), ("BREW", "/")):
        answer = daemon.request(method, path)
        expect_equal(answer.status, 405, f"{method} {path}")
        expect(answer.headers["Allow"], f"{method} {path} does not say what is allowed")


def strangers_are_refused(daemon):
    for host in ("evil.example.com", "evil.example.com:80", "127.0.0.1.evil.example.com", "10.0.0.1"):
        for path in ("/", "/metrics", "/api/v1/services"):
            status = daemon.get(path, {"Host": host}).status
            expect(status in (400, 403, 421), f"GET {path} with Host {host}: {status}")
    for host in ("localhost", f"127.0.0.1:{daemon.port}", "[::1]"):
        expect_equal(daemon.get("/", {"Host": host}).status, 200, f"GET / with Host {host}")
    expect_equal(daemon.request("POST", "/-/reload").status, 403, "reload over TCP")
    expect_equal(daemon.request("POST", "/-/reload", {"Authorization": "Bearer x"}).status, 403,
                 "reload over TCP with a made-up token")
    expect_equal(daemon.control("POST", "/-/reload").status, 200, "reload by the control socket")
    expect_equal(daemon.control("POST", "/-/reload", {"Origin": "http://evil.example.com"}).status,
                 403, "reload for another site's page")
    mode = daemon.store.with_name(daemon.store.name + ".sock").stat().st_mode & 0o777
    expect_equal(mode, 0o600, "mode of the control socket")


def raw(daemon, data, seconds=15):
    """Everything that comes back for these bytes until the server closes."""
    with socket.create_connection(("127.0.0.1", daemon.port), seconds) as s:
        s.sendall(data)
        got = b""
        try:
            while chunk := s.recv(65536):
                got += chunk
        except ConnectionResetError:
            pass
        return got


def bad_requests_end(daemon):
    good = b"Host: localhost\r\nConnection: close\r\n\r\n"
    for what, data in {
            "no HTTP": b"hello\r\n\r\n",
            "long line": b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n" + good,
            "many headers": b"GET / HTTP/1.1\r\n" + b"X-A: b\r\n" * 5000 + good,
            "two lengths": b"POST /-/reload HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n"
                           + good + b"ab",
            "a length below zero": b"POST /-/reload HTTP/1.1\r\nContent-Length: -1\r\n" + good + b"ab",
            "a blank before a colon": b"POST /-/reload HTTP/1.1\r\nContent-Length : 5\r\n"
                                      + good + b"hello",
            "an unknown coding": b"POST /-/reload HTTP/1.1\r\nTransfer-Encoding: gzip\r\n"
                                 + good + b"0\r\n\r\n",
            "both framings": b"POST /-/reload HTTP/1.1\r\nContent-Length: 5\r\n"
                             b"Transfer-Encoding: chunked\r\n" + good + b"0\r\n\r\n",
            "zero byte": b"GET /%00 HTTP/1.1\r\n" + good,
            "no host": b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
            "binary": bytes(range(256)) * 20}.items():
        answer = raw(daemon, data)
        statuses = [line for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.")]
        expect(len(statuses) <= 1, f"{what}: {len(statuses)} answers")
        expect(not statuses or statuses[0].split()[1].startswith((b"4", b"501")),
               f"{what}: {statuses}")
        expect_equal(daemon.get("/-/healthy").status, 200, f"healthy after {what}")


def collectors_are_chosen(daemon):
    """As node_exporter: ?collect[]= shows these collectors and what they say of themselves."""
    page = daemon.get("/metrics?collect[]=loadavg&collect[]=time").body.decode()
    names = {line.split("{")[0].split(" ")[0] for line in page.splitlines() if line[:1] != "#"}
    expect("node_load1" in names and "node_time_seconds" in names, f"chosen ones miss: {names}")
    others = [n for n in names if not n.startswith(("node_load", "node_time_", "node_scrape_"))]
    expect(not others, f"not asked for: {others}")
    page = daemon.get("/metrics?exclude[]=loadavg&exclude[]=time").body.decode()
    expect("\nnode_load1 " not in page and "\nnode_time_seconds " not in page, "excluded, but shown")
    expect("\nnode_memory_MemTotal_bytes " in page, "not excluded, but hidden")
    both = daemon.get("/metrics?exclude[]=loadavg&collect[]=time")
    expect_equal(both.status, 400, "collect[] and exclude[] at once")


def scenario(bench):
    good, = bench.targets("good")
    daemon = bench.daemon(config([
        {"name": "web", "checks": [http_check("page", good)]},
        {"name": '<script>alert(1)</script> & "ä"', "checks": [http_check('"><b>', good)]}])).start()
    eventually("HEALTHY", lambda: daemon.metrics().check_status("web", "page") == "HEALTHY")
    eventually("samples are stored", lambda: daemon.api("samples", series="probe_success")["series"])
    everything_answers(daemon)
    collectors_are_chosen(daemon)
    what_is_not_there(daemon)
    strangers_are_refused(daemon)
    bad_requests_end(daemon)
    expect_equal(daemon.stop()[0], 0, "exit code")


run(scenario)
