// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/host.h"

#include "base/limits.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

struct bw_host *bw_host_new(const char *proc_root)
{
    struct bw_host *host = bw_alloc(sizeof *host);
    host->proc = bw_proc_new(proc_root != NULL ? proc_root : "/proc");
    host->ask_statfs = statfs;
    host->ask_links = bw_links_ask;
    host->statfs = bw_statfs_pool_new(statfs);
    bw_arena_init(&host->scratch);
    bw_buf_init(&host->stat, BW_PROC_FILE_BYTES_MAX);
    host->cpu_pressure_ratio = NAN;
    host->process_start_s = NAN;
    host->root = bw_strdup("/");
    return host;
}

void bw_host_free(struct bw_host *host)
{
    if (host == NULL)
        return;
    bw_proc_free(host->proc);
    bw_host_mounts_free(host->mounts);
    bw_host_cgroup_free(host->cgroup);
    bw_host_release_free(host->release);
    bw_host_links_free(host->links);
    bw_statfs_pool_free(host->statfs);
    bw_arena_fini(&host->scratch);
    bw_buf_fini(&host->stat);
    free(host->root);
    free(host->textfile_folder);
    free(host);
}

void bw_host_set_root(struct bw_host *host, const char *root)
{
    free(host->root);
    host->root = bw_strdup(root);
    bw_host_cgroup_free(host->cgroup);
    bw_host_release_free(host->release);
    bw_host_links_free(host->links);
    host->cgroup = NULL;
    host->release = NULL;
    host->links = NULL;
}

void bw_host_set_statfs(struct bw_host *host, bw_statfs_fn *ask)
{
    bw_statfs_pool_free(host->statfs);
    host->statfs = bw_statfs_pool_new(ask);
    host->ask_statfs = ask;
}

void bw_host_set_links(struct bw_host *host, bw_links_fn *ask)
{
    host->ask_links = ask;
}

void bw_host_set_textfile_folder(struct bw_host *host, const char *folder)
{
    free(host->textfile_folder);
    host->textfile_folder = folder != NULL ? bw_strdup(folder) : NULL;
}

enum bw_rc bw_host_absent(enum bw_rc rc)
{
    return rc == BW_ENOTFOUND ? BW_EUNSUPPORTED : rc;
}

static int64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* A collector tells everything or nothing: half a reading would look like vanished devices. */
static enum bw_rc run_sampler(struct bw_host *host, const struct bw_sampler_ops *ops,
                              struct bw_measures *out, struct bw_err *err)
{
    const int64_t start_ns = monotonic_ns();
    const size_t before = out->count;
    const enum bw_rc rc = ops->sample(host, out, err);
    if (rc != BW_OK && !ops->keeps_part)
        out->count = before;
    bw_arena_fini(&host->scratch);
    const int64_t took_us = (monotonic_ns() - start_ns) / 1000;
    const char *const labels[] = { ops->name };
    bw_measures_add(out, BW_METRIC_NODE_SCRAPE_COLLECTOR_SUCCESS, rc == BW_OK, labels);
    bw_measures_add(out, BW_METRIC_NODE_SCRAPE_COLLECTOR_DURATION_SECONDS, (double)took_us / 1e6,
                    labels);
    return rc == BW_OK || rc == BW_EUNSUPPORTED ? BW_OK
                                                : bw_wrap(err, rc, "collector %s", ops->name);
}

enum bw_rc bw_host_sample(struct bw_host *host, const struct bw_strings *collectors,
                          struct bw_measures *out, struct bw_err *err)
{
    enum bw_rc first = BW_OK;
    host->round_ns = monotonic_ns();
    host->has_stat = false;
    for (size_t i = 0; i < collectors->count; i++) {
        const struct bw_sampler_ops *ops = bw_sampler_by_name(collectors->items[i]);
        struct bw_err mistake;
        const enum bw_rc rc = ops == NULL ? BW_OK : run_sampler(host, ops, out, &mistake);
        if (rc == BW_OK || first != BW_OK)
            continue;
        first = rc;
        if (err != NULL)
            *err = mistake;
    }
    return first;
}
