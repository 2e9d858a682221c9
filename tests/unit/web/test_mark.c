// SPDX-License-Identifier: GPL-3.0-or-later
/* Markers in charts: those of what is shown, in the time that is shown, harmless whatever they say.
 */
#include "web/chart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

static struct bw_mark known[] = {
    { .ts_ms = 500, .text = "deploy: <1.4>", .subject = { "shop", "", "" } },
    { .ts_ms = 600, .text = "of one", .subject = { "shop", "a:1", "" } },
    { .ts_ms = 700, .text = "of another", .subject = { "shop", "b:1", "page" } },
    { .ts_ms = 800, .text = "of all", .subject = { "", "", "" } },
    { .ts_ms = 5000, .text = "later", .subject = { "", "", "" } },
};

static const struct {
    struct bw_subject of;
    size_t count;
} cases[] = {
    { { "shop", "a:1", "page" }, 4 }, { { "shop", "b:1", "page" }, 4 },
    { { "shop", "b:1", "port" }, 3 }, { { "shop", NULL, NULL }, 5 },
    { { "bank", "", "" }, 2 },
};

static void those_that_concern_it_are_picked(void **state)
{
    (void)state;
    const struct bw_marks all = { known, sizeof known / sizeof *known };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_arena arena = { 0 };
        const struct bw_marks own = bw_marks_of(&arena, &all, &cases[i].of);
        if (own.count != cases[i].count)
            fail_msg("case %zu: %zu", i, own.count);
        bw_arena_fini(&arena);
    }
}

static void they_stand_upright_in_a_chart(void **state)
{
    (void)state;
    static const struct bw_point points[] = { { 0, 1 }, { 1000, 2 } };
    const struct bw_chart_line line = { "load", points, 2 };
    const struct bw_chart chart = { .title = "t",
                                    .to_ms = 1000,
                                    .gap_ms = 5000,
                                    .lines = &line,
                                    .line_count = 1,
                                    .marks = { known, sizeof known / sizeof *known },
                                    .threshold = NAN,
                                    .at_least = NAN };
    struct bw_arena arena = { 0 };
    struct bw_buf svg;
    size_t marks = 0, flags = 0;
    bw_buf_init(&svg, 1u << 16);
    bw_chart_draw(&arena, &chart, &svg);
    for (const char *at = svg.data; (at = strstr(at, "class=\"mark\"")) != NULL; at++)
        marks++;
    for (const char *at = svg.data; (at = strstr(at, "class=\"flag\"")) != NULL; at++)
        flags++;
    assert_int_equal(marks, 4);
    assert_int_equal(flags, 4);
    assert_non_null(strstr(svg.data, "<title>deploy: &lt;1.4&gt;</title>"));
    assert_null(strstr(svg.data, "later"));
    bw_buf_fini(&svg);
    bw_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_that_concern_it_are_picked),
        cmocka_unit_test(they_stand_upright_in_a_chart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
