#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# CPU per DNS probe over UDP, stored and exposed, beside blackbox_exporter.
source "$(dirname "${BASH_SOURCE[0]}")/probe_cost.bash"
target_port=29053

accepted() {
    local n
    exec {server}<>"/dev/udp/127.0.0.1/$target_port"
    echo count >&"$server"
    n=$(dd bs=64 count=1 status=none <&"$server") # bash would read a datagram byte by byte
    exec {server}>&-
    echo "$n"
}

start server "$build/bench/name_server" "$target_port"
module=dns_a
measure dns dns_a "127.0.0.1:$target_port" 10
