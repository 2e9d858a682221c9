#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# CPU per HTTP probe with keep_alive, stored and exposed: each check over the connection of its
# run before. blackbox_exporter, which has no such thing, opens one for each.
source "$(dirname "${BASH_SOURCE[0]}")/probe_cost.bash"
keep_alive=1
module=kept
start_target 29080
measure http http_2xx http://127.0.0.1:29080/ 7
