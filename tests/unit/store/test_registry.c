// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/registry.h"

#include <stdio.h>
#include <string.h>

static const struct bw_retention_opts month = { 30, 180, 1000, 3000 };
static const struct bw_retention_opts quarter = { 90, 90, 1000, 4000 };

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

/* Names that share their parts, have none, or have one that is long. */
static void names_are_put_together_again(void **state)
{
    (void)state;
    static char long_name[200000] = "long{a=\"";
    const char *const names[] = { "up",          "down",        "up{a=\"1\"}", "down{a=\"1\"}",
                                  "up{a=\"2\"}", "up{a=\"{\"}", "u",           long_name,
                                  "p{a=\"1\"}",  "{a=\"1\"}" };
    enum { NAMES = sizeof names / sizeof *names };
    struct bw_store_registry registry = { 0 };
    struct bw_buf name;
    memset(long_name + 8, 'x', sizeof long_name - 11);
    bw_buf_init(&name, 1 << 20);
    for (uint32_t i = 0; i < NAMES; i++) {
        assert_int_equal(bw_store_registry_find(&registry, names[i]), 0);
        assert_int_equal(bw_store_registry_add(&registry, names[i]), i + 1);
    }
    for (uint32_t i = 0; i < NAMES; i++) {
        bw_buf_clear(&name);
        assert_int_equal(bw_store_registry_find(&registry, names[i]), i + 1);
        assert_true(bw_store_registry_name(&registry, i + 1, &name));
        assert_string_equal(name.data, names[i]);
    }
    assert_false(bw_store_registry_name(&registry, 0, &name));
    assert_false(bw_store_registry_name(&registry, NAMES + 1, &name));
    assert_false(bw_store_registry_name(&registry, 1u << 31, &name));
    assert_int_equal(bw_store_registry_find(&registry, "up{a=\"1\""), 0);
    assert_true(bw_store_registry_load(&registry, "far", 1u << 24)); /* a hole in the ids */
    assert_int_equal(bw_store_registry_find(&registry, "far"), 1u << 24);
    bw_buf_fini(&name);
    bw_store_registry_fini(&registry);
}

static void siblings_share_a_group_until_it_is_full(void **state)
{
    (void)state;
    struct bw_store_registry registry = { 0 };
    const uint32_t first = bw_store_registry_place(&registry, 1, &month);
    for (unsigned i = 1; i < 50; i++)
        assert_int_equal(bw_store_registry_place(&registry, 1, &month), first);
    assert_int_equal(bw_store_registry_place(&registry, 2, &month),
                     first); /* room for a second target */
    for (unsigned i = 0; i < 49; i++)
        assert_int_equal(bw_store_registry_place(&registry, 1, &month), first);
    assert_int_not_equal(bw_store_registry_place(&registry, 1, &month), first); /* 100 are in it */
    assert_int_not_equal(bw_store_registry_place(&registry, 2, &month), first);
    for (uint64_t target = 3; target < 3000; target++)
        assert_true(bw_store_registry_place(&registry, target, &month) >= first);
    for (uint32_t g = 0; g <= registry.last_group; g++)
        assert_true(registry.groups[g].series <= BW_GROUP_SERIES_MAX);
    bw_store_registry_fini(&registry);
}

/* Ten series each, as they come: a group has room for ten targets and no room is left over. */
static void groups_fill_up_with_whole_targets(void **state)
{
    (void)state;
    struct bw_store_registry registry = { 0 };
    for (uint64_t target = 1; target <= 30; target++) {
        const uint32_t group = bw_store_registry_place(&registry, target, &month);
        assert_int_equal(group, (target - 1) / 10 + 1);
        for (int i = 1; i < 10; i++)
            assert_int_equal(bw_store_registry_place(&registry, target, &month), group);
    }
    bw_store_registry_fini(&registry);
}

static void what_is_kept_for_different_times_is_apart(void **state)
{
    (void)state;
    struct bw_store_registry registry = { 0 };
    const uint32_t a = bw_store_registry_place(&registry, 1, &month);
    const uint32_t b = bw_store_registry_place(&registry, 1, &quarter);
    assert_int_not_equal(a, b);
    for (uint64_t target = 1; target < 20; target++) { /* in turn, they still fill two groups */
        assert_int_equal(bw_store_registry_place(&registry, target, &month), a);
        assert_int_equal(bw_store_registry_place(&registry, target, &quarter), b);
    }
    assert_false(registry.groups[a].mixed);
    bw_store_registry_load_group(&registry, a, &quarter, true); /* it was configured otherwise */
    assert_true(registry.groups[a].mixed);
    assert_true(bw_store_registry_place(&registry, 1, &month) > b);
    bw_store_registry_fini(&registry);
}

/* Tier by tier, and also for what is there of series that have gone elsewhere. */
static void a_group_is_kept_for_the_longest_of_its_times(void **state)
{
    (void)state;
    const struct bw_retention_opts ever = { 0, 1, 1, 1 };
    struct bw_store_registry registry = { 0 };
    bw_store_registry_load_group(&registry, 5, &month, true);
    bw_store_registry_load_group(&registry, 5, &quarter, false);
    assert_int_equal(registry.groups[5].kept.raw_ns, 90);
    assert_int_equal(registry.groups[5].kept.minute_ns, 180); /* month's, which is longer */
    assert_false(registry.groups[5].mixed);
    bw_store_registry_load_group(&registry, 5, &ever, true);
    bw_store_registry_load_group(&registry, 5, &quarter, true);
    assert_int_equal(registry.groups[5].kept.raw_ns, 0);
    assert_int_equal(registry.groups[5].kept.day_ns, 4000);
    bw_store_registry_fini(&registry);
}

static void nobody_joins_a_group_that_was_left(void **state)
{
    (void)state;
    struct bw_store_registry registry = { 0 };
    const uint32_t a = bw_store_registry_place(&registry, 1, &month);
    assert_int_equal(bw_store_registry_place(&registry, 1, &month), a);
    bw_store_registry_leave(&registry, a);
    const uint32_t b = bw_store_registry_place(&registry, 1, &month);
    assert_int_not_equal(b, a);
    bw_store_registry_load_group(&registry, b, &quarter, true);
    for (int i = 0; i < 2; i++)
        bw_store_registry_leave(&registry, b);
    assert_false(registry.groups[b].mixed); /* and empty */
    assert_true(bw_store_registry_place(&registry, 1, &month) > b);
    assert_int_equal(registry.groups[b].kept.raw_ns, 90);
    bw_store_registry_fini(&registry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_fill_up_with_whole_targets),
        cmocka_unit_test(what_is_kept_for_different_times_is_apart),
        cmocka_unit_test(a_group_is_kept_for_the_longest_of_its_times),
        cmocka_unit_test(nobody_joins_a_group_that_was_left),
        cmocka_unit_test(names_keep_their_ids),
        cmocka_unit_test(names_are_put_together_again),
        cmocka_unit_test(siblings_share_a_group_until_it_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
