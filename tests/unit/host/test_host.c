// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

static const char *all_names[32];

static struct bw_strings all_collectors(void)
{
    size_t count = 0;
    for (; bw_samplers[count] != NULL; count++)
        all_names[count] = bw_samplers[count]->name;
    return (struct bw_strings){ all_names, count };
}

static void the_table_is_whole(void **state)
{
    (void)state;
    for (size_t i = 0; bw_samplers[i] != NULL; i++) {
        assert_true(strlen(bw_samplers[i]->summary) > 10);
        assert_non_null(bw_samplers[i]->prefixes[0]);
        assert_non_null(bw_samplers[i]->sample);
        assert_ptr_equal(bw_sampler_by_name(bw_samplers[i]->name), bw_samplers[i]);
    }
    assert_null(bw_sampler_by_name("nosuch"));
}

static bool has_prefix(const struct bw_sampler_ops *ops, const char *name)
{
    for (size_t i = 0; ops->prefixes[i] != NULL; i++) {
        if (strncmp(name, ops->prefixes[i], strlen(ops->prefixes[i])) == 0)
            return true;
    }
    return false;
}

static void each_collector_keeps_to_its_names(void **state)
{
    (void)state;
    struct bw_host *host = bw_host_new(BW_FIXTURES "/proc/machine");
    bw_host_set_root(host, BW_FIXTURES "/root/machine");
    const struct bw_strings all = all_collectors();
    for (size_t i = 0; i < all.count; i++) {
        struct bw_arena arena;
        struct bw_measures m;
        bw_arena_init(&arena);
        bw_measures_init(&m, &arena);
        const struct bw_strings one = { &all.items[i], 1 };
        struct bw_err err = { 0 };
        if (bw_host_sample(host, &one, &m, &err) != BW_OK)
            fail_msg("%s", err.text);
        assert_true(m.count > 2);
        for (size_t k = 0; k < m.count; k++) {
            const char *name = bw_family_row(m.items[k].family)->name;
            if (!has_prefix(bw_samplers[i], name)
                && strncmp(name, "node_scrape_collector_", 22) != 0)
                fail_msg("%s gave %s", all.items[i], name);
        }
        bw_arena_fini(&arena);
    }
    assert_true(host->cpu_pressure_ratio == 0.125);
    bw_host_free(host);
}

static void this_machine_can_be_read_again_and_again(void **state)
{
    (void)state;
    static const char *const names[] = { "cpu",        "meminfo", "loadavg", "diskstats",
                                         "filesystem", "netdev",  "stat",    "time" };
    const struct bw_strings collectors = { names, 8 };
    struct bw_host *host = bw_host_new(NULL);
    for (int round = 0; round < 3; round++) {
        struct bw_arena arena;
        struct bw_measures m;
        struct bw_err err = { 0 };
        double total = 0;
        bw_arena_init(&arena);
        bw_measures_init(&m, &arena);
        if (bw_host_sample(host, &collectors, &m, &err) != BW_OK)
            fail_msg("%s", err.text);
        assert_true(bw_measures_value(&m, BW_METRIC_NODE_MEMORY_MEMTOTAL_BYTES, NULL, &total));
        assert_true(total > 1 << 20);
        bw_arena_fini(&arena);
    }
    bw_host_free(host);
}

static void a_collector_that_fails_adds_nothing_but_its_failure(void **state)
{
    (void)state;
    static const char *const names[] = { "nosuch", "meminfo", "loadavg" };
    const struct bw_strings collectors = { names, 3 };
    struct bw_host *host = bw_host_new(BW_FIXTURES "/proc/odd");
    struct bw_arena arena;
    struct bw_measures m;
    struct bw_err err = { 0 };
    double value = -1;
    bw_arena_init(&arena);
    bw_measures_init(&m, &arena);
    assert_int_equal(bw_host_sample(host, &collectors, &m, &err), BW_EINVAL);
    assert_string_equal(err.text, "collector meminfo: meminfo: 'MemFree' without a number");
    assert_false(bw_measures_value(&m, BW_METRIC_NODE_MEMORY_MEMTOTAL_BYTES, NULL, &value));
    assert_true(bw_measures_value(&m, BW_METRIC_NODE_SCRAPE_COLLECTOR_SUCCESS,
                                  BW_LABEL_VALUES("meminfo"), &value));
    assert_true(value == 0);
    assert_true(bw_measures_value(&m, BW_METRIC_NODE_SCRAPE_COLLECTOR_SUCCESS,
                                  BW_LABEL_VALUES("loadavg"), &value));
    assert_true(value == 1);
    assert_true(bw_measures_value(&m, BW_METRIC_NODE_LOAD1, NULL, &value));
    bw_arena_fini(&arena);
    bw_host_free(host);
}

static void the_own_group_is_read_with_its_limits(void **state)
{
    (void)state;
    static const char *const names[] = { "cgroup", "os" };
    const struct bw_strings collectors = { names, 2 };
    struct bw_host *host = bw_host_new(BW_FIXTURES "/proc/machine");
    bw_host_set_root(host, BW_FIXTURES "/root/machine");
    for (int round = 0; round < 2; round++) {
        struct bw_arena arena;
        struct bw_measures m;
        struct bw_err err = { 0 };
        double value = -1;
        bw_arena_init(&arena);
        bw_measures_init(&m, &arena);
        if (bw_host_sample(host, &collectors, &m, &err) != BW_OK)
            fail_msg("%s", err.text);
        assert_true(bw_measures_value(&m, BW_METRIC_CGROUP_CPU_LIMIT, NULL, &value));
        assert_true(value == 1.5);
        assert_true(bw_measures_value(&m, BW_METRIC_CGROUP_CPU_SECONDS_TOTAL,
                                      BW_LABEL_VALUES("system"), &value));
        assert_true(value == 2.5);
        assert_true(bw_measures_value(&m, BW_METRIC_CGROUP_OOM_KILLS_TOTAL, NULL, &value));
        assert_true(value == 1);
        assert_true(
            bw_measures_value(&m, BW_METRIC_CGROUP_CPU_THROTTLED_SECONDS_TOTAL, NULL, &value));
        assert_true(value == 1.5);
        assert_false(bw_measures_value(&m, BW_METRIC_CGROUP_MEMORY_HIGH_BYTES, NULL, &value));
        assert_true(bw_measures_value(&m, BW_METRIC_NODE_OS_VERSION, NULL, &value));
        assert_true(value == 12);
        bw_arena_fini(&arena);
    }
    bw_host_free(host);
}

/* A machine without any of it: that is told by success 0 and not by a failure. */
static void what_a_machine_does_not_have_is_no_failure(void **state)
{
    (void)state;
    static const char *const names[] = { "pressure", "conntrack", "cgroup", "os" };
    const struct bw_strings collectors = { names, 4 };
    struct bw_host *host = bw_host_new(BW_FIXTURES "/proc/odd");
    bw_host_set_root(host, BW_FIXTURES "/proc/odd");
    struct bw_arena arena;
    struct bw_measures m;
    struct bw_err err = { 0 };
    bw_arena_init(&arena);
    bw_measures_init(&m, &arena);
    if (bw_host_sample(host, &collectors, &m, &err) != BW_OK)
        fail_msg("%s", err.text);
    assert_int_equal(m.count, 8);
    for (size_t i = 0; i < 4; i++) {
        double value = -1;
        assert_true(
            bw_measures_value(&m, BW_METRIC_NODE_SCRAPE_COLLECTOR_SUCCESS, &names[i], &value));
        assert_true(value == 0);
    }
    bw_arena_fini(&arena);
    bw_host_free(host);
}

static void a_file_that_every_kernel_has_is_missed(void **state)
{
    (void)state;
    static const char *const names[] = { "netstat", "sockstat" };
    struct bw_host *host = bw_host_new(BW_FIXTURES "/proc/odd");
    for (size_t i = 0; i < 2; i++) {
        const struct bw_strings one = { &names[i], 1 };
        struct bw_arena arena;
        struct bw_measures m;
        struct bw_err err = { 0 };
        bw_arena_init(&arena);
        bw_measures_init(&m, &arena);
        assert_int_equal(bw_host_sample(host, &one, &m, &err), BW_ENOTFOUND);
        assert_int_equal(m.count, 2);
        bw_arena_fini(&arena);
    }
    bw_host_free(host);
}

/* A server that does not answer costs one deadline, once, and nothing of what the others say;
 * mounts of this machine are asked without a thread. */
static pthread_mutex_t hanging = PTHREAD_MUTEX_INITIALIZER;
static int asked_server;

static int statfs_with_a_dead_server(const char *path, struct statfs *out)
{
    *out = (struct statfs){ .f_blocks = 100, .f_bsize = 4096 };
    if (strcmp(path, "/mnt/nfs") != 0)
        return 0;
    __atomic_add_fetch(&asked_server, 1, __ATOMIC_RELAXED);
    pthread_mutex_lock(&hanging);
    pthread_mutex_unlock(&hanging);
    return 0;
}

static double filesystem_value(const struct bw_measures *m, enum bw_family_id family,
                               const char *device, const char *fstype, const char *mountpoint)
{
    double value = -1;
    bw_measures_value(m, family, BW_LABEL_VALUES(device, fstype, mountpoint), &value);
    return value;
}

static void a_dead_server_holds_nobody_up(void **state)
{
    (void)state;
    static const char *const names[] = { "filesystem" };
    const struct bw_strings collectors = { names, 1 };
    struct bw_host *host = bw_host_new(BW_FIXTURES "/proc/machine");
    bw_host_set_statfs(host, statfs_with_a_dead_server);
    pthread_mutex_lock(&hanging);
    for (int round = 0; round < 3; round++) {
        struct bw_arena arena;
        struct bw_measures m;
        struct timespec began, ended;
        bw_arena_init(&arena);
        bw_measures_init(&m, &arena);
        clock_gettime(CLOCK_MONOTONIC, &began);
        assert_int_equal(bw_host_sample(host, &collectors, &m, NULL), BW_OK);
        clock_gettime(CLOCK_MONOTONIC, &ended);
        /* The deadline is 100 ms; this machine may be busy. */
        assert_true(ended.tv_sec - began.tv_sec < 5);
        assert_true(filesystem_value(&m, BW_METRIC_NODE_FILESYSTEM_DEVICE_ERROR, "server:/export",
                                     "nfs4", "/mnt/nfs")
                    == 1);
        assert_true(filesystem_value(&m, BW_METRIC_NODE_FILESYSTEM_SIZE_BYTES, "server:/export",
                                     "nfs4", "/mnt/nfs")
                    == -1);
        assert_true(
            filesystem_value(&m, BW_METRIC_NODE_FILESYSTEM_SIZE_BYTES, "/dev/vda", "ext4", "/")
            == 409600);
        bw_arena_fini(&arena);
    }
    assert_int_equal(__atomic_load_n(&asked_server, __ATOMIC_RELAXED), 1);
    bw_host_free(host); /* does not wait either */
    pthread_mutex_unlock(&hanging);
}

static bool filter_has(const struct bw_family_filter *filter, const char *prefix)
{
    for (size_t i = 0; i < filter->count; i++) {
        if (strcmp(filter->prefixes[i], prefix) == 0)
            return true;
    }
    return false;
}

static void collectors_map_to_prefixes(void **state)
{
    (void)state;
    static const char *const names[] = { "stat", "netdev" }, *const bad[] = { "cpu", "nosuch" };
    struct bw_arena arena;
    struct bw_family_filter filter = { 0 };
    struct bw_err err = { 0 };
    bw_arena_init(&arena);
    assert_int_equal(bw_sampler_filter(names, 2, &arena, &filter, &err), BW_OK);
    assert_int_equal(filter.count, 15);
    assert_true(filter_has(&filter, "node_boot_time_"));
    assert_true(filter_has(&filter, "node_network_receive_"));
    assert_false(filter.hides);
    assert_true(filter_has(&filter, "node_scrape_collector_"));
    assert_false(filter_has(&filter, "node_cpu_"));
    assert_int_equal(bw_sampler_filter(bad, 2, &arena, &filter, &err), BW_EINVAL);
    assert_string_equal(err.text, "there is no collector 'nosuch'");
    assert_int_equal(bw_sampler_filter(NULL, 0, &arena, &filter, &err), BW_OK);
    assert_int_equal(filter.count, 1);
    bw_arena_fini(&arena);
}

static void exclusions_hide_what_they_name(void **state)
{
    (void)state;
    static const char *const names[] = { "loadavg", "zfs", "netclass" };
    struct bw_arena arena;
    struct bw_family_filter filter = { 0 };
    struct bw_measures m;
    struct bw_buf page;
    bw_arena_init(&arena);
    bw_measures_init(&m, &arena);
    bw_buf_init(&page, 1 << 16);
    bw_measures_add(&m, BW_METRIC_NODE_LOAD1, 1, NULL);
    bw_measures_add(&m, BW_METRIC_NODE_NETWORK_UP, 1, BW_LABEL_VALUES("eth0"));
    bw_measures_add(&m, BW_METRIC_NODE_NETWORK_RECEIVE_BYTES_TOTAL, 1, BW_LABEL_VALUES("eth0"));
    bw_measures_add(&m, BW_METRIC_BUILD_INFO, 1, BW_LABEL_VALUES("1", "2"));
    bw_measures_add(&m, BW_METRIC_NODE_SCRAPE_COLLECTOR_SUCCESS, 1, BW_LABEL_VALUES("loadavg"));
    bw_measures_add(&m, BW_METRIC_NODE_SCRAPE_COLLECTOR_SUCCESS, 1, BW_LABEL_VALUES("netdev"));
    bw_sampler_exclusion(names, 3, &arena, &filter);
    struct bw_registry *registry = bw_registry_new();
    bw_registry_set(registry, bw_registry_add(registry, NULL, 0, "exported_"), &m);
    bw_registry_render(registry, BW_EXPOSITION_TEXT, &filter, &page);
    assert_null(strstr(page.data, "node_load1"));
    assert_null(strstr(page.data, "node_network_up"));
    assert_non_null(strstr(page.data, "node_network_receive_bytes_total{device=\"eth0\"} 1"));
    assert_non_null(strstr(page.data, "bellwether_build_info"));
    assert_null(strstr(page.data, "success{collector=\"loadavg\"}"));
    assert_non_null(strstr(page.data, "success{collector=\"netdev\"} 1"));
    bw_buf_clear(&page);
    assert_int_equal(bw_sampler_filter(names, 1, &arena, &filter, NULL), BW_OK);
    bw_registry_render(registry, BW_EXPOSITION_TEXT, &filter, &page);
    assert_non_null(strstr(page.data, "node_load1 1"));
    assert_non_null(strstr(page.data, "success{collector=\"loadavg\"} 1"));
    assert_null(strstr(page.data, "netdev"));
    assert_null(strstr(page.data, "node_network"));
    bw_buf_clear(&page);
    static const char *const silent[] = { "entropy" };
    assert_int_equal(bw_sampler_filter(silent, 1, &arena, &filter, NULL), BW_OK);
    bw_registry_render(registry, BW_EXPOSITION_TEXT, &filter, &page);
    assert_int_equal(page.len, 0); /* no heads without lines */
    bw_registry_free(registry);
    bw_buf_fini(&page);
    bw_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_whole),
        cmocka_unit_test(each_collector_keeps_to_its_names),
        cmocka_unit_test(this_machine_can_be_read_again_and_again),
        cmocka_unit_test(a_collector_that_fails_adds_nothing_but_its_failure),
        cmocka_unit_test(the_own_group_is_read_with_its_limits),
        cmocka_unit_test(what_a_machine_does_not_have_is_no_failure),
        cmocka_unit_test(a_file_that_every_kernel_has_is_missed),
        cmocka_unit_test(a_dead_server_holds_nobody_up),
        cmocka_unit_test(collectors_map_to_prefixes),
        cmocka_unit_test(exclusions_hide_what_they_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
