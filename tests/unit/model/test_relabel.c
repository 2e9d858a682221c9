// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/relabel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

/* Labels are written as a series without a name: {a="b"}. */
static struct bw_labels labels_of(struct bw_arena *arena, const char *text)
{
    const char *metric;
    struct bw_labels labels;
    assert_int_equal(bw_series_parse(arena, bw_arena_printf(arena, "x%s", text), &metric, &labels),
                     BW_OK);
    return labels;
}

static const char *text_of(struct bw_arena *arena, struct bw_labels labels)
{
    struct bw_buf out;
    bw_buf_init(&out, 10000);
    bw_series_text(&out, "", labels);
    const char *text = bw_arena_strdup(arena, out.data);
    bw_buf_fini(&out);
    return text;
}

static const char *const a_b[] = { "a", "b" };
static const char *const only_a[] = { "a" };

#define A .source_labels = only_a, .source_count = 1
#define A_B .source_labels = a_b, .source_count = 2

static const struct {
    struct bw_relabel_rule rules[3];
    size_t count;
    const char *before, *after; /* NULL: dropped */
} stories[] = {
    { { { A, .target_label = "c" } }, 1, "{a=\"1\"}", "{a=\"1\",c=\"1\"}" },
    { { { A_B, .target_label = "c" } }, 1, "{a=\"1\",b=\"2\"}", "{a=\"1\",b=\"2\",c=\"1;2\"}" },
    { { { A_B, .target_label = "c", .separator = "" } },
      1,
      "{a=\"1\",b=\"2\"}",
      "{a=\"1\",b=\"2\",c=\"12\"}" },
    { { { A, .target_label = "a", .regex = "f(.*)", .replacement = "b${1}$1" } },
      1,
      "{a=\"foo\"}",
      "{a=\"boooo\"}" },
    { { { A, .target_label = "a", .regex = "f", .replacement = "x" } },
      1,
      "{a=\"foo\"}",
      "{a=\"foo\"}" }, /* no fit, no change */
    { { { A, .target_label = "a", .regex = ".*", .replacement = "" } }, 1, "{a=\"1\"}", "" },
    { { { .target_label = "c", .replacement = "always" } }, 1, "", "{c=\"always\"}" },
    { { { A, .target_label = "${1}", .regex = "(.*)", .replacement = "y" } },
      1,
      "{a=\"name\"}",
      "{a=\"name\",name=\"y\"}" },
    { { { A, .target_label = "${1}", .regex = "(.*)", .replacement = "y" } },
      1,
      "{a=\"no name\"}",
      "{a=\"no name\"}" },
    { { { A, .action = BW_RELABEL_KEEP, .regex = "we.*" } }, 1, "{a=\"web\"}", "{a=\"web\"}" },
    { { { A, .action = BW_RELABEL_KEEP, .regex = "we.*" } }, 1, "{a=\"db\"}", NULL },
    { { { A, .action = BW_RELABEL_KEEP, .regex = "we.*" } }, 1, "", NULL },
    { { { A, .action = BW_RELABEL_DROP, .regex = "we.*" } }, 1, "{a=\"web\"}", NULL },
    { { { A, .action = BW_RELABEL_DROP, .regex = "we" } }, 1, "{a=\"web\"}", "{a=\"web\"}" },
    { { { A, .action = BW_RELABEL_KEEPEQUAL, .target_label = "b" } },
      1,
      "{a=\"1\",b=\"1\"}",
      "{a=\"1\",b=\"1\"}" },
    { { { A, .action = BW_RELABEL_KEEPEQUAL, .target_label = "b" } },
      1,
      "{a=\"1\",b=\"2\"}",
      NULL },
    { { { A, .action = BW_RELABEL_DROPEQUAL, .target_label = "b" } },
      1,
      "{a=\"1\",b=\"1\"}",
      NULL },
    { { { A, .action = BW_RELABEL_LOWERCASE, .target_label = "a" } },
      1,
      "{a=\"WebÄ1\"}",
      "{a=\"webÄ1\"}" },
    { { { A, .action = BW_RELABEL_UPPERCASE, .target_label = "c" } },
      1,
      "{a=\"Web_1\"}",
      "{a=\"Web_1\",c=\"WEB_1\"}" },
    { { { .action = BW_RELABEL_LABELMAP, .regex = "__meta_(.*)" } },
      1,
      "{__meta_x=\"1\",__meta_y=\"2\",z=\"3\"}",
      "{__meta_x=\"1\",__meta_y=\"2\",x=\"1\",y=\"2\",z=\"3\"}" },
    { { { .action = BW_RELABEL_LABELDROP, .regex = "a.*" } },
      1,
      "{a=\"1\",ab=\"2\",ba=\"3\"}",
      "{ba=\"3\"}" },
    { { { .action = BW_RELABEL_LABELKEEP, .regex = "a.*" } },
      1,
      "{a=\"1\",ab=\"2\",ba=\"3\"}",
      "{a=\"1\",ab=\"2\"}" },
    /* Each rule sees what the one before it made. */
    { { { A, .target_label = "b" },
        { A_B, .target_label = "c", .regex = "(.);(.)", .replacement = "$2$1" },
        { .action = BW_RELABEL_LABELDROP, .regex = "a|b" } },
      3,
      "{a=\"1\"}",
      "{c=\"11\"}" },
};

static void rules_do_what_prometheus_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        struct bw_arena arena = { 0 };
        struct bw_relabel *relabel;
        size_t at;
        assert_int_equal(bw_relabel_new(stories[i].rules, stories[i].count, &relabel, &at, NULL),
                         BW_OK);
        struct bw_labels labels = labels_of(&arena, stories[i].before);
        const bool kept = bw_relabel_apply(relabel, &arena, &labels);
        assert_int_equal(kept, stories[i].after != NULL);
        if (kept)
            assert_string_equal(text_of(&arena, labels), stories[i].after);
        bw_relabel_free(relabel);
        bw_arena_fini(&arena);
    }
}

/* Taken with md5sum: the last sixteen digits, modulo 1000. */
static void hashes_are_those_of_prometheus(void **state)
{
    (void)state;
    static const struct {
        const char *value, *expected;
    } cases[] = {
        { "{a=\"foo\"}", "{a=\"foo\",c=\"696\"}" },
        { "{a=\"10.0.0.1:8080\"}", "{a=\"10.0.0.1:8080\",c=\"260\"}" },
        { "", "{c=\"958\"}" },
    };
    const struct bw_relabel_rule rule = { A, .action = BW_RELABEL_HASHMOD, .target_label = "c",
                                          .modulus = 1000 };
    struct bw_arena arena = { 0 };
    struct bw_relabel *relabel;
    size_t at;
    assert_int_equal(bw_relabel_new(&rule, 1, &relabel, &at, NULL), BW_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_labels labels = labels_of(&arena, cases[i].value);
        assert_true(bw_relabel_apply(relabel, &arena, &labels));
        assert_string_equal(text_of(&arena, labels), cases[i].expected);
    }
    bw_relabel_free(relabel);
    bw_arena_fini(&arena);
}

static void rules_that_cannot_work_are_refused(void **state)
{
    (void)state;
    static const char *const bad_name[] = { "a b" };
    static const struct {
        struct bw_relabel_rule rule;
        const char *why;
    } cases[] = {
        { { A }, "needs target_label" },
        { { A, .target_label = "a b" }, "is not a label name" },
        { { A, .target_label = "c", .action = BW_RELABEL_HASHMOD }, "modulus" },
        { { A, .target_label = "c", .regex = "(" }, "at byte 1" },
        { { .source_labels = bad_name, .source_count = 1, .target_label = "c" }, "source label" },
        { { A, .action = BW_RELABEL_KEEPEQUAL }, "needs target_label" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct bw_relabel_rule rules[] = { { A, .target_label = "c" }, cases[i].rule };
        struct bw_relabel *relabel;
        struct bw_err err;
        size_t at = 99;
        assert_int_equal(bw_relabel_new(rules, 2, &relabel, &at, &err), BW_EINVAL);
        assert_int_equal(at, 1);
        if (strstr(err.text, cases[i].why) == NULL)
            fail_msg("'%s' does not say '%s'", err.text, cases[i].why);
    }
    bw_relabel_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_do_what_prometheus_does),
        cmocka_unit_test(hashes_are_those_of_prometheus),
        cmocka_unit_test(rules_that_cannot_work_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
