// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/host.h"

#include <math.h>
#include <string.h>

struct list {
    struct bw_resource_value *items;
    size_t count;
};

const char *bw_resource_name(enum bw_resource resource)
{
    static const char *const names[BW_RESOURCE_COUNT] = {
        [BW_RESOURCE_DISK_USED] = "disk_used_ratio",
        [BW_RESOURCE_INODES_USED] = "inodes_used_ratio",
        [BW_RESOURCE_MEMORY_USED] = "memory_used_ratio",
        [BW_RESOURCE_CPU_PRESSURE] = "cpu_pressure_ratio",
        [BW_RESOURCE_LOAD_PER_CPU] = "load_per_cpu",
    };
    return names[resource];
}

static void add(struct list *list, enum bw_resource resource, const char *subject, double value)
{
    if (isfinite(value))
        list->items[list->count++] = (struct bw_resource_value){ resource, subject, value };
}

/* NaN when the family is absent; labels NULL: the first one. */
static double value_of(const struct bw_measures *m, enum bw_family_id family,
                       const char *const *labels)
{
    double value;
    return bw_measures_value(m, family, labels, &value) ? value : (double)NAN;
}

/* Root's reserve counts as used by nobody, as in df: what users can still take is `avail`. */
static void add_filesystem(struct list *list, const struct bw_measures *m,
                           const char *const *labels)
{
    const char *mountpoint = labels[2];
    const double size = value_of(m, BW_METRIC_NODE_FILESYSTEM_SIZE_BYTES, labels);
    const double free_bytes = value_of(m, BW_METRIC_NODE_FILESYSTEM_FREE_BYTES, labels);
    const double avail = value_of(m, BW_METRIC_NODE_FILESYSTEM_AVAIL_BYTES, labels);
    if (size > 0)
        add(list, BW_RESOURCE_DISK_USED, mountpoint,
            (size - free_bytes) / (size - free_bytes + avail));
    const double files = value_of(m, BW_METRIC_NODE_FILESYSTEM_FILES, labels);
    const double files_free = value_of(m, BW_METRIC_NODE_FILESYSTEM_FILES_FREE, labels);
    if (files > 0)
        add(list, BW_RESOURCE_INODES_USED, mountpoint, 1 - files_free / files);
}

static void add_memory(struct list *list, const struct bw_measures *m)
{
    const double total = value_of(m, BW_METRIC_NODE_MEMORY_MEMTOTAL_BYTES, NULL);
    const double available = value_of(m, BW_METRIC_NODE_MEMORY_MEMAVAILABLE_BYTES, NULL);
    if (total > 0)
        add(list, BW_RESOURCE_MEMORY_USED, "", 1 - available / total);
}

static void add_load(struct list *list, const struct bw_measures *m)
{
    size_t processors = 0;
    for (size_t i = 0; i < m->count; i++)
        processors += m->items[i].family == BW_METRIC_NODE_CPU_SECONDS_TOTAL
                      && strcmp(m->items[i].labels[1], "idle") == 0;
    if (processors > 0)
        add(list, BW_RESOURCE_LOAD_PER_CPU, "",
            value_of(m, BW_METRIC_NODE_LOAD5, NULL) / (double)processors);
}

size_t bw_host_resources(const struct bw_host *host, const struct bw_measures *measures,
                         struct bw_arena *arena, struct bw_resource_value **out)
{
    struct list list = { 0 };
    size_t filesystems = 0;
    for (size_t i = 0; i < measures->count; i++)
        filesystems += measures->items[i].family == BW_METRIC_NODE_FILESYSTEM_READONLY;
    list.items = bw_arena_array(arena, filesystems * 2 + BW_RESOURCE_COUNT, sizeof *list.items);
    for (size_t i = 0; i < measures->count; i++) {
        const struct bw_measure *m = &measures->items[i];
        if (m->family == BW_METRIC_NODE_FILESYSTEM_READONLY && m->value == 0)
            add_filesystem(&list, measures, m->labels);
    }
    add_memory(&list, measures);
    add(&list, BW_RESOURCE_CPU_PRESSURE, "", host->cpu_pressure_ratio);
    add_load(&list, measures);
    *out = list.items;
    return list.count;
}
