#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Memory that stays: with 100 checks after a minute; per active series; after 10,000 and 100,000
# probes, with threads and descriptors. BW_WINDOW_S: how long series are gathered before the
# memory of one is taken (480 samples of a second make a full window).
source "$(dirname "${BASH_SOURCE[0]}")/harness.bash"
window_s=${BW_WINDOW_S:-500}

facts() { # PID: "RSS THREADS DESCRIPTORS"
    echo "$(status_of "$1" VmRSS) $(status_of "$1" Threads) $(ls "/proc/$1/fd" | wc -l)"
}

run_daemon() { # NAME COUNT INTERVAL PORT
    write_checks "$1" http "$2" "$3"
    start_daemon "$1" "$4"
}

await_probes() { # COUNT
    until [ "$(metric 29190 bellwether_schedule_started_total)" -ge "$1" ]; do
        sleep 1
    done
}

say() { # WHAT RSS THREADS DESCRIPTORS
    echo "$1: RSS $2 kB, $3 threads, $4 descriptors"
}

resting() {
    run_daemon small 100 15s 29191
    small=$pid
    run_daemon second 100 1s 29192
    second=$pid
    run_daemon many 1000 1s 29193
    many=$pid
    sleep 60
    say "100 checks at 15 s after 60 s (bar 16,384 kB)" $(facts "$small")
    say "100 checks at 1 s after 60 s (bar 16,384 kB)" $(facts "$second")
    stop "$small"
}

per_series() {
    sleep $((window_s - 60))
    local more_series more_kb
    more_series=$(($(metric 29193 bellwether_store_series) - $(metric 29192 bellwether_store_series)))
    more_kb=$(($(status_of "$many" VmRSS) - $(status_of "$second" VmRSS)))
    say "100 checks at 1 s after $window_s s" $(facts "$second")
    say "1,000 checks at 1 s after $window_s s" $(facts "$many")
    echo "per active series: $(divide $((more_kb * 1024)) "$more_series") bytes of $more_series" \
        "(bar 1,536 bytes)"
    stop "$many"
    stop "$second"
}

growing() {
    local early late
    run_daemon fast 100 100ms 29190
    daemon=$pid
    await_probes 10000
    early=$(facts "$daemon")
    await_probes 100000
    late=$(facts "$daemon")
    say "after 10,000 probes" $early
    say "after 100,000 probes" $late
    awk -v a="${early%% *}" -v b="${late%% *}" \
        'BEGIN { printf("growth: %.1f %% (bar 5 %%)\n", 100 * (b - a) / a) }'
    stop "$daemon"
}

start_target 29080
growing
resting
per_series
