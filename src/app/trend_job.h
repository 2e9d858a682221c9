// SPDX-License-Identifier: GPL-3.0-or-later
/* app/trend_job.h: one piece of analysis on a worker: reads some series from the store and
 * has the engine look at each. Knows nothing of the loop. */
#ifndef APP_TREND_JOB_H
#define APP_TREND_JOB_H

#include "app/config.h"
#include "model/picker.h"
#include "model/records.h"
#include "trend/analyse.h"

/* Which series are analysed, and how: made from a configuration, read by workers. */
struct bw_trend_plan {
    struct bw_arena arena;
    struct bw_picker **pickers; /* by entry of `select` */
    const struct bw_trend_select *select;
    size_t select_count;
    int64_t horizons_ms[BW_TREND_HORIZONS_MAX];
    size_t horizon_count;
    int64_t every_ns;
    size_t max_series;
};

enum bw_rc bw_trend_plan_make(const struct bw_config *config, struct bw_trend_plan **out,
                              struct bw_err *err);
void bw_trend_plan_free(struct bw_trend_plan *plan);

/* The entry whose match holds, or NULL; *out_index may be NULL. */
const struct bw_trend_select *bw_trend_plan_pick(const struct bw_trend_plan *plan,
                                                 const char *metric, struct bw_labels labels);

/* The engine's question about a series of a metric: horizons, threshold, season. */
struct bw_trend_request bw_trend_plan_request(const struct bw_trend_plan *plan,
                                              const struct bw_trend_select *select,
                                              const char *metric, int64_t now_ms);

struct bw_trend_job {
    const struct bw_trend_plan *plan; /* stays as it is while the job runs */
    char *store;
    int64_t now_ms;
    size_t first; /* of the selected series, in the order of their ids */
    size_t count; /* how many to analyse */

    struct bw_arena arena; /* of what follows */
    struct bw_trend_record *records;
    size_t record_count;
    size_t selected; /* how many series are selected in all */
    size_t failures;
    struct bw_err err; /* why nothing could be read; rc BW_OK: it could */
};

/* Fills in the results. */
void bw_trend_job_run(struct bw_trend_job *job);

#endif
