// SPDX-License-Identifier: GPL-3.0-or-later
/* alert/predict.h: the `predict:` of an alert rule: a question about the future of series, and from
 * which probability on its answer is an alert. */
#ifndef ALERT_PREDICT_H
#define ALERT_PREDICT_H

#include "base/arena.h"
#include "conf/option.h"
#include "expr/condition.h"

#include <stdint.h>

struct bw_predict_opts {
    const char *series; /* selector */
    double threshold;
    int side; /* +1 reached from below, -1 from above */
    int64_t within_ns;
    double probability; /* 0.01..0.99 */
};

extern const struct bw_opt_group bw_predict_group;

/* The alert begins at `probability`. */
struct bw_condition bw_predict_fires(const struct bw_predict_opts *opts);

/* It ends below half of it, when nobody says otherwise: the probability of a series that keeps its
 * course moves by some hundredths from one analysis to the next, and by half of it only when its
 * course is another. */
struct bw_condition bw_predict_recovers(const struct bw_predict_opts *opts);

/* "P(free_bytes{disk="a"} falls to 0 within 72h) >= 0.8", for people, in the arena. */
const char *bw_predict_text(struct bw_arena *arena, const struct bw_predict_opts *opts);

#endif
