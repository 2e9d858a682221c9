// SPDX-License-Identifier: GPL-3.0-or-later
/* What nobody should send, or ask. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "asked.h"
#include "synth.h"
#include "trend/analyse.h"

#include <gsl/gsl_errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct bw_trend_scratch *scratch;

/* Nothing of a record is an infinity or a lie, whatever went in. */
static void assert_sane(const char *name, const struct bw_trend_record *r)
{
    if (r->note == NULL)
        fail_msg("%s: no note", name);
    if (isinf(r->slope_per_second) || isinf(r->slope_low) || isinf(r->slope_high))
        fail_msg("%s: infinite slope", name);
    if (r->direction != BW_UNDETERMINED && !(r->confidence_ratio >= 0 && r->confidence_ratio <= 1))
        fail_msg("%s: confidence %g", name, r->confidence_ratio);
    for (size_t i = 0; i < r->horizon_count; i++) {
        const struct bw_trend_horizon *h = &r->horizons[i];
        const bool known = !isnan(h->p50);
        if (known && !(isfinite(h->p10) && isfinite(h->p50) && isfinite(h->p90)))
            fail_msg("%s: quantiles %g %g %g", name, h->p10, h->p50, h->p90);
        if (known && !(h->p10 <= h->p50 && h->p50 <= h->p90))
            fail_msg("%s: quantiles cross: %g %g %g", name, h->p10, h->p50, h->p90);
    }
    if (r->time_to_p50_s < 0)
        fail_msg("%s: negative time", name);
}

static const struct {
    const char *name;
    size_t n;
    double value[4]; /* repeated */
    enum bw_direction want;
} odd[] = {
    { "empty", 0, { 0 }, BW_UNDETERMINED },
    { "one point", 1, { 3 }, BW_UNDETERMINED },
    { "two points", 2, { 3, 4, 0, 0 }, BW_UNDETERMINED },
    { "constant", 100, { 7, 7, 7, 7 }, BW_FLAT },
    { "constant zero", 100, { 0 }, BW_FLAT },
    { "all missing", 100, { NAN, NAN, NAN, NAN }, BW_UNDETERMINED },
    { "infinities", 100, { INFINITY, -INFINITY, INFINITY, NAN }, BW_UNDETERMINED },
    { "some infinities", 100, { 1, 2, INFINITY, 2 }, BW_FLAT },
    { "huge", 100, { 1e308, -1e308, 1.7e308, -1.7e308 }, BW_FLAT },
    { "tiny", 100, { 1e-310, 3e-310, 2e-310, 1e-310 }, BW_FLAT },
    { "huge and tiny", 100, { 1e308, 1e-308, 1e308, 1e-308 }, BW_FLAT },
};

static void odd_input_gets_a_sane_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        double x[100];
        for (size_t k = 0; k < odd[i].n; k++)
            x[k] = odd[i].value[k % 4];
        struct bw_trend_request request = plain();
        request.threshold = 1e300;
        request.side = 1;
        const struct bw_trend_record r = record_of(scratch, x, odd[i].n, request);
        assert_sane(odd[i].name, &r);
        if (r.direction != odd[i].want)
            fail_msg("%s: direction %d", odd[i].name, (int)r.direction);
        if (odd[i].n < 3)
            assert_true(isnan(r.slope_per_second) && strlen(r.note) > 0);
    }
}

/* Times by number of the point, in ms; the values are a line, huge ones by turns, or noise. */
static int64_t one_long_ago(int i)
{
    return i == 0 ? 0 : INT64_C(1700000000000) + i * MINUTE_MS;
}
static int64_t one_in_2200(int i)
{
    return i == 99 ? INT64_C(7258118400000) : i * MINUTE_MS;
}
static int64_t before_1970(int i)
{
    return (i - 100000) * INT64_C(86400000);
}
static int64_t all_at_once(int i)
{
    return i * 0;
}
static int64_t by_threes(int i)
{
    return i / 3 * MINUTE_MS;
}
static int64_t backwards(int i)
{
    return -i * MINUTE_MS;
}
static int64_t a_gap_of_centuries(int i)
{
    return i * MINUTE_MS + i / 50 * INT64_C(9000000000000);
}
static int64_t by_the_millisecond(int i)
{
    return i;
}
static int64_t the_ends_of_time(int i)
{
    return i % 2 == 0 ? INT64_MIN : INT64_MAX;
}
static int64_t as_late_as_counts(int i)
{
    return INT64_C(8000000000000000) - 99 + i;
}
static int64_t ever_farther(int i)
{
    return (int64_t)i * i * i * i * i;
}

static int64_t (*const times[])(int) = {
    one_long_ago,     one_in_2200,       before_1970,        all_at_once,
    by_threes,        backwards,         a_gap_of_centuries, by_the_millisecond,
    the_ends_of_time, as_late_as_counts, ever_farther,
};

static double odd_value(size_t kind, int i)
{
    return kind == 0 ? 0.5 * i : kind == 1 ? (i % 2 == 0 ? 1.7e308 : -1.7e308) : i * 7919 % 101;
}

static void odd_times_get_a_sane_answer(void **state)
{
    (void)state;
    for (size_t t = 0; t < sizeof times / sizeof *times; t++) {
        for (size_t kind = 0; kind < 6; kind++) {
            struct bw_point points[100];
            struct bw_trend_request request = plain();
            struct bw_trend_record r = { 0 }, again = { 0 };
            char name[40];
            for (int i = 0; i < 100; i++)
                points[i] = (struct bw_point){ times[t](i), odd_value(kind / 2, i) };
            request.points = points;
            request.count = 100;
            request.counter = kind % 2 == 1;
            request.threshold = 60;
            request.side = 1;
            snprintf(name, sizeof name, "times %zu, values %zu", t, kind);
            assert_int_equal(bw_trend_analyse(&request, scratch, &r, NULL), BW_OK);
            assert_sane(name, &r);
            assert_int_equal(bw_trend_analyse(&request, scratch, &again, NULL), BW_OK);
            assert_memory_equal(&r, &again, sizeof r);
        }
    }
}

static void a_million_points_are_bounded(void **state)
{
    (void)state;
    enum { MANY = 1000000 };
    double *x = calloc(MANY, sizeof *x);
    synth_make(&(struct synth){ .level = 10, .slope = 1e-5, .sd = 1 }, 3, x, MANY);
    const struct bw_trend_record r = record_of(scratch, x, MANY, plain());
    assert_int_equal(r.direction, BW_RISING);
    assert_int_equal(r.points, MANY);
    assert_sane("a million", &r);
    free(x);
}

static void senseless_requests_are_refused(void **state)
{
    (void)state;
    struct bw_trend_record r = { .points = 77 };
    struct bw_err err;
    struct bw_trend_request request = plain();
    request.horizon_count = BW_TREND_HORIZONS_MAX + 1;
    assert_int_equal(bw_trend_analyse(&request, scratch, &r, &err), BW_EINVAL);
    request = plain();
    request.horizons_ms[1] = 0;
    assert_int_equal(bw_trend_analyse(&request, scratch, &r, &err), BW_EINVAL);
    request = plain();
    request.season = BW_TREND_SEASON_FIXED;
    assert_int_equal(bw_trend_analyse(&request, scratch, &r, &err), BW_EINVAL);
    assert_int_equal(r.points, 77);
}

int main(void)
{
    gsl_set_error_handler_off();
    scratch = bw_trend_scratch_new();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(odd_input_gets_a_sane_answer),
        cmocka_unit_test(odd_times_get_a_sane_answer),
        cmocka_unit_test(a_million_points_are_bounded),
        cmocka_unit_test(senseless_requests_are_refused),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    bw_trend_scratch_free(scratch);
    return failed;
}
