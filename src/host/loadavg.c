// SPDX-License-Identifier: GPL-3.0-or-later
/* The load: /proc/loadavg, proc(5). */
#include "host/host.h"
#include "host/parse.h"
#include "host/scan.h"

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

static enum bw_rc sample(struct bw_host *host, struct bw_measures *out, struct bw_err *err)
{
    struct bw_span text;
    const enum bw_rc rc = bw_proc_read_piece(host->proc, "loadavg", &text, err);
    return rc != BW_OK ? rc : bw_loadavg_parse(text, out, err);
}

const struct bw_sampler_ops bw_sampler_loadavg = {
    .name = "loadavg",
    .summary = "The load over 1, 5 and 15 minutes.",
    .prefixes = { "node_load" },
    .sample = sample,
};
