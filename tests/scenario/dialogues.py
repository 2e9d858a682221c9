#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dialogues over TCP, TLS within and around them, and pings, beside blackbox_exporter: in a network
of one's own, where hosts behind a tun device answer, are silent, or are refused for."""
import re
import socket
import ssl
import struct

from beside import ADDRESS, CERTIFICATE, all_answers, check, start_both
from harness import expect_equal, free_port, run
from hosts import ANSWERS, ANSWERS_IN_PART, REFUSED, SILENT, make_hosts
from namespace import enter_namespace
from servers import Certificates, serve_lines

def has_localhost():
    """Go looks the name up in this file and nowhere else; a bare root has none."""
    try:
        with open("/etc/hosts", encoding="utf-8") as hosts:
            return "localhost" in hosts.read().split()
    except OSError:
        return False


HEADING = "## TCP probes, and what blackbox_exporter has no kinds for"
NOBODY = "a name that cannot be looked up, or has no address of the kind that is asked for"
NO_TARGET = "a target that is none: no host, no port, port 0 or above 65535, a name of a port"
BEGUN = ["probe_dns_lookup_time_seconds", "probe_failed_due_to_regex", *ADDRESS]
DIFFERENCES = [
    (NOBODY, "tcp (no name|127.0.0.1 by ip6|\\[::1\\] by ip4)", {"theirs": sorted(ADDRESS)}),
    (NOBODY, "icmp (no name|::1 by ip4|127.0.0.1 by ip6)",
     {"theirs": sorted([*ADDRESS, "probe_icmp_duration_seconds"])}),
    (NO_TARGET, "tcp no port", {"theirs": ["probe_failed_due_to_regex"]}),
    (NO_TARGET, "tcp (no host|no number|port 0|large port)", {"theirs": sorted(BEGUN)}),
    ("a certificate that is refused",
     "(start)?tls (trusting (wrong|expired|self)|untrusting .*|named wrong|misnamed good)",
     {"ours": CERTIFICATE}),
    ("a server that hangs up because it wants a certificate of ours",
     "(start)?tls (trusting|careless) asks", {"ours": CERTIFICATE[:2]}),
    ("`tls_config` with `insecure_skip_verify`",
     "(start)?tls careless (good|wrong|expired|self|old)",
     {"theirs": ["probe_ssl_last_chain_expiry_timestamp_seconds"]}),
    ("a ping that has no answer",
     "icmp (silent|refused|answers in part|no route.*|unsplit too large|from none of ours|from of another family)",
     {"theirs": ["probe_icmp_duration_seconds"]}),
]

# What ends with the timeout alone; all else has as long as a crowded machine may need.
ENDLESS = re.compile("icmp (silent|refused|answers in part)|starttls (mute|refused)|"
                     "tcp (banner: (carriage return|not back)|echo: (empty|nothing left)|flood.*|"
                     "mute: awaits|open line.*|silent host)|tls .* mute")

IP4 = {"preferred_ip_protocol": "ip4"}


def tcp(*dialogue, **options):
    return {"prober": "tcp",
            "tcp": {**IP4, "query_response": list(dialogue), **options}}


def icmp(**options):
    return {"prober": "icmp", "icmp": {**IP4, **options}}


# ---- over TCP ----------------------------------------------------------------------------------

def play(*script):
    """A server that says bytes, awaits so many seconds for lines, or does what it is given."""
    def talk_to(talk):
        for part in script:
            if isinstance(part, bytes):
                talk.sendall(part)
            else:
                part(talk)
    return talk_to


def hear(talk):
    talk.recv(4096)


def wait(talk):
    while talk.recv(4096):
        pass


def reset(talk):
    talk.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def echo(talk):
    """Says "got " and what it heard, for ever."""
    while heard := talk.recv(4096):
        talk.sendall(b"got " + heard)


def flood(talk):
    while True:
        talk.sendall(b"x" * 999 + b"\n")


def who_calls(talk):
    talk.sendall(b"from " + talk.getpeername()[0].encode() + b"\n")
    wait(talk)


def secure(context):
    """Goes on over TLS: a line, and what is heard after it."""
    def talk_to(talk):
        with context.wrap_socket(talk, server_side=True) as inner:
            inner.sendall(b"secret hello\r\n")
            wait(inner)
    return talk_to


PLAIN = {
    # name: (server's script, dialogues that are held with it, by what they are called)
    "mute": (play(wait), {"none": [], "awaits": [{"expect": "x"}], "says": [{"send": "x"}]}),
    "closing": (play(), {"none": [], "awaits": [{"expect": "x"}], "says": [{"send": "x"}]}),
    "banner": (play(b"one\r\ntwo 2\r\nthree\n", wait), {
        "first": [{"expect": "^one$"}],
        "skips": [{"expect": "^three$"}],
        "in order": [{"expect": "one"}, {"expect": "two"}, {"expect": "three"}],
        "not back": [{"expect": "two"}, {"expect": "one"}],
        "any line": [{"expect": ""}, {"expect": "^two"}],
        "carriage return": [{"expect": "one\r"}],
        "nothing in a step": [{"starttls": False}, {"expect": "one"}],
    }),
    "broken off": (play(b"one\ntwo"), {
        "last line": [{"expect": "one"}, {"expect": "^two$"}], "more": [{"expect": "three"}]}),
    "open line": (play(b"one\ntwo", wait), {"last line": [{"expect": "^two$"}]}),
    "reset": (play(b"one\n", hear, reset), {
        "before": [{"expect": "one"}], "after": [{"expect": "one", "send": "x"}, {"expect": "two"}]}),
    "long line": (play(b"y" * 70000 + b"\none\n", wait), {"skips": [{"expect": "one"}]}),
    "flood": (flood, {"awaits": [{"expect": "never"}]}),
    "no text": (play(b"\xff\xfe\x00 one\nt\xc3\xa9l\n", wait), {
        "bytes": [{"expect": "one"}], "letters": [{"expect": "^t.l$"}]}),
    "echo": (echo, {
        "twice": [{"send": "a b"}, {"expect": "got (?P<first>.) (.)", "send": "${2} ${first}$1"},
                  {"expect": "^got b aa$"}],
        "long names": [{"send": "ab"}, {"expect": "got (a)(b)", "send": "[$1x|${1}x|$9|$$1|$2]"},
                       {"expect": r"^got \[\|ax\|\|\$1\|b\]$"}],
        "nothing left": [{"send": "a"}, {"expect": "got (a)", "send": "${7}"}, {"expect": "got"}],
        "empty": [{"send": ""}, {"expect": "got"}],
        "carriage return": [{"send": "a\r"}, {"expect": "^got a$"}],
    }),
    "who": (who_calls, {"calls": [{"expect": r"from 127\.0\.0\.1$"}]}),
}

STARTTLS = [{"expect": "^220"}, {"send": "STARTTLS"}, {"expect": "^220 go"}, {"starttls": True},
            {"expect": "^secret"}]


def plain_cases(add):
    for peer, (server, dialogues) in PLAIN.items():
        port = serve_lines(server)
        for called, dialogue in dialogues.items():
            add(f"tcp {peer}: {called}", tcp(*dialogue), f"127.0.0.1:{port}")
    port = serve_lines(who_calls)
    for called, source, pattern in (("another of ours", "127.0.0.5", r"from 127\.0\.0\.5$"),
                                    ("none of ours", "192.0.2.9", "from"),
                                    ("of another family", "::1", "from")):
        add(f"tcp from {called}", tcp({"expect": pattern}, source_ip_address=source),
            f"127.0.0.1:{port}")
    for family, target in (("ip4", "127.0.0.1"), ("ip6", "127.0.0.1"), ("ip4", "localhost"),
                           ("ip4", "[::1]"), ("ip6", "[::1]")):
        for fallback in (True, False) if target != "localhost" or has_localhost() else ():
            add(f"tcp {target} by {family}{', or other' if fallback else ''}",
                tcp(preferred_ip_protocol=family, ip_protocol_fallback=fallback),
                f"{target}:{port}")
    for called, target in (("closed", f"127.0.0.1:{free_port()}"),
                           ("no name", "no-such-name.invalid:80"), ("no port", "127.0.0.1"),
                           ("no host", f":{port}"), ("no number", "127.0.0.1:x"),
                           ("port 0", "127.0.0.1:0"), ("large port", "127.0.0.1:65536"),
                           ("silent host", f"10.77.0.{SILENT}:80"), ("no route", "192.0.2.1:80")):
        add(f"tcp {called}", tcp(), target)


# Options of TLS, and what of the servers below they are tried with.
def tls_options(folder):
    ca = {"ca_file": str(folder / "ca.pem")}
    ours = {"cert_file": str(folder / "good.pem"), "key_file": str(folder / "good.key")}
    every = ("good", "wrong", "expired", "self", "old", "asks")
    return {
        "trusting": (ca, every),
        "untrusting": ({}, ("good", "self")),
        "careless": ({"insecure_skip_verify": True}, every),
        "named": ({**ca, "server_name": "good.test"}, ("good", "wrong")),
        "misnamed": ({**ca, "server_name": "bad.test"}, ("good",)),
        "modern": ({**ca, "min_version": "TLS13"}, ("good", "old")),
        "known": ({**ca, **ours}, ("good", "asks")),
    }


def tls_servers(certificates):
    contexts = {name: certificates.context(name) for name in ("good", "wrong", "expired", "self")}
    contexts["old"] = certificates.context("good", ssl.TLSVersion.TLSv1_2)
    contexts["asks"] = certificates.context("good", ssl.TLSVersion.TLSv1_2)
    contexts["asks"].verify_mode = ssl.CERT_REQUIRED
    contexts["asks"].load_verify_locations(certificates.folder / "ca.pem")
    return contexts


def tls_cases(add, certificates):
    outer, inner = {}, {}
    for name, context in tls_servers(certificates).items():
        outer[name] = serve_lines(secure(context))
        inner[name] = serve_lines(play(b"220-hello\r\n220 mail\r\n", hear, b"220 go\r\n",
                                       secure(context)))
    for called, (options, servers) in tls_options(certificates.folder).items():
        for name in servers:
            add(f"tls {called} {name}", tcp({"expect": "^secret"}, tls=True, tls_config=options),
                f"127.0.0.1:{outer[name]}")
            add(f"starttls {called} {name}", tcp(*STARTTLS, tls_config=options),
                f"127.0.0.1:{inner[name]}")
    trusting = tls_options(certificates.folder)["trusting"][0]
    for called, script in (("refused", play(b"220 mail\r\n", hear, b"454 not now\r\n", wait)),
                           ("closes", play(b"220 mail\r\n", hear, b"220 go\r\n")),
                           ("garbage", play(b"220 mail\r\n", hear, b"220 go\r\n", hear, b"no TLS\r\n",
                                            wait)),
                           ("mute", play(b"220 mail\r\n", hear, b"220 go\r\n", wait))):
        add(f"starttls {called}", tcp(*STARTTLS, tls_config=trusting),
            f"127.0.0.1:{serve_lines(script)}")
    for called, script in (("plain", play(b"hello\r\n", wait)), ("mute", play(wait)),
                           ("closing", play())):
        add(f"tls of a server that is {called}", tcp(tls=True, tls_config=trusting),
            f"127.0.0.1:{serve_lines(script)}")


# ---- pings -------------------------------------------------------------------------------------

def icmp_cases(add):
    hosts = {"loopback": "127.0.0.1", "answers": f"10.77.0.{ANSWERS}",
             "silent": f"10.77.0.{SILENT}", "refused": f"10.77.0.{REFUSED}",
             "answers in part": f"10.77.0.{ANSWERS_IN_PART}", "no route": "192.0.2.1", "no route by IPv6": "2001:db8::1",
             "loopback by IPv6": "::1", "no name": "no-such-name.invalid"}
    if has_localhost():
        hosts["localhost"] = "localhost"
    for called, target in hosts.items():
        add(f"icmp {called}", icmp(), target)
    ways = {"one byte": {"payload_size": 1}, "1400 bytes": {"payload_size": 1400},
            "unsplit": {"dont_fragment": True},
            "unsplit too large": {"dont_fragment": True, "payload_size": 3000},
            "one hop": {"ttl": 1}, "many hops": {"ttl": 255}}
    for called, options in ways.items():
        add(f"icmp {called}", icmp(**options), f"10.77.0.{ANSWERS}")
    add("icmp largest", icmp(payload_size=65507), "127.0.0.1")
    for called, source in (("ours", "10.77.0.1"), ("none of ours", "192.0.2.9"),
                           ("of another family", "::1")):
        add(f"icmp from {called}", icmp(source_ip_address=source), f"10.77.0.{ANSWERS}")
    for family, target in (("ip4", "::1"), ("ip6", "127.0.0.1"), ("ip6", "::1")):
        for fallback in (True, False):
            add(f"icmp {target} by {family}{', or other' if fallback else ''}",
                icmp(preferred_ip_protocol=family, ip_protocol_fallback=fallback), target)


# ---- all of it ---------------------------------------------------------------------------------

def scenario(bench):
    make_hosts()
    modules, cases = {}, {}

    def add(called, module, target):
        modules[called] = {**module, "timeout": "1s" if ENDLESS.fullmatch(called) else "15s"}
        cases[called] = (called, target, {})
    plain_cases(add)
    tls_cases(add, Certificates(bench.folder))
    icmp_cases(add)
    _, daemon, theirs, ours = start_both(bench, modules)
    found, got = all_answers(theirs, cases), all_answers(ours, cases)
    check(cases, found, got, HEADING, DIFFERENCES)
    print(f"{len(cases)} cases")
    code, _ = daemon.stop()
    expect_equal(code, 0, "exit code")


enter_namespace()
run(scenario)
