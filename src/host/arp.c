// SPDX-License-Identifier: GPL-3.0-or-later
/* Neighbours on the networks of IPv4: /proc/net/arp, proc(5). */
#include "host/host.h"
#include "host/parse.h"
#include "host/scan.h"

#include "base/arena.h"

struct device {
    const char *name;
    double entries;
};

/* "192.0.2.1 0x1 0x2 02:fc:00:00:00:05 * eth0": the sixth column. */
static bool device_of(struct bw_span line, struct bw_span *out)
{
    for (size_t i = 0; i < 6; i++) {
        if (!bw_scan_word(&line, out))
            return false;
    }
    return true;
}

static void count_entry(struct device *devices, size_t *count, struct bw_span name,
                        struct bw_arena *arena)
{
    size_t i = 0;
    while (i < *count && !bw_span_is(name, devices[i].name))
        i++;
    if (i == *count)
        devices[(*count)++] =
            (struct device){ .name = bw_arena_strndup(arena, name.data, name.len) };
    devices[i].entries++;
}

enum bw_rc bw_arp_parse(struct bw_span text, struct bw_arena *arena, struct bw_measures *out,
                        struct bw_err *err)
{
    enum { DEVICES_MAX = 1024 };
    struct bw_span line, name, rest = text;
    if (!bw_scan_line(&text, &line))
        return bw_fail(err, BW_EINVAL, "arp: no heading");
    size_t lines = 0;
    while (lines < DEVICES_MAX && bw_scan_line(&rest, &line))
        lines++;
    struct device *devices = bw_arena_array(arena, lines, sizeof *devices);
    size_t count = 0;
    while (bw_scan_line(&text, &line)) {
        if (!device_of(line, &name))
            return bw_fail(err, BW_EINVAL, "arp: a line without a device");
        if (count == DEVICES_MAX)
            return bw_fail(err, BW_ELIMIT, "arp: more than %d devices", DEVICES_MAX);
        count_entry(devices, &count, name, arena);
    }
    for (size_t i = 0; i < count; i++)
        bw_measures_add(out, BW_METRIC_NODE_ARP_ENTRIES, devices[i].entries,
                        BW_LABEL_VALUES(devices[i].name));
    return BW_OK;
}

static enum bw_rc sample(struct bw_host *host, struct bw_measures *out, struct bw_err *err)
{
    struct bw_span text;
    const enum bw_rc rc = bw_proc_read_list(host->proc, "net/arp", &text, err);
    return rc != BW_OK ? bw_host_absent(rc) : bw_arp_parse(text, &host->scratch, out, err);
}

const struct bw_sampler_ops bw_sampler_arp = {
    .name = "arp",
    .summary = "How many neighbours each network device knows.",
    .prefixes = { "node_arp_" },
    .sample = sample,
};
