// SPDX-License-Identifier: GPL-3.0-or-later
#include "conf/decode.h"
#include "host/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

static void the_table_is_sound(void **state)
{
    (void)state;
    struct bw_err err = { 0 };
    if (bw_conf_lint(&bw_host_group, &err) != BW_OK)
        fail_msg("%s", err.text);
}

static void defaults_are_every_collector_at_15s(void **state)
{
    (void)state;
    struct bw_arena arena;
    struct bw_host_opts opts;
    bw_arena_init(&arena);
    bw_conf_defaults(&arena, &bw_host_group, &opts);
    assert_true(opts.interval_ns == INT64_C(15000000000));
    size_t count = 0;
    while (bw_samplers[count] != NULL)
        count++;
    assert_int_equal(opts.collectors.count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(opts.collectors.items[i], bw_samplers[i]->name);
    assert_int_equal(bw_host_group.check(&opts, NULL), BW_OK);
    bw_arena_fini(&arena);
}

static void unknown_and_repeated_collectors_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *names[2];
        const char *error;
    } cases[] = {
        { { "cpu", "meminfo" }, NULL },
        { { "cpu", "memnifo" }, "did you mean 'meminfo'?" },
        { { "filesystems", "cpu" }, "did you mean 'filesystem'?" },
        { { "systemd_units", "cpu" }, "expected cpu, meminfo" },
        { { "cpu", "cpu" }, "named twice" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct bw_host_opts opts = { .collectors = { cases[i].names, 2 } };
        struct bw_err err = { 0 };
        const enum bw_rc rc = bw_host_group.check(&opts, &err);
        if (cases[i].error == NULL)
            assert_int_equal(rc, BW_OK);
        else if (rc != BW_EINVAL || strstr(err.text, cases[i].error) == NULL)
            fail_msg("%s, %s: '%s'", cases[i].names[0], cases[i].names[1], err.text);
    }
}

static void own_thresholds_beat_the_defaults(void **state)
{
    (void)state;
    const struct bw_threshold_opts own = { .warning = 0.5, .critical = 0.6, .recover = NAN };
    const struct bw_host_thresholds opts = { .memory_used_ratio = &own };
    assert_ptr_equal(bw_resource_threshold(&opts, BW_RESOURCE_MEMORY_USED), &own);
    assert_true(bw_resource_threshold(&opts, BW_RESOURCE_DISK_USED)->critical == 0.90);
    assert_null(bw_resource_threshold(&opts, BW_RESOURCE_LOAD_PER_CPU));
    for (int r = 0; r < BW_RESOURCE_COUNT; r++) {
        const struct bw_threshold_opts *t = bw_resource_threshold(&opts, (enum bw_resource)r);
        struct bw_err err = { 0 };
        if (t != NULL && bw_threshold_group.check(t, &err) != BW_OK)
            fail_msg("%s: %s", bw_resource_name((enum bw_resource)r), err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_sound),
        cmocka_unit_test(defaults_are_every_collector_at_15s),
        cmocka_unit_test(unknown_and_repeated_collectors_are_refused),
        cmocka_unit_test(own_thresholds_beat_the_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
