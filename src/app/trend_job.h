// SPDX-License-Identifier: GPL-3.0-or-later
/* app/trend_job.h: one piece of analysis on a worker: reads some series from the store and
 * has the engine look at each. Knows nothing of the loop. */
#ifndef APP_TREND_JOB_H
#define APP_TREND_JOB_H

#include "app/ledger_job.h"
#include "app/trend_roll.h"
#include "model/records.h"
#include "trend/picture.h"
#include "trend/shape.h"

/* What the engine answers to a wish of a rule. */
struct bw_trend_foresight {
    const char *rule;
    uint32_t series;
    const char *metric;
    struct bw_labels labels;
    int64_t computed_ms;
    double last_value, slope_per_second;
    struct bw_trend_question question;
    bool muted; /* forecasts of the series lose to saying that all stays as it is */
};

struct bw_trend_job {
    const struct bw_trend_plan *plan; /* stays as it is while the job runs */
    char *store;
    int64_t now_ms;
    const struct bw_trend_roll *roll; /* of this round; NULL: none was drawn up yet */
    struct bw_trend_silent silent;    /* for a new roll */
    size_t first;                     /* entry of the roll */
    size_t count;                     /* how many to analyse */
    uint32_t only; /* 0, or the one series to analyse: by bw_trend_plan_of(), count is 1 */
    struct bw_trend_picture *picture;    /* of that one; NULL: nobody looks */
    const struct bw_trend_width *widths; /* of that one's horizons; NULL: as the brief has them */
    const struct bw_ledger_brief *brief; /* NULL: nothing is judged, and nothing stated */

    struct bw_arena arena; /* of what follows */
    struct bw_trend_record *records;
    struct bw_trend_shape *shapes; /* of each record: its seasons */
    size_t record_count;
    struct bw_trend_foresight *foresights;
    size_t foresight_count, foresight_cap; /* the array is on the heap */
    struct bw_ledger_report report;
    uint32_t *unheard; /* ids of series without a point */
    size_t unheard_count;
    struct bw_trend_roll *drawn; /* had to be drawn up: for whoever takes it; NULL */
    int64_t cpu_ns;              /* that it took */
    size_t failures;
    struct bw_err err; /* why nothing could be read; rc BW_OK: it could */
};

/* Fills in the results. */
void bw_trend_job_run(struct bw_trend_job *job);

/* Releases what the job has: its store, its results and the roll that it drew up. */
void bw_trend_job_fini(struct bw_trend_job *job);

#endif
