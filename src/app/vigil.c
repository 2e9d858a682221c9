// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/vigil.h"

#include "app/log.h"
#include "app/trend_results.h"
#include "app/vigil_list.h"
#include "app/vigil_warm.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/units.h"
#include "io/clock.h"
#include "metric/family.h"
#include "web/words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Without a value for so long, and for three of its usual gaps, nothing is said of a series. */
#define STALE_MS (5 * 60 * 1000)

/* A season is learned anew so often: it drifts. */
#define SHAPE_MS (INT64_C(24) * 3600 * 1000)

#define SWEEP_NS (10 * BW_SECOND)
#define SOON_NS (200 * BW_MS) /* others may be about to be known */

/* Series whose past one job reads; values that wait for it. */
enum { WARM_PER_JOB = 32, WAITING_MAX = 32, GAPS = 3 };

struct bw_vigil {
    struct bw_core *core;
    const struct bw_roster *roster;
    struct bw_timer *timer;
    struct bw_vigil_list watched;
    uint64_t episodes, shifts;
    bool busy, stopped, failing;
    bool soon; /* the timer has been told that there is something to warm */
};

static void on_timer(void *ctx);
static const struct bw_recorder_ear ear;

struct bw_vigil *bw_vigil_new(struct bw_core *core)
{
    struct bw_vigil *vigil = bw_alloc(sizeof *vigil);
    vigil->core = core;
    vigil->timer = bw_timer_new(core->loop, on_timer, vigil);
    return vigil;
}

void bw_vigil_free(struct bw_vigil *vigil)
{
    if (vigil == NULL)
        return;
    bw_vigil_list_fini(&vigil->watched);
    bw_timer_free(vigil->timer);
    free(vigil);
}

/* There is something to warm. */
static void hurry(struct bw_vigil *vigil)
{
    if (!vigil->soon && !vigil->stopped)
        bw_timer_start(vigil->timer, SOON_NS, 0);
    vigil->soon = true;
}

static void on_known(void *ctx, uint32_t series, const char *metric, struct bw_labels labels)
{
    struct bw_vigil *vigil = ctx;
    if (bw_vigil_list_known(&vigil->watched, series, metric, labels))
        hurry(vigil);
}

static void on_gone(void *ctx, uint32_t series)
{
    struct bw_vigil *vigil = ctx;
    bw_vigil_list_gone(&vigil->watched, series, bw_core_now_ms(vigil->core));
}

static bool is_stale(const struct bw_vigil_item *w, int64_t since_ms)
{
    return w->eye == NULL || isnan(w->eye->score)
           || w->eye->last_ms < since_ms - GAPS * w->eye->gap_ms;
}

/* ---- what others see ------------------------------------------------------------------- */

static void publish(struct bw_vigil *vigil, struct bw_vigil_item *w)
{
    const struct bw_vigil_eye *eye = w->eye;
    if (w->publication == NULL)
        w->publication = bw_trend_publication_new(vigil->core, w->metric, w->labels);
    struct bw_measures *measures = bw_publication_begin(w->publication);
    bw_measures_add(measures, BW_METRIC_ANOMALY_SCORE, eye->score, NULL);
    if (!isnan(eye->low)) {
        bw_measures_add(measures, BW_METRIC_ANOMALY_EXPECTED, eye->low, BW_LABEL_VALUES("low"));
        bw_measures_add(measures, BW_METRIC_ANOMALY_EXPECTED, eye->high, BW_LABEL_VALUES("high"));
    }
    bw_publication_commit(w->publication);
}

static struct bw_subject subject_of(const struct bw_vigil_item *w)
{
    const char *const parts[] = { bw_labels_value(w->labels, "service"),
                                  bw_labels_value(w->labels, "instance"),
                                  bw_labels_value(w->labels, "check") };
    return (struct bw_subject){ parts[0] != NULL ? parts[0] : "", parts[1] != NULL ? parts[1] : "",
                                parts[2] != NULL ? parts[2] : "" };
}

static void tell_shift(const struct bw_vigil *vigil, const struct bw_vigil_item *w)
{
    struct bw_arena arena = { 0 };
    struct bw_buf series;
    bw_buf_init(&series, (size_t)BW_LABELS_MAX * 2 * BW_LABEL_VALUE_BYTES_MAX);
    bw_series_text(&series, w->metric, w->labels);
    const double before = w->eye->episode.near.centre + w->eye->season;
    const double after = bw_bocpd_mode(&w->eye->levels).mean + w->eye->season;
    bw_core_event(vigil->core,
                  &(struct bw_event){ .ts_ms = w->eye->begun_ms,
                                      .kind = BW_EVENT_MARKER,
                                      .subject = subject_of(w),
                                      .name = BW_EVENT_LEVEL_SHIFT,
                                      .cause = bw_arena_printf(
                                          &arena, "%s: about %s before, about %s since",
                                          series.data, bw_words_metric(&arena, w->metric, before),
                                          bw_words_metric(&arena, w->metric, after)) });
    bw_buf_fini(&series);
    bw_arena_fini(&arena);
}

/* ---- values ---------------------------------------------------------------------------- */

static void see(struct bw_vigil *vigil, struct bw_vigil_item *w, const struct bw_point *point)
{
    const struct bw_subject subject = subject_of(w);
    if (vigil->roster != NULL && bw_roster_subject_maintenance(vigil->roster, &subject) != NULL) {
        bw_vigil_eye_skip(w->eye, point->ts_ms, point->value);
        bw_vigil_item_hide(w);
        return;
    }
    const unsigned news = bw_vigil_eye_put(w->eye, point->ts_ms, point->value);
    vigil->episodes += (news & BW_VIGIL_BEGINS) != 0 ? 1 : 0;
    if ((news & BW_VIGIL_SHIFT) != 0) {
        vigil->shifts++;
        tell_shift(vigil, w);
    }
    if (!isnan(w->eye->score))
        publish(vigil, w);
}

/* The oldest makes room: a worker has read it from the store, or soon will. */
static void wait(struct bw_vigil_item *w, const struct bw_point *point)
{
    if (w->waiting == NULL)
        w->waiting = bw_alloc_array(WAITING_MAX, sizeof *w->waiting);
    if (w->waiting_count == WAITING_MAX)
        memmove(w->waiting, w->waiting + 1, --w->waiting_count * sizeof *w->waiting);
    w->waiting[w->waiting_count++] = *point;
}

static void on_heard(void *ctx, const struct bw_sample *samples, size_t count)
{
    struct bw_vigil *vigil = ctx;
    for (size_t i = 0; i < count; i++) {
        struct bw_vigil_item *w = bw_vigil_list_find(&vigil->watched, samples[i].series);
        if (w == NULL)
            continue;
        const struct bw_point point = { samples[i].ts_ms, samples[i].value };
        if (w->eye == NULL || w->warming)
            wait(w, &point);
        if (w->eye != NULL)
            see(vigil, w, &point);
    }
}

static const struct bw_recorder_ear ear = { on_known, on_gone, on_heard };

/* ---- what was before ------------------------------------------------------------------- */

struct errand {
    struct bw_vigil *vigil;
    struct bw_vigil_warm warm;
    uint32_t series[WARM_PER_JOB];
    struct bw_vigil_eye *eyes[WARM_PER_JOB];
};

static void warm_run(void *ctx)
{
    struct errand *errand = ctx;
    bw_vigil_warm_run(&errand->warm);
}

/* In the place of another one: what that has told is not told again. */
static void take_eye(struct bw_vigil *vigil, struct bw_vigil_item *w, struct bw_vigil_eye *eye)
{
    const bool quiet = w->eye != NULL;
    bw_vigil_eye_free(w->eye);
    w->eye = eye;
    w->warming = false;
    for (size_t i = 0; i < w->waiting_count; i++) {
        if (quiet)
            bw_vigil_eye_put(eye, w->waiting[i].ts_ms, w->waiting[i].value);
        else
            see(vigil, w, &w->waiting[i]);
    }
    free(w->waiting);
    w->waiting = NULL;
    w->waiting_count = 0;
}

static void say_failure(struct bw_vigil *vigil, const struct bw_err *err)
{
    if (err->rc != BW_OK && !vigil->failing)
        bw_logf(BW_LOG_WARN, "trends", "what series were like before: %s", err->text);
    vigil->failing = err->rc != BW_OK;
}

static void warm_done(void *ctx, bool ran)
{
    struct errand *errand = ctx;
    struct bw_vigil *vigil = errand->vigil;
    vigil->busy = false;
    for (size_t i = 0; i < errand->warm.count; i++) {
        struct bw_vigil_item *w = bw_vigil_list_find(&vigil->watched, errand->series[i]);
        if (ran && !vigil->stopped && w != NULL && w->warming)
            take_eye(vigil, w, errand->eyes[i]);
        else
            bw_vigil_eye_free(errand->eyes[i]);
    }
    if (ran)
        say_failure(vigil, &errand->warm.err);
    free(errand->warm.store);
    free(errand);
    if (!vigil->stopped)
        bw_timer_start(vigil->timer, 0, 0);
}

static struct errand *make_errand(struct bw_vigil *vigil)
{
    struct errand *errand = bw_alloc(sizeof *errand);
    errand->vigil = vigil;
    errand->warm.series = errand->series;
    errand->warm.eyes = errand->eyes;
    errand->warm.now_ms = bw_core_now_ms(vigil->core);
    for (size_t i = 0; i < vigil->watched.count && errand->warm.count < WARM_PER_JOB; i++) {
        struct bw_vigil_item *w = vigil->watched.items[i];
        if ((w->eye != NULL && !w->outdated) || w->warming)
            continue;
        errand->series[errand->warm.count] = w->series;
        errand->eyes[errand->warm.count++] =
            bw_vigil_eye_new(bw_family_counts_up(w->metric), w->shape);
        w->warming = true;
        w->outdated = false;
    }
    return errand;
}

/* What was begun is undone when the queue is full: reports and queries go first. */
static void give_up(struct bw_vigil *vigil, struct errand *errand)
{
    for (size_t i = 0; i < errand->warm.count; i++) {
        bw_vigil_eye_free(errand->eyes[i]);
        struct bw_vigil_item *w = bw_vigil_list_find(&vigil->watched, errand->series[i]);
        w->warming = false;
        w->outdated = w->eye != NULL;
    }
    free(errand->warm.store);
    free(errand);
}

/* Whether there is more to warm than what is under way. */
static void warm_up(struct bw_vigil *vigil)
{
    if (vigil->busy || vigil->core->store == NULL)
        return;
    struct errand *errand = make_errand(vigil);
    errand->warm.store = bw_strdup(bw_store_path(vigil->core->store));
    vigil->busy =
        errand->warm.count > 0 && bw_work_submit(vigil->core->workers, warm_run, warm_done, errand);
    if (!vigil->busy)
        give_up(vigil, errand);
}

void bw_vigil_take_shape(struct bw_vigil *vigil, uint32_t series,
                         const struct bw_trend_shape *shape)
{
    struct bw_vigil_item *w = bw_vigil_list_find(&vigil->watched, series);
    const int64_t now_ms = bw_core_now_ms(vigil->core);
    if (w == NULL || w->warming || now_ms - w->shape_ms < SHAPE_MS
        || (shape->cells == 0 && w->shape == NULL))
        return;
    free(w->shape);
    w->shape = bw_trend_shape_clone(shape);
    w->shape_ms = now_ms;
    w->outdated = w->eye != NULL;
    hurry(vigil);
}

/* ---- as time goes by ------------------------------------------------------------------- */

/* Forgets what nobody measures or wants; of what stays, what has become stale is not shown. What
 * was left out is told of again when there is room. */
static void sweep(struct bw_vigil *vigil, int64_t now_ms)
{
    const bool room = bw_vigil_list_sweep(&vigil->watched, now_ms);
    for (size_t i = 0; i < vigil->watched.count; i++) {
        struct bw_vigil_item *w = vigil->watched.items[i];
        if (w->eye != NULL && w->eye->last_ms > now_ms + BW_WALL_STEP_MIN_MS)
            bw_vigil_eye_set_back(w->eye, w->eye->last_ms - now_ms); /* somebody set the clock */
        if (w->publication != NULL && is_stale(w, now_ms - STALE_MS))
            bw_vigil_item_hide(w);
    }
    if (room)
        bw_recorder_listen(vigil->core->recorder, &ear, vigil);
}

static void on_timer(void *ctx)
{
    struct bw_vigil *vigil = ctx;
    vigil->soon = false;
    sweep(vigil, bw_core_now_ms(vigil->core));
    warm_up(vigil);
    bw_timer_start(vigil->timer, SWEEP_NS, 0);
}

void bw_vigil_stop(struct bw_vigil *vigil)
{
    vigil->stopped = true;
    bw_timer_stop(vigil->timer);
    bw_recorder_listen(vigil->core->recorder, NULL, NULL);
}

/* ---- configuration --------------------------------------------------------------------- */

void bw_vigil_set_roster(struct bw_vigil *vigil, const struct bw_roster *roster)
{
    vigil->roster = roster;
}

enum bw_rc bw_vigil_apply(struct bw_vigil *vigil, const struct bw_config *config,
                          struct bw_err *err)
{
    const enum bw_rc rc = bw_vigil_list_apply(&vigil->watched, config, err);
    if (rc != BW_OK)
        return rc;
    sweep(vigil, bw_core_now_ms(vigil->core));
    bw_recorder_listen(vigil->core->recorder, &ear, vigil);
    bw_timer_start(vigil->timer, SWEEP_NS, 0);
    return BW_OK;
}

/* ---- for others ------------------------------------------------------------------------ */

void bw_vigil_each(const struct bw_vigil *vigil, struct bw_picker *picker, int64_t since_ms,
                   bw_vigil_fn *fn, void *ctx)
{
    for (size_t i = 0; i < vigil->watched.count; i++) {
        const struct bw_vigil_item *w = vigil->watched.items[i];
        if (is_stale(w, since_ms)
            || (picker != NULL && !bw_picker_matches(picker, w->metric, w->labels)))
            continue;
        const struct bw_vigil_sight sight = { w->series, w->metric, w->labels, w->eye };
        fn(ctx, &sight);
    }
}

static int by_series(const void *a, const void *b)
{
    const struct bw_view_oddity *x = a, *y = b;
    return (x->series > y->series) - (x->series < y->series);
}

struct collecting {
    struct bw_view_oddity *items;
    size_t count;
};

static void collect(void *ctx, const struct bw_vigil_sight *sight)
{
    struct collecting *collecting = ctx;
    const struct bw_vigil_eye *eye = sight->eye;
    collecting->items[collecting->count++] =
        (struct bw_view_oddity){ .series = sight->series,
                                 .ts_ms = eye->last_ms,
                                 .value = eye->value,
                                 .score = eye->score,
                                 .low = eye->low,
                                 .high = eye->high,
                                 .since_ms = eye->episode.inside ? eye->begun_ms : 0 };
}

size_t bw_vigil_view(const struct bw_vigil *vigil, struct bw_arena *arena,
                     const struct bw_view_oddity **out)
{
    struct collecting collecting = { .items = bw_arena_array(arena, vigil->watched.count + 1,
                                                             sizeof *collecting.items) };
    bw_vigil_each(vigil, NULL, bw_core_now_ms(vigil->core) - STALE_MS, collect, &collecting);
    qsort(collecting.items, collecting.count, sizeof *collecting.items, by_series);
    *out = collecting.items;
    return collecting.count;
}

void bw_vigil_measure(const struct bw_vigil *vigil, struct bw_measures *out)
{
    bw_measures_add(out, BW_METRIC_ANOMALY_SERIES, (double)vigil->watched.count, NULL);
    bw_measures_add(out, BW_METRIC_ANOMALY_LEFT_OUT_SERIES, (double)vigil->watched.left_out, NULL);
    bw_measures_add(out, BW_METRIC_ANOMALY_EPISODES_TOTAL, (double)vigil->episodes, NULL);
    bw_measures_add(out, BW_METRIC_ANOMALY_LEVEL_SHIFTS_TOTAL, (double)vigil->shifts, NULL);
}
