#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""ICMP checks in a network namespace of their own: loopback over IPv4 and IPv6, hosts behind a tun
device that answer, lose packets, are silent or refused; without privilege and over raw sockets."""
import os
import pathlib

from harness import config, eventually, expect, expect_equal, run
from hosts import ANSWERS, DROPS_HALF, REFUSED, SILENT, make_hosts
from namespace import enter_namespace

GROUPS = pathlib.Path("/proc/sys/net/ipv4/ping_group_range")

# check: (target, module, status, reason or None, loss)
PLAYED = {
    "loopback4": ("127.0.0.1", "burst", "HEALTHY", None, 0),
    "loopback6": ("::1", "burst", "HEALTHY", None, 0),
    "name": ("localhost", "burst", "HEALTHY", None, 0),
    "once": (f"10.77.0.{ANSWERS}", None, "HEALTHY", None, 0),
    "burst": (f"10.77.0.{ANSWERS}", "burst", "HEALTHY", None, 0),
    "half": (f"10.77.0.{DROPS_HALF}", "burst", "DEGRADED", None, 0.5),
    "too-much-lost": (f"10.77.0.{DROPS_HALF}", "strict", "UNHEALTHY", "threshold", 0.5),
    "silent": (f"10.77.0.{SILENT}", "burst", "UNHEALTHY", "timeout", 1),
    "refused": (f"10.77.0.{REFUSED}", "burst", "UNHEALTHY", "unreachable", 1),
    "no-route": ("192.0.2.1", None, "UNHEALTHY", "unreachable", 1),
    "no-route6": ("2001:db8::1", None, "UNHEALTHY", "unreachable", 1),
}
BURST = {"count": 4, "interval": "5ms", "warn_if_loss_above": 0.4}


def sockets(kind):
    """How many sockets of a kind there are in the namespace."""
    return sum(len(pathlib.Path(f"/proc/net/{name}").read_text().splitlines()) - 1
               for name in (kind, f"{kind}6"))


def play(bench, name, groups, kind, other):
    GROUPS.write_text(groups)
    checks = [{"name": check, "icmp": target, "timeout": "300ms",
               **({"module": module} if module else {})}
              for check, (target, module, *_) in PLAYED.items()]
    daemon = bench.daemon(config(
        [{"name": "hosts", "checks": checks}],
        modules={"burst": {"prober": "icmp", "icmp": BURST},
                 "strict": {"prober": "icmp", "icmp": {**BURST, "fail_if_loss_above": 0.4}}}),
        name=name).start()

    def settled():
        metrics = daemon.metrics()
        for check, (_, _, status, reason, loss) in PLAYED.items():
            expect_equal(metrics.check_status("hosts", check), status, f"status of {check}")
            expect_equal(metrics.value("probe_icmp_packet_loss_ratio", check=check), loss,
                         f"loss of {check}")
            said = [labels["reason"] for labels, _ in
                    metrics.all("probe_failure_info", check=check)]
            expect_equal(said, [reason] if reason else [], f"reason of {check}")
        return metrics
    metrics = eventually("every host is seen as it is", settled, seconds=30)
    expect(sockets(kind) >= 2 and sockets(other) == 0,
           f"{sockets(kind)} sockets of kind {kind}, {sockets(other)} of kind {other}")
    for check, (target, _, status, *_) in PLAYED.items():
        rtt = metrics.value("probe_icmp_rtt_avg_seconds", check=check)
        expect((rtt is None) == (status == "UNHEALTHY" and check != "too-much-lost"),
               f"round trip of {check}: {rtt}")
        expect(rtt is None or 0 < rtt < 1, f"round trip of {check}: {rtt}")
    expect_equal(metrics.value("probe_ip_protocol", check="loopback6"), 6, "IP protocol of ::1")
    expect_equal(metrics.value("probe_icmp_rtt_seconds_count", check="once"), None, "histogram")

    def bursts_add_up():
        page = daemon.metrics()
        count = page.value("probe_icmp_rtt_seconds_count", check="burst")
        expect(count > BURST["count"], f"round trips counted: {count}")
        expect_equal(page.value("probe_icmp_rtt_seconds_bucket", check="burst", le="+Inf"), count,
                     "the last bucket")
        return True
    eventually("the histogram of a check has several bursts", bursts_add_up)
    expect_equal(metrics.value("probe_icmp_reply_hop_limit", check="once"), 57, "hop limit")
    shown = daemon.checks("hosts")["refused"]
    expect("10.77.0.254" in str(shown), f"who refused is not shown: {shown}")
    code, _ = daemon.stop()
    expect_equal(code, 0, "exit code")


def scenario(bench):
    make_hosts()
    group = os.getegid()
    play(bench, "unprivileged", f"{group} {group}", "icmp", "raw")
    play(bench, "raw", "1 0", "raw", "icmp")


enter_namespace()
run(scenario)
