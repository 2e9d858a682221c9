// SPDX-License-Identifier: GPL-3.0-or-later
/* Memory: /proc/meminfo, proc(5). */
#include "host/host.h"
#include "host/parse.h"
#include "host/scan.h"

#include <string.h>

enum {
    FIRST = BW_METRIC_NODE_MEMORY_MEMTOTAL_BYTES,
    LAST = BW_METRIC_NODE_MEMORY_HUGEPAGES_SURP,
};

/* "Active(anon)" is node_memory_Active_anon_bytes. */
static bool is_name(const char *name, struct bw_span field, bool in_kib)
{
    name += sizeof "node_memory_" - 1;
    for (size_t i = 0; i < field.len; i++) {
        const char c = field.data[i];
        if (c != ')' && *name++ != (c == '(' ? '_' : c))
            return false;
    }
    return strcmp(name, in_kib ? "_bytes" : "") == 0;
}

/* The table is in the kernel's order, so the next field is nearly always a step from the
 * last one. */
static bool find_family(struct bw_span field, bool in_kib, unsigned *at)
{
    for (unsigned tried = FIRST; tried <= LAST; tried++) {
        *at = *at >= LAST ? FIRST : *at + 1;
        if (is_name(bw_family_row((enum bw_family_id) * at)->name, field, in_kib))
            return true;
    }
    return false;
}

enum bw_rc bw_meminfo_parse(struct bw_span text, struct bw_measures *out, struct bw_err *err)
{
    struct bw_span line;
    unsigned at = LAST;
    bool any = false;
    while (bw_scan_line(&text, &line)) {
        struct bw_span field, unit = { 0 };
        uint64_t value;
        bw_span_split(&line, ':', &field);
        if (line.data == NULL || !bw_scan_uint(&line, &value))
            return bw_fail(err, BW_EINVAL, "meminfo: '%.*s' without a number",
                           (int)(field.len < 40 ? field.len : 40), field.data);
        const bool in_kib = bw_scan_word(&line, &unit) && bw_span_is(unit, "kB");
        if (!find_family(bw_span_trim(field), in_kib, &at))
            continue;
        bw_measures_add(out, (enum bw_family_id)at, (double)value * (in_kib ? 1024 : 1), NULL);
        any = true;
    }
    return any ? BW_OK : bw_fail(err, BW_EINVAL, "meminfo: nothing in it that we know");
}

static enum bw_rc sample(struct bw_host *host, struct bw_measures *out, struct bw_err *err)
{
    struct bw_span text;
    const enum bw_rc rc = bw_proc_read_piece(host->proc, "meminfo", &text, err);
    return rc != BW_OK ? rc : bw_meminfo_parse(text, out, err);
}

const struct bw_sampler_ops bw_sampler_meminfo = {
    .name = "meminfo",
    .summary = "What main memory and swap space are used for.",
    .prefixes = { "node_memory_" },
    .sample = sample,
};
