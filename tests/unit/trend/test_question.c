// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "synth.h"
#include "trend/analyse.h"

#include <gsl/gsl_errno.h>
#include <string.h>

enum { N = 500, MINUTE_MS = 60000 };

static struct bw_trend_scratch *scratch;
static struct bw_point points[N];

static void make(const struct synth *synth)
{
    double x[N];
    synth_make(synth, 7, x, N);
    for (size_t i = 0; i < N; i++)
        points[i] = (struct bw_point){ (int64_t)i * MINUTE_MS, x[i] };
}

static struct bw_trend_record ask(size_t n, struct bw_trend_question *questions, size_t count)
{
    const struct bw_trend_request request = { .points = points,
                                              .count = n,
                                              .threshold = 0,
                                              .side = -1,
                                              .horizons_ms = { 60 * MINUTE_MS },
                                              .horizon_count = 1,
                                              .questions = questions,
                                              .question_count = count };
    struct bw_trend_record record = { 0 };
    assert_int_equal(bw_trend_analyse(&request, scratch, &record, NULL), BW_OK);
    return record;
}

/* Falls from 150 to 50 in 500 minutes: 0 comes in about 250. */
static const struct synth falling = { .level = 150, .sd = 2, .slope = -0.2 };

static const struct {
    const char *name;
    double threshold;
    int side;
    int64_t within_ms;
    double low, high; /* of the ratio; NaN: not known */
} cases[] = {
    { "long before", 0, -1, 100 * MINUTE_MS, 0, 0.1 },
    { "long after", 0, -1, 400 * MINUTE_MS, 0.9, 1 },
    { "another threshold", 25, -1, 200 * MINUTE_MS, 0.9, 1 },
    { "the other side, which it leaves behind", 160, 1, 400 * MINUTE_MS, 0, 0.1 },
    { "reached", 100, -1, MINUTE_MS, 1, 1 },
    { "the other side, reached", 10, 1, MINUTE_MS, 1, 1 },
    { "farther than was seen", 0, -1, 501 * MINUTE_MS, NAN, NAN },
    { "reached, however far", 100, -1, 9000 * INT64_C(60000), 1, 1 },
};

static void each_question_has_its_answer(void **state)
{
    (void)state;
    enum { COUNT = sizeof cases / sizeof *cases };
    struct bw_trend_question questions[COUNT];
    make(&falling);
    for (size_t i = 0; i < COUNT; i++)
        questions[i] = (struct bw_trend_question){ .threshold = cases[i].threshold,
                                                   .side = cases[i].side,
                                                   .within_ms = cases[i].within_ms };
    ask(N, questions, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        const double ratio = questions[i].crossing_ratio;
        const bool fine =
            isnan(cases[i].low) ? isnan(ratio) : ratio >= cases[i].low && ratio <= cases[i].high;
        if (!fine)
            fail_msg("%s: %g", cases[i].name, ratio);
        assert_int_equal(questions[i].since_ms, 0); /* one course from the first point on */
    }
}

/* Asked about the record's own threshold nothing is simulated twice, and nothing contradicts. */
static void the_records_own_threshold_is_answered_alike(void **state)
{
    (void)state;
    struct bw_trend_question questions[] = {
        { .threshold = 0, .side = -1, .within_ms = 60 * MINUTE_MS },
        { .threshold = 1e-12, .side = -1, .within_ms = 60 * MINUTE_MS },
    };
    make(&falling);
    const struct bw_trend_record record = ask(N, questions, 2);
    assert_true(record.time_to_p50_s > 200 * 60 && record.time_to_p50_s < 300 * 60);
    for (size_t i = 0; i < 2; i++) {
        assert_memory_equal(&questions[i].crossing_ratio, &record.horizons[0].crossing_ratio,
                            sizeof(double));
        assert_memory_equal(&questions[i].time_to_p10_s, &record.time_to_p10_s, sizeof(double));
        assert_memory_equal(&questions[i].time_to_p50_s, &record.time_to_p50_s, sizeof(double));
        assert_memory_equal(&questions[i].time_to_p90_s, &record.time_to_p90_s, sizeof(double));
    }
}

static void thin_evidence_is_no_answer(void **state)
{
    (void)state;
    make(&(struct synth){ .level = 100, .sd = 5, .phi = 0.97 });
    for (size_t n = 0; n <= 20; n += 4) {
        struct bw_trend_question question = { .threshold = -1e6,
                                              .side = -1,
                                              .within_ms = MINUTE_MS };
        const struct bw_trend_record record = ask(n, &question, 1);
        if (record.direction == BW_UNDETERMINED)
            assert_true(isnan(question.crossing_ratio) && isnan(question.time_to_p50_s));
        else
            assert_true(question.crossing_ratio < 0.5);
    }
}

static void a_course_that_changed_says_since_when(void **state)
{
    (void)state;
    struct bw_trend_question question = { .threshold = 0, .side = -1, .within_ms = 60 * MINUTE_MS };
    make(&(struct synth){ .level = 100, .sd = 2, .shift = 60 });
    ask(N, &question, 1);
    assert_in_range(question.since_ms, 240 * MINUTE_MS, 260 * MINUTE_MS);
}

static void questions_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    struct bw_trend_question wrong[] = { { .side = 0, .within_ms = 1 },
                                         { .side = 1, .within_ms = 0 } };
    for (size_t i = 0; i < 2; i++) {
        const struct bw_trend_request request = { .threshold = NAN,
                                                  .questions = &wrong[i],
                                                  .question_count = 1 };
        struct bw_trend_record record = { 0 };
        assert_int_equal(bw_trend_analyse(&request, scratch, &record, NULL), BW_EINVAL);
    }
}

static int set_up(void **state)
{
    (void)state;
    gsl_set_error_handler_off();
    scratch = bw_trend_scratch_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    bw_trend_scratch_free(scratch);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_question_has_its_answer),
        cmocka_unit_test(the_records_own_threshold_is_answered_alike),
        cmocka_unit_test(thin_evidence_is_no_answer),
        cmocka_unit_test(a_course_that_changed_says_since_when),
        cmocka_unit_test(questions_that_make_no_sense_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
