// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/probes_page.h"

#include "app/settings.h"
#include "base/escape.h"
#include "base/text.h"
#include "conf/document.h"
#include "probe/table.h"
#include "probe/tells.h"

#include <stdio.h>
#include <string.h>

/* A section of the page. */
struct kind {
    size_t number; /* as probe/tells.h counts */
    const char *name, *summary;
    const struct bw_opt_group *options;
};

static struct kind kind_of(size_t number)
{
    if (number == BW_KIND_PUSH)
        return (struct kind){ number, "push", "Waits for a job that reports by itself.",
                              &bw_push_settings_group };
    const struct bw_probe_ops *ops = bw_probe_table[number];
    return (struct kind){ number, ops->name, ops->summary, ops->options };
}

static void put_include(struct bw_buf *out, const char *name)
{
    bw_buf_printf(out, "<!-- include: %s.md -->\n\n", name);
}

/* ---- options ------------------------------------------------------------------------------ */

static bool names_group(size_t number, const struct bw_opt_group *group)
{
    struct bw_opt_groups groups;
    bw_opt_groups_init(&groups, kind_of(number).options);
    bool found = false;
    for (size_t i = 0; i < groups.count; i++)
        found = found || groups.items[i] == group;
    bw_opt_groups_fini(&groups);
    return found;
}

static bool is_shared(const struct bw_opt_group *group)
{
    unsigned kinds = 0;
    for (size_t number = 0; number <= BW_KIND_PUSH; number++)
        kinds += names_group(number, group) ? 1 : 0;
    return kinds > 1;
}

static void put_options(struct bw_buf *out, const struct kind *kind)
{
    struct bw_opt_groups groups;
    bw_opt_groups_init(&groups, kind->options);
    for (size_t i = 0; i < groups.count; i++) {
        char title[64];
        snprintf(title, sizeof title, "%s: options", kind->name);
        if (is_shared(groups.items[i]))
            continue;
        bw_conf_document_group(out, groups.items[i], i == 0 ? 3 : 4, i == 0 ? title : NULL);
        bw_buf_char(out, '\n');
    }
    bw_opt_groups_fini(&groups);
}

/* Groups that several kinds have, once, in the order in which they are named first. */
static void put_shared_options(struct bw_buf *out)
{
    bw_buf_text(out, "## Options of several kinds\n\n");
    for (size_t number = 0; number <= BW_KIND_PUSH; number++) {
        struct bw_opt_groups groups;
        bw_opt_groups_init(&groups, kind_of(number).options);
        for (size_t i = 0; i < groups.count; i++) {
            bool is_first = is_shared(groups.items[i]);
            for (size_t before = 0; before < number; before++)
                is_first = is_first && !names_group(before, groups.items[i]);
            if (!is_first)
                continue;
            bw_conf_document_group(out, groups.items[i], 3, NULL);
            bw_buf_char(out, '\n');
        }
        bw_opt_groups_fini(&groups);
    }
}

/* ---- metrics and reasons ------------------------------------------------------------------ */

static bool every_kind_tells_family(enum bw_family_id family)
{
    for (size_t number = 0; number < BW_KIND_PUSH; number++) {
        if (!bw_kind_tells_family(number, family))
            return false;
    }
    return true;
}

static bool every_kind_tells_reason(enum bw_reason reason)
{
    for (size_t number = 0; number < BW_KIND_PUSH; number++) {
        if (!bw_kind_tells_reason(number, reason))
            return false;
    }
    return true;
}

static void put_family(struct bw_buf *out, const struct bw_family *family)
{
    bw_buf_printf(out, "| `%s` | ", family->name);
    for (size_t i = 0; i < family->label_count; i++)
        bw_buf_printf(out, "%s`%s`", i > 0 ? ", " : "", family->labels[i]);
    bw_buf_text(out, " | ");
    bw_escape_md(out, family->help, strlen(family->help));
    bw_buf_text(out, " |\n");
}

/* Those that every kind tells, or those that only this one and perhaps others do. */
static void put_families(struct bw_buf *out, size_t number, bool of_every_kind)
{
    bw_buf_text(out, "| Metric | Labels | Meaning |\n| --- | --- | --- |\n");
    for (unsigned id = 0; id < BW_METRIC_COUNT; id++) {
        const enum bw_family_id family = (enum bw_family_id)id;
        if (bw_kind_tells_family(number, family)
            && (number == BW_KIND_PUSH || every_kind_tells_family(family) == of_every_kind))
            put_family(out, bw_family_row(family));
    }
    bw_buf_char(out, '\n');
}

static void put_reasons(struct bw_buf *out, size_t number, bool of_every_kind)
{
    bw_buf_text(out, "| Reason | Meaning |\n| --- | --- |\n");
    for (int i = BW_REASON_NONE + 1; i < BW_REASON_COUNT; i++) {
        const enum bw_reason reason = (enum bw_reason)i;
        if (bw_kind_tells_reason(number, reason)
            && (number == BW_KIND_PUSH || every_kind_tells_reason(reason) == of_every_kind))
            bw_buf_printf(out, "| `%s` | %s |\n", bw_reason_name(reason), bw_reason_text(reason));
    }
    bw_buf_char(out, '\n');
}

static void put_common(struct bw_buf *out)
{
    bw_buf_text(out, "## Metrics of every kind\n\n");
    put_families(out, BW_PROBER_HTTP, true);
    bw_buf_text(out,
                "## Reasons of every kind\n\n"
                "`probe_failure_info{reason}` has one of them, or one of those of the kind.\n\n");
    put_reasons(out, BW_PROBER_HTTP, true);
}

/* ---- the page ------------------------------------------------------------------------------ */

static void put_how_to_ask(struct bw_buf *out, const struct bw_probe_ops *ops)
{
    bw_buf_printf(out,
                  "Target: `%s`; in a check `%s:`, in a module `prober: %s`. Once, from a shell:\n"
                  "`bellwether probe %s %s`, with a module of a configuration\n"
                  "`bellwether probe --config.file=FILE --module=NAME %s %s`.\n\n",
                  ops->target_help, ops->name, ops->name, ops->name, ops->target_help, ops->name,
                  ops->target_help);
}

/* What `degraded_when` may look at. */
static void put_words(struct bw_buf *out, size_t number)
{
    struct bw_buf words;
    bw_buf_init(&words, 4096);
    bw_kind_words(number, &words);
    bw_buf_text(out, "In [`degraded_when`](verdicts.md#conditions) any of them, and");
    struct bw_span rest = bw_span_of(words.data), word;
    for (bool more = bw_span_split(&rest, ',', &word); more;) {
        word = bw_span_trim(word);
        bw_buf_printf(out, " `%.*s`", (int)word.len, word.data);
        more = bw_span_split(&rest, ',', &word);
        bw_buf_char(out, more ? ',' : '.');
    }
    bw_buf_text(out, "\n\n");
    bw_buf_fini(&words);
}

static void put_kind(struct bw_buf *out, size_t number)
{
    const struct kind kind = kind_of(number);
    bw_buf_printf(out, "## %s\n\n%s\n\n", kind.name, kind.summary);
    put_include(out, kind.name);
    if (number != BW_KIND_PUSH)
        put_how_to_ask(out, bw_probe_table[number]);
    put_options(out, &kind);
    bw_buf_printf(out, "### %s: metrics\n\n", kind.name);
    if (number != BW_KIND_PUSH)
        bw_buf_text(out, "Beside [those of every kind](#metrics-of-every-kind):\n\n");
    put_families(out, number, false);
    put_words(out, number);
    bw_buf_printf(out, "### %s: reasons\n\n", kind.name);
    if (number != BW_KIND_PUSH)
        bw_buf_text(out, "Beside [those of every kind](#reasons-of-every-kind):\n\n");
    put_reasons(out, number, false);
}

void bw_probes_page(struct bw_buf *out)
{
    bw_buf_text(out, "# Probes\n\n");
    put_include(out, "about");
    for (size_t number = 0; number <= BW_KIND_PUSH; number++)
        put_kind(out, number);
    put_shared_options(out);
    put_common(out);
}
