// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/host.h"

#include "metric/guest.h"

#include <string.h>

extern const struct bw_sampler_ops bw_sampler_cpu, bw_sampler_meminfo, bw_sampler_loadavg,
    bw_sampler_diskstats, bw_sampler_filesystem, bw_sampler_netdev, bw_sampler_pressure,
    bw_sampler_vmstat, bw_sampler_filefd, bw_sampler_stat, bw_sampler_uname, bw_sampler_time,
    bw_sampler_os, bw_sampler_timex, bw_sampler_netstat, bw_sampler_sockstat, bw_sampler_conntrack,
    bw_sampler_cgroup, bw_sampler_textfile;

const struct bw_sampler_ops *const bw_samplers[] = {
    &bw_sampler_cpu,        &bw_sampler_meminfo, &bw_sampler_loadavg,  &bw_sampler_diskstats,
    &bw_sampler_filesystem, &bw_sampler_netdev,  &bw_sampler_pressure, &bw_sampler_vmstat,
    &bw_sampler_filefd,     &bw_sampler_stat,    &bw_sampler_uname,    &bw_sampler_time,
    &bw_sampler_os,         &bw_sampler_timex,   &bw_sampler_netstat,  &bw_sampler_sockstat,
    &bw_sampler_conntrack,  &bw_sampler_cgroup,  &bw_sampler_textfile, NULL,
};

const struct bw_sampler_ops *bw_sampler_by_name(const char *name)
{
    for (size_t i = 0; bw_samplers[i] != NULL; i++) {
        if (strcmp(bw_samplers[i]->name, name) == 0)
            return bw_samplers[i];
    }
    return NULL;
}

enum bw_rc bw_sampler_filter(const char *const *names, size_t count, struct bw_arena *arena,
                             struct bw_family_filter *out, struct bw_err *err)
{
    enum { PREFIXES_MAX = sizeof bw_samplers[0]->prefixes / sizeof(const char *) };
    const size_t guests = bw_guest_count();
    const char **prefixes =
        bw_arena_array(arena, count * (PREFIXES_MAX + guests) + 1, sizeof *prefixes);
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        const struct bw_sampler_ops *ops = bw_sampler_by_name(names[i]);
        if (ops == NULL)
            return bw_fail(err, BW_EINVAL, "there is no collector '%.60s'", names[i]);
        for (size_t k = 0; k < PREFIXES_MAX && ops->prefixes[k] != NULL; k++)
            prefixes[n++] = ops->prefixes[k];
        for (size_t k = 0; k < guests && ops->shows_guests; k++)
            prefixes[n++] = bw_guest_row((unsigned)k)->name;
    }
    prefixes[n++] = "node_scrape_collector_";
    *out = (struct bw_family_filter){ .prefixes = prefixes, .count = n };
    return BW_OK;
}
