// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/limits.h"
#include "base/mem.h"
#include "mustache/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What is wrong, where, and how it is said. */
static const struct {
    const char *text, *message;
} mistakes[] = {
    { "{{a", "t:1:1: this tag is never closed" },
    { "one\ntwo {{{a}}", "t:2:5: this tag is never closed" },
    { "{{=<% %>}}", "t:1:1: this tag is never closed" },
    { "{{", "t:1:1: this tag is never closed" },
    { "ab {{}}", "t:1:4: this tag has no name" },
    { "{{# }}", "t:1:1: this tag has no name" },
    { "{{>*}}", "t:1:1: this tag has no name" },
    { "{{{ }}}", "t:1:1: this tag has no name" },
    { "h\xc3\xa9 {{}}", "t:1:4: this tag has no name" }, /* columns count characters */
    { "{{=<%=}}", "t:1:1: new delimiters must be two words without '=': {{=<% %>=}}" },
    { "{{=a b c=}}", "t:1:1: new delimiters must be two words without '=': {{=<% %>=}}" },
    { "{{== ==}}", "t:1:1: new delimiters must be two words without '=': {{=<% %>=}}" },
    { "a\r\n\r\n {{/b}}", "t:3:2: section 'b' is closed but was never opened" },
    { "x\ny\n    {{#a}}\n{{/b}}", "t:4:1: section 'a' (opened at 3:5) is closed by 'b'" },
    { "{{^a}}{{/b}}", "t:1:7: section 'a' (opened at 1:1) is closed by 'b'" },
    { "{{<a}}{{/b}}", "t:1:7: parent 'a' (opened at 1:1) is closed by 'b'" },
    { "{{<*a}}{{/a}}", "t:1:8: parent 'a' (opened at 1:1) is closed by 'a'" },
    { "{{$a}}{{/b}}", "t:1:7: block 'a' (opened at 1:1) is closed by 'b'" },
    { "{{#a}}{{#b}}{{/a}}{{/b}}", "t:1:13: section 'b' (opened at 1:7) is closed by 'a'" },
    { "{{#a}}\n {{#b}}{{/b}}", "t:1:1: section 'a' is never closed" },
    { "{{#a}}\n {{$b}}{{/a}}", "t:2:8: block 'b' (opened at 2:2) is closed by 'a'" },
    { "ok\n{{#a}}{{/a}} \xff", "t:2:14: this is not UTF-8" },
    { "{{! several\nlines }}\n{{/x}}", "t:3:1: section 'x' is closed but was never opened" },
    { "{{=| |=}}\n|#a|{{/a}}", "t:2:1: section 'a' is never closed" },
    { "{{#0123456789012345678901234567890123456789-and-more}}",
      "t:1:1: section '0123456789012345678901234567890123456789' is never closed" },
};

static void mistakes_are_named_with_their_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct bw_err err = { .text = "nothing" };
        const char *text = mistakes[i].text;
        struct bw_template *tmpl = bw_template_compile("t", text, strlen(text), &err);
        if (tmpl != NULL || strcmp(err.text, mistakes[i].message) != 0)
            fail_msg("[%s]: %s", text, tmpl != NULL ? "compiled" : err.text);
        assert_int_equal(err.rc, BW_EINVAL);
    }
}

static const char *const fine[] = {
    "",
    "no tags } } {",
    "{{ #a }}{{ /a }}",   /* blanks before the sigil */
    "{{<*a}}{{/*a}}",     /* a dynamic parent */
    "{{#a}}{{/ a }}",     /* blanks in the END */
    "{{=<% %>=}}<%a%>{{", /* old delimiters are text */
    "{{=<% %>=}}<%={{ }}=%>{{a}}",
    "{{!}}{{! {{ }}", /* a comment may be empty and hold an opening */
    "{{{a}}}}",
    "{{a.b.c}}{{.}}{{a..b}}{{.a}}",
};

static void what_is_right_compiles(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
        struct bw_err err;
        struct bw_template *tmpl = bw_template_compile("t", fine[i], strlen(fine[i]), &err);
        if (tmpl == NULL)
            fail_msg("[%s]: %s", fine[i], err.text);
        bw_template_free(tmpl);
    }
    bw_template_free(NULL);
}

static void the_text_is_copied_and_may_hold_nul(void **state)
{
    (void)state;
    char text[] = "a\0{{b}}";
    struct bw_template *tmpl = bw_template_compile("t", text, sizeof text - 1, NULL);
    assert_non_null(tmpl);
    memset(text, 'x', sizeof text);
    bw_template_free(tmpl);
}

static void size_has_a_ceiling(void **state)
{
    (void)state;
    const size_t len = BW_TEMPLATE_BYTES_MAX + 1;
    struct bw_err err;
    char *text = bw_alloc(len);
    memset(text, 'a', len);
    assert_null(bw_template_compile("big", text, len, &err));
    assert_int_equal(err.rc, BW_ELIMIT);
    assert_string_equal(err.text, "big: 1048577 bytes are more than a template may have (1048576)");
    struct bw_template *tmpl = bw_template_compile("big", text, len - 1, &err);
    assert_non_null(tmpl);
    bw_template_free(tmpl);
    free(text);
}

static void nesting_has_a_ceiling(void **state)
{
    (void)state;
    struct bw_buf text;
    struct bw_err err;
    bw_buf_init(&text, 1 << 20);
    for (unsigned i = 0; i <= BW_TEMPLATE_DEPTH_MAX; i++)
        bw_buf_text(&text, "{{#a}}\n");
    assert_null(bw_template_compile("t", text.data, text.len, &err));
    assert_string_equal(err.text, "t:201:1: section 'a' is nested too deeply");
    bw_buf_fini(&text);
}

/* Positions are found in one pass: a long line full of tags takes no longer than many lines.
 * Counted anew for every tag this would take minutes. */
static void a_megabyte_of_tags_on_one_line_is_no_trouble(void **state)
{
    (void)state;
    struct bw_buf text;
    struct bw_err err;
    bw_buf_init(&text, BW_TEMPLATE_BYTES_MAX);
    while (text.len + 16 < BW_TEMPLATE_BYTES_MAX)
        bw_buf_text(&text, "{{a}}");
    const size_t tags = text.len / 5;
    bw_buf_text(&text, "{{/x}}");
    assert_null(bw_template_compile("t", text.data, text.len, &err));
    struct bw_buf want;
    bw_buf_init(&want, 200);
    bw_buf_printf(&want, "t:1:%zu: section 'x' is closed but was never opened", tags * 5 + 1);
    assert_string_equal(err.text, want.data);
    bw_buf_fini(&want);
    bw_buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_are_named_with_their_place),
        cmocka_unit_test(what_is_right_compiles),
        cmocka_unit_test(the_text_is_copied_and_may_hold_nul),
        cmocka_unit_test(size_has_a_ceiling),
        cmocka_unit_test(nesting_has_a_ceiling),
        cmocka_unit_test(a_megabyte_of_tags_on_one_line_is_no_trouble),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
