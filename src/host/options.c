// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/host.h"

#include "base/text.h"

#include <string.h>

/* A disk or memory this full is rarely meant, and pressure beyond these shares is felt. */
static const struct bw_threshold_opts defaults[BW_RESOURCE_COUNT] = {
    [BW_RESOURCE_DISK_USED] = { .warning = 0.80, .critical = 0.90, .recover = 0.78 },
    [BW_RESOURCE_INODES_USED] = { .warning = 0.80, .critical = 0.90, .recover = 0.78 },
    [BW_RESOURCE_MEMORY_USED] = { .warning = 0.85, .critical = 0.95, .recover = 0.80 },
    [BW_RESOURCE_CPU_PRESSURE] = { .warning = 0.40, .critical = 0.70, .recover = 0.30 },
};

#define THRESHOLD(member)                                                                          \
#member, BW_OPT_GROUP_PTR, offsetof(struct bw_host_thresholds, member),                        \
        .group = &bw_threshold_group

static const struct bw_opt threshold_options[] = {
    { THRESHOLD(disk_used_ratio),
      .help = "Used share of each file system that can be written, as df shows it. Default: "
              "warning 0.80, critical 0.90, recover 0.78." },
    { THRESHOLD(inodes_used_ratio),
      .help = "Used share of the inodes of each file system. Default: warning 0.80, critical "
              "0.90, recover 0.78." },
    { THRESHOLD(memory_used_ratio),
      .help = "Share of main memory that is not available to new programs. Default: warning "
              "0.85, critical 0.95, recover 0.80." },
    { THRESHOLD(cpu_pressure_ratio),
      .help = "Share of the last 10 seconds in which a task waited for a processor. Default: "
              "warning 0.40, critical 0.70, recover 0.30." },
    { THRESHOLD(load_per_cpu),
      .help = "Load over 5 minutes divided by the number of processors. Not judged by default." },
    { 0 },
};

static const struct bw_opt_group thresholds_group = {
    .name = "host thresholds",
    .size = sizeof(struct bw_host_thresholds),
    .opts = threshold_options,
    .help = "When the host is DEGRADED (warning), UNHEALTHY (critical) and HEALTHY again "
            "(recover).",
};

static const struct bw_opt host_options[] = {
    { "interval", BW_OPT_DURATION, offsetof(struct bw_host_opts, interval_ns), .def = "15s",
      .range = "1s..1h", .help = "How often this machine is read." },
    { "collectors", BW_OPT_STRINGS, offsetof(struct bw_host_opts, collectors),
      .def =
          "cpu,meminfo,loadavg,diskstats,filesystem,netdev,pressure,vmstat,filefd,stat,uname,"
          "time,os,timex,netstat,sockstat,conntrack,netclass,softnet,arp,entropy,cgroup,textfile",
      .help = "What is read: cpu, meminfo, loadavg, diskstats, filesystem, netdev, pressure, "
              "vmstat, filefd, stat, uname, time, os, timex, netstat, sockstat, conntrack, "
              "netclass, softnet, arp, entropy, cgroup, textfile." },
    { "textfile_directory", BW_OPT_STRING, offsetof(struct bw_host_opts, textfile_directory),
      .help = "Where the collector textfile looks for *.prom, files of metrics in the text format "
              "of Prometheus that other programs write. Not set: nowhere." },
    { "thresholds", BW_OPT_GROUP, offsetof(struct bw_host_opts, thresholds),
      .group = &thresholds_group, .help = "Limits that give the status of the host." },
    { 0 },
};

/* The nearest collector's name, or NULL. */
static const char *guess_collector(const char *word)
{
    const char *best = NULL;
    unsigned distance = 4;
    for (size_t i = 0; bw_samplers[i] != NULL; i++) {
        const unsigned d = bw_text_distance(word, bw_samplers[i]->name);
        if (d < distance) {
            distance = d;
            best = bw_samplers[i]->name;
        }
    }
    return best;
}

static enum bw_rc fail_unknown(const char *word, struct bw_err *err)
{
    const char *guess = guess_collector(word);
    if (guess != NULL)
        return bw_fail(err, BW_EINVAL, "collectors: there is no '%s'; did you mean '%s'?", word,
                       guess);
    return bw_fail(
        err, BW_EINVAL,
        "collectors: there is no '%s'; expected cpu, meminfo, loadavg, diskstats, "
        "filesystem, netdev, pressure, vmstat, filefd, stat, uname, time, os, timex, "
        "netstat, sockstat, conntrack, netclass, softnet, arp, entropy, cgroup, textfile",
        word);
}

static enum bw_rc host_check(const void *opts, struct bw_err *err)
{
    const struct bw_host_opts *o = opts;
    for (size_t i = 0; i < o->collectors.count; i++) {
        const char *word = o->collectors.items[i];
        if (bw_sampler_by_name(word) == NULL)
            return fail_unknown(word, err);
        for (size_t k = 0; k < i; k++) {
            if (strcmp(o->collectors.items[k], word) == 0)
                return bw_fail(err, BW_EINVAL, "collectors: '%s' is named twice", word);
        }
    }
    return BW_OK;
}

const struct bw_opt_group bw_host_group = {
    .name = "host",
    .size = sizeof(struct bw_host_opts),
    .opts = host_options,
    .check = host_check,
    .help = "This machine, watched as the service \"host\".",
};

static const struct bw_threshold_opts *configured(const struct bw_host_thresholds *opts,
                                                  enum bw_resource resource)
{
    const struct bw_threshold_opts *const rows[BW_RESOURCE_COUNT] = {
        [BW_RESOURCE_DISK_USED] = opts->disk_used_ratio,
        [BW_RESOURCE_INODES_USED] = opts->inodes_used_ratio,
        [BW_RESOURCE_MEMORY_USED] = opts->memory_used_ratio,
        [BW_RESOURCE_CPU_PRESSURE] = opts->cpu_pressure_ratio,
        [BW_RESOURCE_LOAD_PER_CPU] = opts->load_per_cpu,
    };
    return rows[resource];
}

const struct bw_threshold_opts *bw_resource_threshold(const struct bw_host_thresholds *opts,
                                                      enum bw_resource resource)
{
    const struct bw_threshold_opts *own = configured(opts, resource);
    if (own != NULL)
        return own;
    return resource == BW_RESOURCE_LOAD_PER_CPU ? NULL : &defaults[resource];
}
