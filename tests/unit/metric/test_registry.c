// SPDX-License-Identifier: GPL-3.0-or-later
#include "metric/registry.h"

#include "exposition_check.h"
#include "metric/guest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

struct fixture {
    struct bw_arena arena;
    struct bw_registry *registry;
    struct bw_buf page;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    bw_arena_init(&f->arena);
    f->registry = bw_registry_new();
    bw_buf_init(&f->page, 1 << 22);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    bw_registry_free(f->registry);
    bw_arena_fini(&f->arena);
    bw_buf_fini(&f->page);
    free(f);
    return 0;
}

static struct bw_block *add_check(struct fixture *f, const char *service)
{
    const struct bw_metric_label labels[] = { { "service", service },
                                              { "instance", "10.0.0.1:80" },
                                              { "check", "page" } };
    return bw_registry_add(f->registry, labels, 3, "exported_");
}

static struct bw_measures measures(struct fixture *f)
{
    struct bw_measures m;
    bw_measures_init(&m, &f->arena);
    return m;
}

static const char *render(struct fixture *f, enum bw_exposition format,
                          const struct bw_family_filter *filter)
{
    bw_buf_clear(&f->page);
    bw_registry_render(f->registry, format, filter, &f->page);
    assert_false(bw_buf_failed(&f->page));
    const char *fault = check_page(format, f->page.data, f->page.len);
    if (fault != NULL)
        fail_msg("%s in\n%s", fault, f->page.data);
    return f->page.data;
}

/* One of everything, twice. */
static void fill(struct fixture *f)
{
    struct bw_histogram histogram;
    bw_histogram_init(&histogram, bw_duration_bounds, bw_duration_bound_count);
    bw_histogram_observe(&histogram, 0.012);
    bw_histogram_observe(&histogram, 7);
    for (int i = 0; i < 2; i++) {
        struct bw_measures m = measures(f);
        bw_measures_add(&m, BW_METRIC_PROBE_SUCCESS, i, NULL);
        bw_measures_add(&m, BW_METRIC_PROBE_DURATION_SECONDS, 0.123456, NULL);
        bw_measures_add(&m, BW_METRIC_PROBE_TLS_VERSION_INFO, 1, BW_LABEL_VALUES("TLS 1.3"));
        bw_measures_add(&m, BW_METRIC_CHECK_RUNS_TOTAL, 17,
                        BW_LABEL_VALUES("failure", "connect_refused"));
        bw_measures_add(&m, BW_METRIC_HEALTH_STATUS, 1, BW_LABEL_VALUES("HEALTHY"));
        bw_measures_add(&m, BW_METRIC_HEALTH_STATUS, 0, BW_LABEL_VALUES("UNHEALTHY"));
        bw_measures_add(&m, BW_METRIC_NODE_VMSTAT_PGFAULT, 5, NULL);
        bw_measures_add_histogram(&m, BW_METRIC_CHECK_DURATION_SECONDS, &histogram, NULL);
        bw_registry_set(f->registry, add_check(f, i == 0 ? "shop" : "say \"hi\"\\n"), &m);
    }
}

/* BW_UPDATE_GOLDEN=1 in the environment writes the file instead. */
static void compare_golden(const char *name, const char *got)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", BW_GOLDEN, name);
    const bool update = getenv("BW_UPDATE_GOLDEN") != NULL;
    FILE *file = fopen(path, update ? "w" : "r");
    if (file == NULL)
        fail_msg("%s cannot be opened", path);
    static char want[1 << 16];
    memset(want, 0, sizeof want);
    if (update)
        fputs(got, file);
    else if (fread(want, 1, sizeof want - 1, file) > 0)
        assert_string_equal(got, want);
    fclose(file);
}

static void pages_look_as_ever(void **state)
{
    struct fixture *f = *state;
    fill(f);
    compare_golden("page.txt", render(f, BW_EXPOSITION_TEXT, NULL));
    compare_golden("page.openmetrics", render(f, BW_EXPOSITION_OPENMETRICS, NULL));
}

static void an_empty_registry_is_a_page_too(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(render(f, BW_EXPOSITION_TEXT, NULL), "");
    assert_string_equal(render(f, BW_EXPOSITION_OPENMETRICS, NULL), "# EOF\n");
}

static void the_second_of_two_equal_series_waits(void **state)
{
    struct fixture *f = *state;
    struct bw_measures one = measures(f), two = measures(f), none = measures(f);
    bw_measures_add(&one, BW_METRIC_PROBE_SUCCESS, 1, NULL);
    bw_measures_add(&two, BW_METRIC_PROBE_SUCCESS, 2, NULL);
    bw_measures_add(&two, BW_METRIC_PROBE_SUCCESS, 3, NULL);
    struct bw_block *first = add_check(f, "shop"), *second = add_check(f, "shop");
    bw_registry_set(f->registry, first, &one);
    bw_registry_set(f->registry, second, &two);
    assert_int_equal(bw_registry_series(f->registry), 1);
    assert_int_equal(bw_registry_hidden(f->registry), 2);
    assert_non_null(strstr(render(f, BW_EXPOSITION_TEXT, NULL), "} 1\n"));
    /* What waits keeps its values up to date and takes over. */
    two.items[0].value = 9;
    bw_registry_set(f->registry, second, &two);
    bw_registry_set(f->registry, first, &none);
    assert_int_equal(bw_registry_hidden(f->registry), 1);
    assert_non_null(strstr(render(f, BW_EXPOSITION_TEXT, NULL), "} 9\n"));
    bw_registry_remove(f->registry, second);
    assert_int_equal(bw_registry_series(f->registry), 0);
    assert_int_equal(bw_registry_hidden(f->registry), 0);
}

static void what_is_gone_is_gone_at_the_next_scrape(void **state)
{
    struct fixture *f = *state;
    struct bw_measures bad = measures(f), good = measures(f);
    bw_measures_add(&bad, BW_METRIC_PROBE_SUCCESS, 0, NULL);
    bw_measures_add(&bad, BW_METRIC_PROBE_FAILURE_INFO, 1, BW_LABEL_VALUES("connect_refused"));
    bw_measures_add(&good, BW_METRIC_PROBE_SUCCESS, 1, NULL);
    struct bw_block *block = add_check(f, "shop");
    bw_registry_set(f->registry, block, &bad);
    assert_non_null(strstr(render(f, BW_EXPOSITION_TEXT, NULL), "connect_refused"));
    bw_registry_set(f->registry, block, &good);
    assert_null(strstr(render(f, BW_EXPOSITION_TEXT, NULL), "connect_refused"));
    bw_registry_remove(f->registry, block);
    assert_string_equal(render(f, BW_EXPOSITION_TEXT, NULL), "");
}

/* Of the shape that the block has, of another one, and of one that nobody knows. */
static void measures_of_a_known_shape_are_taken_over(void **state)
{
    struct fixture *f = *state;
    struct bw_measures one = measures(f), other = measures(f);
    bw_measures_add(&one, BW_METRIC_PROBE_SUCCESS, 1, NULL);
    bw_measures_add(&other, BW_METRIC_PROBE_FAILURE_INFO, 1, BW_LABEL_VALUES("dns_timeout"));
    struct bw_shapes *shapes = bw_registry_shapes(f->registry);
    const struct bw_shape *a = bw_shapes_take(shapes, &one), *b = bw_shapes_take(shapes, &other);
    struct bw_block *block = add_check(f, "shop");
    for (int round = 2; round < 4; round++) {
        char want[] = "} 2\n";
        want[2] = (char)('0' + round);
        one.items[0].value = other.items[0].value = round;
        bw_registry_set_shaped(f->registry, block, &one, a);
        assert_ptr_equal(block->shape, a);
        bw_registry_set_shaped(f->registry, block, &one, round == 2 ? a : NULL);
        assert_non_null(strstr(render(f, BW_EXPOSITION_TEXT, NULL), want));
        assert_null(strstr(render(f, BW_EXPOSITION_TEXT, NULL), "dns_timeout"));
        bw_registry_set_shaped(f->registry, block, &other, b);
        assert_ptr_equal(block->shape, b);
        assert_non_null(strstr(render(f, BW_EXPOSITION_TEXT, NULL), want));
    }
    bw_registry_remove(f->registry, block);
    bw_shapes_drop(shapes, a);
    bw_shapes_drop(shapes, b);
}

static void a_filter_leaves_whole_families(void **state)
{
    struct fixture *f = *state;
    static const char *const prefixes[] = { "probe_duration", "node_" };
    const struct bw_family_filter filter = { .prefixes = prefixes, .count = 2 };
    fill(f);
    const char *page = render(f, BW_EXPOSITION_OPENMETRICS, &filter);
    assert_non_null(strstr(page, "probe_duration_seconds{"));
    assert_non_null(strstr(page, "node_vmstat_pgfault{"));
    assert_null(strstr(page, "probe_success"));
    assert_null(strstr(page, "bellwether_"));
}

static void a_page_of_one_probe_has_no_labels_of_ours(void **state)
{
    struct fixture *f = *state;
    struct bw_measures m = measures(f);
    bw_measures_add(&m, BW_METRIC_PROBE_SUCCESS, 1, NULL);
    bw_measures_render(&m, BW_EXPOSITION_TEXT, &f->page);
    assert_string_equal(f->page.data, "# HELP probe_success Whether the probe passed: 1 if it did, "
                                      "0 if not.\n# TYPE probe_success gauge\nprobe_success 1\n");
}

static enum bw_family_id add_guest(enum bw_metric_type type, const char *label)
{
    const struct bw_family wanted = { .name = "asked_info",
                                      .type = type,
                                      .unit = "",
                                      .labels = { label },
                                      .label_count = 1,
                                      .help = "Said by somebody." };
    enum bw_family_id id = BW_METRIC_PROBE_SUCCESS;
    struct bw_err err = { 0 };
    if (bw_guest_family(&wanted, &id, &err) != BW_OK)
        fail_msg("%s", err.text);
    return id;
}

/* Checks that found different things out about their peers. */
static void rows_of_one_name_have_one_head(void **state)
{
    struct fixture *f = *state;
    const enum bw_family_id one = add_guest(BW_TYPE_INFO, "version");
    struct bw_measures of_a = measures(f), of_b = measures(f), of_c = measures(f);
    bw_measures_add(&of_a, one, 1, BW_LABEL_VALUES("1.0"));
    const enum bw_family_id two = add_guest(BW_TYPE_INFO, "software");
    bw_measures_add(&of_b, two, 1, BW_LABEL_VALUES("mail", NULL));
    assert_true(one != two);
    bw_registry_set(f->registry, add_check(f, "a"), &of_a);
    bw_registry_set(f->registry, add_check(f, "b"), &of_b);
    assert_string_equal(
        render(f, BW_EXPOSITION_TEXT, NULL),
        "# HELP asked_info Said by somebody.\n# TYPE asked_info gauge\n"
        "asked_info{service=\"a\",instance=\"10.0.0.1:80\",check=\"page\",version=\"1.0\"} 1\n"
        "asked_info{service=\"b\",instance=\"10.0.0.1:80\",check=\"page\",software=\"mail\"} 1\n");
    bw_measures_add(&of_c, add_guest(BW_TYPE_COUNTER, "version"), 1, BW_LABEL_VALUES("1.0"));
    bw_registry_set(f->registry, add_check(f, "c"), &of_c);
    assert_string_equal(
        render(f, BW_EXPOSITION_TEXT, NULL),
        "# HELP asked_info Said by somebody.\n# TYPE asked_info untyped\n"
        "asked_info{service=\"a\",instance=\"10.0.0.1:80\",check=\"page\",version=\"1.0\"} 1\n"
        "asked_info{service=\"b\",instance=\"10.0.0.1:80\",check=\"page\",software=\"mail\"} 1\n"
        "asked_info{service=\"c\",instance=\"10.0.0.1:80\",check=\"page\",version=\"1.0\"} 1\n");
}

static void many_blocks_come_and_go(void **state)
{
    struct fixture *f = *state;
    enum { COUNT = 200 };
    struct bw_block *blocks[COUNT];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < COUNT; i++) {
            char name[16];
            snprintf(name, sizeof name, "s%d", i);
            struct bw_measures m = measures(f);
            for (int k = 0; k <= i % 7; k++) {
                char phase[16];
                snprintf(phase, sizeof phase, "p%d", k);
                bw_measures_add(&m, BW_METRIC_PROBE_HTTP_DURATION_SECONDS, k,
                                BW_LABEL_VALUES(phase));
            }
            blocks[i] = add_check(f, name);
            bw_registry_set(f->registry, blocks[i], &m);
        }
        render(f, BW_EXPOSITION_OPENMETRICS, NULL);
        assert_int_equal(bw_registry_series(f->registry), 794);
        for (int i = 0; i < COUNT; i++)
            bw_registry_remove(f->registry, blocks[(i * 77) % COUNT]);
        assert_int_equal(bw_registry_series(f->registry), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pages_look_as_ever, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_empty_registry_is_a_page_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_second_of_two_equal_series_waits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_gone_is_gone_at_the_next_scrape, set_up, tear_down),
        cmocka_unit_test_setup_teardown(measures_of_a_known_shape_are_taken_over, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_filter_leaves_whole_families, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_page_of_one_probe_has_no_labels_of_ours, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(rows_of_one_name_have_one_head, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_blocks_come_and_go, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
