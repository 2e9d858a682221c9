#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# CPU per HTTPS probe over a new connection with a full handshake, stored and exposed, beside
# blackbox_exporter; both trust Debian's bundle and the target's own certificate, out of one file.
source "$(dirname "${BASH_SOURCE[0]}")/probe_cost.bash"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=IP:127.0.0.1 -keyout "$run/target.key" -out "$run/target.crt" 2>/dev/null
cat /etc/ssl/certs/ca-certificates.crt "$run/target.crt" >"$run/trusted.pem"
https_module="https_2xx: {prober: http, timeout: 5s, http: {preferred_ip_protocol: ip4, tls_config: {ca_file: $run/trusted.pem}}}"
start_target 29443 "ssl"
module=https_2xx
measure https https_2xx https://127.0.0.1:29443/ 1.18
