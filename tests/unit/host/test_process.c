// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <time.h>

static double value_of(const struct bw_measures *m, enum bw_family_id family)
{
    double value = -1;
    if (!bw_measures_value(m, family, NULL, &value))
        fail_msg("no %s", bw_family_row(family)->name);
    return value;
}

static void columns_are_found_behind_any_name(void **state)
{
    (void)state;
    static const char text[] =
        "11518 (a) S (b)) R 1 2 3 -1 -1 4194304 119 0 0 0 250 50 0 0 20 -5 7 0 "
        "176137 3133440 382 18446744073709551615 9 9\n";
    struct bw_arena arena;
    struct bw_measures m;
    uint64_t start_ticks = 0;
    bw_arena_init(&arena);
    bw_measures_init(&m, &arena);
    assert_int_equal(bw_process_parse(bw_span_of(text), 4096, &m, &start_ticks, NULL), BW_OK);
    assert_true(value_of(&m, BW_METRIC_PROCESS_CPU_SECONDS_TOTAL) == 3);
    assert_true(value_of(&m, BW_METRIC_PROCESS_THREADS) == 7);
    assert_true(value_of(&m, BW_METRIC_PROCESS_VIRTUAL_MEMORY_BYTES) == 3133440);
    assert_true(value_of(&m, BW_METRIC_PROCESS_RESIDENT_MEMORY_BYTES) == 382 * 4096);
    assert_true(start_ticks == 176137);
    bw_arena_fini(&arena);
}

static void what_is_short_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = { "",
                                         "1",
                                         "1 (a",
                                         "1 (a)",
                                         "1 (a) R 1 2 3",
                                         "1 (a) R 1 2 3 x 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 "
                                         "20 21" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct bw_arena arena;
        struct bw_measures m;
        uint64_t start_ticks;
        bw_arena_init(&arena);
        bw_measures_init(&m, &arena);
        assert_int_equal(bw_process_parse(bw_span_of(texts[i]), 4096, &m, &start_ticks, NULL),
                         BW_EINVAL);
        assert_int_equal(m.count, 0);
        bw_arena_fini(&arena);
    }
}

static void this_program_sees_itself(void **state)
{
    (void)state;
    struct bw_host *host = bw_host_new(NULL);
    struct bw_arena arena;
    struct bw_measures m;
    struct bw_err err = { 0 };
    bw_arena_init(&arena);
    bw_measures_init(&m, &arena);
    if (bw_process_sample(host, &m, &err) != BW_OK)
        fail_msg("%s", err.text);
    const double age = (double)time(NULL) - value_of(&m, BW_METRIC_PROCESS_START_TIME_SECONDS);
    assert_true(age > -5 && age < 3600);
    assert_true(value_of(&m, BW_METRIC_PROCESS_RESIDENT_MEMORY_BYTES) > 1 << 16);
    assert_true(value_of(&m, BW_METRIC_PROCESS_OPEN_FDS) >= 3);
    assert_true(value_of(&m, BW_METRIC_PROCESS_MAX_FDS)
                >= value_of(&m, BW_METRIC_PROCESS_OPEN_FDS));
    bw_arena_fini(&arena);
    bw_host_free(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_found_behind_any_name),
        cmocka_unit_test(what_is_short_is_refused),
        cmocka_unit_test(this_program_sees_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
