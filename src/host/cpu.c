// SPDX-License-Identifier: GPL-3.0-or-later
/* Processors and the rest of /proc/stat: proc(5). */
#include "host/host.h"
#include "host/parse.h"
#include "host/scan.h"

#include <string.h>

/* The kernel counts for programs in hundredths of a second, whatever it counts in itself. */
static const double ticks_per_second = 100;

/* Columns in the order of the file. */
static const struct {
    enum bw_family_id family;
    const char *mode;
} columns[] = {
    { BW_METRIC_NODE_CPU_SECONDS_TOTAL, "user" },
    { BW_METRIC_NODE_CPU_SECONDS_TOTAL, "nice" },
    { BW_METRIC_NODE_CPU_SECONDS_TOTAL, "system" },
    { BW_METRIC_NODE_CPU_SECONDS_TOTAL, "idle" },
    { BW_METRIC_NODE_CPU_SECONDS_TOTAL, "iowait" },
    { BW_METRIC_NODE_CPU_SECONDS_TOTAL, "irq" },
    { BW_METRIC_NODE_CPU_SECONDS_TOTAL, "softirq" },
    { BW_METRIC_NODE_CPU_SECONDS_TOTAL, "steal" },
    { BW_METRIC_NODE_CPU_GUEST_SECONDS_TOTAL, "user" },
    { BW_METRIC_NODE_CPU_GUEST_SECONDS_TOTAL, "nice" },
};

enum { COLUMN_COUNT = sizeof columns / sizeof *columns, COLUMNS_MIN = 4 };

/* "cpu0", not "cpu", which is the sum. */
static bool is_processor(struct bw_span word)
{
    return word.len > 3 && memcmp(word.data, "cpu", 3) == 0 && word.data[3] >= '0'
           && word.data[3] <= '9';
}

static enum bw_rc parse_processor(struct bw_span word, struct bw_span line, struct bw_measures *out,
                                  struct bw_err *err)
{
    char cpu[16];
    bw_scan_text((struct bw_span){ word.data + 3, word.len - 3 }, cpu, sizeof cpu);
    uint64_t ticks[COLUMN_COUNT];
    const size_t count = bw_scan_uints(&line, ticks, COLUMN_COUNT);
    if (count < COLUMNS_MIN)
        return bw_fail(err, BW_EINVAL, "stat: cpu%s has %zu numbers, expected 4 or more", cpu,
                       count);
    for (size_t i = 0; i < count; i++)
        bw_measures_add(out, columns[i].family, (double)ticks[i] / ticks_per_second,
                        BW_LABEL_VALUES(cpu, columns[i].mode));
    return BW_OK;
}

enum bw_rc bw_cpu_parse(struct bw_span text, struct bw_measures *out, struct bw_err *err)
{
    struct bw_span line, word;
    bool any = false;
    while (bw_scan_line(&text, &line)) {
        if (!bw_scan_word(&line, &word) || !is_processor(word))
            continue;
        const enum bw_rc rc = parse_processor(word, line, out, err);
        if (rc != BW_OK)
            return rc;
        any = true;
    }
    return any ? BW_OK : bw_fail(err, BW_EINVAL, "stat: no line of a processor");
}

enum bw_rc bw_stat_parse(struct bw_span text, struct bw_measures *out, struct bw_err *err)
{
    static const struct bw_word_row rows[] = {
        { "intr", BW_METRIC_NODE_INTR_TOTAL },
        { "ctxt", BW_METRIC_NODE_CONTEXT_SWITCHES_TOTAL },
        { "btime", BW_METRIC_NODE_BOOT_TIME_SECONDS },
        { "processes", BW_METRIC_NODE_FORKS_TOTAL },
        { "procs_running", BW_METRIC_NODE_PROCS_RUNNING },
        { "procs_blocked", BW_METRIC_NODE_PROCS_BLOCKED },
    };
    return bw_words_parse(text, "stat", rows, sizeof rows / sizeof *rows, out, err);
}

enum bw_rc bw_host_read_stat(struct bw_host *host, struct bw_span *out, struct bw_err *err)
{
    struct bw_span text;
    if (!host->has_stat) {
        const enum bw_rc rc = bw_proc_read_piece(host->proc, "stat", &text, err);
        if (rc != BW_OK)
            return rc;
        bw_buf_clear(&host->stat);
        bw_buf_bytes(&host->stat, text.data, text.len);
        host->has_stat = true;
    }
    *out = (struct bw_span){ host->stat.data, host->stat.len };
    return BW_OK;
}

static enum bw_rc sample_cpu(struct bw_host *host, struct bw_measures *out, struct bw_err *err)
{
    struct bw_span text;
    const enum bw_rc rc = bw_host_read_stat(host, &text, err);
    return rc != BW_OK ? rc : bw_cpu_parse(text, out, err);
}

static enum bw_rc sample_stat(struct bw_host *host, struct bw_measures *out, struct bw_err *err)
{
    struct bw_span text;
    const enum bw_rc rc = bw_host_read_stat(host, &text, err);
    return rc != BW_OK ? rc : bw_stat_parse(text, out, err);
}

const struct bw_sampler_ops bw_sampler_cpu = {
    .name = "cpu",
    .summary = "How long each processor spent in each mode.",
    .prefixes = { "node_cpu_" },
    .sample = sample_cpu,
};

const struct bw_sampler_ops bw_sampler_stat = {
    .name = "stat",
    .summary = "Boot time, context switches, forks, interrupts, running and blocked threads.",
    .prefixes = { "node_boot_time_", "node_context_switches_", "node_forks_", "node_intr_",
                  "node_procs_" },
    .sample = sample_stat,
};
