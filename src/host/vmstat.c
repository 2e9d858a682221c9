// SPDX-License-Identifier: GPL-3.0-or-later
/* Virtual memory: /proc/vmstat, proc(5). */
#include "host/host.h"
#include "host/parse.h"
#include "host/scan.h"

enum bw_rc bw_vmstat_parse(struct bw_span text, struct bw_measures *out, struct bw_err *err)
{
    static const struct bw_word_row rows[] = {
        { "oom_kill", BW_METRIC_NODE_VMSTAT_OOM_KILL },
        { "pgfault", BW_METRIC_NODE_VMSTAT_PGFAULT },
        { "pgmajfault", BW_METRIC_NODE_VMSTAT_PGMAJFAULT },
        { "pgpgin", BW_METRIC_NODE_VMSTAT_PGPGIN },
        { "pgpgout", BW_METRIC_NODE_VMSTAT_PGPGOUT },
        { "pswpin", BW_METRIC_NODE_VMSTAT_PSWPIN },
        { "pswpout", BW_METRIC_NODE_VMSTAT_PSWPOUT },
    };
    return bw_words_parse(text, "vmstat", rows, sizeof rows / sizeof *rows, out, err);
}

static enum bw_rc sample(struct bw_host *host, struct bw_measures *out, struct bw_err *err)
{
    struct bw_span text;
    const enum bw_rc rc = bw_proc_read(host->proc, "vmstat", &text, err);
    return rc != BW_OK ? rc : bw_vmstat_parse(text, out, err);
}

const struct bw_sampler_ops bw_sampler_vmstat = {
    .name = "vmstat",
    .summary = "Page faults, paging, swapping and programs killed for memory.",
    .prefixes = { "node_vmstat_" },
    .sample = sample,
};
