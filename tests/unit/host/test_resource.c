// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

static void add_disk(struct bw_measures *m, const char *mountpoint, bool readonly, double size,
                     double free_bytes, double avail)
{
    const char *const labels[] = { "/dev/vda", "ext4", mountpoint };
    bw_measures_add(m, BW_METRIC_NODE_FILESYSTEM_READONLY, readonly, labels);
    if (isnan(size))
        return;
    bw_measures_add(m, BW_METRIC_NODE_FILESYSTEM_SIZE_BYTES, size, labels);
    bw_measures_add(m, BW_METRIC_NODE_FILESYSTEM_FREE_BYTES, free_bytes, labels);
    bw_measures_add(m, BW_METRIC_NODE_FILESYSTEM_AVAIL_BYTES, avail, labels);
    bw_measures_add(m, BW_METRIC_NODE_FILESYSTEM_FILES, 1000, labels);
    bw_measures_add(m, BW_METRIC_NODE_FILESYSTEM_FILES_FREE, 900, labels);
}

static void assert_value(const struct bw_resource_value *values, size_t count,
                         enum bw_resource resource, const char *subject, double want)
{
    for (size_t i = 0; i < count; i++) {
        if (values[i].resource != resource || strcmp(values[i].subject, subject) != 0)
            continue;
        if (fabs(values[i].value - want) > 1e-12)
            fail_msg("%s of '%s' is %g, expected %g", bw_resource_name(resource), subject,
                     values[i].value, want);
        return;
    }
    if (!isnan(want))
        fail_msg("no %s of '%s'", bw_resource_name(resource), subject);
}

static void resources_follow_from_measures(void **state)
{
    (void)state;
    struct bw_arena arena;
    struct bw_measures m;
    bw_arena_init(&arena);
    bw_measures_init(&m, &arena);
    /* 100 bytes, 20 free, 10 of them for root alone: 80 of 90 are used. */
    add_disk(&m, "/", false, 100, 20, 10);
    add_disk(&m, "/cdrom", true, 100, 0, 0);
    add_disk(&m, "/hung", false, NAN, 0, 0);
    add_disk(&m, "/nothing", false, 0, 0, 0);
    bw_measures_add(&m, BW_METRIC_NODE_MEMORY_MEMTOTAL_BYTES, 1000, NULL);
    bw_measures_add(&m, BW_METRIC_NODE_MEMORY_MEMAVAILABLE_BYTES, 250, NULL);
    bw_measures_add(&m, BW_METRIC_NODE_LOAD5, 3, NULL);
    bw_measures_add(&m, BW_METRIC_NODE_CPU_SECONDS_TOTAL, 1, BW_LABEL_VALUES("0", "idle"));
    bw_measures_add(&m, BW_METRIC_NODE_CPU_SECONDS_TOTAL, 1, BW_LABEL_VALUES("0", "user"));
    bw_measures_add(&m, BW_METRIC_NODE_CPU_SECONDS_TOTAL, 1, BW_LABEL_VALUES("1", "idle"));
    const struct bw_host host = { .cpu_pressure_ratio = 0.125 };
    struct bw_resource_value *values;
    const size_t count = bw_host_resources(&host, &m, &arena, &values);
    assert_value(values, count, BW_RESOURCE_DISK_USED, "/", 80.0 / 90.0);
    assert_value(values, count, BW_RESOURCE_INODES_USED, "/", 0.1);
    assert_value(values, count, BW_RESOURCE_DISK_USED, "/cdrom", NAN);
    assert_value(values, count, BW_RESOURCE_DISK_USED, "/hung", NAN);
    assert_value(values, count, BW_RESOURCE_DISK_USED, "/nothing", NAN);
    assert_value(values, count, BW_RESOURCE_MEMORY_USED, "", 0.75);
    assert_value(values, count, BW_RESOURCE_CPU_PRESSURE, "", 0.125);
    assert_value(values, count, BW_RESOURCE_LOAD_PER_CPU, "", 1.5);
    assert_int_equal(count, 6);
    bw_arena_fini(&arena);
}

static void what_was_not_read_is_absent(void **state)
{
    (void)state;
    struct bw_arena arena;
    struct bw_measures m;
    struct bw_resource_value *values;
    bw_arena_init(&arena);
    bw_measures_init(&m, &arena);
    bw_measures_add(&m, BW_METRIC_NODE_MEMORY_MEMTOTAL_BYTES, 1000, NULL);
    const struct bw_host host = { .cpu_pressure_ratio = NAN };
    assert_int_equal(bw_host_resources(&host, &m, &arena, &values), 0);
    bw_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resources_follow_from_measures),
        cmocka_unit_test(what_was_not_read_is_absent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
