// SPDX-License-Identifier: GPL-3.0-or-later
/* Connections that the packet filter follows: /proc/sys/net/netfilter, the kernel's
 * Documentation/networking/nf_conntrack-sysctl.rst, and /proc/net/stat/nf_conntrack. */
#include "host/host.h"
#include "host/parse.h"
#include "host/scan.h"

enum { COLUMNS_MAX = 32 };

static const struct {
    const char *column;
    enum bw_family_id family;
} rows[] = {
    { "found", BW_METRIC_NODE_NF_CONNTRACK_STAT_FOUND },
    { "invalid", BW_METRIC_NODE_NF_CONNTRACK_STAT_INVALID },
    { "ignore", BW_METRIC_NODE_NF_CONNTRACK_STAT_IGNORE },
    { "insert", BW_METRIC_NODE_NF_CONNTRACK_STAT_INSERT },
    { "insert_failed", BW_METRIC_NODE_NF_CONNTRACK_STAT_INSERT_FAILED },
    { "drop", BW_METRIC_NODE_NF_CONNTRACK_STAT_DROP },
    { "early_drop", BW_METRIC_NODE_NF_CONNTRACK_STAT_EARLY_DROP },
    { "search_restart", BW_METRIC_NODE_NF_CONNTRACK_STAT_SEARCH_RESTART },
};

enum { ROW_COUNT = sizeof rows / sizeof *rows };

static bool parse_hex(struct bw_span word, uint64_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < word.len; i++) {
        const char c = word.data[i];
        const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0 || value >> 60 != 0)
            return false;
        value = value << 4 | (uint64_t)digit;
    }
    *out = value;
    return word.len > 0;
}

/* Which row each column belongs to; ROW_COUNT: none. Returns how many columns there are. */
static size_t read_heads(struct bw_span line, size_t row_of[COLUMNS_MAX])
{
    struct bw_span word;
    size_t count = 0;
    for (; count < COLUMNS_MAX && bw_scan_word(&line, &word); count++) {
        row_of[count] = 0;
        while (row_of[count] < ROW_COUNT && !bw_span_is(word, rows[row_of[count]].column))
            row_of[count]++;
    }
    return count;
}

/* One line per processor, hexadecimal, summed up. */
enum bw_rc bw_conntrack_parse(struct bw_span text, struct bw_measures *out, struct bw_err *err)
{
    size_t row_of[COLUMNS_MAX];
    uint64_t sums[ROW_COUNT] = { 0 };
    bool known[ROW_COUNT] = { false };
    struct bw_span line, word;
    if (!bw_scan_line(&text, &line))
        return bw_fail(err, BW_EINVAL, "nf_conntrack: no heading");
    const size_t count = read_heads(line, row_of);
    while (bw_scan_line(&text, &line)) {
        for (size_t i = 0; i < count && bw_scan_word(&line, &word); i++) {
            uint64_t value;
            if (!parse_hex(word, &value))
                return bw_fail(err, BW_EINVAL, "nf_conntrack: a value that is no number");
            if (row_of[i] == ROW_COUNT)
                continue;
            sums[row_of[i]] += value;
            known[row_of[i]] = true;
        }
    }
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (known[i])
            bw_measures_add(out, rows[i].family, (double)sums[i], NULL);
    }
    return BW_OK;
}

static enum bw_rc sample(struct bw_host *host, struct bw_measures *out, struct bw_err *err)
{
    static const struct {
        const char *path;
        enum bw_family_id family;
    } files[] = {
        { "sys/net/netfilter/nf_conntrack_count", BW_METRIC_NODE_NF_CONNTRACK_ENTRIES },
        { "sys/net/netfilter/nf_conntrack_max", BW_METRIC_NODE_NF_CONNTRACK_ENTRIES_LIMIT },
    };
    struct bw_span text;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        uint64_t value;
        const enum bw_rc rc = bw_proc_read_piece(host->proc, files[i].path, &text, err);
        if (rc != BW_OK)
            return bw_host_absent(rc);
        if (!bw_scan_uint(&text, &value))
            return bw_fail(err, BW_EINVAL, "%s: expected a number", files[i].path);
        bw_measures_add(out, files[i].family, (double)value, NULL);
    }
    /* Kernels can be built without the counters. */
    const enum bw_rc rc = bw_proc_read_list(host->proc, "net/stat/nf_conntrack", &text, err);
    if (rc != BW_OK)
        return rc == BW_ENOTFOUND ? BW_OK : rc;
    return bw_conntrack_parse(text, out, err);
}

const struct bw_sampler_ops bw_sampler_conntrack = {
    .name = "conntrack",
    .summary = "How many connections the packet filter follows, and how many it may.",
    .prefixes = { "node_nf_conntrack_" },
    .sample = sample,
};
