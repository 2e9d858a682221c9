// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void directions_have_names(void **state)
{
    (void)state;
    static const char *const names[] = { "undetermined", "falling", "flat", "rising" };
    assert_int_equal(sizeof names / sizeof *names, BW_DIRECTION_COUNT);
    for (int i = 0; i < BW_DIRECTION_COUNT; i++)
        assert_string_equal(bw_direction_name((enum bw_direction)i), names[i]);
    assert_string_equal(bw_direction_name((enum bw_direction)BW_DIRECTION_COUNT), "undetermined");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(directions_have_names) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
