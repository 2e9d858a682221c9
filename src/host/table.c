// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/host.h"

#include <string.h>

extern const struct bw_sampler_ops bw_sampler_cpu, bw_sampler_meminfo, bw_sampler_loadavg,
    bw_sampler_diskstats, bw_sampler_filesystem, bw_sampler_netdev, bw_sampler_pressure,
    bw_sampler_vmstat, bw_sampler_filefd, bw_sampler_stat, bw_sampler_uname, bw_sampler_time;

const struct bw_sampler_ops *const bw_samplers[] = {
    &bw_sampler_cpu,
    &bw_sampler_meminfo,
    &bw_sampler_loadavg,
    &bw_sampler_diskstats,
    &bw_sampler_filesystem,
    &bw_sampler_netdev,
    &bw_sampler_pressure,
    &bw_sampler_vmstat,
    &bw_sampler_filefd,
    &bw_sampler_stat,
    &bw_sampler_uname,
    &bw_sampler_time,
    NULL,
};

const struct bw_sampler_ops *bw_sampler_by_name(const char *name)
{
    for (size_t i = 0; bw_samplers[i] != NULL; i++) {
        if (strcmp(bw_samplers[i]->name, name) == 0)
            return bw_samplers[i];
    }
    return NULL;
}
