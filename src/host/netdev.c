// SPDX-License-Identifier: GPL-3.0-or-later
/* Network devices: /proc/net/dev, proc(5). */
#include "host/host.h"
#include "host/parse.h"
#include "host/scan.h"

#include <string.h>

static const enum bw_family_id columns[] = {
    BW_METRIC_NODE_NETWORK_RECEIVE_BYTES_TOTAL,
    BW_METRIC_NODE_NETWORK_RECEIVE_PACKETS_TOTAL,
    BW_METRIC_NODE_NETWORK_RECEIVE_ERRS_TOTAL,
    BW_METRIC_NODE_NETWORK_RECEIVE_DROP_TOTAL,
    BW_METRIC_NODE_NETWORK_RECEIVE_FIFO_TOTAL,
    BW_METRIC_NODE_NETWORK_RECEIVE_FRAME_TOTAL,
    BW_METRIC_NODE_NETWORK_RECEIVE_COMPRESSED_TOTAL,
    BW_METRIC_NODE_NETWORK_RECEIVE_MULTICAST_TOTAL,
    BW_METRIC_NODE_NETWORK_TRANSMIT_BYTES_TOTAL,
    BW_METRIC_NODE_NETWORK_TRANSMIT_PACKETS_TOTAL,
    BW_METRIC_NODE_NETWORK_TRANSMIT_ERRS_TOTAL,
    BW_METRIC_NODE_NETWORK_TRANSMIT_DROP_TOTAL,
    BW_METRIC_NODE_NETWORK_TRANSMIT_FIFO_TOTAL,
    BW_METRIC_NODE_NETWORK_TRANSMIT_COLLS_TOTAL,
    BW_METRIC_NODE_NETWORK_TRANSMIT_CARRIER_TOTAL,
    BW_METRIC_NODE_NETWORK_TRANSMIT_COMPRESSED_TOTAL,
};

enum { COLUMN_COUNT = sizeof columns / sizeof *columns };

/* Where the name ends. An alias such as eth0:1 has a colon of its own, and old kernels put no
 * blank before the first number. */
static bool split_name(struct bw_span line, struct bw_span *out_name, struct bw_span *out_rest)
{
    const char *colon = memrchr(line.data, ':', line.len);
    if (colon == NULL)
        return false;
    const size_t len = (size_t)(colon - line.data);
    *out_name = bw_span_trim((struct bw_span){ line.data, len });
    *out_rest = (struct bw_span){ colon + 1, line.len - len - 1 };
    return out_name->len > 0;
}

static enum bw_rc parse_device(struct bw_span line, struct bw_measures *out, struct bw_err *err)
{
    struct bw_span name, rest;
    char device[64];
    if (!split_name(line, &name, &rest))
        return bw_fail(err, BW_EINVAL, "net/dev: a line without a device");
    bw_scan_text(name, device, sizeof device);
    uint64_t values[COLUMN_COUNT];
    const size_t count = bw_scan_uints(&rest, values, COLUMN_COUNT);
    if (count != COLUMN_COUNT)
        return bw_fail(err, BW_EINVAL, "net/dev: %s has %zu numbers, expected 16", device, count);
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        bw_measures_add(out, columns[i], (double)values[i], BW_LABEL_VALUES(device));
    return BW_OK;
}

enum bw_rc bw_netdev_parse(struct bw_span text, struct bw_measures *out, struct bw_err *err)
{
    struct bw_span line;
    size_t heads = 0;
    while (bw_scan_line(&text, &line)) {
        if (memchr(line.data, '|', line.len) != NULL) {
            heads++;
            continue;
        }
        const enum bw_rc rc = parse_device(line, out, err);
        if (rc != BW_OK)
            return rc;
    }
    return heads > 0 ? BW_OK : bw_fail(err, BW_EINVAL, "net/dev: no heading");
}

static enum bw_rc sample(struct bw_host *host, struct bw_measures *out, struct bw_err *err)
{
    struct bw_span text;
    const enum bw_rc rc = bw_proc_read_list(host->proc, "net/dev", &text, err);
    return rc != BW_OK ? rc : bw_netdev_parse(text, out, err);
}

const struct bw_sampler_ops bw_sampler_netdev = {
    .name = "netdev",
    .summary = "What each network device received and sent.",
    .prefixes = { "node_network_receive_", "node_network_transmit_bytes_",
                  "node_network_transmit_packets_", "node_network_transmit_errs_",
                  "node_network_transmit_drop_", "node_network_transmit_fifo_",
                  "node_network_transmit_colls_", "node_network_transmit_carrier_",
                  "node_network_transmit_compressed_" },
    .sample = sample,
};
