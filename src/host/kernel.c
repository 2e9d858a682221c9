// SPDX-License-Identifier: GPL-3.0-or-later
/* The small files: load, virtual memory, file handles, pressure, name and time. */
#include "host/host.h"
#include "host/parse.h"
#include "host/scan.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

enum bw_rc bw_loadavg_parse(struct bw_span text, struct bw_measures *out, struct bw_err *err)
{
    static const enum bw_family_id families[] = { BW_METRIC_NODE_LOAD1, BW_METRIC_NODE_LOAD5,
                                                  BW_METRIC_NODE_LOAD15 };
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        double load;
        if (!bw_scan_double(&text, &load) || !(load >= 0))
            return bw_fail(err, BW_EINVAL, "loadavg: expected three numbers");
        bw_measures_add(out, families[i], load, NULL);
    }
    return BW_OK;
}

enum bw_rc bw_vmstat_parse(struct bw_span text, struct bw_measures *out, struct bw_err *err)
{
    static const struct {
        const char *word;
        enum bw_family_id family;
    } rows[] = {
        { "oom_kill", BW_METRIC_NODE_VMSTAT_OOM_KILL },
        { "pgfault", BW_METRIC_NODE_VMSTAT_PGFAULT },
        { "pgmajfault", BW_METRIC_NODE_VMSTAT_PGMAJFAULT },
        { "pgpgin", BW_METRIC_NODE_VMSTAT_PGPGIN },
        { "pgpgout", BW_METRIC_NODE_VMSTAT_PGPGOUT },
        { "pswpin", BW_METRIC_NODE_VMSTAT_PSWPIN },
        { "pswpout", BW_METRIC_NODE_VMSTAT_PSWPOUT },
    };
    struct bw_span line, word;
    bool any = false;
    while (bw_scan_line(&text, &line)) {
        bw_scan_word(&line, &word);
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            uint64_t value;
            if (!bw_span_is(word, rows[i].word))
                continue;
            if (!bw_scan_uint(&line, &value))
                return bw_fail(err, BW_EINVAL, "vmstat: '%s' without a number", rows[i].word);
            bw_measures_add(out, rows[i].family, (double)value, NULL);
            any = true;
        }
    }
    return any ? BW_OK : bw_fail(err, BW_EINVAL, "vmstat: nothing in it that we know");
}

enum bw_rc bw_filefd_parse(struct bw_span text, struct bw_measures *out, struct bw_err *err)
{
    uint64_t values[3];
    if (bw_scan_uints(&text, values, 3) != 3)
        return bw_fail(err, BW_EINVAL, "file-nr: expected three numbers");
    bw_measures_add(out, BW_METRIC_NODE_FILEFD_ALLOCATED, (double)values[0], NULL);
    bw_measures_add(out, BW_METRIC_NODE_FILEFD_MAXIMUM, (double)values[2], NULL);
    return BW_OK;
}

/* "total=9873204": microseconds. */
static bool parse_pair(struct bw_span word, const char *name, double *out)
{
    const size_t len = strlen(name);
    if (word.len <= len || memcmp(word.data, name, len) != 0)
        return false;
    struct bw_span rest = { word.data + len, word.len - len };
    return bw_scan_double(&rest, out);
}

enum bw_rc bw_pressure_parse(struct bw_span text, enum bw_family_id waiting,
                             enum bw_family_id stalled, struct bw_measures *out,
                             double *out_avg10_ratio, struct bw_err *err)
{
    struct bw_span line, word;
    double some_avg10 = NAN;
    while (bw_scan_line(&text, &line)) {
        double total = NAN, avg10 = NAN;
        bw_scan_word(&line, &word);
        const bool some = bw_span_is(word, "some");
        while (bw_scan_word(&line, &word)) {
            if (!parse_pair(word, "total=", &total))
                parse_pair(word, "avg10=", &avg10);
        }
        if (isnan(total) || isnan(avg10))
            return bw_fail(err, BW_EINVAL, "pressure: expected avg10= and total=");
        const enum bw_family_id family = some ? waiting : stalled;
        if (family != BW_METRIC_COUNT)
            bw_measures_add(out, family, total / 1e6, NULL);
        if (some)
            some_avg10 = avg10;
    }
    if (isnan(some_avg10))
        return bw_fail(err, BW_EINVAL, "pressure: no line 'some'");
    *out_avg10_ratio = some_avg10 / 100;
    return BW_OK;
}

static enum bw_rc sample_loadavg(struct bw_host *host, struct bw_measures *out, struct bw_err *err)
{
    struct bw_span text;
    const enum bw_rc rc = bw_proc_read(host->proc, "loadavg", &text, err);
    return rc != BW_OK ? rc : bw_loadavg_parse(text, out, err);
}

static enum bw_rc sample_vmstat(struct bw_host *host, struct bw_measures *out, struct bw_err *err)
{
    struct bw_span text;
    const enum bw_rc rc = bw_proc_read(host->proc, "vmstat", &text, err);
    return rc != BW_OK ? rc : bw_vmstat_parse(text, out, err);
}

static enum bw_rc sample_filefd(struct bw_host *host, struct bw_measures *out, struct bw_err *err)
{
    struct bw_span text;
    const enum bw_rc rc = bw_proc_read(host->proc, "sys/fs/file-nr", &text, err);
    return rc != BW_OK ? rc : bw_filefd_parse(text, out, err);
}

static enum bw_rc sample_pressure(struct bw_host *host, struct bw_measures *out, struct bw_err *err)
{
    static const struct {
        const char *path;
        enum bw_family_id waiting, stalled;
    } files[] = {
        { "pressure/cpu", BW_METRIC_NODE_PRESSURE_CPU_WAITING_SECONDS_TOTAL, BW_METRIC_COUNT },
        { "pressure/io", BW_METRIC_NODE_PRESSURE_IO_WAITING_SECONDS_TOTAL,
          BW_METRIC_NODE_PRESSURE_IO_STALLED_SECONDS_TOTAL },
        { "pressure/memory", BW_METRIC_NODE_PRESSURE_MEMORY_WAITING_SECONDS_TOTAL,
          BW_METRIC_NODE_PRESSURE_MEMORY_STALLED_SECONDS_TOTAL },
    };
    host->cpu_pressure_ratio = NAN;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct bw_span text;
        double avg10;
        enum bw_rc rc = bw_proc_read(host->proc, files[i].path, &text, err);
        if (rc == BW_OK)
            rc = bw_pressure_parse(text, files[i].waiting, files[i].stalled, out, &avg10, err);
        if (rc != BW_OK)
            return rc;
        if (i == 0)
            host->cpu_pressure_ratio = avg10;
    }
    return BW_OK;
}

static enum bw_rc sample_uname(struct bw_host *host, struct bw_measures *out, struct bw_err *err)
{
    (void)host;
    struct utsname name;
    if (uname(&name) != 0)
        return bw_fail(err, BW_EIO, "uname: %s", strerror(errno));
    bw_measures_add(out, BW_METRIC_NODE_UNAME_INFO, 1,
                    BW_LABEL_VALUES(name.sysname, name.release, name.version, name.machine,
                                    name.nodename, name.domainname));
    return BW_OK;
}

/* The system clock as it is, not the slewed one: that is what the metric is for. */
static enum bw_rc sample_time(struct bw_host *host, struct bw_measures *out, struct bw_err *err)
{
    (void)host;
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return bw_fail(err, BW_EIO, "clock_gettime: %s", strerror(errno));
    const int64_t now_us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
    bw_measures_add(out, BW_METRIC_NODE_TIME_SECONDS, (double)now_us / 1e6, NULL);
    return BW_OK;
}

const struct bw_sampler_ops bw_sampler_loadavg = {
    .name = "loadavg",
    .summary = "The load over 1, 5 and 15 minutes.",
    .prefixes = { "node_load" },
    .sample = sample_loadavg,
};

const struct bw_sampler_ops bw_sampler_vmstat = {
    .name = "vmstat",
    .summary = "Page faults, paging, swapping and programs killed for memory.",
    .prefixes = { "node_vmstat_" },
    .sample = sample_vmstat,
};

const struct bw_sampler_ops bw_sampler_filefd = {
    .name = "filefd",
    .summary = "File handles in use and their limit.",
    .prefixes = { "node_filefd_" },
    .sample = sample_filefd,
};

const struct bw_sampler_ops bw_sampler_pressure = {
    .name = "pressure",
    .summary = "How long tasks waited for processors, memory and disks.",
    .prefixes = { "node_pressure_" },
    .sample = sample_pressure,
};

const struct bw_sampler_ops bw_sampler_uname = {
    .name = "uname",
    .summary = "Name, release and version of the kernel.",
    .prefixes = { "node_uname_" },
    .sample = sample_uname,
};

const struct bw_sampler_ops bw_sampler_time = {
    .name = "time",
    .summary = "The system clock.",
    .prefixes = { "node_time_" },
    .sample = sample_time,
};
