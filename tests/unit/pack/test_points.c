// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "pack/points.h"

/* Times as digits in the order of arrival; values are the letters a, b, c … by arrival. */
static const struct {
    const char *name, *times, *want;
} cases[] = {
    { "none", "", "" },
    { "already in order", "123", "1a2b3c" },
    { "backwards", "321", "1c2b3a" },
    { "the later of two stays", "11", "1b" },
    { "the later stays, after a late one", "1232", "1a2d3c" },
    { "many of one time", "55555", "5e" },
    { "two interleaved halves",
      "13579"
      "2468",
      "1a2f3b4g5c6h7d8i9e" },
    { "the same again", "123123", "1d2e3f" },
};

static void settle_as_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_points points = { 0 };
        for (size_t k = 0; cases[i].times[k] != '\0'; k++)
            bw_points_add(&points, cases[i].times[k] - '0', (double)('a' + (int)k));
        bw_points_settle(&points);
        struct bw_buf got;
        bw_buf_init(&got, 100);
        for (size_t k = 0; k < points.count; k++)
            bw_buf_printf(&got, "%d%c", (int)points.items[k].ts_ms, (int)points.items[k].value);
        assert_string_equal(got.data, cases[i].want);
        bw_buf_fini(&got);
        bw_points_fini(&points);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(settle_as_told) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
