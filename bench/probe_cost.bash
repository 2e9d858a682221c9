# SPDX-License-Identifier: GPL-3.0-or-later
# What probe_http.sh, probe_tcp.sh and probe_dns.sh share: bellwether's own checks, 320 of them each second in
# slots of a tenth of one, stored and on /metrics, beside blackbox_exporter asked back to back
# over 16 connections. Nobody is charged for the target or for whoever asks.
source "$(dirname "${BASH_SOURCE[0]}")/harness.bash"

checks=320
window_s=${BW_WINDOW:-6}
probes=3000

ours_once() {
    local n0 n1 c0 c1
    kill -CONT "$daemon"
    sleep 3
    accepted >"$run/n0"
    c0=$(cpu_ns "$daemon")
    sleep "$window_s"
    c1=$(cpu_ns "$daemon")
    accepted >"$run/n1"
    kill -STOP "$daemon"
    read -r n0 <"$run/n0"
    read -r n1 <"$run/n1"
    ours+=("$(divide $(((c1 - c0) / 1000)) $((n1 - n0)))")
}

theirs_once() { # MODULE TARGET
    local c0 c1
    c0=$(cpu_ns "$blackbox")
    "$build/bench/load" "$probes" 16 identity \
        "http://127.0.0.1:29115/probe?module=$1&target=$2" >"$run/bytes"
    c1=$(cpu_ns "$blackbox")
    theirs+=("$(divide $(((c1 - c0) / 1000)) "$probes")")
}

# measure KIND MODULE TARGET BAR
measure() {
    local i
    write_checks checks "$1" "$checks" 1s
    start_daemon checks 29190
    daemon=$pid
    start_blackbox 29115
    ours=() theirs=()
    for i in $(seq "$rounds"); do
        ours_once
        theirs_once "$2" "$3"
    done
    kill -CONT "$daemon"
    sleep 2
    echo "$checks $1 checks at 1 s; $(metric 29190 probe_success) pass on /metrics," \
        "$(metric 29190 bellwether_store_samples_total) samples in the store"
    compare "CPU per $1 probe" "$4" ours theirs blackbox_exporter
}
