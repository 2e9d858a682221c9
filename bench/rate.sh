#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# How many HTTP checks at 1 s one core takes, and what 200 hostile targets among them do to the
# others: by how much the time between two requests of one check is off a second, as the target
# sees it, with the daemon's share of a core, its memory and descriptors. BW_CHECKS names the counts
# to try; the last is tried with hostile ones too.
source "$(dirname "${BASH_SOURCE[0]}")/harness.bash"
window_s=${BW_WINDOW:-15}
read -ra counts <<<"${BW_CHECKS:-1000 5000 10000}"

# A hundred checks to a service.
write_rate() { # NAME GOOD HOSTILE
    awk -v good="$2" -v hostile="$3" '
        function service(name, port, from, to, i) {
            print "  - name: " name "\n    checks:"
            for (i = from; i <= to; i++)
                print "      - {name: check-" i ", http: \"http://127.0.0.1:" port "/?" i "\"}"
        }
        BEGIN {
            print "global: {interval: 1s, timeout: 900ms}\nstorage: {max_series: 400000}\nservices:"
            for (at = 1; at <= good; at += 100)
                service("good-" at, 29380, at, at + 99)
            for (at = 1; at <= hostile; at += 100)
                service("hostile-" at, 29381, at, at + 99)
        }' >"$run/$1.yml"
}

# rate NAME GOOD HOSTILE
rate() {
    local c0 c1 stats
    write_rate "$1" "$2" "$3"
    curl -s -o /dev/null http://127.0.0.1:29380/reset
    start_daemon "$1" 29390
    daemon=$pid
    until [ "$(curl -s http://127.0.0.1:29380/stats | cut -d' ' -f2)" = "$2" ]; do
        sleep 1
    done
    sleep 5
    curl -s -o /dev/null http://127.0.0.1:29380/reset
    c0=$(cpu_ns "$daemon")
    sleep "$window_s"
    c1=$(cpu_ns "$daemon")
    read -r asked clients p50 p99 most <<<"$(curl -s http://127.0.0.1:29380/stats)"
    awk -v good="$2" -v hostile="$3" -v n="$asked" -v clients="$clients" -v p50="$p50" -v p99="$p99" \
        -v most="$most" -v cpu=$((c1 - c0)) -v s="$window_s" -v rss="$(status_of "$daemon" VmRSS)" -v fds="$(find "/proc/$daemon/fd" -type l | wc -l)" '
        BEGIN { printf("%d checks at 1 s, %d hostile: %.0f probes/s of %d checks, %.2f cores, " \
                       "%.0f us a probe; off a second by %d ms (p50), %d ms (p99), %d ms (most); " \
                       "RSS %.0f MB, %d descriptors\n",
                       good, hostile, n / s, clients, cpu / s / 1e9, cpu / n / 1000, p50, p99, most,
                       rss / 1024, fds) }'
    stop "$daemon"
}

start target "$build/bench/target" 29380 29381
await http://127.0.0.1:29380/stats
for count in "${counts[@]}"; do
    rate "plain-$count" "$count" 0
done
rate "hostile-$count" "$((count - 200))" 200
