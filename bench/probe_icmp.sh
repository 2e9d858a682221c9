#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# CPU per ICMP probe, one request and its reply, stored and exposed, beside blackbox_exporter. The
# kernel, which answers, counts the requests.
source "$(dirname "${BASH_SOURCE[0]}")/probe_cost.bash"
target_port=7 # which is not looked at

accepted() {
    awk '$1 == "Icmp:" { # two lines: names, numbers
        for (i = 2; i <= NF; i++) if (name[i] == "InEchos") print $i; else name[i] = $i }' \
        /proc/net/snmp
}

measure icmp icmp 127.0.0.1 20
