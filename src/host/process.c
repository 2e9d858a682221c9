// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/process.h"

#include "host/parse.h"
#include "host/scan.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Numbers after the name and the state, counted from 0; the page counts from 1 and has three
 * columns before them. */
enum { UTIME = 10, STIME = 11, THREADS = 16, START = 18, VSIZE = 19, RSS = 20, FIELD_COUNT = 21 };

static const double ticks_per_second = 100;

/* Some columns are negative: the terminal's group, priority. They are of no use here. */
static bool scan_fields(struct bw_span rest, uint64_t fields[FIELD_COUNT])
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        struct bw_span word;
        fields[i] = 0;
        if (bw_scan_uint(&rest, &fields[i]))
            continue;
        if (!bw_scan_word(&rest, &word) || word.data[0] != '-')
            return false;
    }
    return true;
}

enum bw_rc bw_process_parse(struct bw_span text, uint64_t page_bytes, struct bw_measures *out,
                            uint64_t *out_start_ticks, struct bw_err *err)
{
    /* The name stands in parentheses and may hold some itself. */
    const char *end = text.len > 0 ? memrchr(text.data, ')', text.len) : NULL;
    uint64_t fields[FIELD_COUNT];
    struct bw_span rest, state;
    if (end != NULL)
        rest = (struct bw_span){ end + 1, text.len - (size_t)(end + 1 - text.data) };
    if (end == NULL || !bw_scan_word(&rest, &state) || !scan_fields(rest, fields))
        return bw_fail(err, BW_EINVAL, "self/stat: expected 24 columns or more");
    bw_measures_add(out, BW_METRIC_PROCESS_CPU_SECONDS_TOTAL,
                    (double)(fields[UTIME] + fields[STIME]) / ticks_per_second, NULL);
    bw_measures_add(out, BW_METRIC_PROCESS_RESIDENT_MEMORY_BYTES,
                    (double)fields[RSS] * (double)page_bytes, NULL);
    bw_measures_add(out, BW_METRIC_PROCESS_VIRTUAL_MEMORY_BYTES, (double)fields[VSIZE], NULL);
    bw_measures_add(out, BW_METRIC_PROCESS_THREADS, (double)fields[THREADS], NULL);
    *out_start_ticks = fields[START];
    return BW_OK;
}

/* The kernel says when it booted and how long after that we were started. It moves that time when
 * the clock is set; we have been started only once. */
static enum bw_rc find_start(struct bw_host *host, uint64_t start_ticks, struct bw_err *err)
{
    struct bw_span text;
    struct bw_measures stat;
    double boot;
    bw_measures_init(&stat, &host->scratch);
    enum bw_rc rc = bw_host_read_stat(host, &text, err);
    if (rc == BW_OK)
        rc = bw_stat_parse(text, &stat, err);
    if (rc == BW_OK && bw_measures_value(&stat, BW_METRIC_NODE_BOOT_TIME_SECONDS, NULL, &boot))
        host->process_start_s = boot + (double)start_ticks / ticks_per_second;
    bw_arena_fini(&host->scratch);
    return rc;
}

static enum bw_rc add_start(struct bw_host *host, uint64_t start_ticks, struct bw_measures *out,
                            struct bw_err *err)
{
    if (isnan(host->process_start_s)) {
        const enum bw_rc rc = find_start(host, start_ticks, err);
        if (rc != BW_OK || isnan(host->process_start_s))
            return rc;
    }
    bw_measures_add(out, BW_METRIC_PROCESS_START_TIME_SECONDS, host->process_start_s, NULL);
    return BW_OK;
}

static enum bw_rc list_descriptors(size_t *out, struct bw_err *err)
{
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL)
        return bw_fail(err, BW_EIO, "open /proc/self/fd: %s", strerror(errno));
    size_t count = 0;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(folder);
    *out = count > 0 ? count - 1 : 0; /* less the one that the counting itself needed */
    return BW_OK;
}

static enum bw_rc add_descriptors(struct bw_measures *out, struct bw_err *err)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        bw_measures_add(out, BW_METRIC_PROCESS_MAX_FDS, (double)limit.rlim_cur, NULL);
    /* Since Linux 6.2 the folder's size is their number; before it was always 0. */
    struct stat folder;
    size_t count = stat("/proc/self/fd", &folder) == 0 ? (size_t)folder.st_size : 0;
    const enum bw_rc rc = count > 0 ? BW_OK : list_descriptors(&count, err);
    if (rc == BW_OK)
        bw_measures_add(out, BW_METRIC_PROCESS_OPEN_FDS, (double)count, NULL);
    return rc;
}

enum bw_rc bw_process_sample(struct bw_host *host, struct bw_measures *out, struct bw_err *err)
{
    struct bw_span text;
    uint64_t start_ticks = 0;
    enum bw_rc rc = bw_proc_read_piece(host->proc, "self/stat", &text, err);
    if (rc == BW_OK)
        rc = bw_process_parse(text, (uint64_t)sysconf(_SC_PAGESIZE), out, &start_ticks, err);
    if (rc == BW_OK)
        rc = add_start(host, start_ticks, out, err);
    const enum bw_rc counted = add_descriptors(out, rc == BW_OK ? err : NULL);
    return rc != BW_OK ? rc : counted;
}
