#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""/probe beside blackbox_exporter's: one module file, unmodified, for both; the same targets on
this machine; the same verdict, families and labels, but for what docs/compatibility.md lists. What
differs otherwise fails, and so does a difference that is listed and is none any more."""
import base64
import http.server
import socket
import ssl
import struct
import threading
import time
import urllib.parse

from beside import (ADDRESS, CERTIFICATE, LATER_FAMILIES, LATER_LABELS, all_answers, ask, check,
                    start_both)
from harness import Metrics, expect, expect_equal, free_port, run
from servers import Certificates, serve_lines

HEADING = "## /probe"

HTTP = ["probe_dns_lookup_time_seconds", "probe_failed_due_to_regex", "probe_http_content_length",
        "probe_http_duration_seconds", "probe_http_redirects", "probe_http_ssl",
        "probe_http_status_code", "probe_http_uncompressed_body_length", "probe_http_version"]

# What differs on purpose: the row of the document's table; the cases; what compare() finds.
DIFFERENCES = [
    ("a name that cannot be looked up", "http_2xx no-such-name.invalid/",
     {"theirs": ADDRESS, "ours": ["probe_http_duration_seconds"]}),
    ("a name that cannot be looked up", "tcp_connect no-such-name.invalid", {"theirs": ADDRESS}),
    ("a name that cannot be looked up", "icmp no-such-name.invalid",
     {"theirs": ["probe_icmp_duration_seconds", *ADDRESS]}),
    ("a target that is none", "http_2xx (ftp|none)", {"theirs": [*HTTP, *ADDRESS]}),
    ("a target that is none", "tcp_connect no port", {"theirs": ["probe_failed_due_to_regex"]}),
    ("a certificate that is refused",
     "tls wrong/|tls (expired|self)/|tls_(untrusting|named) (wrong|expired|self)/|"
     "tls_untrusting good/|tcp_tls (wrong|expired|self)", {"ours": CERTIFICATE}),
    ("`insecure_skip_verify`", "tls_any (good|wrong|expired|self)/",
     {"theirs": ["probe_ssl_last_chain_expiry_timestamp_seconds"]}),
    ("a body that is longer than `body_size_limit`", "limited page/",
     {"probe_http_uncompressed_body_length": (5.0, 12.0)}),
    ("`probe_http_redirects`", "no_redirects page/hop/1", {"probe_http_redirects": (1.0, 0.0)}),
    ("`probe_http_redirects`", "http_2xx page/hop/1[01]", {"probe_http_redirects": (11.0, 10.0)}),
]


# Patterns that RE2 and PCRE2 read in two ways, and a body on which it shows.
WORDS = b"caf\xe9 a\x0bb c\xff\xfed \xce\xbb\xcd\x82 z-9 [.] 8\xe2\x84\xaa e1f\r\nlast\n"
PATTERNS = [r"a\vb", r"a\sb", r"a\Sb", r"caf. a", r"c[^x]{2}d", r"c..d", r"(?s)^.*$", r"(?m)^$",
            r"last$", r"(?m)last$", r"(?m)e1f$", r"[\w-.]{3}", r"\p{Greek}{2}", r"[[.]{2}",
            r"(c)(a)(f)(.)(.)(a)(.)(b)(.)(c)e?\12", r"8(?i)k e", r"(?i)8\w", r"^*caf$?", r"\x{fffd}",
            r"[^\W[:space:]]{5}", r"\Qz-9 [\E", r"(?U)c.+b", r"8\b", r"\p{^Latin}{1,2}\P{Greek}9"]


# ---- what is asked -----------------------------------------------------------------------------

class Pages(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, body=b"ok", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        path = urllib.parse.urlsplit(self.path).path
        code = path.removeprefix("/status/")
        if code.isdigit():
            self.answer(int(code), b"" if code in ("204", "304") else b"ok")
        elif path.startswith("/hop/"):
            left = int(path.removeprefix("/hop/"))
            self.answer(302, b"", Location=f"/hop/{left - 1}" if left else "/")
        elif path == "/elsewhere":
            self.answer(301, b"", Location="http://127.0.0.1:1/")
        elif path == "/cut":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nten bytes.")
            self.close_connection = True
        elif path == "/garbage":
            self.wfile.write(b"this is no HTTP\r\n\r\n")
            self.close_connection = True
        elif path == "/chunked":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                             b"5\r\nhello\r\n0\r\n\r\n")
        elif path == "/words":
            self.answer(200, WORDS)
        elif path == "/slow":
            time.sleep(4)
            self.answer(200)
        elif path == "/echo":
            size = int(self.headers.get("Content-Length", 0))
            self.answer(200, f"{self.command} {self.headers['Host']} "
                             f"{self.headers.get('X-Word')} ".encode() + self.rfile.read(size))
        else:
            self.answer(200, b"hello world\n", Last_Modified="Wed, 21 Oct 2015 07:28:00 GMT",
                        X_Word="yes")

    do_POST = do_HEAD = do_GET


def serve_pages(context=None):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    server.daemon_threads = True
    server.handle_error = lambda *args: None
    if context is not None:
        plain = server.get_request

        def get_request():
            talk, peer = plain()
            talk.settimeout(5)
            return context.wrap_socket(talk, server_side=True, do_handshake_on_connect=False), peer
        server.get_request = get_request
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def banner(talk):
    talk.sendall(b"SSH-2.0-test\r\n")
    talk.recv(100)


def irc(talk):
    talk.recv(200)
    talk.sendall(b"PING :token\r\n")
    expect(talk.recv(200).strip().endswith(b"PONG token"), "no PONG")
    talk.sendall(b":host 001 prober\r\n")
    talk.recv(100)


def starttls(context):
    def talk_to(talk):
        talk.sendall(b"220 mail\r\n")
        talk.recv(200)
        talk.sendall(b"250-mail\r\n250 STARTTLS\r\n")
        talk.recv(200)
        talk.sendall(b"220 go on\r\n")
        with context.wrap_socket(talk, server_side=True) as secure:
            secure.recv(200)
            secure.sendall(b"250 AUTH\r\n")
            secure.recv(200)
    return talk_to


def serve_names():
    """A name server: one address for everything, none for nothing.test."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))

    def serve():
        while True:
            query, asker = udp.recvfrom(512)
            gone = b"\7nothing" in query
            record = b"" if gone else struct.pack("!HHHIH4B", 0xc00c, 1, 1, 60, 4, 192, 0, 2, 1)
            udp.sendto(query[:2] + struct.pack("!5H", 0x8183 if gone else 0x8180, 1, not gone, 0, 0)
                       + query[12:] + record, asker)
    threading.Thread(target=serve, daemon=True).start()
    return udp.getsockname()[1]


def modules(folder):
    ca = {"ca_file": str(folder / "ca.pem")}

    def web(**http_options):
        return {"prober": "http", "timeout": "2s",
                "http": {"preferred_ip_protocol": "ip4", **http_options}}

    def tcp(*dialogue, **options):
        return {"prober": "tcp", "timeout": "2s",
                "tcp": {"preferred_ip_protocol": "ip4", "query_response": list(dialogue), **options}}
    return {
        "http_2xx": web(),
        "no_redirects": web(follow_redirects=False, valid_status_codes=[301, 302]),
        "codes": web(valid_status_codes=[404, 503]),
        "http2_only": web(valid_http_versions=["HTTP/2.0"]),
        "post": web(method="POST", body="a body", headers={"X-Word": "w", "Host": "named.test"},
                    fail_if_body_not_matches_regexp=["POST named.test w a body"]),
        "head": web(method="HEAD"),
        "body_bad": web(fail_if_body_matches_regexp=["wor.d"]),
        "body_missing": web(fail_if_body_not_matches_regexp=["absent"]),
        "header_bad": web(fail_if_header_matches=[{"header": "X-Word", "regexp": "yes"}]),
        "header_missing": web(fail_if_header_not_matches=[
            {"header": "X-Nothing", "regexp": "a", "allow_missing": False}]),
        "header_may_miss": web(fail_if_header_not_matches=[
            {"header": "X-Nothing", "regexp": "a", "allow_missing": True}]),
        "limited": web(body_size_limit="5B"),
        "want_tls": web(fail_if_not_ssl=True, tls_config=ca),
        "no_tls": web(fail_if_ssl=True, tls_config=ca),
        "tls": web(tls_config=ca),
        "tls_untrusting": web(),
        "tls_any": web(tls_config={"insecure_skip_verify": True}),
        "tls_named": web(tls_config={**ca, "server_name": "good.test"}),
        "tls_13": web(tls_config={**ca, "min_version": "TLS13"}),
        "basic": web(basic_auth={"username": "user", "password": "a-secret-word"}),
        **{f"pattern_{number}": web(fail_if_body_not_matches_regexp=[pattern])
           for number, pattern in enumerate(PATTERNS)},
        "tcp_connect": tcp(),
        "ssh_banner": tcp({"expect": "^SSH-2.0-"}, {"send": "SSH-2.0-check"}),
        "wrong_banner": tcp({"expect": "^220 "}),
        "irc_banner": tcp({"send": "NICK prober"}, {"expect": "PING :([^ ]+)", "send": "PONG ${1}"},
                          {"expect": "^:[^ ]+ 001"}),
        "tcp_tls": tcp(tls=True, tls_config=ca),
        "starttls": tcp({"expect": "^220 "}, {"send": "EHLO prober"}, {"expect": "^250-"},
                        {"expect": "^250 STARTTLS"}, {"send": "STARTTLS"}, {"expect": "^220"},
                        {"starttls": True}, {"send": "EHLO prober"}, {"expect": "^250 AUTH"},
                        tls_config=ca),
        "icmp": {"prober": "icmp", "timeout": "2s", "icmp": {"preferred_ip_protocol": "ip4"}},
        "dns": {"prober": "dns", "timeout": "2s",
                "dns": {"query_name": "one.test", "query_type": "A", "preferred_ip_protocol": "ip4"}},
        "dns_gone": {"prober": "dns", "timeout": "2s", "dns": {
            "query_name": "nothing.test", "query_type": "A", "preferred_ip_protocol": "ip4"}},
    }


def targets(certificates):
    """(module, target, further parameters) of each case, by what to call it."""
    page, closed = serve_pages(), free_port()
    secure = {name: serve_pages(certificates.context(name))
              for name in ("good", "wrong", "expired", "self")}
    old = serve_pages(certificates.context("good", ssl.TLSVersion.TLSv1_2))
    silent = serve_lines(lambda talk: talk.recv(1000) and time.sleep(4))
    base, cases = f"http://127.0.0.1:{page}", {}

    def add(module, target, called=None, **more):
        what = urllib.parse.urlsplit(target if "//" in target else "//" + target)
        ports = {page: "page", closed: "closed", silent: "silent", old: "old",
                 **{port: name for name, port in secure.items()}}
        name = ports.get(what.port, str(what.hostname) if what.port is None else "peer")
        cases[called or " ".join([module, name + what.path, *more.values()])] = (
            module, target, more)
    for path in ("/", "/status/204", "/status/404", "/status/500", "/status/503", "/hop/3",
                 "/hop/10", "/hop/11", "/elsewhere", "/cut", "/garbage", "/chunked", "/slow"):
        add("http_2xx", base + path)
    add("http_2xx", base.removeprefix("http://"))
    add("http_2xx", base + "/a%20b?q=%2Fx")
    add("http_2xx", f"http://127.0.0.1:{closed}/")
    add("http_2xx", f"http://127.0.0.1:{silent}/")
    add("http_2xx", "http://no-such-name.invalid/")
    add("http_2xx", "ftp://127.0.0.1/", "http_2xx ftp")
    add("http_2xx", "http://", "http_2xx none")
    add("http_2xx", base + "/echo", hostname="asked.test")
    for module in ("no_redirects", "codes", "http2_only", "head", "body_bad", "body_missing",
                   "header_bad", "header_missing", "header_may_miss", "limited", "want_tls",
                   "no_tls", "basic"):
        add(module, base + "/")
    for number in range(len(PATTERNS)):
        add(f"pattern_{number}", base + "/words")
    add("no_redirects", base + "/hop/1")
    add("codes", base + "/status/404")
    add("post", base + "/echo")
    for name, port in secure.items():
        for module in ("tls", "tls_any", "tls_untrusting", "tls_named"):
            add(module, f"https://127.0.0.1:{port}/")
        add("tcp_tls", f"127.0.0.1:{port}")
    add("want_tls", f"https://127.0.0.1:{secure['good']}/")
    add("no_tls", f"https://127.0.0.1:{secure['good']}/")
    add("tls", f"https://127.0.0.1:{page}/")
    add("tls", f"https://127.0.0.1:{secure['wrong']}/", hostname="other.test")
    add("tls", f"https://127.0.0.1:{old}/")
    add("tls_13", f"https://127.0.0.1:{old}/")
    add("tls", f"http://127.0.0.1:{secure['good']}/", "tls not asked for")
    lines = {"ssh_banner": serve_lines(banner), "irc_banner": serve_lines(irc),
             "starttls": serve_lines(starttls(certificates.context("good")))}
    for module, port in lines.items():
        add(module, f"127.0.0.1:{port}")
    add("wrong_banner", f"127.0.0.1:{lines['ssh_banner']}")
    add("tcp_connect", f"127.0.0.1:{page}")
    add("tcp_connect", f"127.0.0.1:{closed}")
    add("tcp_connect", "127.0.0.1", "tcp_connect no port")
    add("tcp_connect", "no-such-name.invalid:80", "tcp_connect no-such-name.invalid")
    add("ssh_banner", f"127.0.0.1:{silent}")
    add("tcp_tls", f"127.0.0.1:{silent}")
    add("tcp_tls", f"127.0.0.1:{page}")
    add("icmp", "127.0.0.1")
    add("icmp", "no-such-name.invalid")
    names = serve_names()
    for module in ("dns", "dns_gone"):
        add(module, f"127.0.0.1:{names}")
    return cases


# ---- all of it -----------------------------------------------------------------------------------

def secrets_stay(target, file, base):
    """A transcript tells what was said, and no secret."""
    words = file.read_text()
    expect("a-secret-word" in words, "the module file has a secret")
    _, kind, text = ask(base, "basic", target, {"debug": "true"})
    expect(kind.startswith("text/plain") and "version" not in kind, f"type of a transcript: {kind}")
    for heading in ("Logs for the probe:\n", "Metrics that would have been returned:\n",
                    "Module configuration:\n"):
        expect(heading in text, f"no '{heading.strip()}' in {text}")
    for word in ("GET / HTTP/1.1", "\nprobe_success 1\n", "prober: http\n", "username: user"):
        expect(word in text, f"no '{word}' in {text}")
    for secret in ("a-secret-word", base64.b64encode(b"user:a-secret-word").decode()):
        expect(secret not in text, f"the secret is told: {text}")


def later_ones_are_there(answer):
    ours = Metrics(answer[2])
    labels, _ = ours.all("probe_ssl_last_chain_info")[0]
    expect(LATER_LABELS <= set(labels) and LATER_FAMILIES <= {family for family, _ in ours.series},
           "what came later is listed, but not there")


def scenario(bench):
    certificates = Certificates(bench.folder)
    file, daemon, theirs, ours = start_both(bench, modules(bench.folder))
    cases = targets(certificates)
    found, got = all_answers(theirs, cases), all_answers(ours, cases)
    check(cases, found, got, HEADING, DIFFERENCES)
    later_ones_are_there(got["tls good/"])
    secrets_stay(cases["basic page/"][1], file, ours)
    code, _ = daemon.stop()
    expect_equal(code, 0, "exit code")


run(scenario)
