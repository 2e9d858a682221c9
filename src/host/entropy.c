// SPDX-License-Identifier: GPL-3.0-or-later
/* The kernel's random numbers: random(4). */
#include "host/host.h"
#include "host/scan.h"

static enum bw_rc sample(struct bw_host *host, struct bw_measures *out, struct bw_err *err)
{
    static const struct {
        const char *path;
        enum bw_family_id family;
    } files[] = {
        { "sys/kernel/random/entropy_avail", BW_METRIC_NODE_ENTROPY_AVAILABLE_BITS },
        { "sys/kernel/random/poolsize", BW_METRIC_NODE_ENTROPY_POOL_SIZE_BITS },
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct bw_span text;
        uint64_t bits;
        const enum bw_rc rc = bw_proc_read_piece(host->proc, files[i].path, &text, err);
        if (rc != BW_OK)
            return bw_host_absent(rc);
        if (!bw_scan_uint(&text, &bits))
            return bw_fail(err, BW_EINVAL, "%s: expected a number", files[i].path);
        bw_measures_add(out, files[i].family, (double)bits, NULL);
    }
    return BW_OK;
}

const struct bw_sampler_ops bw_sampler_entropy = {
    .name = "entropy",
    .summary = "What the kernel has to make random numbers from.",
    .prefixes = { "node_entropy_" },
    .sample = sample,
};
