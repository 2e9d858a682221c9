#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# CPU per HTTP probe over a new connection, stored and exposed, beside blackbox_exporter.
source "$(dirname "${BASH_SOURCE[0]}")/probe_cost.bash"
start_target 29080
measure http http_2xx http://127.0.0.1:29080/ 7
