// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/registry.h"

#include <stdio.h>

static void names_keep_their_ids(void **state)
{
    (void)state;
    struct bw_store_registry registry = { 0 };
    char name[40];
    assert_int_equal(bw_store_registry_find(&registry, "up"), 0);
    assert_true(bw_store_registry_load(&registry, "up", 7));
    assert_false(bw_store_registry_load(&registry, "up", 8));
    for (int i = 0; i < 2000; i++) {
        snprintf(name, sizeof name, "metric_%d", i);
        assert_int_equal(bw_store_registry_add(&registry, name), 9 + i); /* 8 was seen: not again */
    }
    for (int i = 0; i < 2000; i++) {
        snprintf(name, sizeof name, "metric_%d", i);
        assert_int_equal(bw_store_registry_find(&registry, name), 9 + i);
    }
    assert_int_equal(bw_store_registry_find(&registry, "up"), 7);
    assert_int_equal(registry.count, 2001);
    bw_store_registry_fini(&registry);
}

static void siblings_share_a_group_until_it_is_full(void **state)
{
    (void)state;
    struct bw_store_registry registry = { 0 };
    const uint32_t first = bw_store_registry_place(&registry, 1);
    for (unsigned i = 1; i < 50; i++)
        assert_int_equal(bw_store_registry_place(&registry, 1), first);
    assert_int_equal(bw_store_registry_place(&registry, 2), first); /* room for a second target */
    for (unsigned i = 0; i < 49; i++)
        assert_int_equal(bw_store_registry_place(&registry, 1), first);
    assert_int_not_equal(bw_store_registry_place(&registry, 1), first); /* 100 are in it */
    assert_int_not_equal(bw_store_registry_place(&registry, 2), first);
    for (uint64_t target = 3; target < 3000; target++)
        assert_true(bw_store_registry_place(&registry, target) >= first);
    for (uint32_t g = 0; g <= registry.last_group; g++)
        assert_true(registry.group_counts[g] <= BW_GROUP_SERIES_MAX);
    bw_store_registry_fini(&registry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_keep_their_ids),
        cmocka_unit_test(siblings_share_a_group_until_it_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
