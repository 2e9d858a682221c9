#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""WebSocket checks from the configuration to the metrics: a server that changes over and speaks, one
that says something else, one that refuses; `bellwether probe` says the same."""
import base64
import hashlib
import http.server
import threading

from harness import config, eventually, expect, expect_equal, run

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def hear(self):
        """The payload of the client's next frame, of at most 125 bytes; none at the end."""
        head = self.rfile.read(6)
        if len(head) < 6:
            return b""
        return bytes(byte ^ head[2 + i % 4]
                     for i, byte in enumerate(self.rfile.read(head[1] & 0x7f)))

    def say(self, text):
        self.wfile.write(bytes([0x81, len(text)]) + text)

    def do_GET(self):
        if self.path == "/no":
            self.send_error(403)
            return
        key = self.headers["Sec-WebSocket-Key"].encode()
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept",
                         base64.b64encode(hashlib.sha1(key + MAGIC).digest()).decode())
        self.end_headers()
        if self.path == "/chat":
            self.say(b"hello 7")
            self.say(b"welcome " + self.hear())
        self.hear()  # the close frame, or nothing
        self.close_connection = True


def scenario(bench):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
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
