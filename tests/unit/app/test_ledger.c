// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ledger.h"

#include "app/trend_job.h"
#include "base/mem.h"
#include "base/units.h"
#include "fixture.h"
#include "store/reader.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)
#define START (INT64_C(1699833600000)) /* a full hour */
#define STEP (10 * INT64_C(60000))
#define ROUND (2 * HOUR)

static const char config[] = "trends:\n"
                             "  horizons: [2h]\n"
                             "  select:\n"
                             "    - {match: {__name__: 'honest|walk'}}\n"
                             "    - {match: {__name__: full}, threshold: 100, side: above}\n";

/* ---- a world ----------------------------------------------------------------------------- */

/* 0..1, the same in every run. */
static double chance(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (double)(*state >> 8) / (1 << 24);
}

static double normal(uint32_t *state)
{
    double sum = -6;
    for (int i = 0; i < 12; i++)
        sum += chance(state);
    return sum;
}

/* A course takes its last value and the time since the start, in steps. */
typedef double course_fn(double last, size_t step, uint32_t *state);

static double honest(double last, size_t step, uint32_t *state)
{
    (void)last;
    (void)step;
    return 50 + 5 * normal(state);
}

/* With a jump now and then. */
static double walk(double last, size_t step, uint32_t *state)
{
    const double jump = chance(state) < 0.02 ? 40 * (chance(state) - 0.5) : 0;
    (void)step;
    return last + normal(state) + jump;
}

/* Fills up to a hundred in a day, and is emptied. */
static double full(double last, size_t step, uint32_t *state)
{
    (void)last;
    return 5 + (double)(step % 150) * 0.7 + 0.5 * normal(state);
}

struct world {
    struct bench bench;
    struct bw_trend_plan *plan;
    struct bw_ledger *ledger;
    size_t told[BW_STATEMENT_KIND_COUNT][BW_STATEMENT_OUTCOME_COUNT];
};

static void grow(struct world *world, const char *metric, const char *name, size_t days,
                 course_fn *course)
{
    const struct bw_label labels[] = { { "instance", name }, { "service", name } };
    struct bw_store *store = world->bench.core.store;
    const uint32_t series = bw_store_series(store, metric, (struct bw_labels){ labels, 2 });
    uint32_t state = series * 7919;
    double last = 50;
    for (size_t i = 0; i < days * (size_t)(DAY / STEP); i++) {
        last = course(last, i, &state);
        const struct bw_sample sample = { series, START + (int64_t)i * STEP, last };
        assert_true(bw_store_append(store, &sample, 1));
    }
    bench_flush(&world->bench);
}

static int open_world(void **state)
{
    struct world *world = bw_alloc(sizeof *world);
    bench_make(&world->bench, config, true);
    assert_int_equal(bw_trend_plan_make(world->bench.config, &world->plan, NULL), BW_OK);
    world->ledger = bw_ledger_new();
    *state = world;
    return 0;
}

static int close_world(void **state)
{
    struct world *world = *state;
    bw_ledger_free(world->ledger);
    bw_trend_plan_free(world->plan);
    bench_remove(&world->bench);
    free(world);
    return 0;
}

/* One job at that time; *out, unless NULL, is the record of the only series. */
static void analyse(struct world *world, int64_t now_ms, struct bw_trend_record *out)
{
    struct bw_ledger_brief brief;
    struct bw_trend_job job = {
        .plan = world->plan,
        .store = bw_strdup(folder_file(&world->bench.folder, "data.db")),
        .now_ms = now_ms,
        .count = 10,
        .brief = &brief,
    };
    bw_ledger_brief(world->ledger, now_ms, &job.arena, &brief);
    bw_trend_job_run(&job);
    if (job.err.rc != BW_OK)
        fail_msg("%s", job.err.text);
    for (size_t i = 0; i < job.report.verdict_count; i++) {
        const struct bw_ledger_verdict *verdict = &job.report.verdicts[i];
        world->told[verdict->statement.kind][verdict->outcome]++;
    }
    bw_ledger_take(world->ledger, world->bench.core.store, &job.report, now_ms);
    if (out != NULL && job.record_count == 1) {
        *out = job.records[0];
        bw_ledger_describe(world->ledger, now_ms, out);
    }
    bw_trend_job_fini(&job);
}

/* As a restart does. */
static void restart(struct world *world)
{
    struct bw_reader *reader;
    bench_flush(&world->bench);
    bw_ledger_free(world->ledger);
    world->ledger = bw_ledger_new();
    assert_int_equal(bw_reader_open(folder_file(&world->bench.folder, "data.db"), &reader, NULL),
                     BW_OK);
    bw_ledger_load(world->ledger, reader);
    bw_reader_close(reader);
}

static size_t open_count(struct world *world, int64_t now_ms)
{
    return bw_ledger_summary(world->ledger, now_ms)->open;
}

/* ---- what becomes of statements ---------------------------------------------------------- */

static void an_honest_series_is_right_as_often_as_said(void **state)
{
    struct world *world = *state;
    struct bw_trend_record record;
    grow(world, "honest", "a", 11, honest);
    for (int64_t now = START + DAY; now < START + 11 * DAY; now += ROUND) {
        analyse(world, now, &record);
        if (now == START + 5 * DAY)
            restart(world);
    }
    const struct bw_statement_summary *sum = bw_ledger_summary(world->ledger, START + 11 * DAY);
    assert_true(record.told > 30);
    assert_true(fabs(record.inside80_ratio - 0.8) < 0.12);
    assert_true(record.inside95_ratio > 0.87);
    assert_true(record.skill_ratio > 0.1 && !record.muted);
    assert_true(sum->told[BW_STATEMENT_FLAT].count > 20);
    assert_true(fabs(sum->all.inside80_ratio - record.inside80_ratio) < 1e-9);
    assert_int_equal(sum->horizon_count, 1);
    assert_int_equal(sum->at[0].horizon_ms, 2 * HOUR);
    assert_int_equal(sum->muted_series, 0);
    /* Never more than one of a kind. */
    assert_true(sum->open <= BW_STATEMENT_KIND_COUNT);
}

static void a_crossing_is_foreseen_and_told(void **state)
{
    struct world *world = *state;
    grow(world, "full", "a", 9, full);
    for (int64_t now = START + DAY; now < START + 9 * DAY; now += ROUND)
        analyse(world, now, NULL);
    const size_t *told = world->told[BW_STATEMENT_THRESHOLD];
    assert_true(told[BW_STATEMENT_TRUE] >= 3);
    assert_true(told[BW_STATEMENT_FALSE] >= 20);
    const struct bw_statement_summary *sum = bw_ledger_summary(world->ledger, START + 9 * DAY);
    assert_int_equal(sum->told[BW_STATEMENT_THRESHOLD].count,
                     told[BW_STATEMENT_TRUE] + told[BW_STATEMENT_FALSE]);
}

/* Nobody can foresee a walk; its intervals hold nevertheless. */
static void a_walk_is_foreseen_no_better_than_by_standing_still(void **state)
{
    struct world *world = *state;
    struct bw_trend_record record;
    grow(world, "walk", "a", 9, walk);
    for (int64_t now = START + DAY; now < START + 9 * DAY; now += ROUND)
        analyse(world, now, &record);
    assert_true(record.told > 25);
    assert_true(fabs(record.skill_ratio) < 0.25);
    assert_true(fabs(record.inside80_ratio - 0.8) < 0.12);
}

static struct bw_statement forecast(uint32_t series, int64_t from_ms)
{
    return (struct bw_statement){ .series = series,
                                  .kind = BW_STATEMENT_FORECAST,
                                  .horizon_ms = HOUR,
                                  .from_ms = from_ms,
                                  .deadline_ms = from_ms + HOUR,
                                  .step_ms = STEP,
                                  .believed_ratio = 0.8,
                                  .stated_ratio = 0.8,
                                  .p2_5 = 1,
                                  .p10 = 2,
                                  .p50 = 3,
                                  .p90 = 4,
                                  .p97_5 = 5,
                                  .naive = 0 };
}

/* Says something and has it told an hour later. */
static void live(struct world *world, uint32_t series, size_t hour, double value)
{
    struct bw_statement said = forecast(series, START + (int64_t)hour * HOUR);
    struct bw_ledger_verdict verdict = {
        said, value >= 2 && value <= 4 ? BW_STATEMENT_TRUE : BW_STATEMENT_FALSE, value
    };
    const struct bw_ledger_report saying = { .said = &said, .said_count = 1 };
    const struct bw_ledger_report telling = { .verdicts = &verdict, .verdict_count = 1 };
    bw_ledger_take(world->ledger, world->bench.core.store, &saying, said.from_ms);
    bw_ledger_take(world->ledger, world->bench.core.store, &telling, said.deadline_ms);
}

static void who_loses_to_standing_still_is_muted(void **state)
{
    struct world *world = *state;
    const int64_t now = START + 3 * DAY;
    struct bw_trend_record record = { .series = 7 };
    for (size_t i = 0; i < 19; i++)
        live(world, 7, i, 0.1);
    assert_false(bw_ledger_mutes(world->ledger, 7, now));
    for (size_t i = 19; i < 30; i++)
        live(world, 7, i, 0.1);
    assert_true(bw_ledger_mutes(world->ledger, 7, now));
    for (size_t i = 0; i < 30; i++)
        live(world, 8, i, 2.9);
    restart(world);
    assert_true(bw_ledger_mutes(world->ledger, 7, now));
    assert_false(bw_ledger_mutes(world->ledger, 8, now));
    assert_false(bw_ledger_mutes(world->ledger, 9, now));
    bw_ledger_describe(world->ledger, now, &record);
    assert_true(record.muted && record.skill_ratio < -10 && record.told > 28);
    assert_int_equal(bw_ledger_summary(world->ledger, now)->muted_series, 1);
    /* Doing better for long enough, it is heard again. */
    for (size_t i = 30; i < 90; i++)
        live(world, 7, i, 2.9);
    assert_false(bw_ledger_mutes(world->ledger, 7, START + 4 * DAY));
}

/* The next one is made when the last one was told: what is open stays as it is. */
static void what_is_open_is_not_replaced(void **state)
{
    struct world *world = *state;
    struct bw_ledger_brief brief;
    struct bw_arena arena = { 0 };
    struct bw_statement said[] = { forecast(7, START), forecast(7, START + STEP) };
    const struct bw_ledger_report report = { .said = said, .said_count = 2 };
    bw_ledger_take(world->ledger, world->bench.core.store, &report, START);
    restart(world);
    bw_ledger_take(world->ledger, world->bench.core.store, &report, START + STEP);
    assert_int_equal(open_count(world, START), 1);
    bw_ledger_brief(world->ledger, START + HOUR - 1, &arena, &brief);
    assert_int_equal(brief.due_count, 0);
    bw_ledger_brief(world->ledger, START + HOUR, &arena, &brief);
    assert_int_equal(brief.due_count, 1);
    assert_int_equal(brief.due[0].from_ms, START);
    bw_arena_fini(&arena);
}

static void what_nobody_can_tell_lapses(void **state)
{
    struct world *world = *state;
    struct bw_statement said = forecast(7, START);
    const struct bw_ledger_report report = { .said = &said, .said_count = 1 }, none = { 0 };
    bw_ledger_take(world->ledger, world->bench.core.store, &report, START);
    bw_ledger_take(world->ledger, world->bench.core.store, &none, said.deadline_ms + DAY);
    assert_int_equal(open_count(world, START), 1);
    bw_ledger_take(world->ledger, world->bench.core.store, &none, said.deadline_ms + DAY + 1);
    assert_int_equal(open_count(world, START), 0);
    restart(world);
    assert_int_equal(open_count(world, START), 0);
    assert_true(isnan(bw_ledger_summary(world->ledger, START)->all.skill_ratio));
}

/* It would hold up all others until then. */
static void what_was_said_by_a_clock_far_ahead_lapses(void **state)
{
    struct world *world = *state;
    struct bw_statement said[] = { forecast(7, START + 300 * DAY), forecast(8, START + HOUR) };
    const struct bw_ledger_report report = { .said = said, .said_count = 2 }, none = { 0 };
    bw_ledger_take(world->ledger, world->bench.core.store, &report, START + 300 * DAY);
    assert_int_equal(open_count(world, START), 2);
    bw_ledger_take(world->ledger, world->bench.core.store, &none, START);
    assert_int_equal(open_count(world, START), 1);
    restart(world);
    assert_int_equal(open_count(world, START), 1);
}

/* Of a damaged store, or of somebody who wrote to it. */
static void what_is_no_statement_is_not_taken_back(void **state)
{
    struct world *world = *state;
    struct bw_statement odd[5];
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        odd[i] = forecast((uint32_t)i + 1, START);
    odd[0].step_ms = 0;
    odd[1].deadline_ms = odd[1].from_ms;
    odd[2].deadline_ms += odd[2].step_ms / 2;
    odd[3].step_ms = 1;
    odd[4].deadline_ms = INT64_MAX;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        bw_ledger_restore_statement(world->ledger, &odd[i]);
    assert_int_equal(open_count(world, START), 0);
}

/* A day without us: what was measured meanwhile by nobody is not held against anybody. */
static void downtime_is_not_told(void **state)
{
    struct world *world = *state;
    grow(world, "honest", "a", 1, honest);
    analyse(world, START + DAY, NULL);
    assert_true(open_count(world, START) > 0);
    restart(world);
    memset(world->told, 0, sizeof world->told);
    analyse(world, START + DAY + 2 * HOUR + 40 * INT64_C(60000), NULL); /* it may yet come */
    assert_true(open_count(world, START) > 0);
    analyse(world, START + DAY + 4 * HOUR, NULL);
    for (int kind = 0; kind < BW_STATEMENT_KIND_COUNT; kind++)
        assert_int_equal(
            world->told[kind][BW_STATEMENT_TRUE] + world->told[kind][BW_STATEMENT_FALSE], 0);
    assert_true(world->told[BW_STATEMENT_FORECAST][BW_STATEMENT_UNTOLD] > 0);
}

static void what_ended_long_ago_says_nothing_about_the_past(void **state)
{
    struct world *world = *state;
    grow(world, "honest", "a", 1, honest);
    analyse(world, START + DAY + 3 * HOUR, NULL);
    assert_int_equal(open_count(world, START), 0);
}

static void maintenance_excuses_its_own(void **state)
{
    struct world *world = *state;
    struct bw_store *store = world->bench.core.store;
    const struct bw_label labels[] = { { "check", "x" }, { "instance", "a" }, { "service", "a" } };
    grow(world, "honest", "a", 2, honest);
    grow(world, "honest", "b", 2, honest);
    const uint32_t mark =
        bw_store_series(store, "bellwether_check_maintenance", (struct bw_labels){ labels, 3 });
    const struct bw_sample sample = { mark, START + DAY + HOUR, 1 };
    assert_true(bw_store_append(store, &sample, 1));
    bench_flush(&world->bench);
    analyse(world, START + DAY, NULL);
    analyse(world, START + DAY + 3 * HOUR, NULL);
    const size_t *told = world->told[BW_STATEMENT_FORECAST];
    assert_int_equal(told[BW_STATEMENT_UNTOLD], 1);
    assert_int_equal(told[BW_STATEMENT_TRUE] + told[BW_STATEMENT_FALSE], 1);
}

/* ---- what is learned ---------------------------------------------------------------------- */

static void what_was_too_sure_is_said_less_surely(void **state)
{
    struct world *world = *state;
    struct bw_ledger_brief brief;
    struct bw_arena arena = { 0 };
    for (unsigned bin = 5; bin < 10; bin++) {
        const struct bw_statement_bin told = {
            BW_STATEMENT_FLAT, HOUR, START / (7 * DAY), true, bin, 200, 100, 200 * 0.95, 40, false
        };
        bw_ledger_restore_bin(world->ledger, &told);
    }
    bw_ledger_brief(world->ledger, START, &arena, &brief);
    assert_true(bw_trend_recalibrate(&brief.maps[BW_STATEMENT_FLAT], 0.95) < 0.6);
    assert_true(bw_trend_recalibrate(&brief.maps[BW_STATEMENT_TREND], 0.95) == 0.95);
    assert_true(bw_ledger_summary(world->ledger, START)->told[BW_STATEMENT_FLAT].recalibrated);
    bw_arena_fini(&arena);
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(an_honest_series_is_right_as_often_as_said),
        IN_WORLD(a_crossing_is_foreseen_and_told),
        IN_WORLD(a_walk_is_foreseen_no_better_than_by_standing_still),
        IN_WORLD(who_loses_to_standing_still_is_muted),
        IN_WORLD(what_is_open_is_not_replaced),
        IN_WORLD(what_nobody_can_tell_lapses),
        IN_WORLD(what_was_said_by_a_clock_far_ahead_lapses),
        IN_WORLD(what_is_no_statement_is_not_taken_back),
        IN_WORLD(downtime_is_not_told),
        IN_WORLD(what_ended_long_ago_says_nothing_about_the_past),
        IN_WORLD(maintenance_excuses_its_own),
        IN_WORLD(what_was_too_sure_is_said_less_surely),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
