#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""DNS checks against a name server that answers well and badly: the same modules, targets and
answers through blackbox_exporter, where it is installed, with the same verdict, the same families
and the same values; and an answer that changes is an event."""
import concurrent.futures
import json
import socket
import struct
import threading
import urllib.request

from harness import (Metrics, Peer, Skip, config, eventually, expect, expect_equal, free_port,
                     need_program, run)

A, NS, CNAME, SOA, MX, TXT, OPT, RRSIG = 1, 2, 5, 6, 15, 16, 41, 46
QR_RD_RA, TC, AD = 0x8180, 0x200, 0x20
TYPES = {"soa": "SOA", "soa-none": "SOA"}

# What blackbox_exporter 0.23 takes for an answer, and we do not (docs/compatibility.md).
BELIEVED = {"other-question-udp", "other-question-tcp", "query-udp", "query-tcp"}
# Ours beside theirs.
OURS = {"probe_dns_rcode", "probe_dns_answer_authenticated", "probe_dns_answer_truncated",
        "probe_dns_answer_hash", "probe_dns_ignored_answers", "probe_failure_info",
        "probe_timeout_seconds"}
# Of each family of theirs whose value is not a time.
EQUAL = ("probe_success", "probe_dns_answer_rrs", "probe_dns_authority_rrs",
         "probe_dns_additional_rrs", "probe_dns_query_succeeded", "probe_dns_serial",
         "probe_ip_protocol", "probe_ip_addr_hash")


def name(text):
    return b"".join(bytes([len(part)]) + part.encode() for part in text.split(".")) + b"\0"


def record(kind, data, owner=b"\xc0\x0c", ttl=60, cls=1):
    return owner + struct.pack("!HHIH", kind, cls, ttl, len(data)) + data


ONE, TWO = record(A, bytes([192, 0, 2, 1])), record(A, bytes([192, 0, 2, 2]))
ZONE = record(SOA, name("ns.test") + name("root.test")
              + struct.pack("!5I", 2026112201, 3600, 600, 86400, 300))
EDNS = record(OPT, b"", owner=b"\0", cls=1232, ttl=0)
SECTIONS = {
    "one": [ONE], "two": [ONE, TWO], "empty": [], "soa": [ZONE], "soa-none": [ONE],
    "mixed": [record(CNAME, name("a.test")), record(MX, b"\0\x0a" + name("mx.test")),
              record(TXT, b"\x05hello\x02\xff\""), record(65280, b"abc")],
    "long": [record(TXT, b"\xfa" + b"x" * 250)] * 3,
    "short-data": [record(MX, b"\0")], "five-bytes": [record(A, b"12345")],
}


class Server:
    """One port, UDP and TCP."""

    def __init__(self):
        self.rotating = bytes([10, 0, 0, 1])
        self.port = free_port()
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.tcp = socket.socket()
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for each in (self.udp, self.tcp):
            each.bind(("127.0.0.1", self.port))
        self.tcp.listen(64)
        for each in (self.serve_udp, self.serve_tcp):
            threading.Thread(target=each, daemon=True).start()

    def serve_udp(self):
        while True:
            query, asker = self.udp.recvfrom(4096)
            for answer in self.answers(query):
                self.udp.sendto(answer, asker)

    def serve_tcp(self):
        while True:
            talk, _ = self.tcp.accept()
            with talk:
                query = talk.recv(4096)
                try:
                    for answer in self.answers(query[2:]):
                        talk.sendall(struct.pack("!H", len(answer)) + answer)
                except OSError:
                    pass

    def answers(self, query):
        number, end, first = struct.unpack("!H", query[:2])[0], 12, query[13:13 + query[12]]
        while query[end]:
            end += 1 + query[end]
        question, what = query[12:end + 5], first.decode()
        if what == "rotating":
            records = [record(A, self.rotating)]
        else:
            records = SECTIONS.get(what, [ONE])

        def message(flags=QR_RD_RA, number=number, question=question, answer=records,
                    authority=(), additional=()):
            sections = (answer, authority, additional)
            return (struct.pack("!6H", number, flags, 1, *map(len, sections)) + question
                    + b"".join(b"".join(section) for section in sections))
        rcode = int(what[5:]) if what.startswith("rcode") else 0
        return {
            "sections": lambda: [message(authority=[record(NS, name("ns.test"))],
                                         additional=[TWO, EDNS])],
            "truncated": lambda: [message(QR_RD_RA | TC)],
            "validated": lambda: [message(QR_RD_RA | AD)],
            "more-counted": lambda: [message()[:6] + b"\0\x09" + message()[8:]],
            "cut": lambda: [message()[:-2]],
            "cut-late": lambda: [message(answer=[ONE, TWO])[:-9]],
            "tail": lambda: [message() + b"tail"],
            "other-id": lambda: [message(number=number ^ 1)],
            "other-id-first": lambda: [message(number=number ^ 1), message()],
            "other-question": lambda: [message(question=b"\5other\0" + question[-4:])],
            "no-question": lambda: [struct.pack("!6H", number, QR_RD_RA, 0, 0, 0, 0)],
            "query": lambda: [query],
            "few-bytes": lambda: [struct.pack("!H", number)],
            "garbage": lambda: [struct.pack("!H", number) + b"\xff" * 40],
            "loop": lambda: [message(answer=[record(CNAME, struct.pack("!H", 0xc000 | len(
                message(answer=[])) + 12))])],
            "extended": lambda: [message(answer=[], additional=[
                record(OPT, b"", owner=b"\0", cls=1232, ttl=0x01000000)])],
            "silent": lambda: [],
        }.get(what, lambda: [message(QR_RD_RA | rcode, answer=[] if rcode else records)])()


PLAIN = ["one", "two", "empty", "soa", "soa-none", "mixed", "long", "short-data", "five-bytes",
         "sections", "truncated", "validated", "more-counted", "cut", "cut-late", "tail",
         "other-id", "other-id-first", "other-question", "no-question", "query", "few-bytes",
         "garbage", "loop", "extended", "silent", "rcode2", "rcode3", "rcode5"]
RULES = ("fail_if_matches_regexp", "fail_if_all_match_regexp", "fail_if_not_matches_regexp",
         "fail_if_none_matches_regexp")


def modules():
    """By name, in blackbox_exporter's grammar: each answer over UDP and TCP, rules on records."""
    def module(query, transport="udp", **more):
        return {"prober": "dns", "timeout": "600ms", "dns": {
            "query_name": f"{query}.test", "query_type": TYPES.get(query, "A"),
            "transport_protocol": transport, "preferred_ip_protocol": "ip4", **more}}
    all_of_them = {f"{query}-{transport}": module(query, transport)
                   for query in PLAIN for transport in ("udp", "tcp")}
    for query in ("two", "empty", "mixed"):
        for rule in RULES:
            for i, patterns in enumerate(([r"192"], [r"2$"], [r"1$", r"2$"], ["zzz"],
                                          [r"^two\.test\.\t60\tIN\tA\t192\.0\.2\.\d$"],
                                          [r'\tTXT\t"hello" "\\255\\""$', "MX\t10 mx"])):
                all_of_them[f"{query}-{rule}-{i}"] = module(
                    query, validate_answer_rrs={rule: patterns})
    all_of_them["authority"] = module("sections", validate_authority_rrs={RULES[2]: ["ns.test"]})
    all_of_them["additional"] = module("sections", validate_additional_rrs={RULES[0]: ["EDNS"]})
    all_of_them["wanted-rcode"] = module("rcode3", valid_rcodes=["NXDOMAIN", "REFUSED"])
    all_of_them["unwanted-rcode"] = module("one", valid_rcodes=["NXDOMAIN"])
    all_of_them["source"] = module("one", source_ip_address="127.0.0.9")
    all_of_them["no-recursion"] = module("one", recursion_desired=False, query_type="ANY",
                                         query_class="CH")
    return all_of_them


def theirs(bench, file, target, names):
    """What blackbox_exporter finds, by module."""
    port = free_port()
    Peer(bench, "blackbox", [need_program("prometheus-blackbox-exporter"),
                             f"--config.file={file}", f"--web.listen-address=127.0.0.1:{port}"])
    base = f"http://127.0.0.1:{port}"
    eventually("blackbox_exporter answers", lambda: urllib.request.urlopen(base + "/metrics"))

    def ask(module):
        url = f"{base}/probe?module={module}&target={target}"
        with urllib.request.urlopen(url, timeout=20) as answer:
            return module, Metrics(answer.read().decode())
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        return dict(pool.map(ask, names))


def families(metrics, **labels):
    return {family for (family, have) in metrics.series
            if family.startswith("probe_") and labels.items() <= dict(have).items()}


def compare(found, ours, module):
    passed = found.value("probe_success")
    if module in BELIEVED:
        expect_equal((passed, ours.value("probe_success", check=module)), (1, 0), module)
        return
    for family in EQUAL:
        expect_equal(ours.value(family, check=module), found.value(family), f"{family} of {module}")
    expect_equal(families(ours, check=module) - OURS, families(found) - OURS,
                 f"families of {module}")
    for phase in ("resolve", "connect", "request"):
        expect(ours.value("probe_dns_duration_seconds", check=module, phase=phase) is not None,
               f"no phase {phase} of {module}")


def an_answer_changes(daemon, server):
    def told():
        return [event["cause"] for event in daemon.events(service="dns", kind="marker")
                if event["check"] == "rotating" and event["name"] == "answer changed"]
    eventually("it has an answer", lambda: daemon.metrics().value(
        "probe_success", check="rotating") == 1)
    expect_equal(told(), [], "events before any change")
    server.rotating = bytes([10, 0, 0, 2])
    first = "the answer changed from A 10.0.0.1 to A 10.0.0.2"
    eventually("the change is told", lambda: told() == [first])
    expect_equal(daemon.control("POST", "/-/reload").status, 200, "reload")
    server.rotating = bytes([10, 0, 0, 3])
    eventually("a reload has forgotten nothing", lambda: told() == [
        first, "the answer changed from A 10.0.0.2 to A 10.0.0.3"])


def a_probe_by_hand(bench, file, target):
    asked = bench.bellwether("probe", "dns", target, "--format=json")
    expect_equal((asked.returncode, json.loads(asked.stdout)["success"]), (0, True), "the root")
    asked = bench.bellwether("probe", "dns", target, "--module=rcode3-udp", f"--config.file={file}")
    expect(asked.returncode == 2 and "NXDOMAIN" in asked.stdout, f"{asked.stdout} {asked.stderr}")


def scenario(bench):
    server = Server()
    target = f"127.0.0.1:{server.port}"
    ways = modules()
    file = bench.folder / "blackbox.yml"
    file.write_text(json.dumps({"modules": ways}))
    rotating = {"prober": "dns", "dns": {"query_name": "rotating.test", "query_type": "A"}}
    checks = [{"name": way, "dns": target, "module": way, "interval": "5s"} for way in ways]
    checks.append({"name": "rotating", "dns": target, "module": "rotating"})
    whole = config([{"name": "dns", "checks": checks}], modules={"rotating": rotating})
    whole["module_files"] = [str(file)]
    daemon = bench.daemon(whole).start()
    an_answer_changes(daemon, server)
    a_probe_by_hand(bench, file, target)

    def complete():
        metrics = daemon.metrics()
        expect_equal([way for way in ways if metrics.value("probe_success", check=way) is None],
                     [], "checks without a result")
        return metrics
    ours = eventually("every check has run", complete, seconds=30)
    try:
        found = theirs(bench, file, target, ways)
    except Skip:
        found = {}
        print("blackbox_exporter is not installed: nothing to compare with")
    for way, metrics in found.items():
        compare(metrics, ours, way)
    for way, reason in {"rcode3-udp": "dns_nxdomain", "rcode2-tcp": "dns_rcode",
                        "silent-udp": "timeout", "silent-tcp": "connection_closed",
                        "cut-udp": "dns_protocol", "garbage-tcp": "dns_protocol",
                        "long-udp": "response_too_large",
                        "authority": None}.items():
        said = [labels["reason"] for labels, _ in ours.all("probe_failure_info", check=way)]
        expect_equal(said, [reason] if reason else [], f"reason of {way}")
    expect_equal(ours.value("probe_dns_answer_truncated", check="truncated-udp"), 1, "TC")
    expect_equal(ours.value("probe_dns_answer_authenticated", check="validated-tcp"), 1, "AD")
    expect_equal(ours.value("probe_dns_ignored_answers", check="other-id-first-udp"), 1, "ignored")
    code, _ = daemon.stop()
    expect_equal(code, 0, "exit code")


run(scenario)
