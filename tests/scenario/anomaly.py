#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A page whose length wavers a little, and then is another for a while: one alert, which says what
was expected, one end of it, and scores; a restart knows what is normal from the store."""
import http.server
import socket
import threading

from harness import config, eventually, expect, expect_equal, http_check, run

METRIC = "probe_http_content_length"
SERIES = {"metric": METRIC, "check": "page"}


class Target(threading.Thread):
    """Answers with so many bytes, and a few more or less."""

    def __init__(self):
        super().__init__(daemon=True)
        self.bytes, self.asked = 1000, 0
        target = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                target.asked += 1
                length = target.bytes + target.asked * 7919 % 41
                self.send_response(200)
                self.send_header("Content-Length", str(length))
                self.end_headers()
                self.wfile.write(b"x" * length)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            address_family = socket.AF_INET

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.start()

    def run(self):
        self.server.serve_forever(0.05)


def settings(target, interval):
    rule = {"name": "odd", "level": "critical",
            "anomaly": {"series": f'{METRIC}{{check="page"}}', "score": 1}}
    return config([{"name": "shop", "checks": [http_check("page", target.port, interval=interval)]}],
                  alerts={"defaults": False, "rules": [rule]})


def score(daemon):
    return daemon.metrics().value("bellwether_anomaly_score", **SERIES)


def told(daemon):
    return [(e["from"], e["to"]) for e in daemon.events("shop", "alert") if e["name"] == "odd"]


def scenario(bench):
    target = Target()
    daemon = bench.daemon(settings(target, "100ms")).start()
    eventually("the page has a score", lambda: score(daemon) is not None)
    expect(score(daemon) < 1, "the usual is not odd")
    page = daemon.metrics()
    low = page.value("bellwether_anomaly_expected", bound="low", **SERIES)
    high = page.value("bellwether_anomaly_expected", bound="high", **SERIES)
    expect(900 < low < 1000 < 1040 < high < 1500, f"expected {low} to {high}")

    target.bytes = 5000
    eventually("the score is high", lambda: (score(daemon) or 0) > 1)
    alert = eventually("the alert is there", lambda: daemon.alerts("odd", check="page"))[0]
    target.bytes = 1000  # before it is the new normal
    expect("expected" in alert["cause"] and "odder than anything" in alert["cause"], alert["cause"])
    expect_equal(alert["level"], "critical", "its level")
    expect(alert["value"] >= 1, f"the score is its value: {alert['value']}")
    eventually("the alert ends", lambda: not daemon.alerts("odd"))
    eventually("the score is low again", lambda: (score(daemon) or 9) < 1)
    expect_equal(told(daemon), [("none", "critical"), ("critical", "none")], "one alert, one end")

    daemon.stop()
    daemon.configure(settings(target, "5s"))
    daemon.start()
    eventually("what is normal was not forgotten", lambda: score(daemon) is not None)
    runs = daemon.metrics().total("bellwether_check_runs_total", check="page")
    expect(runs < 60, f"{runs} runs are enough to learn it anew")
    daemon.stop()


run(scenario)
