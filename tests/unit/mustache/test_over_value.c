// SPDX-License-Identifier: GPL-3.0-or-later
#include "told.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
    const char *story, *text, *want;
} stories[] = {
    { "null is nothing", "[{{nothing}}]{{^nothing}}falsy{{/nothing}}", "[]falsy" },
    { "true reads", "{{yes}}{{#yes}}!{{/yes}}", "true!" },
    { "false reads, and is falsy", "{{no}}{{#no}}!{{/no}}{{^no}}?{{/no}}", "false?" },
    { "an empty list is falsy", "{{#none}}!{{/none}}{{^none}}none{{/none}}", "none" },
    { "a list is not text", "[{{two}}]", "[]" },
    { "an object is not text", "[{{deep}}]", "[]" },
    { "items in their order", "{{#two}}{{.}},{{/two}}", "a,b," },
    { "members of items, then the outside", "{{#rows}}{{id}} {{which}};{{/rows}}",
      "1 leaf;2 leaf;" },
    { "dotted names", "{{deep.er.est}}{{#deep}}{{er.est}}{{/deep}}", "bottombottom" },
    { "dotted names stay inside", "[{{deep.name}}][{{deep.}}][{{.deep}}][{{name.x}}]", "[][][][]" },
    { "an unknown name is nothing", "[{{who}}]{{#who}}!{{/who}}{{^who}}?{{/who}}", "[]?" },
};

static void the_tree_reads_as_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++)
        assert_told(stories[i].story, stories[i].text, NULL, 0, stories[i].want);
}

static void numbers_are_shortest(void **state)
{
    (void)state;
    struct bw_arena arena = { 0 };
    struct bw_value *list = bw_value_list(&arena);
    bw_value_add_number(&arena, list, NULL, 0.1);
    bw_value_add_number(&arena, list, NULL, 100);
    bw_value_add_number(&arena, list, NULL, (double)NAN);
    bw_value_add_int(&arena, list, NULL, INT64_MIN);
    bw_value_add_int(&arena, list, NULL, INT64_MAX);
    bw_value_add_int(&arena, list, NULL, 0);
    struct bw_buf out;
    bw_buf_init(&out, 1000);
    const char text[] = "{{#.}}{{.}} {{/.}}";
    struct bw_template *tmpl = bw_template_compile("t", text, sizeof text - 1, NULL);
    bw_template_render_value(tmpl, list, NULL, bw_template_escape_named("none"), &out, NULL);
    assert_string_equal(out.data, "0.1 100 NaN -9223372036854775808 9223372036854775807 0 ");
    bw_template_free(tmpl);
    bw_buf_fini(&out);
    bw_arena_fini(&arena);
}

static void partials_are_found_by_name(void **state)
{
    (void)state;
    const struct told_partial partials[] = { { "leaf", "({{name}})" } };
    assert_told("plain", "{{>leaf}}", partials, 1, "(Ada &lt;3)");
    assert_told("named by the data", "{{>*which}}", partials, 1, "(Ada &lt;3)");
    assert_told("unknown", "[{{>twig}}]", partials, 1, "[]");
    assert_told("named by a list", "[{{>*two}}]", partials, 1, "[]");
}

static void without_partials_there_are_none(void **state)
{
    (void)state;
    struct bw_arena arena = { 0 };
    struct bw_buf out;
    bw_buf_init(&out, 1000);
    struct bw_template *tmpl = bw_template_compile("t", "[{{>a}}{{<b}}{{/b}}]", 20, NULL);
    assert_int_equal(bw_template_render_value(tmpl, bw_value_object(&arena), NULL,
                                              bw_template_escape_named("html"), &out, NULL),
                     BW_OK);
    assert_string_equal(out.data, "[]");
    bw_template_free(tmpl);
    bw_buf_fini(&out);
    bw_arena_fini(&arena);
}

static void a_full_buffer_is_an_error(void **state)
{
    (void)state;
    struct bw_buf out;
    bw_buf_init(&out, 10);
    struct bw_arena arena = { 0 };
    struct bw_err err;
    struct bw_template *tmpl = bw_template_compile("t", "12345678901", 11, NULL);
    assert_int_equal(bw_template_render_value(tmpl, bw_value_object(&arena), NULL,
                                              bw_template_escape_named("html"), &out, &err),
                     BW_ELIMIT);
    assert_string_equal(err.text, "the rendered text is longer than 10 bytes");
    bw_template_free(tmpl);
    bw_buf_fini(&out);
    bw_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tree_reads_as_told),
        cmocka_unit_test(numbers_are_shortest),
        cmocka_unit_test(partials_are_found_by_name),
        cmocka_unit_test(without_partials_there_are_none),
        cmocka_unit_test(a_full_buffer_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
