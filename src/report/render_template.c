// SPDX-License-Identifier: GPL-3.0-or-later
/* HTML and Markdown: a Mustache template over the report. Rows are not copied: the template
 * asks for a cell, which is then read from its row. */
#include "base/escape.h"
#include "mustache/template.h"
#include "report/facts.h"
#include "report/parts.h"

#include <string.h>

/* What a node's `i` is; else it is row * COLUMNS + column of the section in `p`, with the last
 * column standing for the row itself. */
enum { ROOT = -1, WHOLE_SECTION = -2, LIMITS = -3, FACT = -4 };

#define COLUMNS ((intptr_t)BW_REPORT_COLUMNS_MAX)

struct page {
    const struct bw_report *report;
    struct bw_report_facts facts;
    struct bw_buf said; /* the last cell's text */
};

static bool is_name(const char *name, const char *key, size_t len)
{
    return strlen(name) == len && memcmp(name, key, len) == 0;
}

static size_t row_count(const struct page *page, struct bw_template_node list)
{
    size_t count;
    const struct bw_report_section *section = list.p;
    section->rows(page->report, &count);
    if (list.i == LIMITS && count > page->report->limit_count)
        count = page->report->limit_count;
    return list.i == LIMITS && count > BW_REPORT_LIMITS_SHOWN ? BW_REPORT_LIMITS_SHOWN : count;
}

static const void *row_of(const struct page *page, struct bw_template_node node)
{
    size_t count;
    const struct bw_report_section *section = node.p;
    const char *rows = section->rows(page->report, &count);
    // cppcheck-suppress returnDanglingLifetime ; the rows are the report's, not the count's
    return rows + (size_t)(node.i / COLUMNS) * section->row_size;
}

static const struct bw_report_column *column_of(struct bw_template_node node)
{
    const struct bw_report_section *section = node.p;
    return &section->columns[node.i % COLUMNS];
}

static bool cell_is_empty(struct page *page, struct bw_template_node node)
{
    const struct bw_report_column *column = column_of(node);
    if (column->kind == BW_REPORT_STRIP)
        return false;
    const struct bw_report_cell cell = bw_report_cell_of(column, row_of(page, node), &page->said);
    return cell.is == BW_CELL_IS_NOTHING || (cell.is == BW_CELL_IS_TEXT && cell.text[0] == '\0');
}

static enum bw_template_kind kind(void *ctx, struct bw_template_node node)
{
    switch (node.i) {
    case ROOT:
        return BW_TEMPLATE_OBJECT;
    case WHOLE_SECTION:
    case LIMITS:
        return BW_TEMPLATE_LIST;
    case FACT:
        return *(const char *)node.p == '\0' ? BW_TEMPLATE_FALSY : BW_TEMPLATE_SCALAR;
    default:
        break;
    }
    if (node.i % COLUMNS == COLUMNS - 1)
        return BW_TEMPLATE_OBJECT;
    return cell_is_empty(ctx, node) ? BW_TEMPLATE_FALSY : BW_TEMPLATE_SCALAR;
}

static bool get_of_root(const struct page *page, const char *key, size_t len,
                        struct bw_template_node *out)
{
    for (size_t i = 0; i < BW_REPORT_SECTION_COUNT; i++) {
        if (is_name(bw_report_sections[i].name, key, len)) {
            *out = (struct bw_template_node){ &bw_report_sections[i], WHOLE_SECTION };
            return true;
        }
    }
    if (is_name(bw_report_changes.name, key, len)) {
        *out = (struct bw_template_node){ &bw_report_changes, WHOLE_SECTION };
        return true;
    }
    for (size_t i = 0; i < page->facts.count; i++) {
        if (is_name(page->facts.items[i].name, key, len)) {
            *out = (struct bw_template_node){ page->facts.items[i].text, FACT };
            return true;
        }
    }
    if (!is_name("limits", key, len))
        return false;
    *out = (struct bw_template_node){ &bw_report_sections[BW_REPORT_TRENDS], LIMITS };
    return true;
}

static bool get(void *ctx, struct bw_template_node object, const char *key, size_t len,
                struct bw_template_node *out)
{
    if (object.i == ROOT)
        return get_of_root(ctx, key, len, out);
    const struct bw_report_section *section = object.p;
    for (intptr_t i = 0; section->columns[i].name != NULL; i++) {
        if (is_name(section->columns[i].name, key, len)) {
            *out = (struct bw_template_node){ section, object.i - (COLUMNS - 1) + i };
            return true;
        }
    }
    return false;
}

static struct bw_span text(void *ctx, struct bw_template_node node,
                           char scratch[BW_TEMPLATE_SCRATCH_BYTES])
{
    struct page *page = ctx;
    (void)scratch;
    if (node.i == FACT)
        return bw_span_of(node.p);
    if (node.i < 0 || node.i % COLUMNS == COLUMNS - 1)
        return (struct bw_span){ NULL, 0 };
    bw_buf_clear(&page->said);
    bw_report_say(column_of(node), row_of(page, node), &page->said);
    return (struct bw_span){ page->said.data, page->said.len };
}

static bool next(void *ctx, struct bw_template_node list, size_t index,
                 struct bw_template_node *item)
{
    if (index >= row_count(ctx, list))
        return false;
    *item = (struct bw_template_node){ list.p, (intptr_t)index * COLUMNS + COLUMNS - 1 };
    return true;
}

static enum bw_rc take_batch(void *ctx, const char *bytes, size_t len, struct bw_err *err)
{
    struct bw_buf *out = ctx;
    bw_buf_bytes(out, bytes, len);
    if (bw_buf_failed(out))
        return bw_fail(err, BW_ELIMIT, "it is larger than %zu bytes", out->max);
    return BW_OK;
}

static enum bw_rc render(const struct bw_report *report, const char *file, const char *template,
                         bw_template_escape_fn *escape, struct bw_buf *out, struct bw_err *err)
{
    struct bw_template *compiled = bw_template_compile(file, template, strlen(template), err);
    if (compiled == NULL)
        return BW_EINVAL;
    struct bw_arena arena;
    struct page page = { .report = report };
    bw_arena_init(&arena);
    bw_buf_init(&page.said, 1u << 20);
    bw_report_state_facts(report, &arena, &page.facts);
    const struct bw_template_source source = {
        .ctx = &page, .kind = kind, .get = get, .text = text, .next = next
    };
    const enum bw_rc rc =
        bw_template_render(compiled, &source, (struct bw_template_node){ NULL, ROOT }, escape,
                           (struct bw_template_sink){ take_batch, out }, err);
    bw_buf_fini(&page.said);
    bw_arena_fini(&arena);
    bw_template_free(compiled);
    return rc;
}

static enum bw_rc render_html(const struct bw_report *report, const char *template,
                              struct bw_buf *out, struct bw_err *err)
{
    return render(report, bw_report_html.template, template, bw_escape_html, out, err);
}

static enum bw_rc render_md(const struct bw_report *report, const char *template,
                            struct bw_buf *out, struct bw_err *err)
{
    return render(report, bw_report_md.template, template, bw_escape_md, out, err);
}

const struct bw_report_renderer bw_report_html = {
    .name = "html",
    .extension = "html",
    .media_type = "text/html; charset=utf-8",
    .summary = "One page that needs nothing else, for mail, screen and paper.",
    .template = "report-summary.html.mustache",
    .render = render_html,
};

const struct bw_report_renderer bw_report_md = {
    .name = "md",
    .extension = "md",
    .media_type = "text/markdown; charset=utf-8",
    .summary = "Markdown with tables, for a wiki or a ticket.",
    .template = "report-summary.md.mustache",
    .render = render_md,
};
