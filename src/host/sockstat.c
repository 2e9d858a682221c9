// SPDX-License-Identifier: GPL-3.0-or-later
/* Sockets: /proc/net/sockstat and /proc/net/sockstat6, proc(5). */
#include "host/host.h"
#include "host/parse.h"
#include "host/scan.h"

#include <unistd.h>

static const struct {
    const char *protocol;
    const char *field;
    enum bw_family_id family;
    enum bw_family_id bytes; /* the same in bytes where the kernel counts pages */
} rows[] = {
    { "sockets", "used", BW_METRIC_NODE_SOCKSTAT_SOCKETS_USED, BW_METRIC_COUNT },
    { "TCP", "inuse", BW_METRIC_NODE_SOCKSTAT_TCP_INUSE, BW_METRIC_COUNT },
    { "TCP", "orphan", BW_METRIC_NODE_SOCKSTAT_TCP_ORPHAN, BW_METRIC_COUNT },
    { "TCP", "tw", BW_METRIC_NODE_SOCKSTAT_TCP_TW, BW_METRIC_COUNT },
    { "TCP", "alloc", BW_METRIC_NODE_SOCKSTAT_TCP_ALLOC, BW_METRIC_COUNT },
    { "TCP", "mem", BW_METRIC_NODE_SOCKSTAT_TCP_MEM, BW_METRIC_NODE_SOCKSTAT_TCP_MEM_BYTES },
    { "UDP", "inuse", BW_METRIC_NODE_SOCKSTAT_UDP_INUSE, BW_METRIC_COUNT },
    { "UDP", "mem", BW_METRIC_NODE_SOCKSTAT_UDP_MEM, BW_METRIC_NODE_SOCKSTAT_UDP_MEM_BYTES },
    { "UDPLITE", "inuse", BW_METRIC_NODE_SOCKSTAT_UDPLITE_INUSE, BW_METRIC_COUNT },
    { "RAW", "inuse", BW_METRIC_NODE_SOCKSTAT_RAW_INUSE, BW_METRIC_COUNT },
    { "FRAG", "inuse", BW_METRIC_NODE_SOCKSTAT_FRAG_INUSE, BW_METRIC_COUNT },
    { "FRAG", "memory", BW_METRIC_NODE_SOCKSTAT_FRAG_MEMORY, BW_METRIC_COUNT },
    { "TCP6", "inuse", BW_METRIC_NODE_SOCKSTAT_TCP6_INUSE, BW_METRIC_COUNT },
    { "UDP6", "inuse", BW_METRIC_NODE_SOCKSTAT_UDP6_INUSE, BW_METRIC_COUNT },
    { "UDPLITE6", "inuse", BW_METRIC_NODE_SOCKSTAT_UDPLITE6_INUSE, BW_METRIC_COUNT },
    { "RAW6", "inuse", BW_METRIC_NODE_SOCKSTAT_RAW6_INUSE, BW_METRIC_COUNT },
    { "FRAG6", "inuse", BW_METRIC_NODE_SOCKSTAT_FRAG6_INUSE, BW_METRIC_COUNT },
    { "FRAG6", "memory", BW_METRIC_NODE_SOCKSTAT_FRAG6_MEMORY, BW_METRIC_COUNT },
};

static void add_field(struct bw_span protocol, struct bw_span field, uint64_t value,
                      uint64_t page_bytes, struct bw_measures *out)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!bw_span_is(protocol, rows[i].protocol) || !bw_span_is(field, rows[i].field))
            continue;
        bw_measures_add(out, rows[i].family, (double)value, NULL);
        if (rows[i].bytes != BW_METRIC_COUNT)
            bw_measures_add(out, rows[i].bytes, (double)value * (double)page_bytes, NULL);
    }
}

enum bw_rc bw_sockstat_parse(struct bw_span text, uint64_t page_bytes, struct bw_measures *out,
                             struct bw_err *err)
{
    struct bw_span line, protocol, field;
    bool any = false;
    while (bw_scan_line(&text, &line)) {
        bw_scan_word(&line, &protocol);
        if (protocol.data[protocol.len - 1] != ':')
            return bw_fail(err, BW_EINVAL, "sockstat: a line without a protocol");
        protocol.len--;
        while (bw_scan_word(&line, &field)) {
            uint64_t value;
            if (!bw_scan_uint(&line, &value))
                return bw_fail(err, BW_EINVAL, "sockstat: '%.*s' without a number",
                               (int)(field.len < 40 ? field.len : 40), field.data);
            add_field(protocol, field, value, page_bytes, out);
            any = true;
        }
    }
    return any ? BW_OK : bw_fail(err, BW_EINVAL, "sockstat: empty");
}

static enum bw_rc sample(struct bw_host *host, struct bw_measures *out, struct bw_err *err)
{
    const uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
    struct bw_span text;
    enum bw_rc rc = bw_proc_read_piece(host->proc, "net/sockstat", &text, err);
    if (rc == BW_OK)
        rc = bw_sockstat_parse(text, page_bytes, out, err);
    if (rc != BW_OK)
        return rc;
    rc = bw_proc_read_piece(host->proc, "net/sockstat6", &text, err);
    if (rc == BW_ENOTFOUND) /* a kernel without IPv6 */
        return BW_OK;
    return rc != BW_OK ? rc : bw_sockstat_parse(text, page_bytes, out, err);
}

const struct bw_sampler_ops bw_sampler_sockstat = {
    .name = "sockstat",
    .summary = "How many sockets there are and what memory they hold.",
    .prefixes = { "node_sockstat_" },
    .sample = sample,
};
