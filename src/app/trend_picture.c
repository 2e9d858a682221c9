// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/trend_picture.h"

#include "app/trend_job.h"
#include "base/mem.h"
#include "store/reader.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

struct bw_trend_pictures {
    pthread_mutex_t lock; /* guards the plan; held for a look at it */
    struct bw_trend_plan *plan;
};

struct bw_trend_pictures *bw_trend_pictures_new(void)
{
    struct bw_trend_pictures *pictures = bw_alloc(sizeof *pictures);
    pthread_mutex_init(&pictures->lock, NULL);
    return pictures;
}

void bw_trend_pictures_free(struct bw_trend_pictures *pictures)
{
    if (pictures == NULL)
        return;
    pthread_mutex_destroy(&pictures->lock);
    bw_trend_plan_free(pictures->plan);
    free(pictures);
}

enum bw_rc bw_trend_pictures_apply(struct bw_trend_pictures *pictures,
                                   const struct bw_config *config, struct bw_err *err)
{
    struct bw_trend_plan *plan;
    const enum bw_rc rc = bw_trend_plan_make(config, &plan, err);
    if (rc != BW_OK)
        return rc;
    pthread_mutex_lock(&pictures->lock);
    struct bw_trend_plan *old = pictures->plan;
    pictures->plan = plan;
    pthread_mutex_unlock(&pictures->lock);
    bw_trend_plan_free(old);
    return BW_OK;
}

/* What the plan has for this series alone, so that another plan may take its place meanwhile. */
static struct bw_trend_plan *plan_of(struct bw_trend_pictures *pictures,
                                     const struct bw_trend_record *record)
{
    struct bw_trend_plan *one = NULL;
    pthread_mutex_lock(&pictures->lock);
    if (pictures->plan != NULL)
        one = bw_trend_plan_of(pictures->plan, record->metric, record->labels);
    pthread_mutex_unlock(&pictures->lock);
    return one;
}

/* What was learned of how wide the intervals of one series must be. */
struct learned {
    const struct bw_trend_record *record;
    struct bw_trend_width widths[BW_TREND_HORIZONS_MAX];
};

static bool note_width(void *ctx, const struct bw_series_score *score)
{
    struct learned *learned = ctx;
    const struct bw_trend_record *record = learned->record;
    for (size_t i = 0; score->series == record->series && i < record->horizon_count; i++)
        if (record->horizons[i].horizon_ms == score->horizon_ms)
            learned->widths[i] = (struct bw_trend_width){ score->width_below, score->width_above };
    return score->series <= record->series;
}

/* In a store of a version that learned none they are as the engine makes them. */
static void read_widths(const char *store, struct learned *out)
{
    struct bw_reader *reader;
    if (bw_reader_open(store, &reader, NULL) != BW_OK)
        return;
    bw_reader_series_scores(reader, note_width, out, NULL, NULL);
    bw_reader_close(reader);
}

/* The direction is as probable as the record says, what outcomes have taught included; the others
 * share the rest as they did. */
static void believe(const struct bw_trend_record *record, struct bw_trend_picture *picture)
{
    double *const odds[BW_DIRECTION_COUNT] = {
        [BW_FALLING] = &picture->falling, [BW_FLAT] = &picture->flat, [BW_RISING] = &picture->rising
    };
    if (record->direction == BW_UNDETERMINED || isnan(record->confidence_ratio))
        return;
    const double rest = 1 - *odds[record->direction];
    for (size_t i = BW_FALLING; rest > 0 && i < BW_DIRECTION_COUNT; i++)
        *odds[i] *= (1 - record->confidence_ratio) / rest;
    *odds[record->direction] = record->confidence_ratio;
}

static enum bw_rc draw(const struct bw_trend_plan *plan, const char *store,
                       const struct bw_trend_record *record, struct bw_trend_picture *out,
                       struct bw_err *err)
{
    struct learned learned = { .record = record };
    read_widths(store, &learned);
    struct bw_trend_job job = { .plan = plan,
                                .store = bw_strdup(store),
                                .now_ms = record->computed_ms,
                                .only = record->series,
                                .picture = out,
                                .widths = learned.widths,
                                .count = 1 };
    enum bw_rc rc = BW_OK;
    bw_trend_job_run(&job);
    if (job.err.rc != BW_OK)
        rc = bw_fail(err, job.err.rc, "%s", job.err.text);
    else if (job.record_count == 0)
        rc = bw_fail(err, BW_ENOTFOUND, "the store has nothing of this series for that time");
    if (rc == BW_OK)
        believe(record, out);
    bw_trend_job_fini(&job);
    return rc;
}

enum bw_rc bw_trend_pictures_draw(struct bw_trend_pictures *pictures, const char *store,
                                  const struct bw_trend_record *record,
                                  struct bw_trend_picture *out, struct bw_err *err)
{
    struct bw_trend_plan *plan = plan_of(pictures, record);
    if (plan == NULL)
        return bw_fail(err, BW_ENOTFOUND, "this series is no longer analysed");
    bw_trend_picture_begin(out);
    const enum bw_rc rc = draw(plan, store, record, out, err);
    bw_trend_plan_free(plan);
    return rc;
}
