#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Memory that stays: with 100 checks after a minute; per active series after a full window of 480
# samples; after 10,000 and 100,000 probes, with threads and descriptors. BW_WINDOW_S: how long
# series are gathered, at two samples a second, before the memory of one is taken.
source "$(dirname "${BASH_SOURCE[0]}")/harness.bash"
window_s=${BW_WINDOW_S:-270}

facts() { # PID: "RSS THREADS DESCRIPTORS"
    echo "$(status_of "$1" VmRSS) $(status_of "$1" Threads) $(ls "/proc/$1/fd" | wc -l)"
}

run_daemon() { # NAME COUNT INTERVAL PORT
    write_checks "$1" http "$2" "$3"
    start_daemon "$1" "$4"
}

await_probes() { # COUNT
    until [ "$(metric 29290 bellwether_schedule_started_total)" -ge "$1" ]; do
        sleep 1
    done
}

say() { # WHAT RSS THREADS DESCRIPTORS
    echo "$1: RSS $2 kB, $3 threads, $4 descriptors"
}

begin() {
    start_target 29280
    run_daemon small 100 15s 29291
    small=$pid
    run_daemon few 100 500ms 29292
    few=$pid
    run_daemon many 500 500ms 29293
    many=$pid
    begun=$SECONDS
}

resting() {
    sleep $((60 - (SECONDS - begun)))
    say "100 checks at 15 s after 60 s (bar 16,384 kB)" $(facts "$small")
    echo "of that in files, mostly libraries: $(status_of "$small" RssFile) kB"
    stop "$small"
}

growing() {
    local early late
    run_daemon fast 100 100ms 29290
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

per_series() {
    local series kb
    sleep $((window_s - (SECONDS - begun)))
    series=$(($(metric 29293 bellwether_store_series) - $(metric 29292 bellwether_store_series)))
    kb=$(($(status_of "$many" VmRSS) - $(status_of "$few" VmRSS)))
    say "100 checks at 500 ms after $window_s s" $(facts "$few")
    say "500 checks at 500 ms after $window_s s" $(facts "$many")
    echo "per active series: $(divide $((kb * 1024)) "$series") bytes of $series (bar 1,536)"
}

begin
resting
growing
per_series
