// SPDX-License-Identifier: GPL-3.0-or-later
/* app/trend_plan.h: which series are analysed and what the engine is asked about each, made from
 * a configuration. A plan is read by workers and never changes. */
#ifndef APP_TREND_PLAN_H
#define APP_TREND_PLAN_H

#include "app/config.h"
#include "model/picker.h"
#include "trend/analyse.h"

/* What an alert rule wants to know of the series that it picks. */
struct bw_trend_wish {
    const char *rule;
    struct bw_picker *picker;
    struct bw_trend_question question;
    struct bw_trend_select select; /* of a series that nothing else selects */
};

struct bw_trend_plan {
    struct bw_arena arena;
    struct bw_picker **pickers; /* by entry of `select` */
    const struct bw_trend_select *select;
    size_t select_count; /* 0 in a plan of one series */
    int64_t horizons_ms[BW_TREND_HORIZONS_MAX];
    size_t horizon_count;
    int64_t farthest_ms; /* that anybody wants to look ahead: a horizon's, or of a rule */
    int64_t every_ns;
    size_t max_series;
    double cpu_share; /* of one core */
    struct bw_trend_wish *wishes;
    size_t wish_count;
};

enum bw_rc bw_trend_plan_make(const struct bw_config *config, struct bw_trend_plan **out,
                              struct bw_err *err);
void bw_trend_plan_free(struct bw_trend_plan *plan);

/* The entry whose match holds, else that of the first wish which picks the series, or NULL. */
const struct bw_trend_select *bw_trend_plan_pick(const struct bw_trend_plan *plan,
                                                 const char *metric, struct bw_labels labels);

/* What the plan says of this series, as a plan that has nothing else: its one entry is meant, no
 * pattern is left to match. NULL: the series is not selected. */
struct bw_trend_plan *bw_trend_plan_of(const struct bw_trend_plan *plan, const char *metric,
                                       struct bw_labels labels);

/* The wishes that pick a series; `out` has room for all there are. Returns how many. */
size_t bw_trend_plan_wishes(const struct bw_trend_plan *plan, const char *metric,
                            struct bw_labels labels, const struct bw_trend_wish **out);

/* The engine's question about a series of a metric: horizons, threshold, season. */
struct bw_trend_request bw_trend_plan_request(const struct bw_trend_plan *plan,
                                              const struct bw_trend_select *select,
                                              const char *metric, int64_t now_ms);

#endif
