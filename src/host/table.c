// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/host.h"

#include "metric/guest.h"

#include <string.h>

enum { PREFIXES_MAX = sizeof bw_samplers[0]->prefixes / sizeof(const char *) };

extern const struct bw_sampler_ops bw_sampler_cpu, bw_sampler_meminfo, bw_sampler_loadavg,
    bw_sampler_diskstats, bw_sampler_filesystem, bw_sampler_netdev, bw_sampler_pressure,
    bw_sampler_vmstat, bw_sampler_filefd, bw_sampler_stat, bw_sampler_uname, bw_sampler_time,
    bw_sampler_os, bw_sampler_timex, bw_sampler_netstat, bw_sampler_sockstat, bw_sampler_conntrack,
    bw_sampler_cgroup, bw_sampler_textfile, bw_sampler_netclass, bw_sampler_softnet, bw_sampler_arp,
    bw_sampler_entropy;

const struct bw_sampler_ops *const bw_samplers[] = {
    &bw_sampler_cpu,        &bw_sampler_meminfo,  &bw_sampler_loadavg,  &bw_sampler_diskstats,
    &bw_sampler_filesystem, &bw_sampler_netdev,   &bw_sampler_pressure, &bw_sampler_vmstat,
    &bw_sampler_filefd,     &bw_sampler_stat,     &bw_sampler_uname,    &bw_sampler_time,
    &bw_sampler_os,         &bw_sampler_timex,    &bw_sampler_netstat,  &bw_sampler_sockstat,
    &bw_sampler_conntrack,  &bw_sampler_netclass, &bw_sampler_softnet,  &bw_sampler_arp,
    &bw_sampler_entropy,    &bw_sampler_cgroup,   &bw_sampler_textfile, NULL,
};

const struct bw_sampler_ops *bw_sampler_by_name(const char *name)
{
    for (size_t i = 0; bw_samplers[i] != NULL; i++) {
        if (strcmp(bw_samplers[i]->name, name) == 0)
            return bw_samplers[i];
    }
    return NULL;
}

/* Writes the beginnings of the names of a collector's metrics; returns how many. */
static size_t put_prefixes(const struct bw_sampler_ops *ops, const char **out)
{
    size_t n = 0;
    for (size_t k = 0; k < PREFIXES_MAX && ops->prefixes[k] != NULL; k++)
        out[n++] = ops->prefixes[k];
    for (size_t k = 0; k < bw_guest_count() && ops->shows_guests; k++)
        out[n++] = bw_guest_row((unsigned)k)->name;
    return n;
}

static const char **make_room(struct bw_arena *arena, size_t count)
{
    return bw_arena_array(arena, count * (PREFIXES_MAX + bw_guest_count()) + 1,
                          sizeof(const char *));
}

/* Of these families each collector has a line. */
static const char per_collector[] = "node_scrape_collector_";

static struct bw_family_filter make_filter(const char **prefixes, size_t prefix_count,
                                           const char *const *names, size_t count,
                                           struct bw_arena *arena)
{
    const char **kept = bw_arena_array(arena, count, sizeof *kept);
    for (size_t i = 0; i < count; i++)
        kept[i] = names[i];
    return (struct bw_family_filter){ .prefixes = prefixes,
                                      .count = prefix_count,
                                      .split = per_collector,
                                      .values = kept,
                                      .value_count = count };
}

enum bw_rc bw_sampler_filter(const char *const *names, size_t count, struct bw_arena *arena,
                             struct bw_family_filter *out, struct bw_err *err)
{
    const char **prefixes = make_room(arena, count);
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        const struct bw_sampler_ops *ops = bw_sampler_by_name(names[i]);
        if (ops == NULL)
            return bw_fail(err, BW_EINVAL, "there is no collector '%.60s'", names[i]);
        n += put_prefixes(ops, prefixes + n);
    }
    prefixes[n++] = per_collector;
    *out = make_filter(prefixes, n, names, count, arena);
    return BW_OK;
}

void bw_sampler_exclusion(const char *const *names, size_t count, struct bw_arena *arena,
                          struct bw_family_filter *out)
{
    const char **prefixes = make_room(arena, count);
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        const struct bw_sampler_ops *ops = bw_sampler_by_name(names[i]);
        if (ops != NULL)
            n += put_prefixes(ops, prefixes + n);
    }
    *out = make_filter(prefixes, n, names, count, arena);
    out->hides = true;
}
