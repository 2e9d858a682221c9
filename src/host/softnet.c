// SPDX-License-Identifier: GPL-3.0-or-later
/* Packets on their way through the kernel, by processor: /proc/net/softnet_stat. */
#include "host/host.h"
#include "host/parse.h"
#include "host/scan.h"

#include <stdio.h>

enum { COLUMNS_MAX = 13, PROCESSOR = 12 };

/* "0084967f": eight hexadecimal digits. */
static bool scan_hex(struct bw_span *line, uint32_t *out)
{
    struct bw_span word;
    uint32_t value = 0;
    if (!bw_scan_word(line, &word) || word.len > 8)
        return false;
    for (size_t i = 0; i < word.len; i++) {
        const char c = word.data[i];
        const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0)
            return false;
        value = value << 4 | (uint32_t)digit;
    }
    *out = value;
    return true;
}

enum bw_rc bw_softnet_parse(struct bw_span text, struct bw_measures *out, struct bw_err *err)
{
    static const enum bw_family_id families[] = { BW_METRIC_NODE_SOFTNET_PROCESSED_TOTAL,
                                                  BW_METRIC_NODE_SOFTNET_DROPPED_TOTAL,
                                                  BW_METRIC_NODE_SOFTNET_TIMES_SQUEEZED_TOTAL };
    struct bw_span line;
    uint32_t row = 0;
    for (; bw_scan_line(&text, &line); row++) {
        uint32_t columns[COLUMNS_MAX];
        size_t count = 0;
        char cpu[16];
        while (count < COLUMNS_MAX && scan_hex(&line, &columns[count]))
            count++;
        if (count < sizeof families / sizeof *families)
            return bw_fail(err, BW_EINVAL,
                           "softnet_stat: line %u has %zu numbers, expected 3 or"
                           " more",
                           row + 1, count);
        /* Processors that are switched off have no line; newer kernels number the lines. */
        snprintf(cpu, sizeof cpu, "%u", count > PROCESSOR ? columns[PROCESSOR] : row);
        for (size_t i = 0; i < sizeof families / sizeof *families; i++)
            bw_measures_add(out, families[i], columns[i], BW_LABEL_VALUES(cpu));
    }
    return row > 0 ? BW_OK : bw_fail(err, BW_EINVAL, "softnet_stat: empty");
}

static enum bw_rc sample(struct bw_host *host, struct bw_measures *out, struct bw_err *err)
{
    struct bw_span text;
    const enum bw_rc rc = bw_proc_read_list(host->proc, "net/softnet_stat", &text, err);
    return rc != BW_OK ? bw_host_absent(rc) : bw_softnet_parse(text, out, err);
}

const struct bw_sampler_ops bw_sampler_softnet = {
    .name = "softnet",
    .summary = "Packets that each processor took in, and those it had no room or time for.",
    .prefixes = { "node_softnet_" },
    .sample = sample,
};
