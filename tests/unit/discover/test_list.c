// SPDX-License-Identifier: GPL-3.0-or-later
#include "discover/list.h"

#include "base/buf.h"
#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct bw_label found = { "__meta_filepath", "f" };

/* Every target as text, a line each; or what is wrong. */
static void told(enum bw_list_format format, const char *data, size_t size, struct bw_buf *out)
{
    struct bw_arena arena = { 0 };
    struct bw_target_list list = { 0 };
    struct bw_err err = { .text = "" };
    const enum bw_rc rc = bw_target_list_read(&arena, format, data, size, found, &list, &err);
    if (rc != BW_OK) {
        bw_buf_text(out, err.text);
        assert_int_equal(list.count, 0);
    }
    for (size_t i = 0; i < list.count; i++) {
        bw_series_text(out, "", list.items[i]);
        bw_buf_char(out, '\n');
    }
    bw_arena_fini(&arena);
}

#define META "__meta_filepath=\"f\""
static const struct {
    enum bw_list_format format;
    const char *text, *want;
} lists[] = {
    { BW_LIST_JSON, "[]", "" },
    { BW_LIST_JSON, " [ {} ]\n", "" },
    { BW_LIST_JSON, "[{\"targets\":[\"a:1\",\"b:2\"],\"labels\":{\"team\":\"x\"}}]",
      "{__address__=\"a:1\"," META ",team=\"x\"}\n{__address__=\"b:2\"," META ",team=\"x\"}\n" },
    { BW_LIST_JSON, "[{\"labels\":{\"a\":\"\"},\"targets\":[\"a:1\"]},\n\t{\"targets\":[\"b\"]}]",
      "{__address__=\"a:1\"," META "}\n{__address__=\"b\"," META "}\n" },
    { BW_LIST_JSON, "[{\"targets\":[\"\\ud83d\\ude00\"]}]", "{__address__=\"😀\"," META "}\n" },
    { BW_LIST_YAML, "- targets: ['a:1']\n  labels: {n: 5}\n- targets: [b]\n",
      "{__address__=\"a:1\"," META ",n=\"5\"}\n{__address__=\"b\"," META "}\n" },
    { BW_LIST_YAML, "[]\n", "" },
    { BW_LIST_YAML, "- targets:\n  labels:\n", "" },
    { BW_LIST_YAML, "- targets: [&x a, *x]\n",
      "{__address__=\"a\"," META "}\n{__address__=\"a\"," META "}\n" },
    /* What is wrong. */
    { BW_LIST_JSON, "", "line 1: '[' or '{' expected near end of file" },
    { BW_LIST_JSON, "[{\"targets\":[\"a:1\"]}", "line 1: ']' expected near end of file" },
    { BW_LIST_JSON, "{}", "expected a list of {targets: […], labels: {…}}" },
    { BW_LIST_YAML, "", "expected a list of {targets: […], labels: {…}}" },
    { BW_LIST_JSON, "[1]", "[0]: expected a mapping, found nothing" },
    { BW_LIST_JSON, "[{\"target\":[]}]", "[0]: unknown key 'target'" },
    { BW_LIST_JSON, "[{},{\"targets\":\"a\"}]", "[1].targets: expected a list, found text" },
    { BW_LIST_JSON, "[{\"targets\":[\"a\",7]}]", "[0].targets[1]: expected HOST:PORT" },
    { BW_LIST_JSON, "[{\"targets\":[\"\"]}]", "[0].targets[0]: expected HOST:PORT" },
    { BW_LIST_JSON, "[{\"labels\":[]}]", "[0].labels: expected a mapping, found a list" },
    { BW_LIST_JSON, "[{\"labels\":{\"a-b\":\"x\"}}]", "[0].labels: 'a-b' is not a label name" },
    { BW_LIST_JSON, "[{\"labels\":{\"a\":1}}]", "[0].labels.a: expected text" },
    { BW_LIST_YAML, "- targets: [a\n- x",
      "line 3: not YAML: flow sequence without a closing bracket" },
    { BW_LIST_YAML, "- targets: [*x]\n", "line 1: " },
};

static void lists_are_read_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct bw_buf out;
        bw_buf_init(&out, 1u << 16);
        told(lists[i].format, lists[i].text, strlen(lists[i].text), &out);
        const size_t len = strlen(lists[i].want);
        const bool prefix = len > 0 && lists[i].want[len - 1] == ' ';
        if (prefix ? strncmp(out.data, lists[i].want, len) != 0
                   : strcmp(out.data, lists[i].want) != 0)
            fail_msg("%s:\n%s\nwant:\n%s", lists[i].text, out.data, lists[i].want);
        bw_buf_fini(&out);
    }
}

static void what_is_too_much_is_refused(void **state)
{
    (void)state;
    struct bw_buf text, out;
    bw_buf_init(&text, 8u << 20);
    bw_buf_init(&out, 1u << 16);
    bw_buf_text(&text, "[{\"labels\":{");
    for (unsigned i = 0; i <= BW_DISCOVERED_LABELS_MAX; i++)
        bw_buf_printf(&text, "%s\"l%u\":\"x\"", i > 0 ? "," : "", i);
    bw_buf_text(&text, "}}]");
    told(BW_LIST_JSON, text.data, text.len, &out);
    assert_string_equal(out.data, "[0].labels: more than 64 labels");
    bw_buf_clear(&text);
    bw_buf_clear(&out);
    bw_buf_text(&text, "[{\"targets\":[\"x\"");
    for (unsigned i = 0; i < BW_DISCOVERED_TARGETS_MAX; i++)
        bw_buf_text(&text, ",\"x\"");
    bw_buf_text(&text, "]}]");
    told(BW_LIST_JSON, text.data, text.len, &out);
    assert_string_equal(out.data, "more than 100000 targets");
    bw_buf_clear(&text);
    bw_buf_clear(&out);
    bw_buf_fill(&text, '[', 1000);
    bw_buf_fill(&text, ']', 1000);
    told(BW_LIST_JSON, text.data, text.len, &out);
    assert_string_equal(out.data, "lists and mappings too deep");
    bw_buf_fini(&text);
    bw_buf_fini(&out);
}

static void what_has_a_label_is_kept(void **state)
{
    (void)state;
    struct bw_arena arena = { 0 };
    struct bw_target_list from = { 0 }, list = { 0 };
    const struct bw_label a[] = { { "__address__", "a" }, { "f", "1" } };
    const struct bw_label b[] = { { "__address__", "b" }, { "f", "2" } };
    bw_target_list_add(&arena, &from, a, 2, NULL);
    bw_target_list_add(&arena, &from, b, 2, NULL);
    bw_target_list_keep(&arena, &list, &from, (struct bw_label){ "f", "2" }, NULL);
    assert_int_equal(list.count, 1);
    assert_string_equal(bw_labels_value(list.items[0], "__address__"), "b");
    bw_arena_fini(&arena);
}

static void names_tell_the_format(void **state)
{
    (void)state;
    enum bw_list_format format;
    assert_true(bw_list_format_of("a/b.json", &format) && format == BW_LIST_JSON);
    assert_true(bw_list_format_of("a/*.yml", &format) && format == BW_LIST_YAML);
    assert_true(bw_list_format_of("a.yaml", &format) && format == BW_LIST_YAML);
    assert_false(bw_list_format_of("a.txt", &format));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_read_or_refused),
        cmocka_unit_test(what_is_too_much_is_refused),
        cmocka_unit_test(what_has_a_label_is_kept),
        cmocka_unit_test(names_tell_the_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
