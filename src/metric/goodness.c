// SPDX-License-Identifier: GPL-3.0-or-later
#include "metric/goodness.h"

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* The first that fits holds: a name, a name's beginning (`*` after it), its end (`*` before it) or
 * what it contains (both). */
static const struct {
    const char *pattern;
    int worse;
} rows[] = {
    { "probe_success", -1 },
    { "bellwether_health_score", -1 },
    { "probe_ssl_*", 0 }, /* falls by nature, until it is renewed */
    { "*_timestamp_seconds", 0 },
    { "node_boot_time_seconds", 0 },
    { "node_time_seconds", 0 },
    { "node_cpu_seconds_total", 0 }, /* of mode idle less is worse, of the others more */
    { "node_timex_*", 0 },
    { "node_memory_MemTotal_bytes", 0 },
    { "*_limit*", 0 },
    { "*_maximum", 0 },
    { "*_size_bytes", 0 },
    { "*_avail_*", -1 },
    { "*Available*", -1 },
    { "*_available*", -1 },
    { "*Free_bytes", -1 },
    { "*_free*", -1 },
    { "*_loss_ratio", 1 },
    { "*_used_ratio", 1 },
    { "*_duration_seconds", 1 },
    { "*_rtt_*", 1 },
    { "*_jitter_seconds", 1 },
    { "*_lookup_time_seconds", 1 },
    { "*_latency_*", 1 },
    { "*error*", 1 },
    { "*Err*", 1 },
    { "*_errs_*", 1 },
    { "*fail*", 1 },
    { "*_drop*", 1 },
    { "*oom_kill*", 1 },
    { "node_load*", 1 },
    { "node_pressure_*", 1 },
    { "node_procs_blocked", 1 },
    { "node_filefd_allocated", 1 },
    { "node_nf_conntrack_entries", 1 },
    { "*_lag_*", 1 },
    { "*_queue_*", 1 },
};

static bool fits(const char *pattern, const char *name)
{
    char word[64];
    const size_t len = strlen(pattern);
    const bool open_front = pattern[0] == '*', open_end = len > 1 && pattern[len - 1] == '*';
    bw_text_copy(word, sizeof word, pattern + (open_front ? 1 : 0));
    if (open_end)
        word[strlen(word) - 1] = '\0';
    if (open_front && open_end)
        return strstr(name, word) != NULL;
    if (open_front)
        return bw_text_ends_with(name, word);
    return open_end ? bw_text_starts_with(name, word) : strcmp(name, word) == 0;
}

int bw_metric_worse(const char *name)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (fits(rows[i].pattern, name))
            return rows[i].worse;
    }
    return 0;
}
