#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What /metrics says is read by those it is for: Prometheus itself in both text formats with
honor_labels, promtool, and the strict OpenMetrics parser of Prometheus' Python client."""
import gzip
import http.server
import json
import re
import subprocess
import threading
import urllib.parse
import urllib.request

from harness import (Metrics, Peer, Skip, config, eventually, expect, expect_equal, free_port,
                     http_check, need_program, run, tcp_check)

TEXT = "text/plain;version=0.0.4"
OPENMETRICS = "application/openmetrics-text;version=1.0.0"


class OtherFormat(http.server.BaseHTTPRequestHandler):
    """Prometheus always prefers OpenMetrics; through here it gets the older text."""

    def do_GET(self):
        answer = self.server.daemon_under_test.get(self.path, {"Accept": TEXT})
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers["Content-Type"])
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *args):
        pass


def proxy_to(daemon):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), OtherFormat)
    server.daemon_under_test = daemon
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def fetch(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.loads(answer.read())


def both_formats_hold_the_same(daemon):
    """Also: gzip is the same text, compressed. Numbers move, so only a page that stood still
    between two looks is compared."""
    def compare(accept, kind):
        before = daemon.get("/metrics", {"Accept": accept})
        packed = daemon.get("/metrics", {"Accept": accept, "Accept-Encoding": "gzip"})
        after = daemon.get("/metrics", {"Accept": accept})
        expect(before.headers["Content-Type"].startswith(kind), before.headers["Content-Type"])
        expect_equal(packed.headers["Content-Encoding"], "gzip", "Content-Encoding")
        expect(before.body == after.body, "the page moved on")
        expect(gzip.decompress(packed.body) == before.body, "gzip is not the same page")
        return before.text

    def look():
        text = compare(TEXT, "text/plain; version=0.0.4")
        openmetrics = compare(OPENMETRICS, "application/openmetrics-text; version=1.0.0")
        # Two fetches later: only what there is can be compared, not every number.
        a, b = Metrics(text).series, Metrics(openmetrics).series
        a, b = ({k for k in s if not k[0].startswith("bellwether_http_")} for s in (a, b))
        expect(a == b, f"only in one format: {sorted(map(str, a ^ b))[:5]}")
        expect(openmetrics.endswith("# EOF\n"), "no # EOF")
        return text, openmetrics
    return eventually("both formats stand still and agree", look, every=0.01)


def python_reads(text, openmetrics):
    try:
        from prometheus_client.openmetrics.parser import text_string_to_metric_families as strict
        from prometheus_client.parser import text_string_to_metric_families as plain
    except ImportError:
        raise Skip("python3-prometheus-client is not installed") from None
    for parse, page in ((strict, openmetrics), (plain, text)):
        names = {family.name for family in parse(page)}
        for name in ("probe_success", "bellwether_health_status", "node_load1", "process_open_fds"):
            expect(name in names, f"{name} is missing")


def lint(text):
    """{name: [problem]}, from promtool."""
    done = subprocess.run([need_program("promtool"), "check", "metrics"], input=text, text=True,
                          capture_output=True, timeout=60)
    said = done.stdout + done.stderr
    expect("error while linting" not in said and done.returncode in (0, 3),
           f"promtool cannot read it ({done.returncode}): {said[:500]}")
    problems = {}
    for line in said.splitlines():
        name, _, problem = line.partition(" ")
        problems.setdefault(name, []).append(problem)
    return problems


def nothing_to_lint(bench, text):
    port = free_port()
    Peer(bench, "node-exporter", [need_program("prometheus-node-exporter"),
                                  f"--web.listen-address=127.0.0.1:{port}"])
    def exporter_page():
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            return answer.read().decode()
    theirs = lint(eventually("node_exporter answers", exporter_page))
    for name, problems in lint(text).items():
        expect(name.startswith("node_"), f"promtool on {name}: {problems}")
        for problem in problems:
            expect(problem in theirs.get(name, []),
                   f"promtool on {name}, not on node_exporter's: {problem}")


def prometheus_scrapes(bench, daemon):
    port, through = free_port(), proxy_to(daemon)
    (bench.folder / "prometheus.yml").write_text(json.dumps({
        "global": {"scrape_interval": "500ms", "scrape_timeout": "500ms"},
        "scrape_configs": [
            {"job_name": name, "honor_labels": True,
             "static_configs": [{"targets": [f"127.0.0.1:{p}"]}]}
            for name, p in (("openmetrics", daemon.port), ("text", through))],
    }))
    peer = Peer(bench, "prometheus", [
        need_program("prometheus"), f"--config.file={bench.folder}/prometheus.yml",
        f"--storage.tsdb.path={bench.folder}/tsdb", f"--web.listen-address=127.0.0.1:{port}"])
    base = f"http://127.0.0.1:{port}/api/v1"

    def query(text):
        return fetch(f"{base}/query?query=" + urllib.parse.quote(text))["data"]["result"]

    def scraped():
        counts = {r["metric"]["job"]: float(r["value"][1])
                  for r in query("count_over_time(up[1m])")}
        return counts.get("openmetrics", 0) >= 5 and counts.get("text", 0) >= 5
    eventually("five scrapes in each format", scraped, 60, every=0.2)

    for target in fetch(f"{base}/targets")["data"]["activeTargets"]:
        expect_equal((target["health"], target["lastError"]), ("up", ""), target["labels"]["job"])
    for job in ("openmetrics", "text"):
        up = query(f'min_over_time(up{{job="{job}"}}[1m])')
        expect_equal([r["value"][1] for r in up], ["1"], f"up of {job}")
        samples = query(f'scrape_samples_scraped{{job="{job}"}}')
        expect(float(samples[0]["value"][1]) > 100, f"{job}: {samples}")
        ours = query(f'probe_success{{job="{job}",service="web",check="page"}}')
        expect_equal(len(ours), 1, f"probe_success in {job}")
        expect(ours[0]["metric"]["instance"] != f"127.0.0.1:{daemon.port}"
               and "exported_instance" not in ours[0]["metric"],
               f"the labels were not honoured: {ours[0]['metric']}")
    loud = [line for line in peer.log().splitlines() if re.search(r"level=(warn|error)", line)]
    expect(not loud, f"prometheus complains: {loud[:3]}")


def scenario(bench):
    need_program("prometheus", "promtool", "prometheus-node-exporter")
    good, failing = bench.targets("good", "fail")
    # Slow enough that the page stands still now and then.
    daemon = bench.daemon(config([
        {"name": "web", "labels": {"team": 'a "b" \\ c', "path": "/ä"}, "checks": [
            http_check("page", good), http_check("broken", failing), tcp_check("port", good),
            tcp_check("closed", free_port())]},
    ], global_={"interval": "1s"})).start()
    eventually("the checks and the host were seen", lambda: (
        (m := daemon.metrics()).check_status("web", "broken") == "UNHEALTHY"
        and m.check_status("web", "page") == "HEALTHY"
        and m.all("node_cpu_seconds_total")
        and m.all("bellwether_host_resource_ratio")))
    text, openmetrics = both_formats_hold_the_same(daemon)
    label = Metrics(text).all("probe_success", service="web", check="page")[0][0]
    expect_equal((label["team"], label["path"]), ('a "b" \\ c', "/ä"), "the user's labels")
    python_reads(text, openmetrics)
    nothing_to_lint(bench, text)
    prometheus_scrapes(bench, daemon)
    expect_equal(daemon.stop()[0], 0, "exit code")


run(scenario)
