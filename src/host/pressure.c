// SPDX-License-Identifier: GPL-3.0-or-later
/* Pressure stall information: /proc/pressure, the kernel's Documentation/accounting/psi.rst. */
#include "host/host.h"
#include "host/parse.h"
#include "host/scan.h"

#include <math.h>
#include <string.h>

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

static enum bw_rc sample(struct bw_host *host, struct bw_measures *out, struct bw_err *err)
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
        double avg10 = NAN;
        enum bw_rc rc = bw_host_absent(bw_proc_read_piece(host->proc, files[i].path, &text, err));
        if (rc == BW_OK)
            rc = bw_pressure_parse(text, files[i].waiting, files[i].stalled, out, &avg10, err);
        if (rc != BW_OK)
            return rc;
        if (i == 0)
            host->cpu_pressure_ratio = avg10;
    }
    return BW_OK;
}

const struct bw_sampler_ops bw_sampler_pressure = {
    .name = "pressure",
    .summary = "How long tasks waited for processors, memory and disks.",
    .prefixes = { "node_pressure_" },
    .sample = sample,
};
