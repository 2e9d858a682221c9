// SPDX-License-Identifier: GPL-3.0-or-later
/* app/trend_roll.h: the series that one round of analysis looks at. It is drawn up once a round,
 * not once a job: the store may know of a hundred thousand series. */
#ifndef APP_TREND_ROLL_H
#define APP_TREND_ROLL_H

#include "app/trend_breaks.h"
#include "app/trend_plan.h"
#include "store/reader.h"

struct bw_trend_entry {
    uint32_t series;
    const char *metric;
    struct bw_labels labels;
    const struct bw_trend_select *select; /* of the plan */
};

struct bw_trend_roll {
    struct bw_arena arena; /* of all texts */
    struct bw_trend_entry *entries;
    size_t count;
    size_t left_out;               /* selected, but more than the plan takes */
    struct bw_trend_breaks breaks; /* known when it was drawn up */
};

/* Series in which the last round found nothing: their targets may be gone. */
struct bw_trend_silent {
    const uint32_t *ids; /* rising */
    size_t count;
};

/* Every selected series by rising id, the silent ones after all others: when there are more than
 * the plan takes, it is those that are left out. */
enum bw_rc bw_trend_roll_make(const struct bw_trend_plan *plan, struct bw_trend_silent silent,
                              struct bw_reader *reader, struct bw_trend_roll **out,
                              struct bw_err *err);

/* One series alone, by the first entry of the plan. BW_ENOTFOUND. */
enum bw_rc bw_trend_roll_one(const struct bw_trend_plan *plan, uint32_t series,
                             struct bw_reader *reader, struct bw_trend_roll **out,
                             struct bw_err *err);

void bw_trend_roll_free(struct bw_trend_roll *roll);

#endif
