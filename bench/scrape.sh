#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# CPU per scrape. 10,000 series: bellwether's /metrics with as many checks as that takes, beside an
# exporter made with client_golang that has as many series with as many labels; identity and
# gzip. This host: all that bellwether does when it samples each second and is scraped each second,
# storing included, beside node_exporter, which samples when it is scraped.
source "$(dirname "${BASH_SOURCE[0]}")/harness.bash"
series=10000
scrapes=${BW_SCRAPES:-100}

lines() { # URL: how many series its page has
    curl -s "$1" | grep -vc '^#'
}

build_rival() {
    rival=$build/bench/client_golang
    command -v go >/dev/null || skip "no Go compiler for client_golang"
    GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=$run/go \
        go build -o "$rival" "$root/bench/client_golang.go"
}

once() { # ARRAY PID URL ENCODING
    local -n into=$1
    local c0 c1
    c0=$(cpu_ns "$2")
    "$build/bench/load" "$scrapes" 1 "$4" "$3" >"$run/bytes"
    c1=$(cpu_ns "$2")
    into+=("$(divide $(((c1 - c0) / 1000)) "$scrapes")")
}

# Checks that rest while pages are asked for: each has run once when the first round begins.
pages() {
    local i count
    start_target 29080
    write_checks pages tcp 300 60s
    start_daemon pages 29190
    daemon=$pid
    for _ in $(seq 80); do
        [ "$(metric 29190 probe_success)" -ge 298 ] && break
        sleep 1
    done
    count=$(lines http://127.0.0.1:29190/metrics)
    start rival "$rival" 127.0.0.1:29310 "$count"
    golang=$pid
    await http://127.0.0.1:29310/metrics
    echo "series: bellwether $count, client_golang $(lines http://127.0.0.1:29310/metrics)"
    our_plain=() our_gzip=() their_plain=() their_gzip=()
    for _ in $(seq "$rounds"); do
        once our_plain "$daemon" http://127.0.0.1:29190/metrics identity
        once their_plain "$golang" http://127.0.0.1:29310/metrics identity
        once our_gzip "$daemon" http://127.0.0.1:29190/metrics gzip
        once their_gzip "$golang" http://127.0.0.1:29310/metrics gzip
    done
    compare "CPU per scrape of $count series, identity" 25 our_plain their_plain client_golang
    compare "CPU per scrape of $count series, gzip" 7 our_gzip their_gzip client_golang
    stop "$daemon"
    stop "$golang"
}

# A scrape each second over one connection that stays open, as Prometheus keeps it.
paced() { # ARRAY PID URL
    local -n into=$1
    local c0 c1
    c0=$(cpu_ns "$2")
    "$build/bench/load" 10 1 identity "$3" 1000 >"$run/bytes"
    c1=$(cpu_ns "$2")
    into+=("$(divide $(((c1 - c0) / 1000)) 10)")
}

# What it does by itself: nobody asks.
alone() { # ARRAY PID
    local -n into=$1
    local c0 c1
    c0=$(cpu_ns "$2")
    sleep 10
    c1=$(cpu_ns "$2")
    into+=("$(divide $(((c1 - c0) / 1000)) 10)")
}

start_host() { # NAME PORT INTERVAL COMMIT_INTERVAL
    printf 'host: {interval: %s}\nstorage: {commit_interval: %s}\n' "$3" "$4" >"$run/$1.yml"
    start_daemon "$1" "$2"
}

host() {
    local whole lean resting node ours=() seldom=() rest=() theirs=()
    start_host whole 29190 1s 1s
    whole=$pid
    start_host lean 29191 1s 1m
    lean=$pid
    start_host resting 29192 1h 1m
    resting=$pid
    start node_exporter prometheus-node-exporter --web.listen-address=127.0.0.1:29100 \
        --log.level=error
    node=$pid
    await http://127.0.0.1:29100/metrics
    sleep 3
    echo "host series: bellwether $(curl -s http://127.0.0.1:29190/metrics | grep -c '^node_')," \
        "node_exporter $(curl -s http://127.0.0.1:29100/metrics | grep -c '^node_')"
    for _ in $(seq "$rounds"); do
        paced ours "$whole" http://127.0.0.1:29190/metrics
        paced theirs "$node" http://127.0.0.1:29100/metrics
        paced seldom "$lean" http://127.0.0.1:29191/metrics
        alone rest "$resting"
    done
    compare "CPU per scrape of this host, the whole daemon, stored each second" 15 ours theirs \
        node_exporter
    compare "CPU per scrape of this host, the whole daemon, stored each minute" 15 seldom theirs \
        node_exporter
    echo "a daemon that samples once an hour and is not asked: $(median "${rest[@]}") us a second"
    for pid in "$whole" "$lean" "$resting" "$node"; do
        stop "$pid"
    done
}

host
build_rival
pages
