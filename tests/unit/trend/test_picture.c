// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/picture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "asked.h"
#include "synth.h"
#include "trend/analyse.h"

#include <gsl/gsl_errno.h>
#include <stdlib.h>
#include <string.h>

enum { N = 500 };

static struct bw_trend_scratch *scratch;
static struct bw_trend_picture picture;

static struct bw_trend_record show(const double *x, size_t n, struct bw_trend_request like)
{
    struct bw_point *points = minutes(x, n);
    like.points = points;
    like.count = n;
    struct bw_trend_record record = { 0 }, alone = { 0 };
    assert_int_equal(bw_trend_analyse(&like, scratch, &alone, NULL), BW_OK);
    assert_int_equal(bw_trend_analyse_shown(&like, scratch, &record, &picture, NULL), BW_OK);
    /* Looking changes nothing. */
    assert_memory_equal(record.horizons, alone.horizons, sizeof record.horizons);
    assert_memory_equal(&record.confidence_ratio, &alone.confidence_ratio, sizeof(double));
    assert_memory_equal(&record.time_to_p50_s, &alone.time_to_p50_s, sizeof(double));
    free(points);
    return record;
}

static void bands_are_nested(void)
{
    for (size_t i = 0; i < picture.ahead_count; i++) {
        const struct bw_trend_ahead *a = &picture.ahead[i];
        assert_true(a->low95 <= a->low80 && a->low80 <= a->p50);
        assert_true(a->p50 <= a->high80 && a->high80 <= a->high95);
        if (i > 0)
            assert_true(a->ts_ms > a[-1].ts_ms);
    }
}

static void the_path_says_what_the_record_says(void **state)
{
    (void)state;
    double x[N];
    synth_make(&(struct synth){ .level = 100, .sd = 5, .slope = 0.1 }, 3, x, N);
    struct bw_trend_request request = plain();
    for (int learned = 0; learned < 2; learned++) {
        request.widths[0].below = learned * log(0.7);
        request.widths[1].above = learned * log(2);
        const struct bw_trend_record record = show(x, N, request);
        assert_int_equal(picture.ahead_count, 60);
        bands_are_nested();
        for (size_t i = 0; i < 2; i++) {
            const struct bw_trend_horizon *h = &record.horizons[i];
            const struct bw_trend_ahead *a = &picture.ahead[h->horizon_ms / MINUTE_MS - 1];
            assert_int_equal(a->ts_ms, record.last_ms + h->horizon_ms);
            assert_true(a->low80 == h->p10 && a->p50 == h->p50 && a->high80 == h->p90);
        }
    }
}

static void a_long_course_fits_a_screen(void **state)
{
    (void)state;
    enum { LONG = 4000 };
    static double x[LONG];
    synth_make(&(struct synth){ .level = 100, .sd = 5 }, 3, x, LONG);
    for (size_t i = 1000; i < 2000; i++)
        x[i] = NAN;
    struct bw_trend_request request = plain();
    request.horizons_ms[1] = 1000 * (int64_t)MINUTE_MS;
    show(x, LONG, request);
    assert_int_equal(picture.seen_count, BW_TREND_SEEN_MAX);
    assert_int_equal(picture.seen_step_ms, 10 * MINUTE_MS);
    assert_int_equal(picture.cells, LONG);
    assert_int_equal(picture.present, LONG - 1000);
    size_t missing = 0;
    for (size_t i = 0; i < picture.seen_count; i++)
        missing += isnan(picture.seen[i].value) ? 1 : 0;
    assert_int_equal(missing, 100);
    assert_int_equal(picture.ahead_count, BW_TREND_AHEAD_MAX);
    assert_int_equal(picture.ahead[BW_TREND_AHEAD_MAX - 1].ts_ms, (LONG - 1 + 1000) * MINUTE_MS);
    bands_are_nested();
}

static void the_last_regime_has_its_line(void **state)
{
    (void)state;
    double x[N];
    synth_make(&(struct synth){ .level = 100, .sd = 2, .shift = 60 }, 5, x, N);
    show(x, N, plain());
    assert_int_equal(picture.change_count, 1);
    assert_true(llabs(picture.change_ms[0] - N / 2 * MINUTE_MS) <= 5 * MINUTE_MS);
    assert_int_equal(picture.regime_ms, picture.change_ms[0]);
    assert_true(fabs(picture.line_begin - 160) < 2 && fabs(picture.line_end - 160) < 2);
    assert_true(fabs(picture.sen_at_end - 160) < 2);
    assert_true(fabs(picture.falling + picture.flat + picture.rising - 1) < 1e-9);
    assert_true(picture.flat > picture.rising + picture.falling);
    assert_int_equal(picture.wait_ms, 0);
    assert_true(picture.explained >= 0 && picture.explained < 0.1); /* a level is no line */
    assert_true(picture.test.n == picture.values);
}

/* However sure the engine is: what is left of the odds stays odds. */
static void certainty_leaves_odds(void **state)
{
    (void)state;
    double x[N];
    for (int k = -2; k <= 2; k++) {
        synth_make(&(struct synth){ .level = 100, .sd = 0.01, .slope = k }, 5, x, N);
        show(x, N, plain());
        const double odds[] = { picture.falling, picture.flat, picture.rising };
        for (size_t i = 0; i < 3; i++)
            assert_true(odds[i] >= 0 && odds[i] <= 1);
        assert_true(fabs(odds[0] + odds[1] + odds[2] - 1) < 1e-9);
    }
}

static void doubt_says_how_long_it_may_last(void **state)
{
    (void)state;
    double x[60];
    synth_make(&(struct synth){ .level = 100, .sd = 5, .phi = 0.9 }, 7, x, 60);
    const struct bw_trend_record record = show(x, 60, plain());
    assert_int_equal(record.direction, BW_UNDETERMINED);
    assert_true(picture.independent < picture.needed);
    const double share = picture.needed / picture.independent - 1;
    assert_true(llabs(picture.wait_ms - (int64_t)(60 * share * MINUTE_MS)) <= 1);
    assert_int_equal(picture.ahead_count, 10); /* an hour is beyond half of the data */
}

static void a_season_is_told_with_its_strength(void **state)
{
    (void)state;
    double x[N];
    synth_make(&(struct synth){ .level = 100, .sd = 1, .amplitude = 20, .period = 60 }, 1, x, N);
    show(x, N, plain());
    assert_int_equal(picture.period_count, 1);
    assert_true(picture.period_s[0] == 3600);
    assert_true(picture.strength[0] > 0.8 && picture.strength[0] <= 1);
}

static void little_is_known_of_little(void **state)
{
    (void)state;
    static const double odd[][4] = { { 5, 5, 5, 5 },
                                     { NAN, NAN, NAN, NAN },
                                     { 1e308, -1e308, 1e308, -1e308 },
                                     { 1, 2, INFINITY, 3 } };
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        for (size_t n = 0; n <= 4; n++) {
            show(odd[i], n, plain());
            assert_int_equal(picture.ahead_count, 0);
            assert_true(picture.seen_count <= 4);
            assert_true(!isinf(picture.line_begin) && !isinf(picture.line_end));
            assert_true(picture.wait_ms >= 0);
        }
    show(odd[1], 4, plain());
    assert_int_equal(picture.step_ms, 0);
    assert_true(isnan(picture.flat) && isnan(picture.z) && isnan(picture.line_end));
}

int main(void)
{
    gsl_set_error_handler_off();
    scratch = bw_trend_scratch_new();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_path_says_what_the_record_says),
        cmocka_unit_test(a_long_course_fits_a_screen),
        cmocka_unit_test(the_last_regime_has_its_line),
        cmocka_unit_test(certainty_leaves_odds),
        cmocka_unit_test(doubt_says_how_long_it_may_last),
        cmocka_unit_test(a_season_is_told_with_its_strength),
        cmocka_unit_test(little_is_known_of_little),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    bw_trend_scratch_free(scratch);
    return failed;
}
