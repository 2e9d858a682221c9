// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/defaults.h"

#include "base/units.h"

#include <math.h>
#include <stdlib.h>

const char *bw_default_config_text(struct bw_arena *arena, const char *self, bool icmp)
{
    if (self == NULL)
        return "";
    return bw_arena_printf(arena,
                           "modules:\n" /* for /probe, as others ship them */
                           "  http_2xx: {prober: http}\n"
                           "  tcp_connect: {prober: tcp}\n"
                           "  icmp: {prober: icmp}\n"
                           "services:\n"
                           "  - name: bellwether\n"
                           "    instances: [\"%s\"]\n"
                           "    checks:\n"
                           "      - {name: healthy, http: \"http://${instance}/-/healthy\"}\n"
                           "      - {name: port, tcp: \"${instance}\"}\n"
                           "%s",
                           self, icmp ? "      - {name: ping, icmp: \"${instance}\"}\n" : "");
}

const char *bw_default_store(struct bw_arena *arena)
{
    const char *state = getenv("STATE_DIRECTORY");
    return state != NULL && state[0] != '\0' ? bw_arena_printf(arena, "%s/bellwether.db", state)
                                             : "data/bellwether.db";
}

const char bw_starter_config[] =
    "# Bellwether's configuration. `bellwether check FILE` lists every mistake with its place;\n"
    "# docs/configuration.md explains every key. Durations: 500ms 15s 1m30s 7d.\n"
    "\n"
    "global:\n"
    "  interval: 15s          # how often a check runs\n"
    "  timeout: 5s            # what a run may take in all\n"
    "  fall: 3                # failures in a row before UNHEALTHY\n"
    "  rise: 2                # passes in a row before HEALTHY again\n"
    "\n"
    "modules:                 # named options, in blackbox_exporter's grammar\n"
    "  http_2xx:\n"
    "    prober: http\n"
    "    http: {method: GET, valid_status_codes: []}   # [] is 200 to 299\n"
    "\n"
    "host:                    # this machine, as the service \"host\"\n"
    "  interval: 15s\n"
    "  thresholds:\n"
    "    disk_used_ratio: {warning: 0.80, critical: 0.90, recover: 0.78}\n"
    "    memory_used_ratio: {warning: 0.85, critical: 0.95, recover: 0.80}\n"
    "\n"
    "services:\n"
    "  - name: bellwether     # this daemon watches itself; put your own services here\n"
    "    instances: [\"127.0.0.1:10190\"]\n"
    "    checks:\n"
    "      - {name: healthy, http: \"http://${instance}/-/healthy\", module: http_2xx}\n"
    "      - {name: port, tcp: \"${instance}\", degraded_when: {duration: \"> 250ms\"}}\n"
    "\n"
    "storage:\n"
    "  retention: {raw: 30d}\n"
    "\n"
    "trends:\n"
    "  every: 5m\n"
    "  horizons: [1h, 24h, 7d]\n"
    "\n"
    "alerts:\n"
    "  defaults: true         # the shipped rules: unhealthy checks, filling disks\n"
    "  rules: []\n"
    "\n"
    "reports:\n"
    "  schedules:\n"
    "    - {name: weekly, type: summary, format: xlsx, cron: \"0 8 * * MON\", range: last week}\n";

/* Two analyses in a row must say so. */
static const struct bw_predict_opts disk_will_fill = {
    .series = "node_filesystem_avail_bytes{service=\"host\"}",
    .threshold = 0,
    .side = -1,
    .within_ns = BW_DAY,
    .probability = 0.8,
};

const struct bw_alert_rule_opts bw_default_rules[] = {
    { .name = "check-unhealthy",
      .expr = "bellwether_health_status{state=\"UNHEALTHY\",check!=\"\"}",
      .levels = { .critical = "== 1" },
      .no_data = BW_NO_DATA_OK },
    { .name = "check-degraded",
      .expr = "bellwether_health_status{state=\"DEGRADED\",check!=\"\"}",
      .levels = { .warning = "== 1" },
      .for_ns = 2 * BW_MINUTE,
      .no_data = BW_NO_DATA_OK },
    { .name = "bellwether-blind",
      .expr = "bellwether_self_canary_up",
      .levels = { .critical = "== 0" },
      .no_data = BW_NO_DATA_OK },
    { .name = "disk-filling",
      .expr = "node_filesystem_avail_bytes / node_filesystem_size_bytes",
      .levels = { .warning = "< 0.15", .critical = "< 0.05" },
      .recover = "> 0.20",
      .for_ns = 10 * BW_MINUTE,
      .keep_firing_for_ns = 5 * BW_MINUTE },
    { .name = "disk-will-fill",
      .predict = &disk_will_fill,
      .level = BW_LEVEL_WARNING,
      .for_ns = 10 * BW_MINUTE },
};
const size_t bw_default_rule_count = sizeof bw_default_rules / sizeof *bw_default_rules;

/* The name of a metric, as `match:` would say it. */
#define METRIC(name) .match = { .items = &(const struct bw_pair){ "__name__", name }, .count = 1 }

const struct bw_trend_select bw_default_trends[] = {
    { METRIC("node_filesystem_avail_bytes"), .threshold = 0, .side = -1,
      .tier_s = BW_TREND_TIER_AUTO, .season = "auto" },
    { METRIC("node_memory_MemAvailable_bytes"), .threshold = 0, .side = -1,
      .tier_s = BW_TREND_TIER_AUTO, .season = "auto" },
    { METRIC("node_load1"), .threshold = NAN, .tier_s = BW_TREND_TIER_AUTO, .season = "auto" },
    { METRIC("probe_duration_seconds"), .threshold = NAN, .tier_s = BW_TREND_TIER_AUTO,
      .season = "auto" },
};
const size_t bw_default_trend_count = sizeof bw_default_trends / sizeof *bw_default_trends;
