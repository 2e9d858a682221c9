// SPDX-License-Identifier: GPL-3.0-or-later
/* metric/family.h: the metrics that exist. Each is declared once, as a row of
 * metric/families.def; what is exposed, stored and documented comes from the rows. */
#ifndef METRIC_FAMILY_H
#define METRIC_FAMILY_H

#include "base/buf.h"
#include "base/limits.h"

#include <stdbool.h>
#include <stddef.h>

/* BW_METRIC_PROBE_SUCCESS and so on, in the order of the table. Not stored anywhere. */
enum bw_family_id {
#define BW_FAMILY(id, type, name, unit, labels, stored, help) BW_METRIC_##id,
#include "metric/families.def" // IWYU pragma: keep
#undef BW_FAMILY
    BW_METRIC_COUNT,
};

enum bw_metric_type {
    BW_TYPE_GAUGE,
    BW_TYPE_COUNTER,
    BW_TYPE_HISTOGRAM,
    BW_TYPE_STATESET, /* one series per state, 1 for those that hold, 0 for the others */
    BW_TYPE_INFO,     /* always 1; the labels tell */
    BW_TYPE_UNTYPED,
    BW_TYPE_SUMMARY, /* only guests (metric/guest.h); quantile is a label as any other */
    BW_TYPE_COUNT,
};

enum { BW_FAMILY_LABELS_MAX = 16, BW_FAMILY_ID_MAX = BW_METRIC_COUNT + BW_GUEST_FAMILIES_MAX };

struct bw_family {
    const char *name; /* as people query it: counters with _total, infos with _info */
    enum bw_metric_type type;
    const char *unit;                         /* "" without one */
    const char *labels[BW_FAMILY_LABELS_MAX]; /* its own; a block adds its common ones */
    size_t label_count;
    bool stored;      /* its series go into the store */
    const char *help; /* one sentence */
};

/* The row. `id` must be below bw_family_count(). */
const struct bw_family *bw_family_row(enum bw_family_id id);

/* Declared families and the guests (metric/guest.h) that there are by now. */
unsigned bw_family_count(void);

/* Where a page shows the family: with the first one of its name. Only guests share names. */
enum bw_family_id bw_family_page(enum bw_family_id id);

/* How much of the name OpenMetrics calls the family: without _total of a counter and _info of an
 * info. */
size_t bw_family_base_len(const struct bw_family *family);

/* The family of that exact name; false when there is none. */
bool bw_family_by_name(const char *name, enum bw_family_id *out);

/* Whether the family of that name, if there is one, is a counter. */
bool bw_family_counts_up(const char *name);

/* "gauge", "counter", … as the table calls it. */
const char *bw_metric_type_name(enum bw_metric_type type);

/* The table as Markdown: docs/metrics.md. */
void bw_metric_document(struct bw_buf *out);

#endif
