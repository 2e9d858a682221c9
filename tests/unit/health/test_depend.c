// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "health/depend.h"

#include <stdio.h>
#include <string.h>

enum { CHECKOUT, DATABASE, STORAGE, NETWORK, SERVICES };
static const char *const names[SERVICES] = { "checkout", "database", "storage", "network" };

/* checkout -> database -> storage; checkout -> network */
static struct bw_depend *shop(void)
{
    struct bw_depend *d = bw_depend_new(names, SERVICES);
    assert_int_equal(bw_depend_add_named(d, CHECKOUT, "database", NULL), BW_OK);
    assert_int_equal(bw_depend_add_named(d, DATABASE, "storage", NULL), BW_OK);
    assert_int_equal(bw_depend_add(d, CHECKOUT, NETWORK, NULL), BW_OK);
    assert_int_equal(bw_depend_add(d, CHECKOUT, NETWORK, NULL), BW_OK);
    return d;
}

static const struct {
    size_t service;
    const char *parent;
    enum bw_rc rc;
    const char *says;
} refused[] = {
    { STORAGE, "checkout", BW_EINVAL, "storage -> checkout -> database -> storage" },
    { DATABASE, "checkout", BW_EINVAL, "database -> checkout -> database" },
    { NETWORK, "network", BW_EINVAL, "network -> network" },
    { NETWORK, "databse", BW_ENOTFOUND, "did you mean 'database'" },
    { NETWORK, "mainframe", BW_ENOTFOUND, "no service 'mainframe'" },
};

static void circles_and_strangers_are_refused(void **state)
{
    (void)state;
    struct bw_depend *d = shop();
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct bw_err err = { 0 };
        assert_int_equal(bw_depend_add_named(d, refused[i].service, refused[i].parent, &err),
                         refused[i].rc);
        if (strstr(err.text, refused[i].says) == NULL)
            fail_msg("'%s' does not say '%s'", err.text, refused[i].says);
    }
    bw_depend_free(d);
}

static void parents_come_first(void **state)
{
    (void)state;
    struct bw_depend *d = shop();
    size_t order[SERVICES];
    bw_depend_order(d, order);
    const size_t want[SERVICES] = { STORAGE, DATABASE, NETWORK, CHECKOUT };
    assert_memory_equal(order, want, sizeof want);
    bw_depend_free(d);
}

static void unhealthy_parents_are_found(void **state)
{
    (void)state;
    struct bw_depend *d = shop();
    enum bw_status s[SERVICES] = { BW_UNHEALTHY, BW_HEALTHY, BW_HEALTHY, BW_HEALTHY };
    assert_int_equal(bw_depend_unhealthy_parent(d, s, CHECKOUT), BW_DEPEND_NONE);
    s[STORAGE] = BW_UNHEALTHY;
    assert_int_equal(bw_depend_unhealthy_parent(d, s, CHECKOUT), STORAGE);
    assert_int_equal(bw_depend_unhealthy_parent(d, s, NETWORK), BW_DEPEND_NONE);
    s[NETWORK] = BW_UNHEALTHY;
    assert_int_equal(bw_depend_unhealthy_parent(d, s, CHECKOUT), NETWORK);
    s[STORAGE] = s[NETWORK] = BW_UNKNOWN;
    assert_int_equal(bw_depend_unhealthy_parent(d, s, CHECKOUT), BW_DEPEND_NONE);
    bw_depend_free(d);
}

static void a_long_chain_is_no_trouble(void **state)
{
    (void)state;
    enum { LENGTH = 2000 };
    static char texts[LENGTH][8];
    static const char *chain[LENGTH];
    static enum bw_status statuses[LENGTH];
    static size_t order[LENGTH];
    for (size_t i = 0; i < LENGTH; i++) {
        snprintf(texts[i], sizeof texts[i], "s%zu", i);
        chain[i] = texts[i];
    }
    struct bw_depend *d = bw_depend_new(chain, LENGTH);
    for (size_t i = 0; i + 1 < LENGTH; i++)
        assert_int_equal(bw_depend_add(d, i, i + 1, NULL), BW_OK);
    statuses[LENGTH - 1] = BW_UNHEALTHY;
    assert_int_equal(bw_depend_unhealthy_parent(d, statuses, 0), LENGTH - 1);
    bw_depend_order(d, order);
    assert_int_equal(order[0], LENGTH - 1);
    struct bw_err err = { 0 };
    assert_int_equal(bw_depend_add(d, LENGTH - 1, 0, &err), BW_EINVAL);
    bw_depend_free(d);
}

static void nothing_is_fine_too(void **state)
{
    (void)state;
    struct bw_depend *d = bw_depend_new(NULL, 0);
    bw_depend_order(d, NULL);
    bw_depend_free(d);
    bw_depend_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(circles_and_strangers_are_refused),
        cmocka_unit_test(parents_come_first),
        cmocka_unit_test(unhealthy_parents_are_found),
        cmocka_unit_test(a_long_chain_is_no_trouble),
        cmocka_unit_test(nothing_is_fine_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
