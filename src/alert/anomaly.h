// SPDX-License-Identifier: GPL-3.0-or-later
/* alert/anomaly.h: the `anomaly:` of an alert rule: series that are watched value by value, and how
 * odd one of them must be for an alert. */
#ifndef ALERT_ANOMALY_H
#define ALERT_ANOMALY_H

#include "base/arena.h"
#include "conf/option.h"
#include "expr/condition.h"

struct bw_anomaly_opts {
    const char *series; /* selector */
    double score;       /* trend/episode.h: 1 is the threshold */
};

extern const struct bw_opt_group bw_anomaly_group;

/* The alert begins at `score`, and ends with the episode, whose value stays until then. */
struct bw_condition bw_anomaly_fires(const struct bw_anomaly_opts *opts);

/* "anomaly(free_bytes{disk="a"}) >= 1", for people, in the arena. */
const char *bw_anomaly_text(struct bw_arena *arena, const struct bw_anomaly_opts *opts);

#endif
