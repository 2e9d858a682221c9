// SPDX-License-Identifier: GPL-3.0-or-later
/* web/stats.h: counts of what was answered, by route. Any thread. */
#ifndef WEB_STATS_H
#define WEB_STATS_H

#include "metric/measure.h"
#include "web/route.h"

struct bw_web_stats;

struct bw_web_stats *bw_web_stats_new(void);
void bw_web_stats_free(struct bw_web_stats *stats);

/* `route` NULL: a request that has none. */
void bw_web_stats_count(struct bw_web_stats *stats, const struct bw_route *route, unsigned status,
                        int64_t duration_ns, uint64_t bytes);
void bw_web_stats_refused(struct bw_web_stats *stats);

void bw_web_stats_measure(struct bw_web_stats *stats, struct bw_measures *out);

#endif
