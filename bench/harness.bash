# SPDX-License-Identifier: GPL-3.0-or-later
# For the scripts of this folder: starts and stops daemons, reads their processor time, folds
# rounds into medians. Daemons listen on 127.0.0.1 only and end with the script that began them.
# BW_BUILD names another build directory, BW_ROUNDS another number of rounds.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${BW_BUILD:-$root/build/release}
bellwether=$build/src/cli/bellwether
rounds=${BW_ROUNDS:-5}
run=$(mktemp -d "${TMPDIR:-/tmp}/bellwether-bench.XXXXXX")
started=()

finish() {
    local pid
    for pid in "${started[@]}"; do
        kill -CONT "$pid" 2>/dev/null || true
        kill "$pid" 2>/dev/null || true
    done
    wait
    rm -rf "$run"
}
trap finish EXIT

skip() {
    echo "$*: skipped" >&2
    exit 0
}

# start NAME COMMAND...: runs it in the background; its process id is in $pid then.
start() {
    local name=$1
    shift
    "$@" >"$run/$name.log" 2>&1 &
    pid=$!
    started+=("$pid")
}

stop() {
    kill "$1"
    wait "$1" 2>/dev/null || true
}

await() {
    local i
    for i in $(seq 100); do
        curl -skf -o "$run/awaited" "$1" && return
        sleep 0.1
    done
    echo "no answer from $1" >&2
    tail -n 3 "$run"/*.log >&2
    exit 1
}

cpu_ns() {
    "$build/bench/cpu_clock" "$@"
}

status_of() { # PID FIELD: a number of /proc/PID/status
    awk -v field="$2:" '$1 == field { print $2 }' "/proc/$1/status"
}

# The target of all probes: 1 KB over HTTP on $1, or over TLS with $run/target.crt when $2 is "ssl";
# its count of connections on $1 + 1.
start_target() {
    local tls=${2:-} url=http://127.0.0.1:$1/ certificate=
    if [ -n "$tls" ]; then
        url=https://127.0.0.1:$1/
        certificate="ssl_certificate $run/target.crt; ssl_certificate_key $run/target.key;"
    fi
    target_port=$1
    mkdir -p "$run/www"
    head -c 1024 /dev/zero | tr '\0' x >"$run/www/index.html"
    cat >"$run/nginx.conf" <<CONF
user $(id -un); worker_processes 1; pid $run/nginx.pid; error_log $run/nginx.err; daemon off;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 1000000000;
  client_body_temp_path $run/b; proxy_temp_path $run/p; fastcgi_temp_path $run/f;
  uwsgi_temp_path $run/u; scgi_temp_path $run/s;
  server { listen 127.0.0.1:$target_port $tls backlog=4096; $certificate root $run/www; }
  server { listen 127.0.0.1:$((target_port + 1)); location / { stub_status; } }
}
CONF
    start nginx nginx -e "$run/nginx.err" -c "$run/nginx.conf"
    await "$url"
}

# Connections that the target has taken, or with keep_alive requests, less those that ask.
accepted() {
    curl -s "http://127.0.0.1:$((target_port + 1))/" | awk 'NR == 3 { print $field - 1 - asked }' \
        field="$((${keep_alive:-0} * 2 + 1))" asked="${asked:-0}"
    asked=$((${asked:-0} + 1))
}

# Modules of both sides, in the one grammar.
dns_module='dns_a: {prober: dns, timeout: 5s, dns: {query_name: a.test, query_type: A, preferred_ip_protocol: ip4}}'

start_blackbox() { # PORT
    cat >"$run/blackbox.yml" <<CONF
modules:
  $dns_module
  ${https_module:-}
  http_2xx: {prober: http, timeout: 5s, http: {preferred_ip_protocol: ip4}}
  tcp_connect: {prober: tcp, timeout: 5s, tcp: {preferred_ip_protocol: ip4}}
  icmp: {prober: icmp, timeout: 5s, icmp: {preferred_ip_protocol: ip4}}
CONF
    start blackbox prometheus-blackbox-exporter --config.file="$run/blackbox.yml" \
        --web.listen-address="127.0.0.1:$1" --log.level=error
    await "http://127.0.0.1:$1/metrics"
    blackbox=$pid
}

# start_daemon NAME PORT: with $run/NAME.yml, its store in $run.
start_daemon() {
    start "$1" "$bellwether" serve --config.file="$run/$1.yml" --storage.path="$run/$1.db" \
        --web.listen-address="127.0.0.1:$2" --log.level=warn
    await "http://127.0.0.1:$2/-/ready"
}

# write_checks NAME KIND COUNT INTERVAL [SERVICES]: a configuration of so many checks on the target.
write_checks() {
    local i s services=${5:-10} url
    {
        echo "global: {interval: $4, timeout: 5s}"
        echo "modules:"
        echo "  kept: {prober: http, http: {keep_alive: true}}"
        echo "  $dns_module"
        echo "  ${https_module:-}"
        echo "services:"
        for s in $(seq "$services"); do
            echo "  - name: service-$s"
            echo "    checks:"
            for i in $(seq $(($3 / services))); do
                url=127.0.0.1:$target_port
                [[ "$2" = http* ]] && url="$2://$url/?$s-$i"
                echo "      - {name: check-$i, ${2/https/http}: \"$url\"${module:+, module: $module}}"
            done
        done
    } >"$run/$1.yml"
}

metric() { # PORT NAME: sum over its series
    curl -s "http://127.0.0.1:$1/metrics" | awk -v name="$2" '
        { split($1, at, "{") } at[1] == name { sum += $NF } END { printf "%d\n", sum }'
}

divide() { # A B: with one digit
    awk -v a="$1" -v b="$2" 'BEGIN { printf "%.1f\n", a / b }'
}

median() { # of the numbers given
    printf '%s\n' "$@" | sort -g | awk '{ v[NR] = $1 }
        END { printf "%.1f\n", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

spread() { # the least and the most of the numbers given
    printf '%s\n' "$@" | sort -g | awk 'NR == 1 { a = $1 } { b = $1 } END { print a ".." b }'
}

# verdict OURS THEIRS BAR: "1/7.3 (bar 1/5: met)"
verdict() {
    awk -v a="$1" -v b="$2" -v bar="$3" 'BEGIN {
        printf("1/%.1f of it (bar 1/%s: %s)\n", b / a, bar, (b / a >= bar) ? "met" : "missed") }'
}

# compare WHAT BAR OURS THEIRS RIVAL: names of two arrays of rounds, in microseconds.
compare() {
    local -n our_rounds=$3 their_rounds=$4
    local a b
    a=$(median "${our_rounds[@]}")
    b=$(median "${their_rounds[@]}")
    echo "$1: bellwether $a us ($(spread "${our_rounds[@]}"))," \
        "$5 $b us ($(spread "${their_rounds[@]}")): $(verdict "$a" "$b" "$2")"
}
