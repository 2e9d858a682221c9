// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/aggregate.h: where a whole service is heading, from the trends of its series, and which of
 * them drives it.
 *
 * A series is judged where one way is worse: that of its threshold's side, else what is known of
 * its metric (metric/goodness.h). It moves when its direction is a slope and its line changes it by
 * a tenth within the farthest horizon that is foreseen (half of what was seen, if none is), or when
 * it is foreseen to reach its limit. One that worsens makes the service worsen, as one check that
 * is down does.
 *
 * The driver is the series that reaches its limit first; without one, that with the largest
 * relative change. Limits of one service are not independent (what fills a disk fills the log
 * beside it), so that of "any limit is reached" only bounds are known (Frechet 1935): at least the
 * largest probability, at most their sum. Pure. */
#ifndef TREND_AGGREGATE_H
#define TREND_AGGREGATE_H

#include "base/arena.h"
#include "base/buf.h"
#include "model/records.h"

#include <stddef.h>
#include <stdint.h>

enum bw_heading {
    BW_HEADING_UNKNOWN,
    BW_HEADING_STEADY,
    BW_HEADING_IMPROVING,
    BW_HEADING_WORSENING,
    BW_HEADING_COUNT,
};

/* "unknown", "steady", "improving", "worsening" */
const char *bw_heading_name(enum bw_heading heading);

struct bw_service_trend {
    const char *service; /* "": series without that label */
    enum bw_heading heading;
    const struct bw_trend_record *driver; /* NULL when nothing moves */
    double change;         /* of the driver within `ahead_ms`, relative; > 0: upward */
    int64_t ahead_ms;      /* as far as the driver was looked at */
    size_t series;         /* of the service, analysed */
    size_t judged;         /* of them with a direction, and a way that is worse */
    int64_t horizon_ms;    /* of the probability; 0: there is none */
    double crossing_least; /* P(any limit reached within horizon_ms) is this at least */
    double crossing_most;  /* and this at most; 1 where one of them is not known */
};

/* The services of records[count], sorted by name; `service` NULL: all, else that one alone. Borrows
 * the records. O(n log n). */
size_t bw_trend_aggregate(struct bw_arena *arena, const struct bw_trend_record *records,
                          size_t count, const char *service, struct bw_service_trend **out);

/* One sentence: "heads for its limit in 3d (2d to 6d), driven by node_filesystem_avail_bytes of
 * /var on db1". */
void bw_service_trend_say(struct bw_buf *out, const struct bw_service_trend *trend);

#endif
