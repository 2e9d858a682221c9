#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that are built in, by name and without a configuration: each beside a server that speaks
as the real one does, one that says no, and one that speaks something else."""
import socket
import struct

from harness import config, eventually, expect, expect_equal, run
from servers import Certificates, serve_lines


def lines(greeting, answers, context=None):
    """A server that greets, and answers a line by its first words; who says None goes over to TLS,
    greeting no more."""
    def talk_to(talk):
        if greeting:
            talk.sendall(greeting)
        pending = b""
        while True:
            while b"\n" not in pending:
                heard = talk.recv(4096)
                if not heard:
                    return
                pending += heard
            line, pending = pending.split(b"\n", 1)
            if not line.endswith(b"\r"):
                return  # as the strict ones do
            say, over = next((answer for words, answer in answers.items()
                              if line.upper().startswith(words)), (b"500 what?\r\n", False))
            talk.sendall(say)
            if over:
                talk = context.wrap_socket(talk, server_side=True)
    return talk_to


def over_tls(context, talk_to):
    def secured(talk):
        with context.wrap_socket(talk, server_side=True) as inner:
            talk_to(inner)
    return secured


def packet(number, payload):
    return struct.pack("<I", len(payload))[:3] + bytes([number]) + payload


MYSQL_GREETING = packet(0, b"\x0a8.0.36\0" + struct.pack("<I", 8) + b"12345678\0\xff\xff\xff\x02\0"
                        b"\xff\xdf\x15" + bytes(10) + b"1234567890ab\0caching_sha2_password\0")


def mysql(answer):
    def talk_to(talk):
        talk.sendall(MYSQL_GREETING)
        head = talk.recv(4, socket.MSG_WAITALL)
        size = struct.unpack("<I", head[:3] + b"\0")[0]
        user = talk.recv(size, socket.MSG_WAITALL)[32:].split(b"\0")[0]
        expect_equal((head[3], user), (1, b"bellwether"), "what MySQL hears")
        talk.sendall(answer)
        talk.recv(100)
    return talk_to


def postgres(answer):
    def talk_to(talk):
        size, version = struct.unpack("!II", talk.recv(8, socket.MSG_WAITALL))
        words = talk.recv(size - 8, socket.MSG_WAITALL)
        expect_equal((version, words), (196608, b"user\0bellwether\0\0"), "what PostgreSQL hears")
        talk.sendall(answer)
        talk.recv(100)
    return talk_to


def postgres_error(state):
    fields = b"SFATAL\0C" + state + b"\0Mit is so\0\0"
    return b"E" + struct.pack("!I", 4 + len(fields)) + fields


def servers(context):
    """{module: {what to call it: (server, reason or None)}}"""
    bye = {b"QUIT": (b"221 bye\r\n", False)}
    ehlo = {b"EHLO ": (b"250-mail.test\r\n250-STARTTLS\r\n250 HELP\r\n", False)}
    smtp = lines(b"220-be patient\r\n220 mail.test ESMTP\r\n", {**ehlo, **bye})
    imap = lines(b"* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n",
                 {b"A1 LOGOUT": (b"* BYE\r\na1 OK bye\r\n", False)})
    pop3 = lines(b"+OK <1.2@mail>\r\n", {b"QUIT": (b"+OK bye\r\n", False)})
    busy, full = b"421 too busy\r\n", b"-ERR max number of clients reached\r\n"
    no = "assertion_reply"
    return {
        "redis": {"good": (lines(b"", {b"PING": (b"+PONG\r\n", False)}), None),
                  "locked": (lines(b"", {b"PING": (b"-NOAUTH Authentication required.\r\n", False)}),
                             None),
                  "loading": (lines(b"", {b"PING": (b"-LOADING data\r\n", False)}), "timeout"),
                  "full": (lambda talk: talk.sendall(full) or talk.recv(100), no)},
        "smtp": {"good": (smtp, None), "busy": (lambda talk: talk.sendall(busy), no)},
        "smtps": {"good": (over_tls(context, smtp), None), "plain": (smtp, "tls_handshake")},
        "smtp_starttls": {
            "good": (lines(b"220 mail.test ESMTP\r\n",
                           {**ehlo, **bye, b"STARTTLS": (b"220 go\r\n", True)}, context), None),
            "without": (lines(b"220 mail.test ESMTP\r\n",
                              {b"EHLO": (b"250 HELP\r\n", False)}), "timeout")},
        "imap": {"good": (imap, None),
                 "closed": (lambda talk: talk.sendall(b"* BYE not now\r\n"), no)},
        "imaps": {"good": (over_tls(context, imap), None), "plain": (imap, "tls_handshake")},
        "imap_starttls": {
            "good": (lines(b"* OK ready\r\n", {b"A1 STARTTLS": (b"a1 OK go\r\n", True),
                                              b"A2 LOGOUT": (b"* BYE\r\na2 OK\r\n", False)},
                           context), None),
            "without": (lines(b"* OK ready\r\n", {b"A1 STARTTLS": (b"a1 BAD what?\r\n", False)}),
                        "timeout")},
        "pop3": {"good": (pop3, None),
                 "locked": (lambda talk: talk.sendall(b"-ERR locked\r\n"), no)},
        "pop3s": {"good": (over_tls(context, pop3), None), "plain": (pop3, "tls_handshake")},
        "ftp": {"good": (lines(b"220-welcome\r\n220 ready\r\n", bye), None),
                "busy": (lambda talk: talk.sendall(busy), no)},
        "ssh": {"good": (lambda talk: talk.sendall(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")
                         or talk.recv(100), None),
                "old": (lambda talk: talk.sendall(b"SSH-1.5-OpenSSH_1.2\r\n"), no)},
        "mysql": {
            "denies": (mysql(packet(2, b"\xff\x15\x04#28000Access denied")), None),
            "asks again": (mysql(packet(2, b"\xfemysql_native_password\0abc\0")), None),
            "full": (lambda talk: talk.sendall(packet(0, b"\xff\x10\x04Too many connections")), no),
            "other": (smtp, no)},
        "postgres": {
            "asks": (postgres(b"R" + struct.pack("!II", 23, 10) + b"SCRAM-SHA-256\0\0"), None),
            "denies": (postgres(postgres_error(b"28000")), None),
            "starts": (postgres(postgres_error(b"57P03")), no),
            "other": (smtp, no)},
    }


def scenario(bench):
    certificates = Certificates(bench.folder)
    bench.environment["SSL_CERT_FILE"] = str(certificates.folder / "ca.pem")
    wanted, checks, ports = {}, [], {}
    for module, peers in servers(certificates.context("good")).items():
        for called, (server, reason) in peers.items():
            name = f"{module} {called}"
            ports[name], wanted[name] = serve_lines(server), reason
            checks.append({"name": name, "tcp": f"127.0.0.1:{ports[name]}", "module": module,
                           "timeout": "1s" if reason == "timeout" else "20s"})
    daemon = bench.daemon(config([{"name": "shipped", "checks": checks}])).start()

    def as_wanted():
        metrics = daemon.metrics()
        for name, reason in wanted.items():
            said = [labels["reason"] for labels, _ in metrics.all("probe_failure_info", check=name)]
            expect_equal((metrics.value("probe_success", check=name), said),
                         (0 if reason else 1, [reason] if reason else []), name)
        return metrics
    metrics = eventually("every server is seen as it is", as_wanted, seconds=60)
    found = {labels["check"]: labels for labels, _ in metrics.all("probe_expect_info")}
    expect_equal(found["smtp good"]["host"], "mail.test", "host of the mail server")
    expect_equal(found["ssh good"]["software"], "OpenSSH_9.2p1", "software of the SSH server")
    asked = daemon.get(f"/probe?module=ssh&target=127.0.0.1:{ports['ssh good']}")
    expect("\nprobe_success 1\n" in asked.text and "\nprobe_expect_info{" in asked.text, asked.text)
    by_hand = bench.bellwether("probe", "tcp", f"127.0.0.1:{ports['redis good']}", "--module=redis")
    expect_equal(by_hand.returncode, 0, f"bellwether probe: {by_hand.stdout}{by_hand.stderr}")
    code, _ = daemon.stop()
    expect_equal(code, 0, "exit code")
    own_ones_come_first(bench, ports)


def own_ones_come_first(bench, ports):
    own = {"redis": {"prober": "tcp", "tcp": {"query_response": [{"expect": "^SSH"}]}}}
    (bench.folder / "own.yml").write_text(f"modules: {own}")
    asked = bench.bellwether("probe", "tcp", f"127.0.0.1:{ports['ssh good']}",
                             "--config.file=own.yml", "--module=redis")
    expect_equal(asked.returncode, 0, f"a module of one's own: {asked.stdout}{asked.stderr}")


run(scenario)
