#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# 100 HTTP checks each second, stored and exposed: bellwether beside Prometheus that scrapes
# blackbox_exporter. CPU per probe as the target counts them.
source "$(dirname "${BASH_SOURCE[0]}")/harness.bash"
checks=100
window_s=${BW_WINDOW:-8}

write_prometheus() {
    {
        cat <<'CONF'
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
- job_name: probes
  metrics_path: /probe
  params: {module: [http_2xx]}
  relabel_configs:
  - {source_labels: [__address__], target_label: __param_target}
  - {source_labels: [__param_target], target_label: instance}
  - {target_label: __address__, replacement: "127.0.0.1:29115"}
  static_configs:
  - targets:
CONF
        local i
        for i in $(seq "$checks"); do
            echo "    - http://127.0.0.1:29080/?$i"
        done
    } >"$run/prometheus.yml"
}

# once ARRAY PID...: lets these run and the others rest, and adds a round's CPU per probe.
once() {
    local -n into=$1
    local n0 n1 c0 c1
    shift
    kill -CONT "$@"
    sleep 4
    accepted >"$run/n0"
    c0=$(cpu_ns "$@")
    sleep "$window_s"
    c1=$(cpu_ns "$@")
    accepted >"$run/n1"
    kill -STOP "$@"
    read -r n0 <"$run/n0"
    read -r n1 <"$run/n1"
    into+=("$(divide $(((c1 - c0) / 1000)) $((n1 - n0)))")
}

start_target 29080
start_blackbox 29115
write_prometheus
start prometheus prometheus --config.file="$run/prometheus.yml" --log.level=error \
    --storage.tsdb.path="$run/tsdb" --web.listen-address=127.0.0.1:29090
prometheus=$pid
await http://127.0.0.1:29090/-/ready
sleep 3
kill -STOP "$prometheus" "$blackbox"
write_checks checks http "$checks" 1s
start_daemon checks 29190
daemon=$pid
ours=() theirs=()
for _ in $(seq "$rounds"); do
    once ours "$daemon"
    once theirs "$prometheus" "$blackbox"
done
compare "CPU per probe, $checks checks at 1 s" 8 ours theirs "Prometheus + blackbox_exporter"
echo "RSS: bellwether $(status_of "$daemon" VmRSS) kB, Prometheus $(status_of "$prometheus" VmRSS) kB," \
    "blackbox_exporter $(status_of "$blackbox" VmRSS) kB"
