#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The same samples in Bellwether, VictoriaMetrics and Prometheus: bytes on disk, everything in
# their folders counted; CPU to take them in; CPU to add all of them up; and a day that came tick
# by tick, with the store still open. What was exported is compared with what was imported, by a
# sum over series, time and bits of every sample.
# The dataset is made by a generator that is beside the checkout (BW_KIT names its folder), 1000
# series, 3 days, 15 s; or BW_DATASET names a file (bench/dataset_file.h). BW_SEEDS: whose sizes
# are taken, after the first only sizes.
source "$(dirname "${BASH_SOURCE[0]}")/harness.bash"
kit=${BW_KIT:-$root/../shared/kit/perf}
seeds=(${BW_SEEDS:-1 7})
tool=$build/bench/dataset_tool
bench=$build/bench/bench_dataset
vm_port=28428
missed=0
[ -n "${BW_DATASET:-}" ] || [ -e "$kit/src/gen.c" ] ||
    skip "dataset: no generator in $kit, and BW_DATASET names no file"
for program in victoria-metrics promtool; do
    command -v $program >/dev/null || skip "dataset: $program is not installed"
done

bytes_in() { # FOLDER: all of its files
    find "$1" -type f -printf '%s\n' | awk '{ sum += $1 } END { printf "%d\n", sum }'
}

ratio() { # A B DIGITS
    awk -v a="$1" -v b="$2" -v digits="${3:-3}" 'BEGIN { printf "%.*f\n", digits, a / b }'
}

# spend COMMAND...: runs it; what it says is in $run/said, its CPU-seconds are in $spent.
spend() {
    local TIMEFORMAT='%U %S'
    { time "$@" >"$run/said" 2>&1; } 2>"$run/time" || {
        cat "$run/said" >&2
        exit 1
    }
    spent=$(awk '{ print $1 + $2 }' "$run/time")
}

row() { # WHAT OURS THEIRS RATIO BAR: BAR "<= 0.88" or ">= 2"
    local verdict
    verdict=$(awk -v r="$4" -v op="${5% *}" -v bar="${5#* }" \
        'BEGIN { print (op == "<=" ? r <= bar : r >= bar) ? "met" : "missed" }')
    [ "$verdict" = met ] || missed=$((missed + 1))
    printf '%-52s %12s %12s %8s  %-8s %s\n' "$1" "$2" "$3" "$4" "$5" "$verdict"
}

make_dataset() { # SEED
    set=$run/set.bin
    if [ -n "${BW_DATASET:-}" ]; then
        set=$BW_DATASET
    else
        [ -e "$run/gen" ] || gcc -O2 -w -o "$run/gen" "$kit/src/gen.c" -lm
        "$run/gen" "$1" 1000 3 15 "$set"
    fi
    read -r series samples first_ms < <("$tool" "$set" info)
    echo "-- seed $1: $series series, $samples samples, sha256 $(sha256sum "$set" | cut -c1-16)"
    "$tool" "$set" openmetrics >"$run/set.om"
    "$tool" "$set" json >"$run/set.json"
    want=$("$tool" "$set" sum)
}

# ---- imports: each leaves its CPU-seconds in $spent ----------------------------------------

import_bellwether() {
    rm -rf "$run/bw"
    mkdir "$run/bw"
    spend "$bellwether" import openmetrics "$run/set.om" --storage.path="$run/bw/store.db"
}

start_vm() { # FOLDER
    start vm victoria-metrics -storageDataPath="$1" -retentionPeriod=100y -dedup.minScrapeInterval=0s \
        -httpListenAddr=127.0.0.1:$vm_port -search.maxSamplesPerQuery=1000000000 \
        -search.disableCache -loggerLevel=ERROR
    vm=$pid
    await "http://127.0.0.1:$vm_port/health"
}

import_vm() {
    local before
    rm -rf "$run/vm"
    start_vm "$run/vm"
    before=$(cpu_ns "$vm")
    curl -sf -T "$run/set.json" "http://127.0.0.1:$vm_port/api/v1/import"
    spent=$(ratio $(($(cpu_ns "$vm") - before)) 1000000000)
}

# All of it in one part per day or month, as small as it gets.
merge_vm() {
    local i
    curl -sf "http://127.0.0.1:$vm_port/internal/force_flush"
    sleep 2
    curl -sf "http://127.0.0.1:$vm_port/internal/force_merge"
    for i in $(seq 120); do
        sleep 1
        [ "$(metric $vm_port vm_active_force_merges)" = 0 ] && break
    done
    sleep 2
}

import_prometheus() {
    rm -rf "$run/prom"
    mkdir "$run/prom"
    spend promtool tsdb create-blocks-from openmetrics --max-block-duration=240h -q "$run/set.om" \
        "$run/prom"
}

# ---- what is compared ------------------------------------------------------------------------

compare_export() {
    local got
    got=$("$bellwether" export openmetrics --storage.path="$run/bw/store.db" 2>"$run/export.log" |
        "$tool" - sum-of-text)
    [ "$got" = "$want" ] || {
        echo "exported $got, imported $want: not the same" >&2
        exit 1
    }
    echo "exported values are the imported ones: $want"
    got=$(curl -sf "http://127.0.0.1:$vm_port/api/v1/export?match\[\]=%7B__name__!=%22%22%7D" |
        "$tool" - sum-of-json)
    [ "$got" = "$want" ] && echo "those of VictoriaMetrics too" ||
        echo "those of VictoriaMetrics are not: $got"
}

sizes() { # SEED
    local ours theirs prom packs
    spend "$bellwether" db compact --storage.path="$run/bw/store.db"
    ours=$(bytes_in "$run/bw")
    packs=$("$bench" "$set" "$run/bw/store.db" look | sed -n 's/.*disk, \([0-9.]*\) in.*/\1/p')
    theirs=$(bytes_in "$run/vm")
    prom=$(bytes_in "$run/prom")
    row "seed $1: bytes a sample, VictoriaMetrics merged" "$(ratio "$ours" "$samples" 4)" \
        "$(ratio "$theirs" "$samples" 4)" "$(ratio "$ours" "$theirs")" "<= 0.88"
    row "seed $1: the same, Prometheus's blocks" "$(ratio "$ours" "$samples" 4)" \
        "$(ratio "$prom" "$samples" 4)" "$(ratio "$ours" "$prom")" "<= 0.28"
    row "seed $1: everything over packs" "$(ratio "$ours" "$samples" 4)" "$packs" \
        "$(awk -v a="$ours" -v n="$samples" -v p="$packs" 'BEGIN { printf "%.3f", a / n / p }')" \
        "<= 1.05"
}

# The first day, tick by tick: ours is open and as it is; theirs is open, once as it is some time
# after the last tick, once merged, which it does not do by itself.
day() { # SEED
    local ours day_samples settled merged
    rm -rf "$run/day" "$run/vmday"
    mkdir "$run/day"
    "$bench" "$set" "$run/day" day >"$run/day.log"
    ours=$(sed -n 's/^day, open: \([0-9]*\) .*/\1/p' "$run/day.log")
    day_samples=$(sed -n 's/^day: \([0-9]*\) .*/\1/p' "$run/day.log")
    start_vm "$run/vmday"
    "$tool" "$set" post $vm_port 1
    curl -sf "http://127.0.0.1:$vm_port/internal/force_flush"
    sleep 15
    settled=$(bytes_in "$run/vmday")
    merge_vm
    merged=$(bytes_in "$run/vmday")
    stop "$vm"
    sed 's/^/    /' "$run/day.log"
    row "seed $1: a day live, open, VictoriaMetrics open" "$(ratio "$ours" "$day_samples" 4)" \
        "$(ratio "$settled" "$day_samples" 4)" "$(ratio "$ours" "$settled")" "<= 1.0"
    row "seed $1: the same, VictoriaMetrics merged" "$(ratio "$ours" "$day_samples" 4)" \
        "$(ratio "$merged" "$day_samples" 4)" "$(ratio "$ours" "$merged")" "<= 1.0"
    rm -rf "$run/day" "$run/vmday"
}

# CPU-seconds of VictoriaMetrics to add up all samples.
scan_vm() {
    local before
    before=$(cpu_ns "$vm")
    curl -sf "http://127.0.0.1:$vm_port/api/v1/query?query=sum(sum_over_time(%7B__name__!=%22%22%7D%5B5d%5D))&time=$((first_ms / 1000 + 345600))" \
        >"$run/said"
    spent=$(ratio $(($(cpu_ns "$vm") - before)) 1000000000 6)
}

scan_store() { # STORE: samples a CPU-second, in millions, and CPU of one series in ms
    "$bench" "$set" "$1" look |
        sed -n 's/.*added up at \([0-9.]*\) M.*one series takes \([0-9.]*\) ms.*/\1 \2/p'
}

speeds() {
    local i hot=() cold=() one_hot=() one_cold=() vm_scan=() rate one
    mkdir -p "$run/hot"
    "$bench" "$set" "$run/hot" hot >"$run/hot.log"
    for i in $(seq "$rounds"); do
        read -r rate one < <(scan_store "$run/hot/dataset.db")
        hot+=("$rate") one_hot+=("$one")
        read -r rate one < <(scan_store "$run/bw/store.db")
        cold+=("$rate") one_cold+=("$one")
        scan_vm
        vm_scan+=("$(ratio "$(ratio "$samples" 1000000 6)" "$spent" 1)")
    done
    rate=$(median "${vm_scan[@]}")
    row "all added up, hot, M samples a CPU-second" "$(median "${hot[@]}")" "$rate" \
        "$(ratio "$(median "${hot[@]}")" "$rate" 2)" ">= 2"
    row "all added up, cold (${cold[*]} | ${vm_scan[*]})" "$(median "${cold[@]}")" "$rate" \
        "$(ratio "$(median "${cold[@]}")" "$rate" 2)" ">= 1"
    echo "one series of some 17,000 samples, ms of CPU: hot $(printf '%s ' "${one_hot[@]}")," \
        "cold $(printf '%s ' "${one_cold[@]}") (bar 0.4)"
    rm -rf "$run/hot"
}

# Imports take turns; the last one of each stays to be looked at.
imports() { # ROUNDS
    local i ours=() theirs=() prom=()
    for i in $(seq "$1"); do
        import_bellwether
        ours+=("$(ratio "$(ratio "$samples" 1000000 6)" "$spent" 2)")
        [ "$i" = 1 ] || stop "$vm"
        import_vm
        theirs+=("$(ratio "$(ratio "$samples" 1000000 6)" "$spent" 2)")
        import_prometheus
        prom+=("$(ratio "$(ratio "$samples" 1000000 6)" "$spent" 2)")
    done
    echo "import, M samples a CPU-second: bellwether ${ours[*]} (text)," \
        "VictoriaMetrics ${theirs[*]} (JSON), Prometheus ${prom[*]} (text, which it reads twice)"
    merge_vm
}

head_line() {
    printf '%-52s %12s %12s %8s  %s\n' "" bellwether rival ratio bar
}

for seed in "${seeds[@]}"; do
    make_dataset "$seed"
    imports "$([ "$seed" = "${seeds[0]}" ] && echo "$rounds" || echo 1)"
    compare_export
    head_line
    sizes "$seed"
    [ "$seed" = "${seeds[0]}" ] && speeds
    stop "$vm"
    day "$seed"
done
[ $missed = 0 ] || echo "$missed missed"
