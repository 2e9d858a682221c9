// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/view.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void a_service_is_found_by_its_whole_name(void **state)
{
    (void)state;
    const struct bw_view_service services[] = { { .name = "api" }, { .name = "api-2" } };
    const struct bw_view view = { .services = services, .service_count = 2 };
    assert_ptr_equal(bw_view_service(&view, "api"), &services[0]);
    assert_ptr_equal(bw_view_service(&view, "api-2"), &services[1]);
    assert_null(bw_view_service(&view, "api-"));
    assert_null(bw_view_service(&view, ""));
}

static void an_empty_view_has_none(void **state)
{
    (void)state;
    const struct bw_view view = { .service_count = 0 };
    assert_null(bw_view_service(&view, "api"));
}

/* What a chart and the API are told of a past result. */
static void a_past_result_is_nearly_what_it_was(void **state)
{
    (void)state;
    static const struct {
        struct bw_view_result put, got;
    } cases[] = {
        { { 0, 0, BW_UNKNOWN }, { 0, 0, BW_UNKNOWN } },
        { { 1763776543123, 0.000123, BW_HEALTHY }, { 1763776543123, 0.000123, BW_HEALTHY } },
        { { 1, 0.131070, BW_DEGRADED }, { 1, 0.13107, BW_DEGRADED } },
        { { 1, 0.131071, BW_DEGRADED }, { 1, 0.13107, BW_DEGRADED } },
        { { 1, 0.1310751, BW_DEGRADED }, { 1, 0.13108, BW_DEGRADED } },
        { { 1, 12.3456789, BW_UNHEALTHY }, { 1, 12.3457, BW_UNHEALTHY } },
        { { 1, 3600, BW_UNHEALTHY }, { 1, 3600, BW_UNHEALTHY } },
        { { 1, 1e6, BW_UNHEALTHY }, { 1, 1e6, BW_UNHEALTHY } },
        { { 1, 1e8, BW_UNHEALTHY }, { 1, NAN, BW_UNHEALTHY } },
        { { 1, NAN, BW_UNHEALTHY }, { 1, NAN, BW_UNHEALTHY } },
        { { 1, -1, BW_UNHEALTHY }, { 1, NAN, BW_UNHEALTHY } },
        { { 1, INFINITY, BW_UNHEALTHY }, { 1, NAN, BW_UNHEALTHY } },
        { { -5, 1, BW_HEALTHY }, { 0, 1, BW_HEALTHY } },
        { { INT64_MAX, 1, BW_HEALTHY }, { (INT64_C(1) << 42) - 1, 1, BW_HEALTHY } },
        { { 1, 1, (enum bw_status)77 }, { 1, 1, BW_UNKNOWN } },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct bw_view_result want = cases[i].got;
        const struct bw_view_result got = bw_view_past_read(bw_view_past_make(cases[i].put));
        const bool same_duration =
            isnan(want.duration_s) ? isnan(got.duration_s) : got.duration_s == want.duration_s;
        if (got.ts_ms != want.ts_ms || got.status != want.status || !same_duration)
            fail_msg("case %zu: %lld %.9g %d", i, (long long)got.ts_ms, got.duration_s,
                     (int)got.status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_past_result_is_nearly_what_it_was),
        cmocka_unit_test(a_service_is_found_by_its_whole_name),
        cmocka_unit_test(an_empty_view_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
