// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/stats.h"

#include "base/mem.h"
#include "base/units.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { STATUS_MIN = 200, STATUS_MAX = 599 };

struct route_stats {
    struct bw_histogram duration;
    uint32_t by_status[STATUS_MAX - STATUS_MIN + 1];
};

struct bw_web_stats {
    pthread_mutex_t lock; /* guards all below */
    uint64_t bytes;
    uint64_t refused;
    struct route_stats routes[]; /* as in the table, then one for "other" */
};

struct bw_web_stats *bw_web_stats_new(void)
{
    size_t count = bw_route_count() + 1;
    struct bw_web_stats *stats = bw_alloc(sizeof *stats + count * sizeof *stats->routes);
    pthread_mutex_init(&stats->lock, NULL);
    for (size_t i = 0; i < count; i++)
        bw_histogram_init(&stats->routes[i].duration, bw_duration_bounds, bw_duration_bound_count);
    return stats;
}

void bw_web_stats_free(struct bw_web_stats *stats)
{
    if (stats == NULL)
        return;
    pthread_mutex_destroy(&stats->lock);
    free(stats);
}

void bw_web_stats_count(struct bw_web_stats *stats, const struct bw_route *route, unsigned status,
                        int64_t duration_ns, uint64_t bytes)
{
    size_t index = route == NULL ? bw_route_count() : bw_route_index(route);
    pthread_mutex_lock(&stats->lock);
    struct route_stats *of = &stats->routes[index];
    bw_histogram_observe(&of->duration, (double)duration_ns / (double)BW_SECOND);
    if (status >= STATUS_MIN && status <= STATUS_MAX)
        of->by_status[status - STATUS_MIN]++;
    stats->bytes += bytes;
    pthread_mutex_unlock(&stats->lock);
}

void bw_web_stats_refused(struct bw_web_stats *stats)
{
    pthread_mutex_lock(&stats->lock);
    stats->refused++;
    pthread_mutex_unlock(&stats->lock);
}

static void measure_route(const struct route_stats *of, const char *name, struct bw_measures *out)
{
    bool any = false;
    for (unsigned status = STATUS_MIN; status <= STATUS_MAX; status++) {
        uint32_t count = of->by_status[status - STATUS_MIN];
        if (count == 0)
            continue;
        char code[12];
        snprintf(code, sizeof code, "%u", status);
        bw_measures_add(out, BW_METRIC_HTTP_REQUESTS_TOTAL, count, BW_LABEL_VALUES(name, code));
        any = true;
    }
    if (any)
        bw_measures_add_histogram(out, BW_METRIC_HTTP_REQUEST_DURATION_SECONDS, &of->duration,
                                  BW_LABEL_VALUES(name));
}

void bw_web_stats_measure(struct bw_web_stats *stats, struct bw_measures *out)
{
    pthread_mutex_lock(&stats->lock);
    for (size_t i = 0; i <= bw_route_count(); i++) {
        const char *pattern = bw_routes[i].pattern;
        measure_route(&stats->routes[i], pattern == NULL ? "other" : pattern, out);
    }
    bw_measures_add(out, BW_METRIC_HTTP_RESPONSE_BYTES_TOTAL, (double)stats->bytes, NULL);
    bw_measures_add(out, BW_METRIC_HTTP_CONNECTIONS_REFUSED_TOTAL, (double)stats->refused, NULL);
    pthread_mutex_unlock(&stats->lock);
}
