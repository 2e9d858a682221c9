// SPDX-License-Identifier: GPL-3.0-or-later
#include "metric/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

enum { COUNT = 3000 };

static char texts[COUNT][16];

static void what_is_in_is_known_and_what_is_out_is_not(void **state)
{
    (void)state;
    struct bw_names names = { 0 };
    for (size_t i = 0; i < COUNT; i++) {
        snprintf(texts[i], sizeof texts[i], "name%zu", i * 7919);
        assert_true(bw_names_add(&names, texts[i], strlen(texts[i])));
        assert_false(bw_names_add(&names, texts[i], strlen(texts[i])));
    }
    assert_int_equal(names.count, COUNT);
    for (size_t i = 0; i < COUNT; i += 3)
        bw_names_remove(&names, texts[i], strlen(texts[i]));
    assert_int_equal(names.count, COUNT - COUNT / 3);
    /* Those that stayed are still found across the holes; the others can come back. */
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(bw_names_add(&names, texts[i], strlen(texts[i])), i % 3 == 0);
    bw_names_fini(&names);
}

static void removing_what_is_not_there_does_nothing(void **state)
{
    (void)state;
    struct bw_names names = { 0 };
    bw_names_remove(&names, "a", 1);
    assert_true(bw_names_add(&names, "ab", 2));
    bw_names_remove(&names, "a", 1);
    assert_int_equal(names.count, 1);
    bw_names_fini(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_in_is_known_and_what_is_out_is_not),
        cmocka_unit_test(removing_what_is_not_there_does_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
