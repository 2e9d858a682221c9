#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Memory that stays: with 100 checks after a minute; per active series after a full window of 480
# samples; after 10,000 and 100,000 probes, with threads and descriptors. What is in RAM moves up
# and down by some pages, so each figure is taken for a while, twice a second: bars are held
# against the most of it, the difference between two daemons is that of their medians.
# BW_WINDOW_S: how long series are gathered, at two samples a second, before the memory of one is
# taken.
source "$(dirname "${BASH_SOURCE[0]}")/harness.bash"
window_s=${BW_WINDOW_S:-270}

# PID SECONDS: "RSS THREADS DESCRIPTORS FILES MEDIAN": the most of RSS with what was of files just
# then, threads and descriptors at the end, the median of RSS.
facts() {
    local i
    for i in $(seq $((2 * $2))); do
        echo "$(status_of "$1" VmRSS) $(status_of "$1" RssFile)"
        sleep 0.5
    done | sort -n >"$run/rss.$1"
    awk -v threads="$(status_of "$1" Threads)" -v fds="$(ls "/proc/$1/fd" | wc -l)" '
        { rss[NR] = $1; files = $2 }
        END { print rss[NR], threads, fds, files, rss[int((NR + 1) / 2)] }' "$run/rss.$1"
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

say() { # WHAT RSS THREADS DESCRIPTORS FILES...
    echo "$1: RSS $2 kB, of which files, mostly libraries, $5 kB; $3 threads, $4 descriptors"
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
    sleep $((30 - (SECONDS - begun)))
    say "100 checks at 15 s, from 30 s to 60 s (bar 16,384 kB)" $(facts "$small" 30)
    stop "$small"
}

growing() {
    local early late
    run_daemon fast 100 100ms 29290
    daemon=$pid
    await_probes 10000
    early=$(facts "$daemon" 5)
    await_probes 100000
    late=$(facts "$daemon" 5)
    say "after 10,000 probes" $early
    say "after 100,000 probes" $late
    awk -v a="${early%% *}" -v b="${late%% *}" \
        'BEGIN { printf("growth: %.1f %% (bar 5 %%)\n", 100 * (b - a) / a) }'
    stop "$daemon"
}

per_series() {
    local series least most
    sleep $((window_s - (SECONDS - begun)))
    series=$(($(metric 29293 bellwether_store_series) - $(metric 29292 bellwether_store_series)))
    facts "$few" 30 >"$run/few.facts" &
    most=$(facts "$many" 30)
    wait $!
    least=$(cat "$run/few.facts")
    say "100 checks at 500 ms after $window_s s" $least
    say "500 checks at 500 ms after $window_s s" $most
    echo "per active series: $(divide $((1024 * (${most##* } - ${least##* }))) "$series") bytes" \
        "of $series, by the medians ${most##* } and ${least##* } kB (bar 1,536)"
}

begin
resting
growing
per_series
