// SPDX-License-Identifier: GPL-3.0-or-later
/* The daemon's own control group: what it may use, what it uses, how often it was held back.
 * Version 2 only: the kernel's Documentation/admin-guide/cgroup-v2.rst. */
#include "host/host.h"
#include "host/parse.h"
#include "host/scan.h"

#include "base/mem.h"
#include "base/units.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- where it is ----------------------------------------------------------------------- */

/* "0::/system.slice/bellwether.service" */
bool bw_cgroup_own_path(struct bw_span text, char *out, size_t size)
{
    struct bw_span line;
    while (bw_scan_line(&text, &line)) {
        if (line.len <= 3 || memcmp(line.data, "0::", 3) != 0 || line.len - 3 >= size)
            continue;
        bw_scan_text((struct bw_span){ line.data + 3, line.len - 3 }, out, size);
        return true;
    }
    return false;
}

/* "31 23 0:28 /root /mount options [optional]… - cgroup2 …" */
static bool parse_mount(struct bw_span line, struct bw_span *out_root, struct bw_span *out_mount)
{
    struct bw_span word;
    for (size_t i = 0; i < 5; i++) {
        if (!bw_scan_word(&line, &word))
            return false;
        if (i == 3)
            *out_root = word;
    }
    *out_mount = word;
    while (bw_scan_word(&line, &word)) {
        if (bw_span_is(word, "-"))
            return bw_scan_word(&line, &word) && bw_span_is(word, "cgroup2");
    }
    return false;
}

bool bw_cgroup_mount(struct bw_span text, const char *own, char *out, size_t size)
{
    struct bw_span line, root = { 0 }, mount = { 0 };
    while (bw_scan_line(&text, &line)) {
        if (!parse_mount(line, &root, &mount))
            continue;
        /* A mount may show only a part of the tree; ours must be in it. */
        const size_t skip = root.len == 1 ? 0 : root.len;
        if (strlen(own) < skip || memcmp(own, root.data, skip) != 0
            || (skip > 0 && own[skip] != '/' && own[skip] != '\0'))
            continue;
        const int len = snprintf(out, size, "%.*s%s", (int)mount.len, mount.data, own + skip);
        return len > 0 && (size_t)len < size;
    }
    return false;
}

/* Where the group is and which of its files are missing, as seen when it was looked for last. A
 * service manager may put us elsewhere or switch controllers on, but not every second. */
struct bw_host_cgroup {
    char *folder; /* NULL: there is none */
    struct bw_proc *files;
    uint32_t absent;       /* bits by index in `files` below */
    int64_t look_again_ns; /* 0: at once */
};

#define LOOK_EVERY_NS (60 * BW_SECOND)

static void forget_folder(struct bw_host_cgroup *group)
{
    bw_proc_free(group->files);
    free(group->folder);
    *group = (struct bw_host_cgroup){ 0 };
}

void bw_host_cgroup_free(struct bw_host_cgroup *group)
{
    if (group == NULL)
        return;
    forget_folder(group);
    free(group);
}

static enum bw_rc look_for_folder(struct bw_host *host, char *out, size_t size, struct bw_err *err)
{
    char own[PATH_MAX], folder[PATH_MAX];
    struct bw_span text;
    enum bw_rc rc = bw_proc_read(host->proc, "self/cgroup", &text, err);
    if (rc != BW_OK)
        return bw_host_absent(rc);
    if (!bw_cgroup_own_path(text, own, sizeof own))
        return bw_fail(err, BW_EUNSUPPORTED, "no control group of version 2");
    rc = bw_proc_read(host->proc, "self/mountinfo", &text, err);
    if (rc != BW_OK)
        return bw_host_absent(rc);
    if (!bw_cgroup_mount(text, own, folder, sizeof folder))
        return bw_fail(err, BW_EUNSUPPORTED, "control groups of version 2 are not mounted");
    snprintf(out, size, "%s%s", strcmp(host->root, "/") == 0 ? "" : host->root, folder);
    return BW_OK;
}

static enum bw_rc find_group(struct bw_host *host, struct bw_err *err)
{
    if (host->cgroup == NULL)
        host->cgroup = bw_alloc(sizeof *host->cgroup);
    struct bw_host_cgroup *group = host->cgroup;
    if (host->round_ns < group->look_again_ns)
        return group->folder != NULL ? BW_OK : bw_fail(err, BW_EUNSUPPORTED, "no control group");
    char folder[2 * PATH_MAX];
    const enum bw_rc rc = look_for_folder(host, folder, sizeof folder, err);
    if (rc != BW_OK || group->folder == NULL || strcmp(group->folder, folder) != 0) {
        forget_folder(group);
        group->folder = rc == BW_OK ? bw_strdup(folder) : NULL;
        group->files = rc == BW_OK ? bw_proc_new(folder) : NULL;
    }
    group->absent = 0;
    group->look_again_ns =
        rc == BW_OK || rc == BW_EUNSUPPORTED ? host->round_ns + LOOK_EVERY_NS : 0;
    return rc;
}

/* ---- what it says ---------------------------------------------------------------------- */

/* Lines "name number", such as cpu.stat and memory.events. */
static const struct {
    const char *path, *word;
    enum bw_family_id family;
    double divisor;
    const char *label; /* NULL: the family has none */
} counters[] = {
    { "cpu.stat", "user_usec", BW_METRIC_CGROUP_CPU_SECONDS_TOTAL, 1e6, "user" },
    { "cpu.stat", "system_usec", BW_METRIC_CGROUP_CPU_SECONDS_TOTAL, 1e6, "system" },
    { "cpu.stat", "nr_periods", BW_METRIC_CGROUP_CPU_PERIODS_TOTAL, 1, NULL },
    { "cpu.stat", "nr_throttled", BW_METRIC_CGROUP_CPU_THROTTLED_PERIODS_TOTAL, 1, NULL },
    { "cpu.stat", "throttled_usec", BW_METRIC_CGROUP_CPU_THROTTLED_SECONDS_TOTAL, 1e6, NULL },
    { "memory.events", "low", BW_METRIC_CGROUP_MEMORY_EVENTS_TOTAL, 1, "low" },
    { "memory.events", "high", BW_METRIC_CGROUP_MEMORY_EVENTS_TOTAL, 1, "high" },
    { "memory.events", "max", BW_METRIC_CGROUP_MEMORY_EVENTS_TOTAL, 1, "max" },
    { "memory.events", "oom", BW_METRIC_CGROUP_MEMORY_EVENTS_TOTAL, 1, "oom" },
    { "memory.events", "oom_kill", BW_METRIC_CGROUP_OOM_KILLS_TOTAL, 1, NULL },
};

enum bw_rc bw_cgroup_counters_parse(const char *path, struct bw_span text, struct bw_measures *out,
                                    struct bw_err *err)
{
    struct bw_span line, word;
    while (bw_scan_line(&text, &line)) {
        bw_scan_word(&line, &word);
        for (size_t i = 0; i < sizeof counters / sizeof *counters; i++) {
            uint64_t value;
            if (strcmp(counters[i].path, path) != 0 || !bw_span_is(word, counters[i].word))
                continue;
            if (!bw_scan_uint(&line, &value))
                return bw_fail(err, BW_EINVAL, "%s: '%s' without a number", path, counters[i].word);
            bw_measures_add(out, counters[i].family, (double)value / counters[i].divisor,
                            BW_LABEL_VALUES(counters[i].label));
        }
    }
    return BW_OK;
}

/* One number, or "max" for no limit, which is not a number and is left out. */
enum bw_rc bw_cgroup_number_parse(const char *path, struct bw_span text, enum bw_family_id family,
                                  struct bw_measures *out, struct bw_err *err)
{
    uint64_t value;
    if (bw_span_is(bw_span_trim(text), "max"))
        return BW_OK;
    if (!bw_scan_uint(&text, &value))
        return bw_fail(err, BW_EINVAL, "%s: expected a number or max", path);
    bw_measures_add(out, family, (double)value, NULL);
    return BW_OK;
}

/* "max 100000" or "50000 100000": microseconds of work in each period. */
enum bw_rc bw_cgroup_cpu_max_parse(struct bw_span text, struct bw_measures *out, struct bw_err *err)
{
    struct bw_span line = { 0 }, word;
    uint64_t quota, period;
    if (bw_scan_line(&text, &line) && bw_scan_uint(&line, &quota)) {
        if (!bw_scan_uint(&line, &period) || period == 0)
            return bw_fail(err, BW_EINVAL, "cpu.max: expected a period");
        bw_measures_add(out, BW_METRIC_CGROUP_CPU_LIMIT, (double)quota / (double)period, NULL);
        return BW_OK;
    }
    if (bw_scan_word(&line, &word) && bw_span_is(word, "max"))
        return BW_OK;
    return bw_fail(err, BW_EINVAL, "cpu.max: expected a number or max");
}

static const struct {
    const char *path;
    enum bw_family_id family; /* BW_METRIC_COUNT: more than one number */
} files[] = {
    { "cpu.stat", BW_METRIC_COUNT },
    { "cpu.max", BW_METRIC_COUNT },
    { "memory.current", BW_METRIC_CGROUP_MEMORY_BYTES },
    { "memory.peak", BW_METRIC_CGROUP_MEMORY_PEAK_BYTES },
    { "memory.max", BW_METRIC_CGROUP_MEMORY_LIMIT_BYTES },
    { "memory.high", BW_METRIC_CGROUP_MEMORY_HIGH_BYTES },
    { "memory.swap.current", BW_METRIC_CGROUP_SWAP_BYTES },
    { "memory.swap.max", BW_METRIC_CGROUP_SWAP_LIMIT_BYTES },
    { "memory.events", BW_METRIC_COUNT },
    { "pids.current", BW_METRIC_CGROUP_PIDS },
    { "pids.max", BW_METRIC_CGROUP_PIDS_LIMIT },
};

static enum bw_rc parse_file(size_t i, struct bw_span text, struct bw_measures *out,
                             struct bw_err *err)
{
    if (files[i].family != BW_METRIC_COUNT)
        return bw_cgroup_number_parse(files[i].path, text, files[i].family, out, err);
    if (strcmp(files[i].path, "cpu.max") == 0)
        return bw_cgroup_cpu_max_parse(text, out, err);
    return bw_cgroup_counters_parse(files[i].path, text, out, err);
}

_Static_assert(sizeof files / sizeof *files <= 32, "a bit for each file");

/* Controllers that are not switched on, and the root of the tree, lack files. */
static enum bw_rc read_files(struct bw_host_cgroup *group, struct bw_measures *out,
                             struct bw_err *err)
{
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct bw_span text;
        if ((group->absent >> i & 1) != 0)
            continue;
        enum bw_rc rc = bw_proc_read_piece(group->files, files[i].path, &text, err);
        if (rc == BW_ENOTFOUND) {
            group->absent |= UINT32_C(1) << i;
            continue;
        }
        if (rc == BW_OK)
            rc = parse_file(i, text, out, err);
        if (rc != BW_OK)
            return rc;
    }
    return BW_OK;
}

static enum bw_rc sample(struct bw_host *host, struct bw_measures *out, struct bw_err *err)
{
    enum bw_rc rc = find_group(host, err);
    if (rc != BW_OK)
        return rc;
    const size_t before = out->count;
    rc = read_files(host->cgroup, out, err);
    if (rc != BW_OK)
        host->cgroup->look_again_ns = 0;
    if (rc == BW_OK && out->count == before)
        return bw_fail(err, BW_EUNSUPPORTED, "%s has no controllers", host->cgroup->folder);
    return rc;
}

const struct bw_sampler_ops bw_sampler_cgroup = {
    .name = "cgroup",
    .summary = "What the daemon's own control group may use and uses.",
    .prefixes = { "bellwether_cgroup_" },
    .sample = sample,
};
