// SPDX-License-Identifier: GPL-3.0-or-later
#include "metric/family.h"

#include "base/escape.h"
#include "base/text.h"
#include "metric/guest.h"

#include <string.h>

enum { LIVE, KEPT };

#define LABELS(...)                                                                                \
    .labels = { __VA_ARGS__ },                                                                     \
    .label_count = sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *)
#define NO_LABELS .label_count = 0

static const struct bw_family families[BW_METRIC_COUNT] = {
#define BW_FAMILY(id, metric_type, metric_name, metric_unit, metric_labels, kept, text)            \
    [BW_METRIC_##id] = { .name = metric_name,                                                      \
                         .type = BW_TYPE_##metric_type,                                            \
                         .unit = metric_unit,                                                      \
                         metric_labels,                                                            \
                         .stored = kept,                                                           \
                         .help = text },
#include "metric/families.def"
#undef BW_FAMILY
};

const struct bw_family *bw_family_row(enum bw_family_id id)
{
    if ((unsigned)id < BW_METRIC_COUNT)
        return &families[id];
    return bw_guest_row((unsigned)id - BW_METRIC_COUNT);
}

unsigned bw_family_count(void)
{
    return BW_METRIC_COUNT + bw_guest_count();
}

enum bw_family_id bw_family_page(enum bw_family_id id)
{
    if ((unsigned)id < BW_METRIC_COUNT)
        return id;
    return (enum bw_family_id)(BW_METRIC_COUNT + bw_guest_first((unsigned)id - BW_METRIC_COUNT));
}

size_t bw_family_base_len(const struct bw_family *family)
{
    static const char *const endings[BW_TYPE_COUNT] = {
        [BW_TYPE_COUNTER] = "_total",
        [BW_TYPE_INFO] = "_info",
    };
    const size_t len = strlen(family->name);
    const char *ending = endings[family->type];
    return ending != NULL && bw_text_ends_with(family->name, ending) ? len - strlen(ending) : len;
}

bool bw_family_by_name(const char *name, enum bw_family_id *out)
{
    for (unsigned i = 0; i < BW_METRIC_COUNT; i++) {
        if (strcmp(families[i].name, name) == 0) {
            *out = (enum bw_family_id)i;
            return true;
        }
    }
    return bw_guest_by_name(name, out);
}

bool bw_family_counts_up(const char *name)
{
    enum bw_family_id id;
    return bw_family_by_name(name, &id) && bw_family_row(id)->type == BW_TYPE_COUNTER;
}

const char *bw_metric_type_name(enum bw_metric_type type)
{
    static const char *const names[BW_TYPE_COUNT] = {
        [BW_TYPE_GAUGE] = "gauge",         [BW_TYPE_COUNTER] = "counter",
        [BW_TYPE_HISTOGRAM] = "histogram", [BW_TYPE_STATESET] = "stateset",
        [BW_TYPE_INFO] = "info",           [BW_TYPE_UNTYPED] = "untyped",
        [BW_TYPE_SUMMARY] = "summary",
    };
    return names[type];
}

/* The chapters of docs/metrics.md: who publishes a family is told by its name. */
static const struct {
    const char *prefix;
    const char *heading;
    const char *text;
} chapters[] = {
    { "probe_", "Probes",
      "Names and labels of blackbox_exporter. On `/metrics` every series also has the labels "
      "`service`, `instance`, `check` and `module` and those that the configuration gives. "
      "`probe_expect_info` is not in the list: a dialogue over TCP or a Unix socket tells with it, "
      "as labels that `query_response` names, what the peer said; it is not stored. Commands of "
      "exec "
      "checks with `output: prometheus` add metrics of any name that does not begin with `probe_` "
      "or "
      "`bellwether_`; they are stored, except histograms." },
    { "node_", "Host",
      "Names and labels of node_exporter, with the same meaning and units. The collector textfile "
      "adds metrics of any name that is not in this document; they are stored, except "
      "histograms." },
    { "bellwether_", "Bellwether",
      "What the daemon makes of what it sees, and how it does itself. Series about a check have "
      "the labels `service`, `instance`, `check` and `module`; series about a trend have `metric` "
      "and the labels of the series, those that collide with the metric's own prefixed with "
      "`series_`." },
    { "process_", "Process", "What the daemon takes from its machine." },
};

static void document_row(struct bw_buf *out, const struct bw_family *family)
{
    bw_buf_printf(out, "| `%s` | %s | %s | ", family->name, bw_metric_type_name(family->type),
                  family->unit);
    for (size_t i = 0; i < family->label_count; i++)
        bw_buf_printf(out, "%s`%s`", i > 0 ? ", " : "", family->labels[i]);
    bw_buf_printf(out, " | %s | ", family->stored ? "yes" : "");
    bw_escape_md(out, family->help, strlen(family->help));
    bw_buf_text(out, " |\n");
}

void bw_metric_document(struct bw_buf *out)
{
    bw_buf_text(out, "# Metrics\n\nMade from `src/metric/families.def`; a test compares the two. "
                     "Labels listed here are the metric's own. *Stored* series are kept in the "
                     "store and can be charted, queried and analysed; the others are only on "
                     "`/metrics`.\n");
    for (size_t i = 0; i < sizeof chapters / sizeof *chapters; i++) {
        bw_buf_printf(out,
                      "\n## %s\n\n%s\n\n| Name | Type | Unit | Labels | Stored | Meaning |\n"
                      "|---|---|---|---|---|---|\n",
                      chapters[i].heading, chapters[i].text);
        for (unsigned f = 0; f < BW_METRIC_COUNT; f++) {
            if (strncmp(families[f].name, chapters[i].prefix, strlen(chapters[i].prefix)) == 0)
                document_row(out, &families[f]);
        }
    }
}
