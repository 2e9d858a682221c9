// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/exec_output.h"

#include "metric/textformat.h"
#include "probe/perfdata.h"
#include "probe/probe.h"

#include <math.h>
#include <string.h>

enum { LABEL_BYTES_MAX = 128, UNIT_BYTES_MAX = 64 };

/* ---- performance data ---- */

static bool was_measured(const struct bw_measures *m, const char *label)
{
    for (size_t i = 0; i < m->count; i++) {
        if (m->items[i].family == BW_METRIC_PROBE_EXEC_PERFDATA
            && strcmp(m->items[i].labels[0], label) == 0)
            return true;
    }
    return false;
}

static void measure_bounds(const struct bw_perfdata *item, const char *label, const char *unit,
                           struct bw_measures *out)
{
    const struct {
        const char *name, *name_inside;
        bool inside;
        double value;
    } bounds[] = {
        { "warning_min", "warning_inside_min", item->warning.inside, item->warning.min },
        { "warning_max", "warning_inside_max", item->warning.inside, item->warning.max },
        { "critical_min", "critical_inside_min", item->critical.inside, item->critical.min },
        { "critical_max", "critical_inside_max", item->critical.inside, item->critical.max },
        { "min", NULL, false, item->min },
        { "max", NULL, false, item->max },
    };
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        const char *name = bounds[i].inside ? bounds[i].name_inside : bounds[i].name;
        if (!isnan(bounds[i].value))
            bw_measures_add(out, BW_METRIC_PROBE_EXEC_PERFDATA_BOUND, bounds[i].value,
                            BW_LABEL_VALUES(label, unit, name));
    }
}

void bw_exec_measure_perfdata(struct bw_span output, struct bw_measures *out)
{
    struct bw_perfdata_reader reader = bw_perfdata_begin(output);
    struct bw_perfdata item;
    for (unsigned i = 0; i < BW_EXEC_PERFDATA_MAX && bw_perfdata_next(&reader, &item); i++) {
        char label[LABEL_BYTES_MAX], unit[UNIT_BYTES_MAX];
        bw_perfdata_label(label, sizeof label, &item);
        bw_probe_quote(unit, sizeof unit, item.unit, strlen(item.unit));
        if (was_measured(out, label))
            continue;
        bw_measures_add(out, BW_METRIC_PROBE_EXEC_PERFDATA, item.value,
                        BW_LABEL_VALUES(label, unit));
        measure_bounds(&item, label, unit, out);
    }
}

/* ---- the text format of Prometheus ---- */

/* Names that are ours now, or may be one day, and what a check's series are known by. */
static const char *const own_prefixes[] = { "bellwether_", "probe_", NULL };
static const char *const own_labels[] = { "service", "instance", "check", NULL };

static const struct bw_text_rules rules = {
    .samples_max = BW_EXEC_SERIES_MAX,
    .families_max = BW_EXEC_FAMILIES_MAX,
    .prefixes = own_prefixes,
    .labels = own_labels,
};

/* A pipe has no half files: the last line end may be missing. */
static struct bw_span whole_lines(struct bw_arena *arena, struct bw_span text)
{
    if (text.len == 0 || text.data[text.len - 1] == '\n')
        return text;
    char *copy = bw_arena_alloc(arena, text.len + 1);
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\n';
    return (struct bw_span){ copy, text.len + 1 };
}

enum bw_rc bw_exec_measure_text(struct bw_span output, struct bw_measures *out,
                                struct bw_births *births, struct bw_err *err)
{
    struct bw_arena scratch;
    struct bw_text_doc doc;
    bw_arena_init(&scratch);
    bw_text_doc_init(&doc, &scratch, &rules);
    enum bw_rc rc =
        bw_text_doc_add(&doc, "the output of a command", whole_lines(&scratch, output), err);
    *births = bw_births_take(&doc);
    if (rc == BW_OK)
        rc = bw_text_doc_measure(&doc, out, err);
    bw_text_doc_fini(&doc);
    bw_arena_fini(&scratch);
    return rc;
}
