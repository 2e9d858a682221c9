// SPDX-License-Identifier: GPL-3.0-or-later
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

enum { N = 500 };

static struct bw_trend_scratch *scratch;

static struct bw_trend_record analyse(const double *x, size_t n, struct bw_trend_request like)
{
    return record_of(scratch, x, n, like);
}

static const struct {
    const char *name;
    struct synth synth;
    bool counter;
    enum bw_direction want; /* in at least 17 of 20 */
} cases[] = {
    { "flat noise", { .level = 100, .sd = 5 }, false, BW_FLAT },
    { "correlated noise", { .level = 100, .sd = 5, .phi = 0.8 }, false, BW_FLAT },
    { "rising", { .level = 100, .sd = 5, .slope = 0.1 }, false, BW_RISING },
    { "falling", { .level = 100, .sd = 5, .slope = -0.1 }, false, BW_FALLING },
    { "after a shift", { .level = 100, .sd = 5, .shift = 60 }, false, BW_FLAT },
    { "a counter at a steady rate", { .slope = 60, .sd = 0.5 }, true, BW_FLAT },
};

static void directions_are_told(void **state)
{
    (void)state;
    double x[N];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned right = 0;
        for (uint64_t seed = 1; seed <= 20; seed++) {
            struct bw_trend_request request = plain();
            request.counter = cases[i].counter;
            synth_make(&cases[i].synth, seed, x, N);
            right += analyse(x, N, request).direction == cases[i].want;
        }
        if (right < 17)
            fail_msg("%s: %u of 20", cases[i].name, right);
    }
}

/* Without noise, as a young installation's series are: nothing may stand in the way. */
static double line_of(size_t i)
{
    return (double)i;
}
static double falling_of(size_t i)
{
    return 1e9 - 1e-3 * (double)i;
}
static double tenths_of(size_t i)
{
    return 0.1 + 0.1 * (double)i;
}
static double gaps_of(size_t i)
{
    return i % 3 == 1 ? NAN : (double)i;
}
static double ramp_of(size_t i)
{
    return (double)i + 3 * (double)(i % 7);
}
static double saw_of(size_t i)
{
    return (double)(i % 7);
}
static double blocks_of(size_t i)
{
    return 4096 * floor((double)i * 1500 / 4096);
}
static double slow_blocks_of(size_t i)
{
    return 4096 * floor((double)i * 300 / 4096);
}
static double stairs_of(size_t i)
{
    return (double)(i / 20);
}
static double step_of(size_t i)
{
    return (double)(i >= 50);
}
static double tent_of(size_t i)
{
    return i < 60 ? (double)i : 120 - (double)i;
}
static double late_of(size_t i)
{
    return i < 50 ? 7 : 7 + (double)(i - 50);
}
static double ended_of(size_t i)
{
    return i < 50 ? (double)i : 50;
}
static double count_of(size_t i)
{
    return 5 * (double)i;
}
static double slow_count_of(size_t i)
{
    return 0.1 * (double)i;
}

static const struct {
    const char *name;
    double (*value)(size_t i);
    size_t n;
    bool counter;
    enum bw_direction want;
    double slope; /* a minute; NaN: not looked at */
} clean[] = {
    { "ten values", line_of, 10, false, BW_RISING, 1 },
    { "a line", line_of, 100, false, BW_RISING, 1 },
    { "hardly falling", falling_of, 100, false, BW_FALLING, -1e-3 },
    { "rounded", tenths_of, 100, false, BW_RISING, 0.1 },
    { "with gaps", gaps_of, 100, false, BW_RISING, 1 },
    { "ramp with a season", ramp_of, 500, false, BW_RISING, 1 },
    { "season alone", saw_of, 500, false, BW_FLAT, 0 },
    { "blocks of a disk", blocks_of, 500, false, BW_RISING, 1500 },
    { "few blocks of a disk", slow_blocks_of, 500, false, BW_RISING, 300 },
    { "changes every 20th", stairs_of, 500, false, BW_RISING, 0.05 },
    { "changes every 20th, short", stairs_of, 100, false, BW_RISING, 0.05 },
    { "one step", step_of, 100, false, BW_FLAT, 0 },
    { "up, then down", tent_of, 120, false, BW_FALLING, -1 },
    { "level, then up", late_of, 100, false, BW_RISING, 1 },
    { "up, then level", ended_of, 100, false, BW_FLAT, 0 },
    { "a constant rate", count_of, 500, true, BW_FLAT, 0 },
    { "a constant rate, rounded", slow_count_of, 500, true, BW_FLAT, 0 },
};

static void clean_series_are_no_riddle(void **state)
{
    (void)state;
    double x[N];
    for (size_t k = 0; k < sizeof clean / sizeof *clean; k++) {
        struct bw_trend_request request = plain();
        request.counter = clean[k].counter;
        for (size_t i = 0; i < clean[k].n; i++)
            x[i] = clean[k].value(i);
        const struct bw_trend_record r = analyse(x, clean[k].n, request);
        if (r.direction != clean[k].want || !(r.confidence_ratio > 0.8))
            fail_msg("%s: direction %d, confidence %g (%s)", clean[k].name, (int)r.direction,
                     r.confidence_ratio, r.note);
        if (fabs(r.slope_per_second * 60 - clean[k].slope) > 0.01 * fabs(clean[k].slope) + 1e-12)
            fail_msg("%s: slope %g a minute", clean[k].name, r.slope_per_second * 60);
    }
}

/* The quantiles of a nearly certain descent follow the descent and end where it ends. */
static void a_clean_descent_is_foreseen(void **state)
{
    (void)state;
    double x[N], noise[N];
    synth_make(&(struct synth){ .sd = 1e4 }, 1, noise, N);
    for (size_t i = 0; i < N; i++)
        x[i] = 4e10 - 7.9e7 * (double)i + noise[i]; /* 5e8 are left: six minutes */
    struct bw_trend_request request = plain();
    request.threshold = 0;
    request.side = -1;
    const struct bw_trend_record ends = analyse(x, N, request);
    assert_int_equal(ends.direction, BW_FALLING);
    assert_true(ends.horizons[1].crossing_ratio > 0.9);
    assert_true(ends.horizons[1].p90 < 1e8);
    for (size_t i = 0; i < N; i++)
        x[i] += 2e10;
    const struct bw_trend_record goes_on = analyse(x, N, request);
    const double want = 6e10 - 7.9e7 * (N + 59);
    assert_true(fabs(goes_on.horizons[1].p50 / want - 1) < 0.01);
    assert_true(goes_on.horizons[1].p90 - goes_on.horizons[1].p10 < 0.01 * want);
}

static void a_restarted_counter_keeps_its_rate(void **state)
{
    (void)state;
    double x[N];
    for (size_t i = 0; i < N; i++)
        x[i] = 120.0 * (double)(i % 200) + (double)(i * 7 % 5);
    struct bw_trend_request request = plain();
    request.counter = true;
    const struct bw_trend_record r = analyse(x, N, request);
    assert_int_equal(r.direction, BW_FLAT);
    assert_true(fabs(r.horizons[0].p50 - 2) < 0.2); /* 120 a minute */
    assert_non_null(strstr(r.note, "reset"));
}

static void a_filling_disk_is_timed(void **state)
{
    (void)state;
    double x[N];
    synth_make(&(struct synth){ .level = 40, .slope = 0.08, .sd = 0.3, .phi = 0.3 }, 1, x, N);
    struct bw_trend_request request = plain();
    request.threshold = 100;
    request.side = 1;
    const struct bw_trend_record r = analyse(x, N, request);
    const double want_s = ((100 - 40) / 0.08 - (N - 1)) * 60;
    assert_int_equal(r.direction, BW_RISING);
    assert_true(fabs(r.time_to_p50_s / want_s - 1) < 0.1);
    assert_true(r.time_to_p10_s <= r.time_to_p50_s && r.time_to_p50_s <= r.time_to_p90_s);
    assert_true(r.horizons[0].crossing_ratio < 0.05);
    assert_true(fabs(r.slope_per_second * 60 / 0.08 - 1) < 0.05);
    assert_true(r.slope_low <= r.slope_per_second && r.slope_per_second <= r.slope_high);
}

/* It climbs to about 40 and is restarted at some time or other: 70 is never reached, though the
 * line alone would get there within the hour and a half that is foreseen last. */
static void a_leak_that_is_restarted_does_not_page(void **state)
{
    (void)state;
    static const size_t restart[] = { 90, 215, 300, 425 };
    double x[N], level = 10;
    synth_make(&(struct synth){ .sd = 0.5, .phi = 0.3 }, 3, x, N);
    for (size_t i = 0, k = 0; i < N; i++, level += 0.25) {
        if (k < 4 && i == restart[k]) {
            level = 10;
            k++;
        }
        x[i] += level;
    }
    struct bw_trend_request request = plain();
    request.threshold = 70;
    request.side = 1;
    request.horizons_ms[1] = 200 * (int64_t)MINUTE_MS;
    const struct bw_trend_record leak = analyse(x, N, request);
    assert_int_equal(leak.direction, BW_RISING);
    assert_true(fabs(leak.slope_per_second * 60 - 0.25) < 0.01);
    assert_true((leak.slope_high - leak.slope_low) * 60 < 0.005); /* of all climbs together */
    assert_true(leak.horizons[1].crossing_ratio < 0.25);
    for (size_t i = 0; i < N; i++)
        x[i] = -x[i];
    request.threshold = -70;
    request.side = -1;
    const struct bw_trend_record budget = analyse(x, N, request);
    assert_int_equal(budget.direction, BW_FALLING);
    assert_true(budget.horizons[1].crossing_ratio < 0.25);
}

/* A pool that fills to 90, up to 85 by now: 88 will be reached, 100 never, though a line through
 * what was seen crosses it soon. */
static void what_levels_off_does_not_cross(void **state)
{
    (void)state;
    static const struct {
        double threshold, least, most;
    } leveling[] = { { 88, 0.6, 1 }, { 100, 0, 0.1 } };
    double x[N];
    for (int side = -1; side <= 1; side += 2)
        for (size_t k = 0; k < sizeof leveling / sizeof *leveling; k++) {
            synth_make(&(struct synth){ .sd = 0.5, .phi = 0.3 }, 3, x, N);
            for (size_t i = 0; i < N; i++)
                x[i] = side * (x[i] + 90 - 80 * exp(-(double)i / 180));
            struct bw_trend_request request = plain();
            request.threshold = side * leveling[k].threshold;
            request.side = side;
            request.horizons_ms[1] = 400 * (int64_t)MINUTE_MS;
            const double ratio = analyse(x, N, request).horizons[1].crossing_ratio;
            if (!(ratio >= leveling[k].least && ratio <= leveling[k].most))
                fail_msg("%g, side %d: %g", leveling[k].threshold, side, ratio);
        }
}

static void free_space_runs_out_below(void **state)
{
    (void)state;
    double x[N];
    synth_make(&(struct synth){ .level = 1e9, .slope = -1.5e6, .sd = 1e6 }, 1, x, N);
    struct bw_trend_request request = plain();
    request.threshold = 0;
    request.side = -1;
    const struct bw_trend_record r = analyse(x, N, request);
    const double want_s = (1e9 / 1.5e6 - (N - 1)) * 60;
    assert_true(fabs(r.time_to_p50_s / want_s - 1) < 0.1);
}

static void what_stays_away_is_infinite_not_a_number(void **state)
{
    (void)state;
    double x[N];
    synth_make(&(struct synth){ .level = 40, .sd = 1 }, 1, x, N);
    struct bw_trend_request request = plain();
    request.threshold = 1000;
    request.side = 1;
    const struct bw_trend_record r = analyse(x, N, request);
    assert_true(isinf(r.time_to_p10_s) && isinf(r.time_to_p90_s));
    assert_true(r.horizons[1].crossing_ratio < 0.01);
    request.threshold = 10; /* long above */
    const struct bw_trend_record reached = analyse(x, N, request);
    assert_true(reached.time_to_p50_s == 0 && reached.horizons[0].crossing_ratio == 1);
}

static void a_daily_season_is_named(void **state)
{
    (void)state;
    enum { HOURS = 24 * 14 };
    double x[HOURS];
    struct bw_point points[HOURS];
    synth_make(&(struct synth){ .level = 50, .amplitude = 10, .period = 24, .sd = 1 }, 1, x, HOURS);
    for (size_t i = 0; i < HOURS; i++)
        points[i] = (struct bw_point){ (int64_t)i * 3600000, x[i] };
    struct bw_trend_request request = plain();
    request.points = points;
    request.count = HOURS;
    struct bw_trend_record r;
    assert_int_equal(bw_trend_analyse(&request, scratch, &r, NULL), BW_OK);
    assert_true(r.season_seconds == 86400);
    request.season = BW_TREND_SEASON_NONE;
    assert_int_equal(bw_trend_analyse(&request, scratch, &r, NULL), BW_OK);
    assert_true(isnan(r.season_seconds));
}

static void order_and_repetition_do_not_matter(void **state)
{
    (void)state;
    double x[N];
    struct bw_point *points = calloc(2 * N, sizeof *points);
    synth_make(&(struct synth){ .level = 10, .slope = 0.01, .sd = 1 }, 3, x, N);
    for (size_t i = 0; i < N; i++) {
        const size_t at = (i * 7) % N; /* 7 and 500 share no divisor */
        points[i] = (struct bw_point){ (int64_t)at * MINUTE_MS, -1e6 };
        points[N + i] = (struct bw_point){ (int64_t)at * MINUTE_MS, x[at] };
    }
    struct bw_trend_request request = plain();
    request.points = points;
    request.count = 2 * N;
    struct bw_trend_record r;
    assert_int_equal(bw_trend_analyse(&request, scratch, &r, NULL), BW_OK);
    const struct bw_trend_record want = analyse(x, N, plain());
    assert_true(r.slope_per_second == want.slope_per_second);
    assert_true(r.horizons[1].p90 == want.horizons[1].p90);
    assert_int_equal(r.points, N);
    free(points);
}

static void the_same_input_gives_the_same_bits(void **state)
{
    (void)state;
    double x[N];
    synth_make(&(struct synth){ .level = 10, .slope = 0.01, .sd = 1, .amplitude = 2, .period = 60 },
               3, x, N);
    struct bw_trend_request request = plain();
    request.threshold = 16;
    request.side = 1;
    const struct bw_trend_record a = analyse(x, N, request);
    struct bw_trend_scratch *other = bw_trend_scratch_new(), *kept = scratch;
    scratch = other;
    const struct bw_trend_record b = analyse(x, N, request);
    scratch = kept;
    assert_memory_equal(a.horizons, b.horizons, 2 * sizeof *a.horizons);
    assert_memory_equal(&a.slope_per_second, &b.slope_per_second, sizeof(double));
    assert_memory_equal(&a.time_to_p10_s, &b.time_to_p10_s, 3 * sizeof(double));
    bw_trend_scratch_free(other);
}

/* Memory is used again: what was analysed before, longer or shorter, leaves no trace. */
static void what_was_analysed_before_leaves_no_trace(void **state)
{
    (void)state;
    double x[2 * N];
    synth_make(&(struct synth){ .level = 1, .sd = 1, .phi = 0.5, .slope = 0.01 }, 7, x, 2 * N);
    static const size_t lengths[] = { 300, 2 * N, 10, 300, 0, 300 };
    struct bw_trend_record first = { 0 };
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct bw_trend_record r = analyse(x, lengths[i], plain());
        r.note = NULL;
        if (i == 0)
            first = r;
        else if (lengths[i] == lengths[0])
            assert_memory_equal(&r, &first, sizeof r);
    }
}

static void horizons_beyond_half_the_history_are_unknown(void **state)
{
    (void)state;
    double x[100];
    synth_make(&(struct synth){ .level = 10, .sd = 1 }, 3, x, 100);
    const struct bw_trend_record r = analyse(x, 100, plain());
    assert_true(isfinite(r.horizons[0].p50));
    assert_true(isnan(r.horizons[1].p50));
    assert_true(isnan(r.horizons[0].crossing_ratio) && isnan(r.time_to_p50_s));
}

/* What was learned from outcomes moves the ends of its own horizon, and nothing else. */
static void learned_widths_are_applied(void **state)
{
    (void)state;
    double x[N];
    synth_make(&(struct synth){ .level = 100, .sd = 5 }, 3, x, N);
    struct bw_trend_request request = plain();
    const struct bw_trend_record before = analyse(x, N, request);
    request.widths[1] = (struct bw_trend_width){ .below = log(2), .above = log(0.5) };
    const struct bw_trend_record after = analyse(x, N, request);
    const struct bw_trend_horizon *was = before.horizons, *is = after.horizons;
    assert_memory_equal(&was[0], &is[0], sizeof *was);
    assert_true(was[1].p50 == is[1].p50);
    assert_true(fabs((is[1].p50 - is[1].p10) / (was[1].p50 - was[1].p10) - 2) < 1e-9);
    assert_true(fabs((is[1].p90 - is[1].p50) / (was[1].p90 - was[1].p50) - 0.5) < 1e-9);
}

int main(void)
{
    gsl_set_error_handler_off();
    scratch = bw_trend_scratch_new();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(directions_are_told),
        cmocka_unit_test(clean_series_are_no_riddle),
        cmocka_unit_test(a_clean_descent_is_foreseen),
        cmocka_unit_test(a_restarted_counter_keeps_its_rate),
        cmocka_unit_test(a_filling_disk_is_timed),
        cmocka_unit_test(a_leak_that_is_restarted_does_not_page),
        cmocka_unit_test(what_levels_off_does_not_cross),
        cmocka_unit_test(free_space_runs_out_below),
        cmocka_unit_test(what_stays_away_is_infinite_not_a_number),
        cmocka_unit_test(a_daily_season_is_named),
        cmocka_unit_test(order_and_repetition_do_not_matter),
        cmocka_unit_test(the_same_input_gives_the_same_bits),
        cmocka_unit_test(what_was_analysed_before_leaves_no_trace),
        cmocka_unit_test(horizons_beyond_half_the_history_are_unknown),
        cmocka_unit_test(learned_widths_are_applied),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    bw_trend_scratch_free(scratch);
    return failed;
}
