// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "synth.h"
#include "trend/path.h"

#include <gsl/gsl_errno.h>

#define MINUTE_MS INT64_C(60000)

enum { N = 400 };

static struct bw_trend_scratch *scratch;

static struct bw_trend_record analyse(const struct bw_point *points, size_t count)
{
    const struct bw_trend_request ask = {
        .points = points,
        .count = count,
        .horizons_ms = { 10 * MINUTE_MS, 60 * MINUTE_MS },
        .horizon_count = 2,
        .threshold = NAN,
    };
    struct bw_trend_record record = { 0 };
    assert_int_equal(bw_trend_analyse(&ask, scratch, &record, NULL), BW_OK);
    return record;
}

static void the_way_leads_through_the_horizons(void **state)
{
    (void)state;
    static const double units[] = { 1, 1e120, 1e-120 };
    double y[N];
    struct bw_point points[N];
    synth_make(&(struct synth){ .level = 10, .slope = 0.1, .sd = 1 }, 1, y, N);
    for (size_t u = 0; u < 3; u++) {
        for (size_t i = 0; i < N; i++)
            points[i] = (struct bw_point){ 1000 + (int64_t)i * MINUTE_MS, y[i] * units[u] };
        const struct bw_trend_record record = analyse(points, N);
        const struct bw_trend_path path = bw_trend_path_of(scratch, 0.8);
        const struct bw_trend_path wide = bw_trend_path_of(scratch, 0.95);
        assert_int_equal(path.n, 60);
        assert_int_equal(path.step_ms, MINUTE_MS);
        assert_int_equal(path.first_ms, 1000 + N * MINUTE_MS);
        for (size_t h = 0; h < 2; h++) {
            const size_t at = h == 0 ? 9 : 59;
            const double tiny = 1e-9 * fabs(record.horizons[h].p50);
            assert_true(fabs(path.low[at] - record.horizons[h].p10) <= tiny);
            assert_true(fabs(path.middle[at] - record.horizons[h].p50) <= tiny);
            assert_true(fabs(path.high[at] - record.horizons[h].p90) <= tiny);
        }
        for (size_t i = 0; i < path.n; i++) {
            assert_true(wide.low[i] < path.low[i] && path.low[i] < path.middle[i]);
            assert_true(path.middle[i] < path.high[i] && path.high[i] < wide.high[i]);
        }
    }
}

static void what_cannot_be_foreseen_has_no_way(void **state)
{
    (void)state;
    const struct bw_point two[] = { { 0, 1 }, { MINUTE_MS, 2 } };
    analyse(two, 2);
    assert_int_equal(bw_trend_path_of(scratch, 0.8).n, 0);
    analyse(NULL, 0);
    assert_int_equal(bw_trend_path_of(scratch, 0.8).n, 0);
}

int main(void)
{
    gsl_set_error_handler_off();
    scratch = bw_trend_scratch_new();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_way_leads_through_the_horizons),
        cmocka_unit_test(what_cannot_be_foreseen_has_no_way),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    bw_trend_scratch_free(scratch);
    return failed;
}
