// SPDX-License-Identifier: GPL-3.0-or-later
#include "metric/shape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fixture {
    struct bw_arena arena;
    struct bw_shapes *shapes;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->shapes = bw_shapes_new();
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(bw_shapes_count(f->shapes), 0);
    bw_shapes_free(f->shapes);
    bw_arena_fini(&f->arena);
    free(f);
    return 0;
}

/* A measure a letter: s success, l load, c to k a failure for that reason, H a histogram. */
static struct bw_measures told(struct fixture *f, const char *story, double value)
{
    struct bw_measures m;
    struct bw_histogram histogram;
    bw_histogram_init(&histogram, bw_duration_bounds, 3);
    bw_measures_init(&m, &f->arena);
    for (const char *c = story; *c != '\0'; c++) {
        const char reason[] = { *c, '\0' };
        if (*c == 's')
            bw_measures_add(&m, BW_METRIC_PROBE_SUCCESS, value, NULL);
        else if (*c == 'l')
            bw_measures_add(&m, BW_METRIC_NODE_LOAD1, value, NULL);
        else if (*c == 'H')
            bw_measures_add_histogram(&m, BW_METRIC_CHECK_DURATION_SECONDS, &histogram, NULL);
        else
            bw_measures_add(&m, BW_METRIC_PROBE_FAILURE_INFO, value, BW_LABEL_VALUES(reason));
    }
    return m;
}

static const struct {
    const char *name, *one, *other;
    bool same;
} pairs[] = {
    { "values do not count", "slcH", "slcH", true },
    { "nothing is like nothing", "", "", true },
    { "something is not like nothing", "s", "", false },
    { "a label counts", "sc", "sd", false },
    { "order counts", "sl", "ls", false },
    { "more is not the same", "sl", "slc", false },
    { "another family is not the same", "s", "l", false },
    { "parts count", "H", "s", false },
};

static void one_shape_for_all_alike(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const struct bw_measures one = told(f, pairs[i].one, 1), other = told(f, pairs[i].other, 2);
        const struct bw_shape *a = bw_shapes_take(f->shapes, &one);
        const struct bw_shape *b = bw_shapes_take(f->shapes, &other);
        if ((a == b) != pairs[i].same || bw_shape_fits(a, &other) != pairs[i].same
            || bw_shapes_count(f->shapes) != (pairs[i].same ? 1 : 2))
            fail_msg("%s", pairs[i].name);
        assert_true(bw_shape_fits(a, &one));
        assert_true(bw_shape_fits(b, &other));
        bw_shapes_drop(f->shapes, a);
        assert_true(bw_shape_fits(b, &other)); /* it is still there for its last user */
        bw_shapes_drop(f->shapes, b);
    }
    bw_shapes_drop(f->shapes, NULL);
    const struct bw_measures none = told(f, "", 0);
    assert_false(bw_shape_fits(NULL, &none));
}

static void items_are_by_family_and_know_their_labels(void **state)
{
    struct fixture *f = *state;
    const struct bw_measures m = told(f, "ld\"scH", 1);
    const struct bw_shape *shape = bw_shapes_take(f->shapes, &m);
    char text[2000] = "";
    for (size_t r = 0; r < shape->run_count; r++) {
        const struct bw_shape_run *run = &shape->runs[r];
        assert_ptr_equal(bw_shape_run(shape, (enum bw_family_id)run->family), run);
        for (size_t i = run->first; i < run->first + run->count; i++) {
            const struct bw_shape_item *item = &shape->items[i];
            const size_t len = strlen(text);
            assert_int_equal(strlen(item->own), item->own_len);
            assert_int_equal(item->family, run->family);
            snprintf(text + len, sizeof text - len, "%s(%s)%s ",
                     bw_family_row((enum bw_family_id)item->family)->name, item->own,
                     item->labels != NULL ? item->labels[0] : "");
        }
    }
    assert_string_equal(text, "probe_success() probe_failure_info(reason=\"d\")d "
                              "probe_failure_info(reason=\"\\\"\")\" "
                              "probe_failure_info(reason=\"c\")c node_load1() "
                              "bellwether_check_duration_seconds(le=\"0.001\") "
                              "bellwether_check_duration_seconds(le=\"0.0025\") "
                              "bellwether_check_duration_seconds(le=\"0.005\") "
                              "bellwether_check_duration_seconds(le=\"+Inf\") "
                              "bellwether_check_duration_seconds() "
                              "bellwether_check_duration_seconds() ");
    for (size_t i = 0; i < m.count; i++)
        assert_int_equal(shape->items[shape->item_of[i]].family, m.items[i].family);
    assert_null(bw_shape_run(shape, BW_METRIC_PROBE_DURATION_SECONDS));
    bw_shapes_drop(f->shapes, shape);
}

/* More shapes than the pool began with, dropped in another order than taken. */
static void many_come_and_go(void **state)
{
    enum { COUNT = 1000 };
    struct fixture *f = *state;
    const struct bw_shape **taken = calloc(COUNT, sizeof *taken);
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < COUNT; i++) {
            char label[16];
            struct bw_measures m;
            snprintf(label, sizeof label, "%zu", i);
            bw_measures_init(&m, &f->arena);
            bw_measures_add(&m, BW_METRIC_PROBE_FAILURE_INFO, 1, BW_LABEL_VALUES(label));
            const struct bw_shape *shape = bw_shapes_take(f->shapes, &m);
            assert_true(round == 0 || shape == taken[i]);
            taken[i] = shape;
        }
        assert_int_equal(bw_shapes_count(f->shapes), COUNT);
    }
    for (size_t i = 0; i < COUNT; i++) {
        bw_shapes_drop(f->shapes, taken[i]);
        bw_shapes_drop(f->shapes, taken[(i * 77) % COUNT]);
    }
    free(taken);
}

#define IN_POOL(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_POOL(one_shape_for_all_alike),
        IN_POOL(items_are_by_family_and_know_their_labels),
        IN_POOL(many_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
