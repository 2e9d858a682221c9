// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "io/clock.h"

#include <stdlib.h>

#define START_NS (INT64_C(1700000000) * BW_SECOND)

/* The system clock is put `by` off its course; then an hour passes, read once a second. */
static const struct {
    const char *name;
    int64_t by_ms;
    uint64_t steps;
    int64_t settled_s; /* seconds until both agree, at most */
} cases[] = {
    { "nothing happens", 0, 0, 0 },
    { "a correction of 5 ms", 5, 0, 1 },
    { "2 s forward", 2000, 0, 20 },
    { "2 s back", -2000, 0, 20 },
    { "a minute forward is still slewed", 60000, 0, 600 },
    { "a minute back is still slewed", -60000, 0, 600 },
    { "61 s forward is followed", 61000, 1, 0 },
    { "61 s back is followed", -61000, 1, 0 },
    { "a year back is followed", -INT64_C(365) * 86400000, 1, 0 },
};

static void steps_end_as_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_wall wall = { 0 };
        int64_t mono_ns = 5 * BW_SECOND;
        int64_t last_ms = bw_wall_advance(&wall, mono_ns, START_NS);
        assert_int_equal(last_ms, START_NS / BW_MS);
        int64_t settled_s = 0;
        for (int64_t s = 1; s <= 3600; s++) {
            int64_t system_ns = START_NS + s * BW_SECOND + cases[i].by_ms * BW_MS;
            int64_t now_ms = bw_wall_advance(&wall, mono_ns + s * BW_SECOND, system_ns);
            if (now_ms <= last_ms && !(s == 1 && cases[i].steps == 1))
                fail_msg("%s: time stood still after %lld s", cases[i].name, (long long)s);
            if (llabs(system_ns / BW_MS - now_ms) > 1)
                settled_s = s;
            last_ms = now_ms;
        }
        assert_int_equal(wall.steps, cases[i].steps);
        if (settled_s > cases[i].settled_s)
            fail_msg("%s: agreed after %lld s", cases[i].name, (long long)settled_s);
        if (cases[i].steps == 1)
            assert_int_equal(wall.last_step_ms, cases[i].by_ms);
    }
}

static void any_epoch_works(void **state)
{
    (void)state;
    const int64_t years[] = { 0, INT64_C(4291747200) }; /* 1970, 2106 */
    for (size_t i = 0; i < 2; i++) {
        struct bw_wall wall = { 0 };
        bw_wall_advance(&wall, 0, years[i] * BW_SECOND);
        int64_t now_ms = bw_wall_advance(&wall, BW_SECOND, (years[i] + 1) * BW_SECOND);
        assert_int_equal(now_ms, (years[i] + 1) * 1000);
        assert_int_equal(wall.steps, 0);
    }
}

static void a_lag_is_told_while_it_is_slewed(void **state)
{
    (void)state;
    struct bw_wall wall = { 0 };
    bw_wall_advance(&wall, 0, START_NS);
    bw_wall_advance(&wall, BW_SECOND, START_NS + 11 * BW_SECOND);
    assert_int_equal(wall.lag_ms, 9900);
}

static void this_machine_has_clocks(void **state)
{
    (void)state;
    struct bw_wall wall = { 0 };
    int64_t first_ms = bw_wall_now_ms(&wall);
    assert_true(first_ms > INT64_C(1600000000000));
    assert_true(bw_wall_now_ms(&wall) >= first_ms);
    assert_true(llabs(bw_wall_system_ms() - first_ms) < 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_end_as_told),
        cmocka_unit_test(any_epoch_works),
        cmocka_unit_test(a_lag_is_told_while_it_is_slewed),
        cmocka_unit_test(this_machine_has_clocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
