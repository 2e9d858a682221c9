// SPDX-License-Identifier: GPL-3.0-or-later
/* File handles: /proc/sys/fs/file-nr, proc(5). */
#include "host/host.h"
#include "host/parse.h"
#include "host/scan.h"

enum bw_rc bw_filefd_parse(struct bw_span text, struct bw_measures *out, struct bw_err *err)
{
    uint64_t values[3];
    if (bw_scan_uints(&text, values, 3) != 3)
        return bw_fail(err, BW_EINVAL, "file-nr: expected three numbers");
    bw_measures_add(out, BW_METRIC_NODE_FILEFD_ALLOCATED, (double)values[0], NULL);
    bw_measures_add(out, BW_METRIC_NODE_FILEFD_MAXIMUM, (double)values[2], NULL);
    return BW_OK;
}

static enum bw_rc sample(struct bw_host *host, struct bw_measures *out, struct bw_err *err)
{
    struct bw_span text;
    const enum bw_rc rc = bw_proc_read_piece(host->proc, "sys/fs/file-nr", &text, err);
    return rc != BW_OK ? rc : bw_filefd_parse(text, out, err);
}

const struct bw_sampler_ops bw_sampler_filefd = {
    .name = "filefd",
    .summary = "File handles in use and their limit.",
    .prefixes = { "node_filefd_" },
    .sample = sample,
};
