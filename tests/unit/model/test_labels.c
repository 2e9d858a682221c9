// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/labels.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct bw_arena arena;

static int begin(void **state)
{
    (void)state;
    bw_arena_init(&arena);
    return 0;
}

static int end(void **state)
{
    (void)state;
    bw_arena_fini(&arena);
    return 0;
}

/* "a=1 b=2" as labels, in that order. */
static struct bw_labels labels_of(const char *text)
{
    struct bw_label labels[16];
    size_t count = 0;
    char *copy = bw_arena_strdup(&arena, text), *rest = copy;
    for (char *word; (word = strsep(&rest, " ")) != NULL && *word != '\0';) {
        char *value = strchr(word, '=');
        *value++ = '\0';
        labels[count++] = (struct bw_label){ word, value };
    }
    return bw_labels_make(&arena, labels, count);
}

static const struct {
    const char *story, *labels, *want;
} texts[] = {
    { "no labels, no braces", "", "m" },
    { "sorted by name", "b=2 c=3 a=1", "m{a=\"1\",b=\"2\",c=\"3\"}" },
    { "the later stays", "a=1 b=2 a=3", "m{a=\"3\",b=\"2\"}" },
    { "an empty value is no label", "a= b=2", "m{b=\"2\"}" },
    { "and takes an earlier one away", "a=1 b=2 c=3 a=", "m{b=\"2\",c=\"3\"}" },
    { "which may come again", "a=1 a= a=2", "m{a=\"2\"}" },
    { "values are escaped", "a=x\"y\\z\n", "m{a=\"x\\\"y\\\\z\\n\"}" },
    { "upper case sorts first, as bytes do", "a=1 B=2 _c=3", "m{B=\"2\",_c=\"3\",a=\"1\"}" },
};

static void labels_have_one_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct bw_buf out;
        bw_buf_init(&out, 1000);
        bw_series_text(&out, "m", labels_of(texts[i].labels));
        if (strcmp(out.data, texts[i].want) != 0)
            fail_msg("%s: %s", texts[i].story, out.data);
        bw_buf_fini(&out);
    }
}

static void made_labels_are_copies(void **state)
{
    (void)state;
    char name[] = "a", value[] = "1";
    const struct bw_label one[] = { { name, value }, { "null", NULL } };
    const struct bw_labels labels = bw_labels_make(&arena, one, 2);
    name[0] = value[0] = 'x';
    assert_int_equal(labels.count, 1);
    assert_string_equal(bw_labels_value(labels, "a"), "1");
    assert_null(bw_labels_value(labels, "x"));
    assert_null(bw_labels_value((struct bw_labels){ NULL, 0 }, "a"));
}

static void a_clone_is_one_piece_of_its_own(void **state)
{
    (void)state;
    char value[] = "1";
    const struct bw_label some[] = { { "b", value }, { "a", "2" }, { "b", "3" }, { "c", "" } };
    const struct bw_labels labels = bw_labels_clone(some, 4), none = bw_labels_clone(NULL, 0);
    value[0] = 'x';
    assert_int_equal(labels.count, 2);
    assert_string_equal(labels.items[0].name, "a");
    assert_string_equal(bw_labels_value(labels, "b"), "3");
    assert_int_equal(none.count, 0);
    free((void *)(uintptr_t)labels.items);
    free((void *)(uintptr_t)none.items);
}

static void labels_are_merged_in_place(void **state)
{
    (void)state;
    struct bw_label items[4] = { { "b", "1" }, { "d", "2" } };
    const struct bw_label more[] = { { "d", "3" }, { "a", "4" }, { "b", "" }, { "e", NULL } };
    assert_int_equal(bw_labels_merge(items, 2, more, 4), 2);
    assert_string_equal(items[0].name, "a");
    assert_string_equal(items[1].value, "3");
}

static void names_follow_the_exposition_format(void **state)
{
    (void)state;
    char long_name[BW_NAME_BYTES_MAX + 2];
    memset(long_name, 'a', sizeof long_name);
    long_name[sizeof long_name - 1] = '\0';
    assert_true(bw_metric_name_is_valid("node_cpu:rate5m"));
    assert_true(bw_metric_name_is_valid(":a"));
    assert_true(bw_label_name_is_valid("_a9"));
    assert_false(bw_label_name_is_valid("a:b"));
    assert_false(bw_metric_name_is_valid(long_name));
    assert_true(bw_metric_name_is_valid(long_name + 1));
    static const char *const wrong[] = { "", "9a", "a-b", "a b", "\xc3\xa9", "a{" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_false(bw_metric_name_is_valid(wrong[i]));
        assert_false(bw_label_name_is_valid(wrong[i]));
    }
}

/* A selector as it was understood: name, operator and value of each matcher. */
static const struct {
    const char *text, *understood;
} selectors[] = {
    { "up", "__name__ = up;" },
    { " up ", "__name__ = up;" },
    { "a:b{}", "__name__ = a:b;" },
    { "{}", "" },
    { "up{a=\"1\",b!=\"2\",c=~\"x.*\",d!~\"y\"}", "__name__ = up;a = 1;b != 2;c =~ x.*;d !~ y;" },
    { "{ a = '1' , }", "a = 1;" },
    { "{a=\"q\\\"w\\\\e\\nr\"}", "a = q\"w\\e\nr;" },
    { "{__name__=~\"node_.*\",a=\"\"}", "__name__ =~ node_.*;a = ;" },
};

static void selectors_are_understood(void **state)
{
    (void)state;
    static const char *const operators[] = { "=", "!=", "=~", "!~" };
    for (size_t i = 0; i < sizeof selectors / sizeof *selectors; i++) {
        struct bw_selector selector;
        struct bw_err err;
        struct bw_buf out;
        if (bw_selector_parse(&arena, selectors[i].text, &selector, &err) != BW_OK)
            fail_msg("%s", err.text);
        bw_buf_init(&out, 1000);
        for (size_t m = 0; m < selector.count; m++)
            bw_buf_printf(&out, "%s %s %s;", selector.matchers[m].name,
                          operators[selector.matchers[m].op], selector.matchers[m].value);
        assert_string_equal(out.data, selectors[i].understood);
        bw_buf_fini(&out);
    }
}

static const struct {
    const char *text, *message;
} mistakes[] = {
    { "", "'': expected a metric name or '{' at character 1" },
    { "9up", "'9up': expected a metric name at character 1" },
    { "up down", "'up down': expected the end at character 4" },
    { "up{", "'up{': expected a label name at character 4" },
    { "up{a", "'up{a': expected one of = != =~ !~ at character 5" },
    { "up{a>1}", "'up{a>1}': expected one of = != =~ !~ at character 5" },
    { "up{a=1}", "'up{a=1}': expected a quoted value at character 6" },
    { "up{a=\"1}", "'up{a=\"1}': expected a quoted value at character 9" },
    { "up{a=\"1\\", "'up{a=\"1\\': expected a quoted value at character 9" },
    { "up{a=\"1\" b=\"2\"}", "'up{a=\"1\" b=\"2\"}': expected ',' or '}' at character 10" },
    { "up{a:b=\"1\"}", "'up{a:b=\"1\"}': expected a label name at character 4" },
    { "up{,}", "'up{,}': expected a label name at character 4" },
    { "up{} 1", "'up{} 1': expected the end at character 6" },
};

static void mistakes_are_named_with_their_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct bw_selector selector = { NULL, 77 };
        struct bw_err err = { .text = "" };
        assert_int_equal(bw_selector_parse(&arena, mistakes[i].text, &selector, &err), BW_EINVAL);
        assert_string_equal(err.text, mistakes[i].message);
        assert_int_equal(selector.count, 77);
    }
}

static void a_long_selector_does_not_hide_the_mistake(void **state)
{
    (void)state;
    char text[1000];
    struct bw_selector selector;
    struct bw_err err;
    memset(text, 'a', sizeof text);
    memcpy(text + sizeof text - 3, " b", 3);
    assert_int_equal(bw_selector_parse(&arena, text + 800, &selector, &err), BW_EINVAL);
    assert_non_null(strstr(err.text, "': expected the end at character 199"));
}

static void conditions_have_a_ceiling(void **state)
{
    (void)state;
    struct bw_buf text;
    struct bw_selector selector;
    struct bw_err err;
    bw_buf_init(&text, 10000);
    bw_buf_char(&text, '{');
    for (unsigned i = 0; i < BW_LABELS_MAX; i++)
        bw_buf_text(&text, "a=\"\",");
    struct bw_buf full;
    bw_buf_init(&full, 10000);
    bw_buf_printf(&full, "%s}", text.data);
    assert_int_equal(bw_selector_parse(&arena, full.data, &selector, &err), BW_OK);
    assert_int_equal(selector.count, BW_LABELS_MAX);
    bw_buf_text(&text, "a=\"\"}");
    assert_int_equal(bw_selector_parse(&arena, text.data, &selector, &err), BW_ELIMIT);
    assert_non_null(strstr(err.text, "more than 32 conditions"));
    bw_buf_fini(&full);
    bw_buf_fini(&text);
}

/* Stands in for a regular expression: the pattern is a prefix. */
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(labels_have_one_text, begin, end),
        cmocka_unit_test_setup_teardown(made_labels_are_copies, begin, end),
        cmocka_unit_test(a_clone_is_one_piece_of_its_own),
        cmocka_unit_test(labels_are_merged_in_place),
        cmocka_unit_test(names_follow_the_exposition_format),
        cmocka_unit_test_setup_teardown(selectors_are_understood, begin, end),
        cmocka_unit_test_setup_teardown(mistakes_are_named_with_their_place, begin, end),
        cmocka_unit_test_setup_teardown(a_long_selector_does_not_hide_the_mistake, begin, end),
        cmocka_unit_test_setup_teardown(conditions_have_a_ceiling, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
