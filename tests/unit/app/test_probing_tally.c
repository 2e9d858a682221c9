// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/probing_tally.h"

#include "metric/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static double counted(const struct bw_probing_tally *tally, const char *module, const char *result)
{
    struct bw_arena arena = { 0 };
    struct bw_measures measures;
    double value = 0;
    bw_measures_init(&measures, &arena);
    bw_probing_tally_measure(tally, &measures);
    bw_measures_value(&measures, BW_METRIC_PROBE_REQUESTS_TOTAL, BW_LABEL_VALUES(module, result),
                      &value);
    bw_arena_fini(&arena);
    return value;
}

static void modules_are_counted_by_name(void **state)
{
    (void)state;
    static const char *const modules[] = { "http_2xx", "tcp" };
    struct bw_probing_tally *tally = bw_probing_tally_new();
    bw_probing_tally_count(tally, "http_2xx", BW_PROBING_INVALID, 0); /* not there yet */
    bw_probing_tally_apply(tally, modules, 2);
    bw_probing_tally_count(tally, "tcp", BW_PROBING_SUCCESS, 1000000);
    bw_probing_tally_count(tally, "tcp", BW_PROBING_SUCCESS, 1000000);
    bw_probing_tally_count(tally, "tcp", bw_probing_answer_of(403), 0);
    bw_probing_tally_count(tally, "made up", bw_probing_answer_of(400), 0);
    assert_true(counted(tally, "tcp", "success") == 2);
    assert_true(counted(tally, "tcp", "denied") == 1);
    assert_true(counted(tally, "http_2xx", "invalid") == 0);
    assert_true(counted(tally, "made up", "invalid") == 0);
    assert_true(counted(tally, "", "invalid") == 2);
    bw_probing_tally_free(tally);
}

static void a_reload_keeps_what_stays(void **state)
{
    (void)state;
    static const char *const modules[] = { "a", "b" };
    struct bw_probing_tally *tally = bw_probing_tally_new();
    bw_probing_tally_apply(tally, modules, 2);
    bw_probing_tally_count(tally, "a", BW_PROBING_FAILURE, 0);
    bw_probing_tally_count(tally, "b", BW_PROBING_CACHED, 0);
    bw_probing_tally_count(tally, "", BW_PROBING_LIMITED, 0);
    bw_probing_tally_apply(tally, modules + 1, 1);
    assert_true(counted(tally, "a", "failure") == 0);
    assert_true(counted(tally, "b", "cached") == 1);
    assert_true(counted(tally, "", "limited") == 1);
    bw_probing_tally_apply(tally, modules, 2); /* "a" is new */
    assert_true(counted(tally, "a", "failure") == 0);
    assert_true(counted(tally, "b", "cached") == 1);
    bw_probing_tally_free(tally);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modules_are_counted_by_name),
        cmocka_unit_test(a_reload_keeps_what_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
