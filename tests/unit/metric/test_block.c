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

static void lines_are_as_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        struct bw_arena arena;
        struct bw_measures m;
        bw_arena_init(&arena);
        bw_measures_init(&m, &arena);
        bw_measures_add(&m, stories[i].family, stories[i].value, BW_LABEL_VALUES(stories[i].label));
        size_t count = 0;
        while (count < 4 && stories[i].common[count].name != NULL)
            count++;
        struct bw_block *block = bw_block_new(stories[i].common, count, stories[i].prefix);
        bw_block_rebuild(block, &m);
        assert_int_equal(block->count, 1);
        const struct bw_cell *cell = &block->cells[0];
        const char *line = block->text + cell->offset;
        if (strlen(stories[i].want) != cell->line_len
            || memcmp(line, stories[i].want, cell->line_len) != 0)
            fail_msg("%s: got %.*s", stories[i].name, (int)cell->line_len, line);
        bw_block_free(block);
        bw_arena_fini(&arena);
    }
}

static void cells_are_sorted_by_family_and_keep_their_order(void **state)
{
    (void)state;
    struct bw_arena arena;
    struct bw_measures m;
    bw_arena_init(&arena);
    bw_measures_init(&m, &arena);
    bw_measures_add(&m, BW_METRIC_NODE_LOAD1, 1, NULL);
    bw_measures_add(&m, BW_METRIC_PROBE_HTTP_DURATION_SECONDS, 2, BW_LABEL_VALUES("b"));
    bw_measures_add(&m, BW_METRIC_PROBE_SUCCESS, 3, NULL);
    bw_measures_add(&m, BW_METRIC_PROBE_HTTP_DURATION_SECONDS, 4, BW_LABEL_VALUES("a"));
    struct bw_block *block = bw_block_new(NULL, 0, "exported_");
    bw_block_rebuild(block, &m);
    static const double want[] = { 3, 2, 4, 1 };
    for (size_t i = 0; i < 4; i++)
        assert_true(block->cells[i].value == want[i]);
    assert_int_equal(block->run_count, 3);
    assert_int_equal(block->runs[1].count, 2);
    bw_block_free(block);
    bw_arena_fini(&arena);
}

static void shape_is_families_and_labels_not_values(void **state)
{
    (void)state;
    struct bw_arena arena;
    struct bw_measures a, b, c, d;
    bw_arena_init(&arena);
    bw_measures_init(&a, &arena);
    bw_measures_init(&b, &arena);
    bw_measures_init(&c, &arena);
    bw_measures_init(&d, &arena);
    bw_measures_add(&a, BW_METRIC_PROBE_FAILURE_INFO, 1, BW_LABEL_VALUES("x"));
    bw_measures_add(&b, BW_METRIC_PROBE_FAILURE_INFO, 2, BW_LABEL_VALUES("x"));
    bw_measures_add(&c, BW_METRIC_PROBE_FAILURE_INFO, 1, BW_LABEL_VALUES("y"));
    struct bw_block *block = bw_block_new(NULL, 0, "exported_");
    bw_block_rebuild(block, &a);
    assert_true(bw_block_has_shape(block, &b));
    assert_false(bw_block_has_shape(block, &c));
    assert_false(bw_block_has_shape(block, &d));
    /* A longer value, then a shorter one: no byte of either is left over. */
    b.items[0].value = -1.2345678901234567e-300;
    bw_block_update(block, &b);
    b.items[0].value = 7;
    bw_block_update(block, &b);
    assert_int_equal(block->cells[0].line_len, strlen("probe_failure_info{reason=\"x\"} 7\n"));
    assert_memory_equal(block->text, "probe_failure_info{reason=\"x\"} 7\n",
                        block->cells[0].line_len);
    bw_block_free(block);
    bw_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_as_told),
        cmocka_unit_test(cells_are_sorted_by_family_and_keep_their_order),
        cmocka_unit_test(shape_is_families_and_labels_not_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
