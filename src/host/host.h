// SPDX-License-Identifier: GPL-3.0-or-later
/* host/host.h: this machine, read under node_exporter's names.
 *
 *     /proc ---read()---> bytes ---parse(), pure---> measures ---> /metrics, store
 *                                                        \----> resources ---> thresholds
 *
 * One thread at a time. Reading /proc takes well under a millisecond; statfs(2) of mounts that
 * somebody outside answers for, which can hang for ever, runs on threads of its own
 * (host/statfs.h). What cannot have changed is not read again: mounts until the kernel says so,
 * os-release until the file is another one, the speed of a network device until its carrier
 * changed, where the control group is for a minute. Network devices are asked about when the kernel
 * has announced a change, and every ten seconds: so old may be the count of packets that nobody
 * took, which changes unannounced. */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include "base/arena.h"
#include "base/buf.h"
#include "conf/option.h"
#include "health/threshold.h"
#include "host/proc.h"
#include "host/statfs.h"
#include "metric/measure.h"
#include "metric/registry.h"

/* Appends the kernel's answer to a RTM_GETLINK dump, rtnetlink(7), or what stands for it in tests.
 * *fd is the socket, kept for the next time; -1: none yet. */
typedef enum bw_rc bw_links_fn(int *fd, struct bw_buf *out, struct bw_err *err);

bw_links_fn bw_links_ask;

/* What a sampler works with. */
struct bw_host {
    struct bw_proc *proc;
    bw_statfs_fn *ask_statfs; /* statfs(2), or what stands for it in tests */
    struct bw_statfs_pool *statfs;
    bw_links_fn *ask_links;
    struct bw_arena scratch;   /* of the sampler that runs */
    int64_t round_ns;          /* monotonic: when the round began */
    bool has_stat;             /* `stat` is of this round */
    struct bw_buf stat;        /* /proc/stat, which several ask for */
    double cpu_pressure_ratio; /* from the last reading; NaN: the kernel does not tell */
    double process_start_s;    /* of ourselves, Unix time; NaN: not known yet */
    char *root;                /* where etc/os-release and sys/fs/cgroup are found: "/" */
    /* What a collector keeps between rounds: filesystem.c, cgroup.c, os.c, netclass.c;
     * NULL: nothing. */
    struct bw_host_mounts *mounts;
    struct bw_host_cgroup *cgroup;
    struct bw_host_release *release;
    struct bw_host_links *links;
    char *textfile_folder; /* of the *.prom files; NULL: none */
};

void bw_host_mounts_free(struct bw_host_mounts *mounts);
void bw_host_cgroup_free(struct bw_host_cgroup *cgroup);
void bw_host_release_free(struct bw_host_release *release);
void bw_host_links_free(struct bw_host_links *links);

/* /proc/stat, read once a round. *out is valid until the next one. */
enum bw_rc bw_host_read_stat(struct bw_host *host, struct bw_span *out, struct bw_err *err);

/* One collector. A kind is one .c file that exports one of these and a line in table.c. */
struct bw_sampler_ops {
    const char *name;    /* in config, in collect[] and in the label collector: "cpu" */
    const char *summary; /* one sentence for the docs */
    const char
        *prefixes[16]; /* of its metrics' names, for collect[]: "node_cpu_"; ends with NULL */
    bool keeps_part;   /* what it added before a failure stays */
    bool shows_guests; /* also metrics of any name: metric/guest.h */

    /* BW_EUNSUPPORTED: this machine does not have it, which is no failure to talk about. */
    enum bw_rc (*sample)(struct bw_host *host, struct bw_measures *out, struct bw_err *err);
};

/* All of them; ends with NULL. */
extern const struct bw_sampler_ops *const bw_samplers[];

/* What cannot be found is not there: BW_EUNSUPPORTED for BW_ENOTFOUND, else rc. */
enum bw_rc bw_host_absent(enum bw_rc rc);

/* NULL when there is none. */
const struct bw_sampler_ops *bw_sampler_by_name(const char *name);

/* What `exclude[]=a&exclude[]=b` leaves: all but the metrics of these collectors and their lines
 * of node_scrape_collector_*. Names of collectors that we do not have exclude nothing. *out lives
 * in the arena; the texts of `names` are borrowed. */
void bw_sampler_exclusion(const char *const *names, size_t count, struct bw_arena *arena,
                          struct bw_family_filter *out);

/* What `collect[]=a&collect[]=b` shows: the metrics of these collectors and their
 * lines of node_scrape_collector_*, as bw_registry_render() takes it. BW_EINVAL when one of the
 * names is no collector's. *out lives in the arena; the texts of `names` are borrowed. */
enum bw_rc bw_sampler_filter(const char *const *names, size_t count, struct bw_arena *arena,
                             struct bw_family_filter *out, struct bw_err *err);

struct bw_host_thresholds {
    const struct bw_threshold_opts *disk_used_ratio; /* NULL: the default */
    const struct bw_threshold_opts *inodes_used_ratio;
    const struct bw_threshold_opts *memory_used_ratio;
    const struct bw_threshold_opts *cpu_pressure_ratio;
    const struct bw_threshold_opts *load_per_cpu;
};

/* `host:` in the configuration. */
struct bw_host_opts {
    int64_t interval_ns;
    struct bw_strings collectors;
    const char *textfile_directory; /* NULL: none */
    struct bw_host_thresholds thresholds;
};

extern const struct bw_opt_group bw_host_group;

/* `proc_root` is "/proc", or NULL for that. */
struct bw_host *bw_host_new(const char *proc_root);

/* Below `root` instead of "/" are etc/os-release, sys and the control groups' mount: for tests. Not
 * while a sampling runs. */
void bw_host_set_root(struct bw_host *host, const char *root);

/* Asks `ask` instead of statfs(2): for tests. Not while a sampling runs. */
void bw_host_set_statfs(struct bw_host *host, bw_statfs_fn *ask);

/* Asks `ask` for the network devices: for tests. Not while a sampling runs. */
void bw_host_set_links(struct bw_host *host, bw_links_fn *ask);

/* Where the collector textfile looks for *.prom; NULL: nowhere. Not while a sampling runs. */
void bw_host_set_textfile_folder(struct bw_host *host, const char *folder);

/* Does not wait for a hanging statfs. */
void bw_host_free(struct bw_host *host);

/* Runs the collectors that are named (unknown names are left out), adds what they read and
 * node_scrape_collector_* for each. A collector that fails adds nothing else; the first failure
 * is told in *err. What this machine does not have (a kernel without pressure, no control groups)
 * has node_scrape_collector_success 0 and counts as no failure. */
enum bw_rc bw_host_sample(struct bw_host *host, const struct bw_strings *collectors,
                          struct bw_measures *out, struct bw_err *err);

/* The resources that decide on the host's status. */
enum bw_resource {
    BW_RESOURCE_DISK_USED,    /* per mount point: used / (used + available), as df */
    BW_RESOURCE_INODES_USED,  /* per mount point */
    BW_RESOURCE_MEMORY_USED,  /* 1 - MemAvailable / MemTotal */
    BW_RESOURCE_CPU_PRESSURE, /* share of the last 10 s in which some task waited */
    BW_RESOURCE_LOAD_PER_CPU, /* load over 5 minutes per processor */
    BW_RESOURCE_COUNT,
};

struct bw_resource_value {
    enum bw_resource resource;
    const char *subject; /* mount point, or "" */
    double value;
};

/* "disk_used_ratio" */
const char *bw_resource_name(enum bw_resource resource);

/* What to judge the resource by: as configured, else the default; NULL when there is none. */
const struct bw_threshold_opts *bw_resource_threshold(const struct bw_host_thresholds *opts,
                                                      enum bw_resource resource);

/* Derives the resources from one round of measures. What could not be read is absent.
 * Read-only file systems are left out: nobody can fill them further. *out lives in the arena;
 * returns how many. */
size_t bw_host_resources(const struct bw_host *host, const struct bw_measures *measures,
                         struct bw_arena *arena, struct bw_resource_value **out);

#endif
