// SPDX-License-Identifier: GPL-3.0-or-later
#include "told.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/num.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- a table that exists only as numbers: row n, column m is "cell n.m" ---- */

enum { ROWS = 10000, COLUMNS = 12 };
static const char table_text[] = "<table>\n"
                                 "{{#rows}}\n"
                                 "<tr>{{#cells}}<td>{{.}}</td>{{/cells}}</tr>\n"
                                 "{{/rows}}\n"
                                 "</table>\n";

/* What a node of the table is: its address says the kind, its number the place. */
static const char root_mark, rows_mark, row_mark, cells_mark, cell_mark;

static enum bw_template_kind table_kind(void *ctx, struct bw_template_node node)
{
    (void)ctx;
    if (node.p == &cell_mark)
        return BW_TEMPLATE_SCALAR;
    return node.p == &rows_mark || node.p == &cells_mark ? BW_TEMPLATE_LIST : BW_TEMPLATE_OBJECT;
}

static bool table_get(void *ctx, struct bw_template_node object, const char *key, size_t len,
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

static struct bw_span table_cell(void *ctx, struct bw_template_node node,
                                 char scratch[BW_TEMPLATE_SCRATCH_BYTES])
{
    (void)ctx;
    memcpy(scratch, "cell <", 6);
    size_t len = 6 + bw_format_uint(scratch + 6, (uint64_t)node.i / COLUMNS);
    scratch[len++] = '.';
    len += bw_format_uint(scratch + len, (uint64_t)node.i % COLUMNS);
    return (struct bw_span){ scratch, len };
}

static bool table_next(void *ctx, struct bw_template_node list, size_t index,
                       struct bw_template_node *item)
{
    (void)ctx;
    if (list.p == &rows_mark)
        *item = (struct bw_template_node){ &row_mark, (intptr_t)index };
    else
        *item = (struct bw_template_node){ &cell_mark, list.i * COLUMNS + (intptr_t)index };
    return index < (list.p == &rows_mark ? ROWS : COLUMNS);
}

static const struct bw_template_source table = {
    .kind = table_kind, .get = table_get, .text = table_cell, .next = table_next
};

struct tally {
    size_t bytes;
    unsigned writes, refuse_at;
    char tail[16];
};

static enum bw_rc tally(void *ctx, const char *bytes, size_t len, struct bw_err *err)
{
    struct tally *t = ctx;
    if (++t->writes == t->refuse_at)
        return bw_fail(err, BW_EIO, "the peer hung up");
    t->bytes += len;
    if (len >= sizeof t->tail)
        memcpy(t->tail, bytes + len - sizeof t->tail, sizeof t->tail);
    return BW_OK;
}

static size_t resident_bytes(void)
{
    unsigned long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%lu %lu", &size, &resident), 2);
    fclose(file);
    return (size_t)resident * (size_t)sysconf(_SC_PAGESIZE);
}

static enum bw_rc render_table(struct tally *t, struct bw_err *err)
{
    struct bw_template *tmpl =
        bw_template_compile("table", table_text, sizeof table_text - 1, NULL);
    const enum bw_rc rc = bw_template_render(
        tmpl, &table, (struct bw_template_node){ &root_mark, 0 }, bw_template_escape_named("html"),
        (struct bw_template_sink){ tally, t }, err);
    bw_template_free(tmpl);
    return rc;
}

static void a_large_table_takes_no_memory(void **state)
{
    (void)state;
    struct tally t = { 0 };
    const size_t before = resident_bytes();
    assert_int_equal(render_table(&t, NULL), BW_OK);
    const size_t after = resident_bytes();
    print_message("%zu bytes in %u writes, RSS grew by %zd KiB\n", t.bytes, t.writes,
                  ((ssize_t)after - (ssize_t)before) / 1024);
    /* 10,000 x (10 for the row + 12 x (9 for <td></td> + "cell &lt;" 9 + "."))
     * + digits of row and column numbers + the table's own 18 bytes */
    size_t want = sizeof "<table>\n</table>\n" - 1;
    for (size_t row = 0; row < ROWS; row++) {
        char digits[BW_UINT_TEXT_MAX];
        want += sizeof "<tr></tr>\n" - 1;
        want += COLUMNS * (sizeof "<td>cell &lt;.</td>" - 1 + bw_format_uint(digits, row)) + 14;
    }
    assert_int_equal(t.bytes, want);
    assert_memory_equal(t.tail, "></tr>\n</table>\n", sizeof t.tail);
    assert_true(after < before + (2u << 20));
}

static void a_sink_that_refuses_ends_it(void **state)
{
    (void)state;
    struct tally t = { .refuse_at = 3 };
    struct bw_err err = { .text = "" };
    assert_int_equal(render_table(&t, &err), BW_EIO);
    assert_string_equal(err.text, "the peer hung up");
    assert_int_equal(t.writes, 3);
}

/* ---- depth ---- */

static void assert_fails(const char *text, const struct told_partial *partials, size_t count,
                         const char *message)
{
    struct bw_buf out;
    bw_buf_init(&out, 1 << 20);
    assert_int_equal(told(text, partials, count, "html", &out), BW_ELIMIT);
    assert_string_equal(out.data, message);
    bw_buf_fini(&out);
}

static void endless_recursion_is_an_error(void **state)
{
    (void)state;
    const struct told_partial self[] = { { "self", "a\n {{>self}}{{>self}}" } };
    const struct told_partial ring[] = { { "ping", "{{<pong}}{{$x}}y{{/x}}{{/pong}}" },
                                         { "pong", "{{$x}}{{/x}}{{>ping}}" } };
    const struct told_partial rows[] = { { "list", "{{#two}}{{>list}}{{/two}}" } };
    const char problem[] = "sections and partials nest too deeply (does a partial name itself?)";
    char message[200];
    snprintf(message, sizeof message, "self:1:1: %s", problem);
    assert_fails("{{>self}}", self, 1, message);
    snprintf(message, sizeof message, "pong:1:1: %s", problem);
    assert_fails("{{>ping}}", ring, 2, message);
    snprintf(message, sizeof message, "list:1:9: %s", problem);
    assert_fails("{{>list}}", rows, 1, message);
}

static void recursion_that_ends_is_fine(void **state)
{
    (void)state;
    const struct told_partial block[] = { { "page", "{{$a}}default{{/a}}" } };
    assert_told("a block that names itself", "{{<page}}{{$a}}<{{$a}}inner{{/a}}>{{/a}}{{/page}}",
                block, 1, "<inner>");
    struct bw_buf text;
    bw_buf_init(&text, 1 << 16);
    for (unsigned i = 0; i < BW_TEMPLATE_DEPTH_MAX - 1; i++)
        bw_buf_text(&text, "{{#yes}}");
    bw_buf_text(&text, "deep");
    for (unsigned i = 0; i < BW_TEMPLATE_DEPTH_MAX - 1; i++)
        bw_buf_text(&text, "{{/yes}}");
    assert_told("as deep as allowed", text.data, NULL, 0, "deep");
    bw_buf_fini(&text);
}

/* ---- inheritance across levels ---- */

static void the_outermost_block_wins(void **state)
{
    (void)state;
    const struct told_partial p[] = {
        { "layout", "[{{$title}}none{{/title}}|{{$main}}none{{/main}}|{{>foot}}]" },
        { "page", "{{<layout}}{{$title}}page{{/title}}{{$main}}page, {{$more}}{{/more}}{{/main}}"
                  "{{/layout}}" },
        { "foot", "{{$foot}}foot{{/foot}}" },
    };
    assert_told("layout alone", "{{>layout}}", p, 3, "[none|none|foot]");
    assert_told("page", "{{>page}}", p, 3, "[page|page, |foot]");
    assert_told("over a page", "{{<page}}{{$title}}mine{{/title}}{{/page}}", p, 3,
                "[mine|page, |foot]");
    assert_told("a block in a block", "{{<page}}{{$more}}more{{/more}}{{/page}}", p, 3,
                "[page|page, more|foot]");
    assert_told("a block in a partial of the layout", "{{<page}}{{$foot}}mine{{/foot}}{{/page}}", p,
                3, "[page|page, |mine]");
    assert_told("by a name in the data", "{{<*which}}{{$x}}mine{{/x}}{{/*which}}",
                (const struct told_partial[]){ { "leaf", "({{$x}}{{/x}})" } }, 1, "(mine)");
}

/* ---- lambdas ---- */

/* Data with two members: the lambda `f` and the text `x`. */
struct script {
    const char *returns;
    struct bw_span x;
    bool called;
};

enum { NODE_LAMBDA, NODE_ROOT, NODE_TEXT };

static enum bw_template_kind lambda_kind(void *ctx, struct bw_template_node node)
{
    (void)ctx;
    static const enum bw_template_kind kinds[] = { BW_TEMPLATE_LAMBDA, BW_TEMPLATE_OBJECT,
                                                   BW_TEMPLATE_SCALAR };
    return kinds[node.i];
}

static bool lambda_get(void *ctx, struct bw_template_node object, const char *key, size_t len,
                       struct bw_template_node *out)
{
    (void)ctx;
    (void)object;
    (void)len;
    *out = (struct bw_template_node){ NULL, key[0] == 'f' ? NODE_LAMBDA : NODE_TEXT };
    return key[0] == 'f' || key[0] == 'x';
}

static struct bw_span lambda_text(void *ctx, struct bw_template_node node,
                                  char scratch[BW_TEMPLATE_SCRATCH_BYTES])
{
    const struct script *script = ctx;
    (void)node;
    (void)scratch;
    return script->x;
}

static bool lambda_call(void *ctx, struct bw_template_node node, const char *raw, size_t len,
                        struct bw_buf *out)
{
    struct script *script = ctx;
    (void)node;
    (void)raw;
    (void)len;
    script->called = true;
    if (script->returns != NULL)
        bw_buf_text(out, script->returns);
    return script->returns != NULL;
}

static enum bw_rc render_script(const char *text, struct script script, struct tally *t,
                                struct bw_err *err)
{
    const struct bw_template_source source = { .ctx = &script,
                                               .kind = lambda_kind,
                                               .get = lambda_get,
                                               .text = lambda_text,
                                               .lambda = lambda_call };
    struct bw_template *tmpl = bw_template_compile("t", text, strlen(text), NULL);
    const enum bw_rc rc = bw_template_render(
        tmpl, &source, (struct bw_template_node){ NULL, NODE_ROOT },
        bw_template_escape_named("html"), (struct bw_template_sink){ tally, t }, err);
    assert_true(script.called);
    bw_template_free(tmpl);
    return rc;
}

static enum bw_rc render_lambda(const char *text, const char *returns, struct tally *t,
                                struct bw_err *err)
{
    return render_script(text, (struct script){ .returns = returns }, t, err);
}

static void a_lambda_may_fail(void **state)
{
    (void)state;
    struct bw_err err;
    struct tally t = { 0 };
    assert_int_equal(render_lambda("{{f}}", "{{#a}}", &t, &err), BW_EINVAL);
    assert_string_equal(err.text, "(lambda):1:1: section 'a' is never closed");
    assert_int_equal(render_lambda("{{#f}}{{/f}}", "{{/a}}", &t, &err), BW_EINVAL);
    assert_int_equal(render_lambda("{{f}}{{#f}}{{/f}}", NULL, &t, &err), BW_OK);
    assert_int_equal(t.bytes, 0);
}

static void a_lambda_that_calls_itself_is_an_error(void **state)
{
    (void)state;
    struct bw_err err;
    struct tally t = { 0 };
    assert_int_equal(render_lambda("{{#f}}{{/f}}", "{{#f}}{{/f}}", &t, &err), BW_ELIMIT);
    assert_int_equal(render_lambda("{{f}}", "a{{f}}", &t, &err), BW_ELIMIT);
    assert_string_equal(err.text, "(lambda):1:1: sections and partials nest too deeply "
                                  "(does a partial name itself?)");
}

static void a_lambda_has_ceilings(void **state)
{
    (void)state;
    struct bw_err err;
    struct tally t = { 0 };
    const size_t len = BW_TEMPLATE_VALUE_BYTES_MAX + 1;
    char *big = bw_alloc(len + 1);
    memset(big, 'a', len);
    const struct script returns_big = { .returns = big };
    assert_int_equal(render_script("\n{{f}}", returns_big, &t, &err), BW_ELIMIT);
    assert_string_equal(err.text, "t:2:1: the lambda's answer is too long");
    assert_int_equal(render_script(" {{#f}}{{/f}}", returns_big, &t, &err), BW_ELIMIT);
    assert_string_equal(err.text, "t:1:2: the lambda's answer is too long");
    const struct script renders_big = { .returns = "b{{{x}}}", .x = { big, len } };
    assert_int_equal(render_script("\n {{f}}", renders_big, &t, &err), BW_ELIMIT);
    assert_string_equal(err.text, "t:2:2: the value is too long");
    assert_int_equal(t.bytes, 0);
    assert_int_equal(render_script("{{#f}}{{/f}}", renders_big, &t, &err), BW_OK);
    assert_int_equal(t.bytes, len + 1);
    free(big);
}

/* ---- values ---- */

static void a_value_has_a_ceiling(void **state)
{
    (void)state;
    const size_t len = BW_TEMPLATE_VALUE_BYTES_MAX / 4;
    struct bw_value value = { .kind = BW_VALUE_TEXT, .key = "x" };
    struct bw_value root = { .kind = BW_VALUE_OBJECT, .first = &value, .last = &value };
    char *text = bw_alloc(len);
    struct tally t = { 0 };
    struct bw_err err;
    memset(text, '<', len);
    value.text = text;
    value.len = len;
    struct bw_template *tmpl = bw_template_compile("t", "\n a{{x}}", 8, NULL);
    struct bw_template *raw = bw_template_compile("t", "\n a{{{x}}}", 10, NULL);
    const struct bw_template_source source = bw_template_source_over_value(NULL);
    const struct bw_template_sink sink = { tally, &t };
    assert_int_equal(bw_template_render(tmpl, &source, bw_template_node_of(&root),
                                        bw_template_escape_named("html"), sink, &err),
                     BW_ELIMIT);
    assert_string_equal(err.text, "t:2:3: the value is too long");
    assert_int_equal(bw_template_render(raw, &source, bw_template_node_of(&root),
                                        bw_template_escape_named("html"), sink, &err),
                     BW_OK);
    assert_int_equal(t.bytes, len + 3);
    bw_template_free(tmpl);
    bw_template_free(raw);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_table_takes_no_memory),
        cmocka_unit_test(a_sink_that_refuses_ends_it),
        cmocka_unit_test(endless_recursion_is_an_error),
        cmocka_unit_test(recursion_that_ends_is_fine),
        cmocka_unit_test(the_outermost_block_wins),
        cmocka_unit_test(a_lambda_may_fail),
        cmocka_unit_test(a_lambda_has_ceilings),
        cmocka_unit_test(a_lambda_that_calls_itself_is_an_error),
        cmocka_unit_test(a_value_has_a_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
