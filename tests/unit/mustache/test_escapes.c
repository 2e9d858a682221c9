// SPDX-License-Identifier: GPL-3.0-or-later
#include "told.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* One template, chosen at each rendering how it is escaped. */
static const struct {
    const char *escape, *want;
} choices[] = {
    { "html", "Ada &lt;3 / Ada <3 / Ada <3" }, { "csv", "Ada <3 / Ada <3 / Ada <3" },
    { "md", "Ada &lt;3 / Ada <3 / Ada <3" },   { "json", "Ada \\u003c3 / Ada <3 / Ada <3" },
    { "none", "Ada <3 / Ada <3 / Ada <3" },
};

static void the_escape_is_chosen_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        struct bw_buf out;
        bw_buf_init(&out, 1000);
        assert_int_equal(
            told("{{name}} / {{{name}}} / {{&name}}", NULL, 0, choices[i].escape, &out), BW_OK);
        assert_string_equal(out.data, choices[i].want);
        bw_buf_fini(&out);
    }
    assert_null(bw_template_escape_named("xml"));
}

/* A template's own text is never escaped; a whole value is one CSV field. */
static void csv_quotes_whole_fields(void **state)
{
    (void)state;
    struct bw_buf out;
    struct bw_arena arena = { 0 };
    struct bw_value *root = bw_value_object(&arena);
    bw_value_add_text(&arena, root, "a", "x,\"y\"");
    bw_value_add_text(&arena, root, "b", "=1+1");
    bw_value_add_number(&arena, root, "c", -1.5);
    bw_buf_init(&out, 1000);
    struct bw_template *tmpl = bw_template_compile("t", "{{a}},{{b}},{{c}}\r\n", 19, NULL);
    assert_int_equal(
        bw_template_render_value(tmpl, root, NULL, bw_template_escape_named("csv"), &out, NULL),
        BW_OK);
    assert_string_equal(out.data, "\"x,\"\"y\"\"\",\"'=1+1\",-1.5\r\n");
    bw_template_free(tmpl);
    bw_buf_fini(&out);
    bw_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_escape_is_chosen_by_name),
        cmocka_unit_test(csv_quotes_whole_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
