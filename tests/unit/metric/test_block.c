// SPDX-License-Identifier: GPL-3.0-or-later
#include "metric/block.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

/* A story: common labels as "name=value,…", the collision prefix, and the one line that a
 * measure makes. */
static const struct {
    const char *name;
    struct bw_metric_label common[4];
    const char *prefix;
    enum bw_family_id family;
    const char *label;
    double value;
    const char *want;
} stories[] = {
    { "no labels", { { 0 } }, "exported_", BW_METRIC_PROBE_SUCCESS, NULL, 1, "probe_success 1\n" },
    { "common labels come first",
      { { "service", "shop" }, { "check", "page" } },
      "exported_",
      BW_METRIC_PROBE_HTTP_DURATION_SECONDS,
      "tls",
      0.25,
      "probe_http_duration_seconds{service=\"shop\",check=\"page\",phase=\"tls\"} 0.25\n" },
    { "the metric's own label wins",
      { { "phase", "prod" }, { "a", "b" } },
      "exported_",
      BW_METRIC_PROBE_HTTP_DURATION_SECONDS,
      "tls",
      1,
      "probe_http_duration_seconds{exported_phase=\"prod\",a=\"b\",phase=\"tls\"} 1\n" },
    { "a series' label keeps out of the way",
      { { "metric", "m" }, { "direction", "east" } },
      "series_",
      BW_METRIC_TREND_DIRECTION,
      "rising",
      0,
      "bellwether_trend_direction{metric=\"m\",series_direction=\"east\",direction=\"rising\"} "
      "0\n" },
    { "two that collide both stay",
      { { "phase", "1" }, { "exported_phase", "2" } },
      "exported_",
      BW_METRIC_PROBE_HTTP_DURATION_SECONDS,
      "tls",
      1,
      "probe_http_duration_seconds{exported_exported_phase=\"1\",exported_phase=\"2\",phase="
      "\"tls\"} 1\n" },
    { "empty values are left out",
      { { "a", "" }, { "b", "c" } },
      "exported_",
      BW_METRIC_PROBE_FAILURE_INFO,
      "",
      1,
      "probe_failure_info{b=\"c\"} 1\n" },
    { "but for one that keeps the scraper's label away",
      { { "a", bw_metric_blank }, { "b", "c" } },
      "exported_",
      BW_METRIC_PROBE_SUCCESS,
      NULL,
      1,
      "probe_success{a=\"\",b=\"c\"} 1\n" },
    { "values are escaped",
      { { "a", "\"\\\n\r" } },
      "exported_",
      BW_METRIC_PROBE_SUCCESS,
      NULL,
      -0.5,
      "probe_success{a=\"\\\"\\\\\\n\xEF\xBF\xBD\"} -0.5\n" },
    { "names are mended",
      { { "a-b", "1" }, { "a.b", "2" }, { "9", "3" } },
      "exported_",
      BW_METRIC_PROBE_SUCCESS,
      NULL,
      1e21,
      "probe_success{a_b=\"1\",exported_a_b=\"2\",_9=\"3\"} 1e+21\n" },
};

/* All lines of the block, run by run. */
static void expect_lines(const struct bw_block *block, const char *want, const char *name)
{
    struct bw_buf page;
    bw_buf_init(&page, 1 << 20);
    for (size_t r = 0; r < block->shape->run_count; r++)
        bw_block_append_run(block, &block->shape->runs[r], &page);
    if (strcmp(page.data, want) != 0)
        fail_msg("%s: got %s", name, page.data);
    bw_buf_fini(&page);
}

static void lines_are_as_told(void **state)
{
    (void)state;
    struct bw_shapes *shapes = bw_shapes_new();
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        struct bw_arena arena;
        struct bw_measures m;
        bw_arena_init(&arena);
        bw_measures_init(&m, &arena);
        bw_measures_add(&m, stories[i].family, stories[i].value, BW_LABEL_VALUES(stories[i].label));
        size_t count = 0;
        while (count < 4 && stories[i].common[count].name != NULL)
            count++;
        struct bw_block *block = bw_block_new(shapes, stories[i].common, count, stories[i].prefix);
        bw_block_rebuild(block, &m);
        assert_int_equal(block->shape->count, 1);
        expect_lines(block, stories[i].want, stories[i].name);
        bw_block_free(block);
        bw_arena_fini(&arena);
    }
    bw_shapes_free(shapes);
}

static void series_are_sorted_by_family_and_keep_their_order(void **state)
{
    (void)state;
    struct bw_shapes *shapes = bw_shapes_new();
    struct bw_arena arena = { 0 };
    struct bw_measures m;
    bw_measures_init(&m, &arena);
    bw_measures_add(&m, BW_METRIC_NODE_LOAD1, 1, NULL);
    bw_measures_add(&m, BW_METRIC_PROBE_HTTP_DURATION_SECONDS, 2, BW_LABEL_VALUES("b"));
    bw_measures_add(&m, BW_METRIC_PROBE_SUCCESS, 3, NULL);
    bw_measures_add(&m, BW_METRIC_PROBE_HTTP_DURATION_SECONDS, 4, BW_LABEL_VALUES("a"));
    struct bw_block *block = bw_block_new(shapes, NULL, 0, "exported_");
    bw_block_rebuild(block, &m);
    expect_lines(block,
                 "probe_success 3\n"
                 "probe_http_duration_seconds{phase=\"b\"} 2\n"
                 "probe_http_duration_seconds{phase=\"a\"} 4\n"
                 "node_load1 1\n",
                 "sorted");
    bw_block_free(block);
    bw_arena_fini(&arena);
    bw_shapes_free(shapes);
}

static void values_long_and_short_take_turns(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *want;
    } turns[] = {
        { 1, "1" },          { -1.2345678901234567e-300, "-1.2345678901234568e-300" },
        { 7, "7" },          { 0.1 + 0.2, "0.30000000000000004" },
        { 1e300, "1e+300" }, { -0.0, "-0" },
        { -2.5, "-2.5" },
    };
    struct bw_shapes *shapes = bw_shapes_new();
    struct bw_arena arena = { 0 };
    struct bw_measures m;
    bw_measures_init(&m, &arena);
    bw_measures_add(&m, BW_METRIC_PROBE_FAILURE_INFO, 1.0 / 3, BW_LABEL_VALUES("x"));
    bw_measures_add(&m, BW_METRIC_PROBE_FAILURE_INFO, 1, BW_LABEL_VALUES("y"));
    struct bw_block *block = bw_block_new(shapes, NULL, 0, "exported_");
    bw_block_rebuild(block, &m);
    for (size_t i = 0; i < sizeof turns / sizeof *turns; i++) {
        char want[200];
        snprintf(want, sizeof want,
                 "probe_failure_info{reason=\"x\"} 0.3333333333333333\n"
                 "probe_failure_info{reason=\"y\"} %s\n",
                 turns[i].want);
        m.items[1].value = turns[i].value;
        bw_block_update(block, &m);
        expect_lines(block, want, turns[i].want);
    }
    bw_block_free(block);
    bw_arena_fini(&arena);
    bw_shapes_free(shapes);
}

static void hidden_series_have_no_line(void **state)
{
    (void)state;
    struct bw_shapes *shapes = bw_shapes_new();
    struct bw_arena arena = { 0 };
    struct bw_measures m;
    bw_measures_init(&m, &arena);
    bw_measures_add(&m, BW_METRIC_PROBE_SUCCESS, 1, NULL);
    bw_measures_add(&m, BW_METRIC_NODE_LOAD1, 2, NULL);
    struct bw_block *block = bw_block_new(shapes, NULL, 0, "exported_");
    bw_block_rebuild(block, &m);
    bw_block_hide(block, 0, true);
    expect_lines(block, "node_load1 2\n", "hidden");
    bw_block_hide(block, 0, false);
    expect_lines(block, "probe_success 1\nnode_load1 2\n", "shown");
    bw_block_hide(block, 1, true);
    bw_block_rebuild(block, &m);
    expect_lines(block, "probe_success 1\nnode_load1 2\n", "made anew");
    bw_block_free(block);
    bw_arena_fini(&arena);
    bw_shapes_free(shapes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_as_told),
        cmocka_unit_test(series_are_sorted_by_family_and_keep_their_order),
        cmocka_unit_test(values_long_and_short_take_turns),
        cmocka_unit_test(hidden_series_have_no_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
