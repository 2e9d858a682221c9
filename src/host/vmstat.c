// SPDX-License-Identifier: GPL-3.0-or-later
/* Virtual memory: /proc/vmstat, proc(5). */
#include "host/host.h"
#include "host/parse.h"
#include "host/scan.h"

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
            if (!bw_scan_is(word, rows[i].word))
                continue;
            if (!bw_scan_uint(&line, &value))
                return bw_fail(err, BW_EINVAL, "vmstat: '%s' without a number", rows[i].word);
            bw_measures_add(out, rows[i].family, (double)value, NULL);
            any = true;
        }
    }
    return any ? BW_OK : bw_fail(err, BW_EINVAL, "vmstat: nothing in it that we know");
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
