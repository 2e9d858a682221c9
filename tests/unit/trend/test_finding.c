// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "synth.h"
#include "trend/finding.h"

#include <gsl/gsl_errno.h>
#include <stdlib.h>
#include <string.h>

/* Wednesday, 2025-11-12 00:00 UTC */
#define START_MS (INT64_C(20404) * 86400000)

enum { CELLS_MAX = 2100, ROUNDS = 20 };

struct findings {
    struct bw_finding items[BW_FINDINGS_MAX];
    size_t count;
};

/* What is found in x[n], a value each `step_ms`. */
static struct findings find(const double *x, size_t n, int64_t step_ms)
{
    static struct bw_point points[CELLS_MAX];
    struct findings found;
    struct bw_arena arena;
    bw_arena_init(&arena);
    for (size_t i = 0; i < n; i++)
        points[i] = (struct bw_point){ START_MS + (int64_t)i * step_ms, x[i] };
    struct bw_trend_grid grid;
    struct bw_trend_exam *exam = bw_arena_alloc(&arena, sizeof *exam);
    bw_trend_grid_build(&arena, points, n, false, 0, INT64_MAX, &grid);
    bw_trend_examine(&arena, &grid, BW_TREND_SEASON_AUTO, 0, true, exam);
    found.count = bw_trend_find(&arena, exam, found.items);
    bw_arena_fini(&arena);
    return found;
}

static const struct bw_finding *among(const struct findings *found, enum bw_finding_kind kind)
{
    for (size_t i = 0; i < found->count; i++)
        if (found->items[i].kind == kind)
            return &found->items[i];
    return NULL;
}

/* ---- made-up courses: value of cell i, e is noise of sd 1 ---------------------------------- */

static double shifted(size_t i, double e)
{
    return (i < 300 ? 100 : 130) + 5 * e;
}
static double shifted_down(size_t i, double e)
{
    return (i < 420 ? 0.3 : 0.2) + 0.01 * e;
}
static double back_again(size_t i, double e)
{
    return (i >= 200 && i < 300 ? 160 : 100) + 5 * e;
}
static double bent(size_t i, double e)
{
    return 100 + (i > 250 ? 0.5 * (double)(i - 250) : 0) + 4 * e;
}
static double louder(size_t i, double e)
{
    return 100 + (i < 280 ? 2 : 8) * e;
}
static double full(size_t i, double e)
{
    return i < 400 ? 60 + 0.08 * (double)i + e : 100;
}
static double emptied(size_t i, double e)
{
    return i < 440 ? 60 - 0.1 * (double)i + e : 0;
}
static double stuck(size_t i, double e)
{
    return i < 430 ? 60 + 3 * e : 60.5;
}
static double leaking(size_t i, double e)
{
    return 100 + (double)(i % 90) + 2 * e;
}
static double spiky(size_t i, double e)
{
    return 100 + 2 * e + (i == 77 || i == 301 || i == 350 ? 150 : 0);
}
static double holed(size_t i, double e)
{
    return i >= 200 && i < 260 ? NAN : 100 + 2 * e;
}

#define NOTHING BW_FINDING_KIND_COUNT

static const struct {
    const char *name;
    double (*of)(size_t i, double e);
    enum bw_finding_kind want; /* comes first, in nearly all rounds */
    size_t at;                 /* in this cell, or a few beside it */
    int side;
} stories[] = {
    { "a higher level", shifted, BW_FINDING_LEVEL_SHIFT, 300, 1 },
    { "a lower level", shifted_down, BW_FINDING_LEVEL_SHIFT, 420, -1 },
    { "there and back again", back_again, BW_FINDING_RECOVERY, 200, 1 },
    { "a bend", bent, BW_FINDING_SLOPE_CHANGE, 250, 1 },
    { "more noise", louder, BW_FINDING_SCATTER_CHANGE, 280, 1 },
    { "full", full, BW_FINDING_STANDSTILL, 400, 1 },
    { "empty", emptied, BW_FINDING_STANDSTILL, 440, -1 },
    { "a sensor that hangs", stuck, BW_FINDING_STANDSTILL, 430, 0 },
    { "a leak that is restarted", leaking, BW_FINDING_SAWTOOTH, 450, -1 },
    { "spikes", spiky, BW_FINDING_SPIKES, 0, 1 },
    { "a hole", holed, BW_FINDING_GAP, 200, 0 },
};

static void what_happened_is_found(void **state)
{
    (void)state;
    enum { N = 500, NEAR = 15, MINUTE_MS = 60000 };
    double x[N];
    for (size_t k = 0; k < sizeof stories / sizeof *stories; k++) {
        size_t right = 0;
        for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
            struct bw_trend_random r = bw_trend_random_seed(seed * 977 + k);
            for (size_t i = 0; i < N; i++)
                x[i] = stories[k].of(i, bw_trend_random_normal(&r));
            const struct findings found = find(x, N, MINUTE_MS);
            const struct bw_finding *it = &found.items[0];
            const int64_t at = (it->at_ms - START_MS) / MINUTE_MS;
            right += found.count > 0 && it->kind == stories[k].want && it->side == stories[k].side
                     && (stories[k].at == 0 || llabs(at - (int64_t)stories[k].at) <= NEAR);
        }
        if (right < ROUNDS - 2)
            fail_msg("%s: %zu of %d", stories[k].name, right, ROUNDS);
    }
}

static void numbers_are_in_the_units_of_the_metric(void **state)
{
    (void)state;
    enum { N = 500 };
    double x[N];
    struct bw_trend_random r = bw_trend_random_seed(5);
    for (size_t i = 0; i < N; i++)
        x[i] = shifted(i, bw_trend_random_normal(&r));
    const struct bw_finding shift = find(x, N, 60000).items[0];
    assert_true(fabs(shift.before - 100) < 3 && fabs(shift.after - 130) < 3);
    assert_true(fabs(shift.size - 30) < 4 * shift.size_sd && shift.size_sd < 2);
    assert_true(shift.score > 10 && shift.score <= 99);
    for (size_t i = 0; i < N; i++)
        x[i] = bent(i, bw_trend_random_normal(&r));
    const struct bw_finding bend = find(x, N, 60000).items[0];
    assert_true(fabs(bend.after * 60 - 0.5) < 0.05 && fabs(bend.before * 60) < 0.05);
    for (size_t i = 0; i < N; i++)
        x[i] = leaking(i, bw_trend_random_normal(&r));
    const struct bw_finding saw = find(x, N, 60000).items[0];
    assert_true(saw.period_s == 90 * 60 && saw.times == 5 && fabs(saw.size + 89) < 10);
    for (size_t i = 0; i < N; i++)
        x[i] = louder(i, bw_trend_random_normal(&r));
    const struct bw_finding noise = find(x, N, 60000).items[0];
    assert_true(fabs(noise.before - 2) < 0.4 && fabs(noise.after - 8) < 1.6);
}

/* A week of hours, highest at 14:00 and lowest at 02:00. */
static void a_day_peaks_when_it_does(void **state)
{
    (void)state;
    enum { N = 7 * 24 };
    double x[N];
    struct bw_trend_random r = bw_trend_random_seed(3);
    for (size_t i = 0; i < N; i++)
        x[i] = 50 + 10 * cos(2 * M_PI * ((double)(i % 24) - 14) / 24) + bw_trend_random_normal(&r);
    const struct findings found = find(x, N, 3600000);
    const struct bw_finding *season = among(&found, BW_FINDING_SEASON);
    assert_non_null(season);
    assert_true(season->period_s == 86400);
    assert_true(llabs(season->at_ms - (START_MS + (6 * 24 + 14) * INT64_C(3600000))) <= 3600000);
    assert_true(llabs(season->until_ms - (START_MS + (6 * 24 + 2) * INT64_C(3600000))) <= 3600000);
    assert_true(fabs(season->size - 20) < 3 && season->share > 0.9);
}

/* A new level in one of the days bends what all of them have in common, but not what is told. */
static void a_day_peaks_when_it_does_beside_a_shift(void **state)
{
    (void)state;
    enum { DAY = 288, N = 7 * DAY };
    static double x[N];
    size_t right = 0;
    for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
        struct bw_trend_random r = bw_trend_random_seed(seed);
        for (size_t i = 0; i < N; i++)
            x[i] = 50 + 10 * cos(2 * M_PI * ((double)(i % DAY) - 168) / DAY)
                   + (i > 5 * DAY + 160 ? 12 : 0) + 2 * bw_trend_random_normal(&r);
        const struct findings found = find(x, N, 300000);
        const struct bw_finding *season = among(&found, BW_FINDING_SEASON);
        const int64_t peak_ms = season != NULL ? (season->at_ms - START_MS) % 86400000 : 0;
        right += llabs(peak_ms - 14 * INT64_C(3600000)) <= 2700000 && fabs(season->size - 20) < 3
                 && among(&found, BW_FINDING_LEVEL_SHIFT) != NULL;
    }
    if (right < ROUNDS - 4)
        fail_msg("%zu of %d", right, ROUNDS);
}

/* A week of a faint day, and how often it is told: a fifth of the variance is enough. */
static void a_faint_day_is_told(void **state)
{
    (void)state;
    enum { N = 7 * 96 };
    double x[N];
    size_t told = 0;
    const struct synth s = { .level = 50, .sd = 2, .phi = 0.3, .amplitude = 1.5, .period = 96 };
    for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
        synth_make(&s, seed, x, N);
        const struct findings found = find(x, N, 900000);
        const struct bw_finding *season = among(&found, BW_FINDING_SEASON);
        told += season != NULL && season->period_s == 86400;
    }
    if (told < ROUNDS - 4)
        fail_msg("%zu of %d", told, ROUNDS);
}

/* However slowly noise swings, it tells no story; nor does little of it. */
static void noise_tells_nothing(void **state)
{
    (void)state;
    static const struct {
        double phi;
        size_t n;
    } kinds[] = { { 0, 60 },    { 0, 120 },   { 0.8, 120 },  { 0, 600 },
                  { 0.5, 600 }, { 0.8, 600 }, { 0.95, 600 }, { 0.99, 2000 } };
    enum { SEEDS = 40 };
    static double x[CELLS_MAX];
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        const struct synth noise = { .level = 100, .sd = 5, .phi = kinds[k].phi };
        size_t told = 0;
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
            synth_make(&noise, seed * 31 + k, x, kinds[k].n);
            told += find(x, kinds[k].n, 60000).count > 0;
        }
        if (told > SEEDS / 10) /* in the long run 2 % */
            fail_msg("%g, %zu values: %zu of %d", kinds[k].phi, kinds[k].n, told, SEEDS);
    }
}

/* Change points are found among blocks of 8 cells, and told more closely. */
static void a_shift_is_told_to_the_cell(void **state)
{
    (void)state;
    enum { N = 2000, AT = 1203 };
    static double x[N];
    size_t right = 0;
    for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
        struct bw_trend_random r = bw_trend_random_seed(seed);
        for (size_t i = 0; i < N; i++)
            x[i] = (i < AT ? 100 : 110) + bw_trend_random_normal(&r);
        const struct findings found = find(x, N, 10000);
        const struct bw_finding *shift = among(&found, BW_FINDING_LEVEL_SHIFT);
        right += shift != NULL && shift->at_ms == START_MS + AT * 10000;
    }
    assert_true(right >= ROUNDS - 2);
}

/* Values that are wild throughout have no spikes; rounding makes none of the rest. */
static void wild_values_are_no_spikes(void **state)
{
    (void)state;
    enum { N = 1000 };
    double x[N];
    size_t told = 0;
    for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
        struct bw_trend_random r = bw_trend_random_seed(seed);
        for (size_t i = 0; i < N; i++)
            x[i] = exp(bw_trend_random_normal(&r));
        told += find(x, N, 60000).count;
        for (size_t i = 0; i < N; i++)
            x[i] = i < 600 ? 20 + 0.1 * (double)i + bw_trend_random_normal(&r) : 80;
        const struct findings found = find(x, N, 60000);
        told += found.count != 1 || found.items[0].kind != BW_FINDING_STANDSTILL;
    }
    if (told > 4)
        fail_msg("%zu of %d", told, 2 * ROUNDS);
}

static void what_says_nothing_says_nothing(void **state)
{
    (void)state;
    double x[500];
    for (size_t i = 0; i < 500; i++)
        x[i] = 7;
    assert_int_equal(find(x, 500, 1000).count, 0);
    for (size_t i = 0; i < 19; i++)
        x[i] = i < 9 ? 1 : 100;
    assert_int_equal(find(x, 19, 1000).count, 0);
    for (size_t i = 0; i < 500; i++)
        x[i] = 1 + 0.25 * (double)i;
    assert_int_equal(find(x, 500, 1000).count, 0);
}

/* Extremes of what a double holds: numbers stay numbers. */
static void extremes_stay_finite(void **state)
{
    (void)state;
    enum { N = 300 };
    static const double sizes[] = { 1e308, 1e-308, 5e-324, 1e150 };
    double x[N];
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        for (size_t i = 0; i < N; i++)
            x[i] = (i < 150 ? 0.1 : 1) * sizes[k] * (i % 3 == 0 ? -1 : 0.9);
        const struct findings found = find(x, N, 1000);
        for (size_t i = 0; i < found.count; i++) {
            const struct bw_finding *it = &found.items[i];
            assert_true(isfinite(it->before) && isfinite(it->after) && isfinite(it->size));
            assert_true(isfinite(it->size_sd) && isfinite(it->score) && isfinite(it->share));
        }
    }
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_happened_is_found),
        cmocka_unit_test(numbers_are_in_the_units_of_the_metric),
        cmocka_unit_test(a_day_peaks_when_it_does),
        cmocka_unit_test(a_day_peaks_when_it_does_beside_a_shift),
        cmocka_unit_test(a_faint_day_is_told),
        cmocka_unit_test(noise_tells_nothing),
        cmocka_unit_test(a_shift_is_told_to_the_cell),
        cmocka_unit_test(wild_values_are_no_spikes),
        cmocka_unit_test(what_says_nothing_says_nothing),
        cmocka_unit_test(extremes_stay_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
