// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/trend_job.h"

#include "app/trend_parts.h"
#include "base/mem.h"
#include "base/units.h"
#include "io/clock.h"
#include "metric/family.h"
#include "pack/points.h"
#include "store/reader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* An analysis looks back four times as far as it looks ahead, at 2000 means at most: more
 * points do not make it more right, only slower. */
enum { LOOK_BACK_FACTOR = 4, CELLS_MAX = 2000 };
#define LOOK_BACK_MIN_MS (24 * INT64_C(3600000))
#define LOOK_BACK_MAX_MS (28 * 24 * INT64_C(3600000))

/* One run of a job. */
struct run {
    struct bw_trend_job *job;
    struct bw_trend_scratch *scratch;
    const struct bw_trend_select **select; /* of each chosen series */
    uint32_t *ids;
    size_t chosen;
    struct bw_point *cells;
    uint32_t *some; /* of the ids those that are read in the same way */
    int tier_s;     /* the way */
    struct bw_points steps;
    const struct bw_trend_break *breaks[BW_TREND_MARKS_MAX]; /* that concern the series at hand */
    int64_t breaks_ms[BW_TREND_MARKS_MAX];
    const struct bw_trend_wish **wishes; /* of the series at hand … */
    struct bw_trend_question *questions; /* … and what they ask */
    struct bw_ledger_excuses excuses;
};

/* The part of the roll that this job is to analyse. */
static void choose(struct run *run)
{
    struct bw_trend_job *job = run->job;
    const struct bw_trend_roll *roll = job->roll;
    const size_t left = roll->count > job->first ? roll->count - job->first : 0;
    run->chosen = left < job->count ? left : job->count;
    for (size_t i = 0; i < run->chosen; i++) {
        const struct bw_trend_entry *entry = &roll->entries[job->first + i];
        job->records[i].series = entry->series;
        job->records[i].metric = bw_arena_strdup(&job->arena, entry->metric);
        job->records[i].labels =
            bw_labels_make(&job->arena, entry->labels.items, entry->labels.count);
        run->select[i] = entry->select;
        run->ids[i] = entry->series;
    }
}

static int64_t shortest_gap_ms(const struct bw_point *points, size_t count)
{
    int64_t gap = INT64_MAX;
    for (size_t i = 1; i < count; i++) {
        const int64_t between = points[i].ts_ms - points[i - 1].ts_ms;
        gap = between < gap ? between : gap;
    }
    return gap;
}

/* Means of equal stretches of time, stamped with their end (the last value for a counter), at
 * most CELLS_MAX. */
static size_t thin_out(const struct bw_point *points, size_t count, bool counter,
                       struct bw_point *out)
{
    if (count <= CELLS_MAX) {
        memcpy(out, points, count * sizeof *points);
        return count;
    }
    const int64_t start = points[0].ts_ms, newest = points[count - 1].ts_ms;
    /* As many samples in one stretch as in the next: two here and three there would put a saw
     * over every slope, and be found as a season. */
    const int64_t gap = shortest_gap_ms(points, count);
    const int64_t width = ((newest - start) / CELLS_MAX / gap + 1) * gap;
    size_t n = 0;
    for (size_t i = 0; i < count;) {
        const int64_t cell = (points[i].ts_ms - start) / width;
        double sum = 0;
        size_t in_cell = 0, last = i;
        for (; i < count && (points[i].ts_ms - start) / width == cell; i++) {
            if (!isfinite(points[i].value))
                continue;
            sum += points[i].value;
            in_cell++;
            last = i;
        }
        if (in_cell == 0)
            continue;
        const int64_t end = start + cell * width + width - gap;
        const struct bw_point mean = { end < newest ? end : newest, sum / (double)in_cell };
        out[n++] = counter ? points[last] : mean;
    }
    return n;
}

static struct bw_trend_record *record_of(struct run *run, uint32_t series, size_t *out_index)
{
    for (size_t i = 0; i < run->chosen; i++) {
        if (run->ids[i] == series) {
            *out_index = i;
            return &run->job->records[i];
        }
    }
    return NULL;
}

static void ask_wishes(struct run *run, const struct bw_trend_record *record,
                       struct bw_trend_request *request)
{
    request->questions = run->questions;
    request->question_count =
        bw_trend_plan_wishes(run->job->plan, record->metric, record->labels, run->wishes);
    for (size_t i = 0; i < request->question_count; i++)
        run->questions[i] = run->wishes[i]->question;
}

static void keep_foresights(struct run *run, const struct bw_trend_record *record, size_t count)
{
    struct bw_trend_job *job = run->job;
    for (size_t i = 0; i < count; i++) {
        if (job->brief != NULL)
            bw_ledger_answer(job->brief, run->scratch, record, &run->questions[i], &job->report);
        job->foresights = bw_grow(job->foresights, &job->foresight_cap, job->foresight_count + 1,
                                  sizeof *job->foresights);
        job->foresights[job->foresight_count++] = (struct bw_trend_foresight){
            .rule = run->wishes[i]->rule,
            .series = record->series,
            .metric = record->metric,
            .labels = record->labels,
            .computed_ms = record->computed_ms,
            .last_value = record->last_value,
            .slope_per_second = record->slope_per_second,
            .question = run->questions[i],
        };
    }
}

static void tell_breaks(struct run *run, const struct bw_trend_record *record,
                        struct bw_trend_request *request)
{
    request->breaks_ms = run->breaks_ms;
    request->break_count = bw_trend_breaks_of(&run->job->roll->breaks, record->labels, run->breaks);
    for (size_t i = 0; i < request->break_count; i++)
        run->breaks_ms[i] = run->breaks[i]->ts_ms;
}

/* What came of a marker, if anything did; else as the engine has it. */
static const char *note_of(struct run *run, const struct bw_trend_record *record, size_t breaks)
{
    struct bw_arena *arena = &run->job->arena;
    const size_t blocks =
        record->points < BW_TREND_BLOCKS_MAX ? record->points : BW_TREND_BLOCKS_MAX;
    const int64_t step_ms = (record->last_ms - record->first_ms) / (int64_t)(blocks + 1) + 1;
    const char *note = bw_trend_breaks_note(arena, record, run->breaks, breaks, step_ms);
    return note != NULL ? note : bw_arena_strdup(arena, record->note);
}

/* What was said earlier is judged before anything new is. */
static void look_back(struct run *run, const struct bw_trend_record *record,
                      const struct bw_point *points, size_t count, struct bw_trend_request *request)
{
    struct bw_trend_job *job = run->job;
    if (job->brief == NULL)
        return;
    bw_ledger_judge(job->brief, &run->excuses, record, points, count, job->now_ms, &job->report);
    bw_ledger_prepare(job->brief, record->series, request);
}

static void look_ahead(struct run *run, struct bw_trend_record *record, size_t breaks)
{
    struct bw_trend_job *job = run->job;
    record->note = note_of(run, record, breaks);
    job->shapes[record - job->records] = bw_trend_shape_of(run->scratch, &job->arena);
    if (job->brief != NULL)
        bw_ledger_state(job->brief, run->scratch, record, &job->report);
}

static bool analyse(void *ctx, uint32_t series, const struct bw_point *points, size_t count)
{
    struct run *run = ctx;
    struct bw_trend_job *job = run->job;
    if (count == 0)
        return true;
    size_t index;
    struct bw_trend_record *record = record_of(run, series, &index);
    if (record == NULL)
        return true;
    struct bw_trend_request request =
        bw_trend_plan_request(job->plan, run->select[index], record->metric, job->now_ms);
    ask_wishes(run, record, &request);
    tell_breaks(run, record, &request);
    look_back(run, record, points, count, &request);
    if (job->widths != NULL)
        memcpy(request.widths, job->widths, sizeof request.widths);
    request.points = run->cells;
    request.count = thin_out(points, count, request.counter, run->cells);
    if (bw_trend_analyse_shown(&request, run->scratch, record, job->picture, NULL) == BW_OK) {
        look_ahead(run, record, request.break_count);
        keep_foresights(run, record, request.question_count);
    } else {
        job->failures++;
    }
    return true;
}

/* Enough of a tier's steps for an analysis, whatever the horizons; not more than it takes. */
static int64_t look_back_ms(const struct bw_trend_plan *plan, int tier_s)
{
    enum { STEPS_LEAST = 96 };
    const int64_t step_ms = tier_s > 0 ? tier_s * INT64_C(1000) : 0;
    const int64_t least_ms =
        STEPS_LEAST * step_ms > LOOK_BACK_MIN_MS ? STEPS_LEAST * step_ms : LOOK_BACK_MIN_MS;
    const int64_t most_ms = tier_s > 0 ? CELLS_MAX * step_ms : LOOK_BACK_MAX_MS;
    const int64_t wanted_ms = plan->farthest_ms * LOOK_BACK_FACTOR;
    if (wanted_ms < least_ms)
        return least_ms;
    return wanted_ms > most_ms ? most_ms : wanted_ms;
}

/* In steps throughout: samples beside means of hours would be a change of noise. */
static bool analyse_steps(struct run *run, const struct bw_recalled *recalled, int64_t step_ms)
{
    size_t index;
    struct bw_points *steps = &run->steps;
    const struct bw_trend_record *record = record_of(run, recalled->series, &index);
    if (record == NULL)
        return true;
    const struct bw_recall_steps how = { step_ms, run->job->now_ms,
                                         bw_family_counts_up(record->metric) };
    steps->count = 0;
    bw_recalled_steps(recalled, &how, steps);
    return analyse(run, recalled->series, steps->items, steps->count);
}

static bool analyse_recalled(void *ctx, const struct bw_recalled *recalled)
{
    struct run *run = ctx;
    if (recalled->past_count == 0)
        return analyse(run, recalled->series, recalled->points, recalled->count);
    return analyse_steps(run, recalled,
                         bw_recall_step_ms(look_back_ms(run->job->plan, run->tier_s)));
}

static bool analyse_buckets(void *ctx, uint32_t series, const struct bw_bucket *buckets,
                            size_t count)
{
    struct run *run = ctx;
    const struct bw_recalled recalled = { .series = series, .past = buckets, .past_count = count };
    return analyse_steps(run, &recalled, run->tier_s * INT64_C(1000));
}

/* The series that are to be read in one way. */
static enum bw_rc read_as(struct run *run, struct bw_reader *reader, int tier_s, struct bw_err *err)
{
    const struct bw_trend_job *job = run->job;
    const int64_t back_ms = look_back_ms(job->plan, tier_s);
    const struct bw_bucket_range range = { .from_ms = job->now_ms - back_ms,
                                           .to_ms = job->now_ms,
                                           .step_ms = tier_s > 0 ? tier_s * INT64_C(1000)
                                                                 : bw_recall_step_ms(back_ms),
                                           .plain = true };
    size_t count = 0;
    for (size_t i = 0; i < run->chosen; i++) {
        if (run->select[i]->tier_s == tier_s)
            run->some[count++] = run->ids[i];
    }
    run->tier_s = tier_s;
    if (count == 0)
        return BW_OK;
    if (tier_s == BW_TREND_TIER_RAW)
        return bw_reader_scan(reader, run->some, count, range.from_ms, range.to_ms, analyse, run,
                              NULL, err);
    if (tier_s == BW_TREND_TIER_AUTO)
        return bw_reader_recall(reader, run->some, count, &range, analyse_recalled, run, NULL, err);
    return bw_reader_buckets(reader, run->some, count, &range, analyse_buckets, run, NULL, err);
}

/* Records of series that had points; of the others the ids. */
static void keep_analysed(struct bw_trend_job *job, size_t chosen)
{
    job->unheard = bw_arena_array(&job->arena, chosen + 1, sizeof *job->unheard);
    for (size_t i = 0; i < chosen; i++) {
        if (job->records[i].computed_ms != 0) {
            job->shapes[job->record_count] = job->shapes[i];
            job->records[job->record_count++] = job->records[i];
        } else {
            job->unheard[job->unheard_count++] = job->records[i].series;
        }
    }
}

static enum bw_rc read_and_analyse(struct run *run, struct bw_err *err)
{
    struct bw_trend_job *job = run->job;
    struct bw_reader *reader;
    enum bw_rc rc = bw_reader_open(job->store, &reader, err);
    if (rc != BW_OK)
        return rc;
    static const int ways[] = { BW_TREND_TIER_AUTO, BW_TREND_TIER_RAW, 60, 3600, 86400 };
    if (job->roll == NULL) {
        rc = job->only != 0 ? bw_trend_roll_one(job->plan, job->only, reader, &job->drawn, err)
                            : bw_trend_roll_make(job->plan, job->silent, reader, &job->drawn, err);
        job->roll = job->drawn;
    }
    if (rc == BW_OK && job->brief != NULL)
        rc = bw_ledger_excuses_read(reader, job->brief, &run->excuses, err);
    if (rc == BW_OK)
        choose(run);
    for (size_t i = 0; rc == BW_OK && i < sizeof ways / sizeof *ways; i++)
        rc = read_as(run, reader, ways[i], err);
    if (rc == BW_OK)
        bw_trend_parts_explain(reader, &job->arena, job->records, run->chosen);
    bw_reader_close(reader);
    return rc;
}

void bw_trend_job_run(struct bw_trend_job *job)
{
    const int64_t before_ns = bw_thread_cpu_ns();
    struct run run = { .job = job, .scratch = bw_trend_scratch_new() };
    struct bw_err err = { .rc = BW_OK };
    job->records = bw_arena_array(&job->arena, job->count, sizeof *job->records);
    job->shapes = bw_arena_array(&job->arena, job->count, sizeof *job->shapes);
    run.select = bw_alloc_array(job->count, sizeof *run.select);
    run.ids = bw_alloc_array(job->count, sizeof *run.ids);
    run.cells = bw_alloc_array(CELLS_MAX + 1, sizeof *run.cells);
    run.some = bw_alloc_array(job->count, sizeof *run.some);
    run.wishes = bw_alloc_array(job->plan->wish_count + 1, sizeof(struct bw_trend_wish *));
    run.questions = bw_alloc_array(job->plan->wish_count + 1, sizeof *run.questions);
    job->err.rc = read_and_analyse(&run, &err);
    if (job->err.rc == BW_OK)
        keep_analysed(job, run.chosen);
    else
        job->err = err;
    bw_trend_scratch_free(run.scratch);
    free(run.select);
    free(run.ids);
    free(run.cells);
    free(run.some);
    free(run.wishes);
    free(run.questions);
    bw_points_fini(&run.steps);
    bw_ledger_excuses_fini(&run.excuses);
    job->cpu_ns = bw_thread_cpu_ns() - before_ns;
}

void bw_trend_job_fini(struct bw_trend_job *job)
{
    bw_ledger_report_fini(&job->report);
    bw_arena_fini(&job->arena);
    bw_trend_roll_free(job->drawn);
    free(job->foresights);
    free(job->store);
}
