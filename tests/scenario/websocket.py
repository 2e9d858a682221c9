#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""WebSocket checks from the configuration to the metrics: a server that changes over and speaks, one
that says something else, one that refuses; `bellwether probe` says the same."""
import http.server
import threading

from harness import config, eventually, expect, expect_equal, run
from servers import WebSocketHandler


def scenario(bench):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), WebSocketHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"ws://127.0.0.1:{server.server_address[1]}"

    def module(answer):
        return {"prober": "websocket", "websocket": {"query_response": [
            {"expect": r"^hello (\d)$", "send": "user ${1}"}, {"expect": answer}]}}
    checks = [{"name": "plain", "websocket": base + "/"},
              {"name": "chat", "websocket": base + "/chat", "module": "good"},
              {"name": "other", "websocket": base + "/chat", "module": "bad"},
              {"name": "refused", "websocket": base + "/no"}]
    for check in checks:
        check |= {"interval": "1s", "fall": 1, "rise": 1}
    whole = config([{"name": "ws", "checks": checks}],
                   modules={"good": module("^welcome user 7$"), "bad": module("^bye")})
    daemon = bench.daemon(whole).start()
    want = {"plain": ("HEALTHY", 101, 1, 0, None), "chat": ("HEALTHY", 101, 1, 0, None),
            "other": ("UNHEALTHY", 101, 1, 1, "assertion_reply"),
            "refused": ("UNHEALTHY", 403, 0, 0, "http_status")}

    def settled():
        metrics = daemon.metrics()
        for name, (status, code, upgraded, regex, reason) in want.items():
            expect_equal(metrics.check_status("ws", name), status, f"status of {name}")
            for family, value in (("status_code", code), ("connection_upgraded", upgraded),
                                  ("failed_due_to_regex", regex)):
                expect_equal(metrics.value(f"probe_websocket_{family}", check=name), value,
                             f"{family} of {name}")
            said = [labels["reason"] for labels, _ in
                    metrics.all("probe_failure_info", check=name)]
            expect_equal(said, [reason] if reason else [], f"reason of {name}")
        return True
    eventually("every check has its status", settled)
    code, _ = daemon.stop()
    expect_equal(code, 0, "exit code")
    said = bench.bellwether("probe", "--verbose", "websocket", base + "/")
    expect_equal(said.returncode, 0, f"exit code of probe; it said {said.stdout}")
    expect("101 Switching Protocols" in said.stdout, f"no answer in {said.stdout}")
    server.shutdown()


run(scenario)
