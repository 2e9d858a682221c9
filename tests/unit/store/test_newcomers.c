// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/newcomers.h"

#include <stdio.h>

/* Metric by metric, as an export has them; target by target, as the store should meet them. */
static void siblings_come_to_stand_side_by_side(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint64_t target;
    } met[] = { { "up{a=\"y\"}", 9 },
                { "up{a=\"x\"}", 5 },
                { "load{a=\"x\"}", 5 },
                { "load{a=\"y\"}", 9 },
                { "load{a=\"z\"}", 1 } };
    static const uint32_t want[] = { 1, 4, 2, 3, 5 };
    struct bw_newcomers newcomers = { 0 };
    for (uint32_t i = 0; i < 5; i++)
        bw_newcomers_add(&newcomers, met[i].name, met[i].target, i + 1);
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(bw_newcomers_find(&newcomers, met[i].name), i + 1);
    assert_int_equal(bw_newcomers_find(&newcomers, "up{a=\"z\"}"), 0);
    bw_newcomers_order(&newcomers);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(newcomers.items[i].number, want[i]);
    bw_newcomers_fini(&newcomers);
}

static void many_are_found(void **state)
{
    (void)state;
    enum { MANY = 5000 };
    struct bw_newcomers newcomers = { 0 };
    char name[32];
    for (uint32_t i = 1; i <= MANY; i++) {
        snprintf(name, sizeof name, "up{a=\"%u\"}", i);
        assert_int_equal(bw_newcomers_find(&newcomers, name), 0);
        bw_newcomers_add(&newcomers, name, i % 70, i);
    }
    for (uint32_t i = 1; i <= MANY; i++) {
        snprintf(name, sizeof name, "up{a=\"%u\"}", i);
        assert_int_equal(bw_newcomers_find(&newcomers, name), i);
    }
    bw_newcomers_order(&newcomers);
    for (size_t i = 1; i < MANY; i++)
        assert_true(newcomers.items[i - 1].target == newcomers.items[i].target
                    || newcomers.items[i].number == newcomers.items[i].first);
    bw_newcomers_fini(&newcomers);
}

static void none_is_no_trouble(void **state)
{
    (void)state;
    struct bw_newcomers newcomers = { 0 };
    bw_newcomers_order(&newcomers);
    assert_int_equal(bw_newcomers_find(&newcomers, "up"), 0);
    bw_newcomers_fini(&newcomers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(siblings_come_to_stand_side_by_side),
        cmocka_unit_test(many_are_found),
        cmocka_unit_test(none_is_no_trouble),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
