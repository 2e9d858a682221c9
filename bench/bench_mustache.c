// SPDX-License-Identifier: GPL-3.0-or-later
/* Renders tables of 12 columns from callbacks: milliseconds of CPU, MB/s of output, and how
 * much memory the process ever held. */
#include "base/escape.h"
#include "base/num.h"
#include "mustache/template.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { COLUMNS = 12 };

static const char table_text[] = "<table>\n"
                                 "{{#rows}}\n"
                                 "<tr>{{#cells}}<td>{{.}}</td>{{/cells}}</tr>\n"
                                 "{{/rows}}\n"
                                 "</table>\n";

/* A node's address says what it is, its number where. */
static const char root_mark, rows_mark, row_mark, cells_mark, cell_mark;

static enum bw_template_kind kind_of(void *ctx, struct bw_template_node node)
{
    (void)ctx;
    if (node.p == &cell_mark)
        return BW_TEMPLATE_SCALAR;
    return node.p == &rows_mark || node.p == &cells_mark ? BW_TEMPLATE_LIST : BW_TEMPLATE_OBJECT;
}

static bool get_member(void *ctx, struct bw_template_node object, const char *key, size_t len,
                       struct bw_template_node *out)
{
    (void)ctx;
    const struct bw_span name = { key, len };
    if (object.p == &root_mark && bw_span_is(name, "rows"))
        *out = (struct bw_template_node){ &rows_mark, 0 };
    else if (object.p == &row_mark && bw_span_is(name, "cells"))
        *out = (struct bw_template_node){ &cells_mark, object.i };
    else
        return false;
    return true;
}

/* Text in the first column, numbers in the others. */
static struct bw_span cell_text(void *ctx, struct bw_template_node node,
                                char scratch[BW_TEMPLATE_SCRATCH_BYTES])
{
    static const char name[] = "service <alpha> & ";
    const size_t name_len = sizeof name - 1;
    (void)ctx;
    if (node.i % COLUMNS != 0)
        return (struct bw_span){ scratch, bw_format_double(scratch, (double)node.i / 100) };
    memcpy(scratch, name, name_len);
    return (struct bw_span){ scratch,
                             name_len + bw_format_uint(scratch + name_len, (uint64_t)node.i) };
}

static bool next_item(void *ctx, struct bw_template_node list, size_t index,
                      struct bw_template_node *item)
{
    const size_t *rows = ctx;
    if (list.p == &rows_mark)
        *item = (struct bw_template_node){ &row_mark, (intptr_t)index };
    else
        *item = (struct bw_template_node){ &cell_mark, list.i * COLUMNS + (intptr_t)index };
    return index < (list.p == &rows_mark ? *rows : COLUMNS);
}

static enum bw_rc count_bytes(void *ctx, const char *bytes, size_t len, struct bw_err *err)
{
    size_t *total = ctx;
    (void)bytes;
    (void)err;
    *total += len;
    return BW_OK;
}

static double cpu_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static long peak_kib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void render_rows(const struct bw_template *tmpl, size_t rows)
{
    const struct bw_template_source source = {
        .ctx = &rows, .kind = kind_of, .get = get_member, .text = cell_text, .next = next_item
    };
    size_t bytes = 0;
    const double begin = cpu_ms();
    bw_template_render(tmpl, &source, (struct bw_template_node){ &root_mark, 0 }, bw_escape_html,
                       (struct bw_template_sink){ count_bytes, &bytes }, NULL);
    const double ms = cpu_ms() - begin;
    printf("mustache %7zu x %d: %8.1f ms %8.1f MB/s %7.2f MB, peak RSS %ld KiB\n", rows, COLUMNS,
           ms, (double)bytes / 1e3 / ms, (double)bytes / 1e6, peak_kib());
}

int main(void)
{
    static const size_t sizes[] = { 10000, 100000 };
    struct bw_err err;
    struct bw_template *tmpl =
        bw_template_compile("table", table_text, sizeof table_text - 1, &err);
    if (tmpl == NULL) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    printf("mustache before: peak RSS %ld KiB\n", peak_kib());
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        render_rows(tmpl, sizes[i]);
    bw_template_free(tmpl);
    return 0;
}
