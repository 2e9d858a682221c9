// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/output.h"

static void one_is_not_many(void **state)
{
    (void)state;
    static const struct {
        uint64_t count;
        const char *want;
    } cases[] = {
        { 0, "0 packs" }, { 1, "1 pack" }, { 2, "2 packs" }, { 1000000, "1000000 packs" }
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_buf out;
        bw_buf_init(&out, 100);
        bw_out_count(&out, cases[i].count, "pack", "packs");
        assert_string_equal(out.data, cases[i].want);
        bw_buf_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(one_is_not_many) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
