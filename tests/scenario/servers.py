# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that several scenarios ask, and the certificates that they show."""
import base64
import hashlib
import http.server
import socket
import ssl
import subprocess
import threading
import time

from harness import need_program

WEBSOCKET_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def serve_lines(talk_to):
    """A TCP server: talk_to(socket) for each connection."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def serve(talk):
        with talk:
            talk.settimeout(5)
            try:
                talk_to(talk)
            except OSError:
                pass

    def accept():
        while True:
            threading.Thread(target=serve, args=listener.accept()[:1], daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


class Certificates:
    """An authority, and what it signed: good (for 127.0.0.1 and `names`), expired, for another host;
    one that signed itself."""

    def __init__(self, folder, names="DNS:good.test"):
        self.folder = folder
        self.openssl = need_program("openssl")
        self.call("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out",
                  "ca.pem", "-subj", "/CN=Test CA", "-days", "30")
        self.sign("good", f"IP:127.0.0.1,{names}", 20)
        self.sign("wrong", "DNS:other.test", 20)
        self.sign("expired", f"IP:127.0.0.1,{names}", -1)
        self.call("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "self.key", "-out",
                  "self.pem", "-subj", "/CN=self", "-days", "20", "-addext",
                  "subjectAltName=IP:127.0.0.1")

    def call(self, *words):
        subprocess.run([self.openssl, *words], cwd=self.folder, check=True, capture_output=True)

    def sign(self, name, names, days):
        (self.folder / f"{name}.ext").write_text(f"subjectAltName={names}\n")
        self.call("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out",
                  f"{name}.csr", "-subj", f"/CN={name}")
        end = time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + days * 86400))
        begin = time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() - 10 * 86400))
        (self.folder / "ca.txt").write_text("")
        (self.folder / "ca.cnf").write_text(
            "[ca]\ndefault_ca=d\n[d]\ndatabase=ca.txt\nnew_certs_dir=.\nrand_serial=yes\n"
            "default_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n")
        self.call("ca", "-batch", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key",
                  "-in", f"{name}.csr", "-out", f"{name}.pem", "-startdate", begin, "-enddate", end,
                  "-extfile", f"{name}.ext", "-notext")

    def context(self, name, version=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        if version is not None:
            context.minimum_version = context.maximum_version = version
        return context


class WebSocketHandler(http.server.BaseHTTPRequestHandler):
    """Changes to WebSocket, and says "hello 7" and "welcome" on /chat; refuses on /no."""
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
                         base64.b64encode(hashlib.sha1(key + WEBSOCKET_MAGIC).digest()).decode())
        self.end_headers()
        if self.path == "/chat":
            self.say(b"hello 7")
            self.say(b"welcome " + self.hear())
        self.hear()  # the close frame, or nothing
        self.close_connection = True
