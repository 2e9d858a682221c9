// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "synth.h"
#include "trend/forecast.h"

#include <gsl/gsl_errno.h>
#include <string.h>

enum { N = 300, H = 12, SERIES = 60 };

/* Hits of the 80 % interval and the mean error, next to that of "as now". */
struct outcome {
    unsigned hits, asked;
    double error, naive_error;
};

static struct outcome judge(const struct synth *s)
{
    struct outcome o = { 0 };
    double x[N + H], low[H], high[H];
    for (uint64_t seed = 1; seed <= SERIES; seed++) {
        struct bw_arena arena = { 0 };
        struct bw_trend_seasons seasons;
        struct bw_trend_forecast f;
        synth_make(s, seed, x, N + H);
        bw_trend_season_find(&arena, x, N, 0, &seasons);
        bw_trend_forecast_make(&arena, x, x, N, &seasons, H, false, &f);
        bw_trend_forecast_interval(&f, 0.8, low, high);
        for (size_t i = 0; i < H; i++, o.asked++) {
            o.hits += low[i] <= x[N + i] && x[N + i] <= high[i];
            o.error += fabs(f.mean[i] - x[N + i]);
            o.naive_error += fabs(x[N - 1] - x[N + i]);
        }
        bw_arena_fini(&arena);
    }
    return o;
}

static const struct {
    const char *name;
    struct synth synth;
    double against_naive; /* the error is at most this share of the naive one */
} cases[] = {
    { "white noise", { .level = 50, .sd = 2 }, 0.8 },
    { "correlated noise", { .level = 50, .sd = 2, .phi = 0.8 }, 1.0 },
    { "a line", { .level = 50, .sd = 1, .slope = 0.5 }, 0.6 },
    { "a season", { .level = 50, .sd = 1, .amplitude = 10, .period = 24 }, 0.2 },
};

static void intervals_cover_and_errors_shrink(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct outcome o = judge(&cases[i].synth);
        const double coverage = (double)o.hits / (double)o.asked;
        if (coverage < 0.70 || coverage > 0.92)
            fail_msg("%s: the 80 %% interval held %.3f", cases[i].name, coverage);
        if (o.error > cases[i].against_naive * o.naive_error)
            fail_msg("%s: error %.3f of the naive one", cases[i].name, o.error / o.naive_error);
    }
}

static void a_clean_line_goes_on(void **state)
{
    (void)state;
    double x[100], low[50], high[50];
    struct bw_arena arena = { 0 };
    const struct bw_trend_seasons none = { .count = 0 };
    struct bw_trend_forecast f;
    for (size_t i = 0; i < 100; i++)
        x[i] = (double)i;
    bw_trend_forecast_make(&arena, x, x, 100, &none, 50, true, &f);
    bw_trend_forecast_interval(&f, 0.8, low, high);
    assert_true(fabs(f.mean[49] - 149) < 0.1 && high[49] - low[49] < 0.1);
    bw_arena_fini(&arena);
}

/* At every origin the line was the best there is; and then the series fell from it. */
static void a_line_that_was_left_is_not_gone_back_to(void **state)
{
    (void)state;
    struct bw_arena arena = { 0 };
    const struct bw_trend_seasons none = { .count = 0 };
    struct bw_trend_forecast f;
    double x[N];
    synth_make(&(struct synth){ .level = 50, .sd = 0.1, .slope = 0.5 }, 1, x, N);
    for (size_t i = N - 6; i < N; i++)
        x[i] = 0;
    bw_trend_forecast_make(&arena, x, x, N, &none, 4 * H, false, &f);
    if (!(fabs(f.mean[0]) < 20))
        fail_msg("%g is foreseen after 0", f.mean[0]);
    bw_arena_fini(&arena);
}

static void wider_levels_are_wider(void **state)
{
    (void)state;
    double x[N], low80[H], high80[H], low95[H], high95[H];
    struct bw_arena arena = { 0 };
    const struct bw_trend_seasons none = { .count = 0 };
    struct bw_trend_forecast f;
    synth_make(&(struct synth){ .level = 1, .sd = 1 }, 1, x, N);
    bw_trend_forecast_make(&arena, x, x, N, &none, H, true, &f);
    bw_trend_forecast_interval(&f, 0.8, low80, high80);
    bw_trend_forecast_interval(&f, 0.95, low95, high95);
    for (size_t i = 0; i < H; i++) {
        assert_true(high95[i] > high80[i] && low95[i] <= low80[i]);
        assert_true(low95[i] >= 0 && low80[i] <= f.mean[i] && f.mean[i] <= high80[i]);
    }
    bw_arena_fini(&arena);
}

static void short_series_still_get_an_answer(void **state)
{
    (void)state;
    const double x[6] = { 5, 6, 5, 7, 6, 6 };
    double low[H], high[H];
    const struct bw_trend_seasons none = { .count = 0 };
    for (size_t n = 1; n <= 6; n++) {
        struct bw_arena arena = { 0 };
        struct bw_trend_forecast f;
        bw_trend_forecast_make(&arena, x, x, n, &none, H, true, &f);
        bw_trend_forecast_interval(&f, 0.8, low, high);
        assert_int_equal(f.origins, 0);
        for (size_t i = 0; i < H; i++)
            assert_true(isfinite(low[i]) && isfinite(high[i]) && low[i] <= high[i]);
        bw_arena_fini(&arena);
    }
}

static void a_rise_is_likely_on_a_line(void **state)
{
    (void)state;
    double x[N];
    struct bw_arena arena = { 0 };
    const struct bw_trend_seasons none = { .count = 0 };
    struct bw_trend_forecast f;
    synth_make(&(struct synth){ .level = 50, .sd = 1, .slope = 0.5 }, 2, x, N);
    bw_trend_forecast_make(&arena, x, x, N, &none, H, false, &f);
    assert_true(bw_trend_forecast_rise(&f, x, N, H) > 0.9);
    for (size_t i = 0; i < N; i++)
        x[i] = -x[i];
    bw_trend_forecast_make(&arena, x, x, N, &none, H, false, &f);
    assert_true(bw_trend_forecast_rise(&f, x, N, H) < 0.1);
    bw_arena_fini(&arena);
}

/* What the combination foresaw at its newest origin, when the last H values are `end`. */
static void foreseen_at_the_newest_origin(const double *x, double end, double foreseen[H])
{
    double changed[N];
    struct bw_arena arena = { 0 };
    const struct bw_trend_seasons none = { .count = 0 };
    struct bw_trend_forecast f;
    memcpy(changed, x, sizeof changed);
    for (size_t i = N - H; i < N; i++)
        changed[i] = end;
    bw_trend_forecast_make(&arena, changed, changed, N, &none, H, false, &f);
    assert_true(f.origins > 6);
    for (size_t i = 0; i < H; i++)
        foreseen[i] = end - f.error[i];
    bw_arena_fini(&arena);
}

/* Weights that had seen what came would favour the model that happened to foresee it, and the
 * error would be no measure of what is to come: whatever came, it was foreseen alike. */
static void what_came_has_no_say_in_what_was_foreseen(void **state)
{
    (void)state;
    double x[N], once[H], again[H];
    for (uint64_t seed = 1; seed <= 10; seed++) {
        synth_make(&(struct synth){ .sd = 1, .phi = 0.7, .slope = 0.01 }, seed, x, N);
        foreseen_at_the_newest_origin(x, x[N - H - 1], once);
        foreseen_at_the_newest_origin(x, -3, again);
        for (size_t i = 0; i < H; i++)
            assert_true(fabs(once[i] - again[i]) < 1e-6);
    }
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_cover_and_errors_shrink),
        cmocka_unit_test(a_clean_line_goes_on),
        cmocka_unit_test(a_line_that_was_left_is_not_gone_back_to),
        cmocka_unit_test(wider_levels_are_wider),
        cmocka_unit_test(short_series_still_get_an_answer),
        cmocka_unit_test(what_came_has_no_say_in_what_was_foreseen),
        cmocka_unit_test(a_rise_is_likely_on_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
