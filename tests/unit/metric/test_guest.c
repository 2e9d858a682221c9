// SPDX-License-Identifier: GPL-3.0-or-later
#include "metric/guest.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static enum bw_family_id register_one(const char *name, enum bw_metric_type type, const char *label)
{
    const struct bw_family wanted = {
        .name = name,
        .type = type,
        .help = "Said by somebody.",
        .unit = "",
        .labels = { label },
        .label_count = label != NULL,
    };
    enum bw_family_id id = BW_METRIC_PROBE_SUCCESS;
    struct bw_err err = { 0 };
    if (bw_guest_family(&wanted, &id, &err) != BW_OK)
        fail_msg("%s", err.text);
    return id;
}

static void a_guest_keeps_its_row(void **state)
{
    (void)state;
    char name[] = "guest_keeps";
    const unsigned before = bw_family_count();
    const enum bw_family_id id = register_one(name, BW_TYPE_GAUGE, "device");
    name[0] = 'x';
    assert_true((unsigned)id >= BW_METRIC_COUNT);
    assert_int_equal(bw_family_count(), before + 1);
    const struct bw_family *row = bw_family_row(id);
    assert_string_equal(row->name, "guest_keeps");
    assert_string_equal(row->labels[0], "device");
    assert_string_equal(row->help, "Said by somebody.");
    enum bw_family_id found = BW_METRIC_PROBE_SUCCESS;
    assert_true(bw_family_by_name("guest_keeps", &found));
    assert_int_equal(found, id);
    assert_int_equal(register_one("guest_keeps", BW_TYPE_GAUGE, "device"), id);
    assert_int_equal(register_one("guest_keeps", BW_TYPE_GAUGE, NULL), id);
    assert_int_equal(bw_family_count(), before + 1);
}

static void other_labels_make_a_row_with_all_of_them(void **state)
{
    (void)state;
    const enum bw_family_id one = register_one("guest_grows", BW_TYPE_GAUGE, "a");
    const enum bw_family_id two = register_one("guest_grows", BW_TYPE_GAUGE, "b");
    assert_true(two != one);
    assert_int_equal(bw_family_row(two)->label_count, 2);
    assert_int_equal(bw_family_row(one)->label_count, 1);
    assert_int_equal(register_one("guest_grows", BW_TYPE_GAUGE, "a"), two);
    const enum bw_family_id three = register_one("guest_grows", BW_TYPE_COUNTER, "a");
    assert_true(three != two);
    assert_int_equal(bw_family_row(three)->label_count, 1);
    enum bw_family_id found = BW_METRIC_PROBE_SUCCESS;
    assert_true(bw_family_by_name("guest_grows", &found));
    assert_int_equal(found, three);
    /* Two sources that differ in the type do not make rows for ever. */
    assert_int_equal(register_one("guest_grows", BW_TYPE_GAUGE, "b"), two);
    assert_int_equal(register_one("guest_grows", BW_TYPE_COUNTER, "a"), three);
}

/* Two who together want more labels than a row has come back to theirs. */
static void rows_without_room_for_each_other_stay(void **state)
{
    (void)state;
    static const char letters[] = "abcdefghijklmnopqrst";
    char names[20][2];
    struct bw_family few = { .name = "guest_wide", .type = BW_TYPE_INFO, .help = "x", .unit = "" };
    struct bw_family many = few;
    for (size_t i = 0; i < 20; i++) {
        snprintf(names[i], sizeof names[i], "%c", letters[i]);
        struct bw_family *side = i < 10 ? &few : &many;
        side->labels[side->label_count++] = names[i];
    }
    enum bw_family_id one, two, again;
    struct bw_err err;
    assert_int_equal(bw_guest_family(&few, &one, &err), BW_OK);
    assert_int_equal(bw_guest_family(&many, &two, &err), BW_OK);
    const unsigned before = bw_family_count();
    assert_int_equal(bw_guest_family(&few, &again, &err), BW_OK);
    assert_int_equal(again, one);
    assert_int_equal(bw_guest_family(&many, &again, &err), BW_OK);
    assert_int_equal(again, two);
    assert_int_equal(bw_family_count(), before);
}

static void rows_of_one_name_are_one_family_on_a_page(void **state)
{
    (void)state;
    const enum bw_family_id one = register_one("guest_page", BW_TYPE_GAUGE, "a");
    const enum bw_family_id other = register_one("guest_other", BW_TYPE_GAUGE, "a");
    const enum bw_family_id two = register_one("guest_page", BW_TYPE_COUNTER, "b");
    const enum bw_family_id three = register_one("guest_page", BW_TYPE_COUNTER, "c");
    assert_int_equal(bw_family_page(one), one);
    assert_int_equal(bw_family_page(two), one);
    assert_int_equal(bw_family_page(three), one);
    assert_int_equal(bw_family_page(other), other);
    assert_int_equal(bw_family_page(BW_METRIC_PROBE_SUCCESS), BW_METRIC_PROBE_SUCCESS);
}

enum { THREADS = 4, NAMES = 50 };

static void *add_names(void *ctx)
{
    enum bw_family_id *ids = ctx;
    for (size_t i = 0; i < NAMES; i++) {
        char name[32];
        snprintf(name, sizeof name, "guest_of_all_%zu", i);
        ids[i] = register_one(name, BW_TYPE_GAUGE, "a");
    }
    return NULL;
}

static void several_threads_may_add(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    enum bw_family_id ids[THREADS][NAMES];
    const unsigned before = bw_family_count();
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add_names, ids[i]), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(bw_family_count(), before + NAMES);
    for (size_t i = 1; i < THREADS; i++)
        assert_memory_equal(ids[i], ids[0], sizeof ids[0]);
}

static void our_own_names_are_taken(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum bw_metric_type type;
        bool taken;
    } cases[] = {
        { "node_load1", BW_TYPE_GAUGE, true },
        { "node_load1", BW_TYPE_UNTYPED, true },
        { "node_cpu_seconds_total", BW_TYPE_COUNTER, true },
        { "node_cpu_seconds", BW_TYPE_GAUGE, true }, /* as OpenMetrics calls it */
        { "node_uname", BW_TYPE_GAUGE, true },
        { "bellwether_check_duration_seconds_bucket", BW_TYPE_GAUGE, true },
        { "bellwether_check_duration_seconds_count", BW_TYPE_GAUGE, true },
        { "bellwether_check_duration_seconds_max", BW_TYPE_GAUGE, false },
        { "node_load1_total", BW_TYPE_COUNTER, true },
        { "node_load1_total", BW_TYPE_GAUGE, false },
        { "node_reboot_required", BW_TYPE_GAUGE, false },
        { "node_procs", BW_TYPE_HISTOGRAM, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct bw_family wanted = {
            .name = cases[i].name, .type = cases[i].type, .help = "x", .unit = ""
        };
        enum bw_family_id id;
        struct bw_err err = { 0 };
        const enum bw_rc rc = bw_guest_family(&wanted, &id, &err);
        if ((rc == BW_EEXISTS) != cases[i].taken)
            fail_msg("%s: rc %d, %s", cases[i].name, (int)rc, err.text);
    }
}

/* Last: it leaves no room. */
static void there_is_a_ceiling(void **state)
{
    (void)state;
    char name[32];
    struct bw_err err = { 0 };
    enum bw_rc rc = BW_OK;
    unsigned i = 0;
    for (; rc == BW_OK && i < 2 * BW_GUEST_FAMILIES_MAX; i++) {
        snprintf(name, sizeof name, "guest_of_many_%u", i);
        const struct bw_family wanted = { .name = name, .help = "x", .unit = "" };
        enum bw_family_id id;
        rc = bw_guest_family(&wanted, &id, &err);
    }
    assert_int_equal(rc, BW_EFULL);
    assert_true(i <= BW_GUEST_FAMILIES_MAX);
    assert_int_equal(bw_guest_count(), BW_GUEST_FAMILIES_MAX);
    assert_non_null(strstr(err.text, "more than 1000 metrics"));
    register_one("guest_of_many_0", BW_TYPE_GAUGE, NULL); /* who is there stays */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guest_keeps_its_row),
        cmocka_unit_test(other_labels_make_a_row_with_all_of_them),
        cmocka_unit_test(rows_without_room_for_each_other_stay),
        cmocka_unit_test(rows_of_one_name_are_one_family_on_a_page),
        cmocka_unit_test(several_threads_may_add),
        cmocka_unit_test(our_own_names_are_taken),
        cmocka_unit_test(there_is_a_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
