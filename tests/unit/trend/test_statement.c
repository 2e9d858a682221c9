// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/statement.h"

#include "trend/robust.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define START INT64_C(1700000000000)
#define STEP INT64_C(60000)
#define HOUR (60 * STEP)

/* ---- judging ----------------------------------------------------------------------------- */

/* The cells after `from`, one character each: a digit is a value, '.' is missing. */
static size_t tell(const char *story, int64_t step_ms, int64_t late_ms, struct bw_point *out)
{
    size_t n = 0;
    for (size_t i = 0; story[i] != '\0'; i++)
        if (story[i] != '.')
            out[n++] =
                (struct bw_point){ START + (int64_t)(i + 1) * step_ms + late_ms, story[i] - '0' };
    return n;
}

static const struct {
    const char *name, *story;
    enum bw_statement_kind kind;
    int side;
    enum bw_statement_outcome want;
} stories[] = {
    { "what stays within the margin is flat", "5656", BW_STATEMENT_FLAT, 0, BW_STATEMENT_TRUE },
    { "what goes beyond is not", "7777", BW_STATEMENT_FLAT, 0, BW_STATEMENT_FALSE },
    { "either way", "3333", BW_STATEMENT_FLAT, 0, BW_STATEMENT_FALSE },
    { "half of the cells are enough", "5.5.", BW_STATEMENT_FLAT, 0, BW_STATEMENT_TRUE },
    { "fewer are not", "5...", BW_STATEMENT_FLAT, 0, BW_STATEMENT_UNTOLD },
    { "even where they look wrong", "9...", BW_STATEMENT_FLAT, 0, BW_STATEMENT_UNTOLD },
    { "nothing came", "....", BW_STATEMENT_FLAT, 0, BW_STATEMENT_UNTOLD },
    { "it went on rising", "6789", BW_STATEMENT_TREND, 1, BW_STATEMENT_TRUE },
    { "it stayed where it was", "5556", BW_STATEMENT_TREND, 1, BW_STATEMENT_FALSE },
    { "it fell", "4321", BW_STATEMENT_TREND, 1, BW_STATEMENT_FALSE },
    { "falling was said and came", "4321", BW_STATEMENT_TREND, -1, BW_STATEMENT_TRUE },
    { "the threshold was reached", "1252", BW_STATEMENT_THRESHOLD, 1, BW_STATEMENT_TRUE },
    { "it was not", "1242", BW_STATEMENT_THRESHOLD, 1, BW_STATEMENT_FALSE },
    { "from above", "7654", BW_STATEMENT_THRESHOLD, -1, BW_STATEMENT_TRUE },
    { "a crossing in what is hardly known tells nothing", "9...", BW_STATEMENT_THRESHOLD, 1,
      BW_STATEMENT_UNTOLD },
    { "after the deadline does not count", "12429", BW_STATEMENT_THRESHOLD, 1, BW_STATEMENT_FALSE },
    { "the last cell lay inside", "9996", BW_STATEMENT_FORECAST, 0, BW_STATEMENT_TRUE },
    { "the last cell lay outside", "6669", BW_STATEMENT_FORECAST, 0, BW_STATEMENT_FALSE },
    { "the last cell alone tells", "...6", BW_STATEMENT_FORECAST, 0, BW_STATEMENT_TRUE },
    { "without it nothing does", "666.6", BW_STATEMENT_FORECAST, 0, BW_STATEMENT_UNTOLD },
};

static struct bw_statement about(enum bw_statement_kind kind, int side)
{
    return (struct bw_statement){ .kind = kind,
                                  .from_ms = START,
                                  .deadline_ms = START + 4 * STEP,
                                  .step_ms = STEP,
                                  .side = side,
                                  .level = 5,
                                  .margin = 1,
                                  .p10 = 5,
                                  .p50 = 6,
                                  .p90 = 7,
                                  .naive = 5 };
}

static void stories_end_as_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        struct bw_arena arena = { 0 };
        struct bw_point points[8];
        const struct bw_statement statement = about(stories[i].kind, stories[i].side);
        for (int64_t late_ms = -STEP / 3; late_ms <= STEP / 3; late_ms += STEP / 3) {
            double value;
            const size_t count = tell(stories[i].story, STEP, late_ms, points);
            const enum bw_statement_outcome got =
                bw_trend_statement_judge(&arena, &statement, points, count, &value);
            /* Of a single point nobody knows how late it is. */
            if (got != stories[i].want && count > 1)
                fail_msg("%s: became %s", stories[i].name, bw_statement_outcome_name(got));
            assert_true(got != BW_STATEMENT_UNTOLD || isnan(value));
        }
        bw_arena_fini(&arena);
    }
}

/* A cell is the mean of what came in the time before its end. */
static void cells_are_means_of_finer_points(void **state)
{
    (void)state;
    struct bw_arena arena = { 0 };
    struct bw_point points[64];
    struct bw_statement statement = about(BW_STATEMENT_FORECAST, 0);
    size_t n = 0;
    for (int64_t t = -3 * STEP; t <= 4 * STEP; t += STEP / 4)
        points[n++] = (struct bw_point){ START + t, t <= 3 * STEP ? 100 : (double)(t / 15000) };
    double value;
    assert_int_equal(bw_trend_statement_judge(&arena, &statement, points, n, &value),
                     BW_STATEMENT_FALSE);
    assert_true(fabs(value - (13 + 14 + 15 + 16) / 4.0) < 1e-9);
    bw_arena_fini(&arena);
}

static void a_reset_counter_has_no_rate_there(void **state)
{
    (void)state;
    struct bw_arena arena = { 0 };
    struct bw_statement statement = about(BW_STATEMENT_FORECAST, 0);
    statement.counter = true;
    const struct bw_point steady[] = {
        { START, 0 },
        { START + STEP, 360 },
        { START + 2 * STEP, 720 },
        { START + 3 * STEP, 1080 },
        { START + 4 * STEP, 1440 },
    };
    const struct bw_point reset[] = {
        { START, 0 },
        { START + STEP, 360 },
        { START + 2 * STEP, 720 },
        { START + 3 * STEP, 1080 },
        { START + 4 * STEP, 20 },
    };
    double value;
    assert_int_equal(bw_trend_statement_judge(&arena, &statement, steady, 5, &value),
                     BW_STATEMENT_TRUE);
    assert_true(fabs(value - 6) < 1e-9);
    assert_int_equal(bw_trend_statement_judge(&arena, &statement, reset, 5, &value),
                     BW_STATEMENT_UNTOLD);
    statement.kind = BW_STATEMENT_FLAT; /* three of four cells are known */
    statement.level = 6;
    assert_int_equal(bw_trend_statement_judge(&arena, &statement, reset, 5, &value),
                     BW_STATEMENT_TRUE);
    bw_arena_fini(&arena);
}

static void nonsense_is_untold(void **state)
{
    (void)state;
    struct bw_arena arena = { 0 };
    const struct bw_point points[] = { { START + STEP, NAN }, { START + 2 * STEP, INFINITY } };
    struct bw_statement bad[] = { about(BW_STATEMENT_FLAT, 0), about(BW_STATEMENT_FLAT, 0),
                                  about(BW_STATEMENT_FLAT, 0), about(BW_STATEMENT_FLAT, 0) };
    bad[1].step_ms = 0;
    bad[2].deadline_ms = START;
    bad[3].deadline_ms = INT64_MAX;
    double value;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(bw_trend_statement_judge(&arena, &bad[i], points, 2, &value),
                         BW_STATEMENT_UNTOLD);
    bw_arena_fini(&arena);
}

static void the_share_is_of_both_errors(void **state)
{
    (void)state;
    struct bw_statement s = about(BW_STATEMENT_FORECAST, 0);
    assert_true(fabs(bw_trend_statement_share(&s, 6) - 0) < 1e-12);
    assert_true(fabs(bw_trend_statement_share(&s, 5) - 1) < 1e-12);
    assert_true(fabs(bw_trend_statement_share(&s, 5.5) - 0.5) < 1e-12);
    assert_true(fabs(bw_trend_statement_share(&s, 9) - 3 / 7.0) < 1e-12);
    s.naive = s.p50;
    assert_true(fabs(bw_trend_statement_share(&s, s.p50) - 0.5) < 1e-12);
    s.naive = -DBL_MAX;
    s.p50 = DBL_MAX;
    assert_true(bw_trend_statement_share(&s, -DBL_MAX) > 0.999);
}

/* ---- saying ------------------------------------------------------------------------------ */

struct course {
    double slope; /* an hour */
    double swing; /* of a day */
    double noise;
};

static double at(const struct course *course, int64_t t_ms, struct bw_trend_random *random)
{
    const double hours = (double)t_ms / (double)HOUR;
    return 1000 + course->slope * hours + course->swing * sin(hours / 24 * 2 * M_PI)
           + course->noise * bw_trend_random_normal(random);
}

enum { POINTS = 1200, BACK_HOURS = 100 };

static size_t say(const struct course *course, uint64_t seed, struct bw_statement *out,
                  struct bw_point *future, size_t future_count)
{
    struct bw_trend_random random = bw_trend_random_seed(seed);
    struct bw_point points[POINTS];
    struct bw_trend_record record = { .series = 7 };
    struct bw_trend_request request = { .points = points,
                                        .count = POINTS,
                                        .horizons_ms = { HOUR, 24 * HOUR },
                                        .horizon_count = 2,
                                        .threshold = 1030,
                                        .side = 1 };
    for (size_t i = 0; i < POINTS + future_count; i++) {
        const int64_t t_ms = (int64_t)i * BACK_HOURS * HOUR / POINTS;
        const struct bw_point point = { START + t_ms, at(course, t_ms, &random) };
        *(i < POINTS ? &points[i] : &future[i - POINTS]) = point;
    }
    struct bw_trend_scratch *scratch = bw_trend_scratch_new();
    assert_int_equal(bw_trend_analyse(&request, scratch, &record, NULL), BW_OK);
    const size_t count = bw_trend_statements(scratch, &record, out);
    bw_trend_scratch_free(scratch);
    return count;
}

static const struct bw_statement *find(const struct bw_statement *items, size_t count,
                                       enum bw_statement_kind kind, int64_t horizon_ms)
{
    for (size_t i = 0; i < count; i++)
        if (items[i].kind == kind && items[i].horizon_ms == horizon_ms)
            return &items[i];
    return NULL;
}

static void what_is_said_has_all_that_is_needed_to_judge(void **state)
{
    (void)state;
    const struct course rising = { .slope = 0.5, .noise = 2 };
    struct bw_statement said[BW_TREND_STATEMENTS_MAX];
    const size_t count = say(&rising, 1, said, NULL, 0);
    const struct bw_statement *trend = find(said, count, BW_STATEMENT_TREND, 24 * HOUR);
    assert_non_null(trend);
    assert_int_equal(trend->series, 7);
    assert_int_equal(trend->side, 1);
    assert_int_equal(trend->deadline_ms - trend->from_ms, 24 * HOUR);
    assert_true(trend->believed_ratio > 0.5 && trend->stated_ratio == trend->believed_ratio);
    assert_true(fabs(trend->level - 1044) < 2); /* of the last day: 0.5 an hour over 76 to 100 h */
    const struct bw_statement *forecast = find(said, count, BW_STATEMENT_FORECAST, HOUR);
    assert_non_null(forecast);
    assert_true(forecast->p2_5 < forecast->p10 && forecast->p10 < forecast->p50
                && forecast->p50 < forecast->p90 && forecast->p90 < forecast->p97_5);
    assert_true(fabs(forecast->naive - 1050) < 10);
    /* In an hour noise hides so small a step, and the threshold is reached. */
    assert_null(find(said, count, BW_STATEMENT_TREND, HOUR));
    assert_null(find(said, count, BW_STATEMENT_THRESHOLD, 24 * HOUR));
}

static void a_threshold_ahead_is_stated(void **state)
{
    (void)state;
    const struct course slow = { .slope = 0.25, .noise = 1 };
    struct bw_statement said[BW_TREND_STATEMENTS_MAX];
    const size_t count = say(&slow, 2, said, NULL, 0);
    const struct bw_statement *day = find(said, count, BW_STATEMENT_THRESHOLD, 24 * HOUR);
    assert_non_null(day);
    assert_true(day->level == 1030 && day->side == 1 && day->believed_ratio > 0.5);
}

/* What an alert rule asks is stated as well, under the time it asks about. */
static void a_question_is_stated_when_it_is_open(void **state)
{
    (void)state;
    struct bw_trend_random random = bw_trend_random_seed(5);
    struct bw_point points[POINTS];
    struct bw_trend_record record = { .series = 7 };
    struct bw_trend_question question = { .threshold = 1030, .side = 1, .within_ms = 30 * HOUR };
    struct bw_trend_request request = { .points = points,
                                        .count = POINTS,
                                        .threshold = NAN,
                                        .questions = &question,
                                        .question_count = 1 };
    const struct course slow = { .slope = 0.25, .noise = 1 };
    for (size_t i = 0; i < POINTS; i++) {
        const int64_t t_ms = (int64_t)i * BACK_HOURS * HOUR / POINTS;
        points[i] = (struct bw_point){ START + t_ms, at(&slow, t_ms, &random) };
    }
    struct bw_trend_scratch *scratch = bw_trend_scratch_new();
    struct bw_statement said;
    assert_int_equal(bw_trend_analyse(&request, scratch, &record, NULL), BW_OK);
    assert_true(question.crossing_ratio > 0.5);
    assert_true(bw_trend_statement_of(scratch, &record, &question, &said));
    assert_int_equal(said.kind, BW_STATEMENT_THRESHOLD);
    assert_int_equal(said.horizon_ms, 30 * HOUR);
    assert_int_equal(said.deadline_ms - said.from_ms, 30 * HOUR);
    assert_true(said.level == 1030 && said.believed_ratio == question.crossing_ratio);
    question.crossing_ratio = 1; /* it is reached */
    assert_false(bw_trend_statement_of(scratch, &record, &question, &said));
    question.crossing_ratio = NAN;
    assert_false(bw_trend_statement_of(scratch, &record, &question, &said));
    question.crossing_ratio = 0.5;
    question.within_ms = 200 * HOUR; /* farther than it looked back */
    assert_false(bw_trend_statement_of(scratch, &record, &question, &said));
    bw_trend_scratch_free(scratch);
}

static void a_series_that_never_changed_says_nothing(void **state)
{
    (void)state;
    const struct course constant = { .slope = 0 };
    struct bw_statement said[BW_TREND_STATEMENTS_MAX];
    assert_int_equal(say(&constant, 3, said, NULL, 0), 0);
}

/* What honest courses do next is what was said, as often as was said. */
static void honest_series_come_true(void **state)
{
    (void)state;
    enum { RUNS = 24, NEXT = 300 };
    static const struct course courses[] = { { .slope = 0.3, .noise = 3 },
                                             { .noise = 3 },
                                             { .swing = 20, .noise = 3 },
                                             { .slope = -0.4, .swing = 10, .noise = 3 } };
    size_t told[BW_STATEMENT_KIND_COUNT] = { 0 }, came_true[BW_STATEMENT_KIND_COUNT] = { 0 };
    double stated[BW_STATEMENT_KIND_COUNT] = { 0 };
    for (uint64_t run = 0; run < RUNS; run++) {
        struct bw_statement said[BW_TREND_STATEMENTS_MAX];
        struct bw_point future[NEXT];
        struct bw_arena arena = { 0 };
        const size_t count = say(&courses[run % 4], 100 + run, said, future, NEXT);
        for (size_t i = 0; i < count; i++) {
            double value;
            const enum bw_statement_outcome outcome =
                bw_trend_statement_judge(&arena, &said[i], future, NEXT, &value);
            told[said[i].kind] += outcome != BW_STATEMENT_UNTOLD;
            came_true[said[i].kind] += outcome == BW_STATEMENT_TRUE;
            stated[said[i].kind] += said[i].stated_ratio;
        }
        bw_arena_fini(&arena);
    }
    static const size_t least[BW_STATEMENT_KIND_COUNT] = { 6, 6, 6, 40 };
    for (int kind = 0; kind < BW_STATEMENT_KIND_COUNT; kind++) {
        const double n = (double)told[kind];
        const double off = ((double)came_true[kind] - stated[kind]) / n;
        if (told[kind] < least[kind] || fabs(off) > 1 / sqrt(n))
            fail_msg("%s: %zu of %zu came true, stated were %.1f",
                     bw_statement_kind_name((enum bw_statement_kind)kind), came_true[kind],
                     told[kind], stated[kind]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stories_end_as_told),
        cmocka_unit_test(cells_are_means_of_finer_points),
        cmocka_unit_test(a_reset_counter_has_no_rate_there),
        cmocka_unit_test(nonsense_is_untold),
        cmocka_unit_test(the_share_is_of_both_errors),
        cmocka_unit_test(what_is_said_has_all_that_is_needed_to_judge),
        cmocka_unit_test(a_threshold_ahead_is_stated),
        cmocka_unit_test(a_question_is_stated_when_it_is_open),
        cmocka_unit_test(a_series_that_never_changed_says_nothing),
        cmocka_unit_test(honest_series_come_true),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
