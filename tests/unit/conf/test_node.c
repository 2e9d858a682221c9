// SPDX-License-Identifier: GPL-3.0-or-later
#include "conf/node.h"

#include "conf/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void put_node(const struct bw_node *node, struct bw_buf *out)
{
    if (node->kind == BW_NODE_SCALAR) {
        bw_buf_text(out, bw_node_is_null(node) ? "~" : node->text);
        return;
    }
    size_t count = 0;
    bw_buf_char(out, node->kind == BW_NODE_MAP ? '{' : '[');
    for (const struct bw_node *child = node->first; child != NULL; child = child->next, count++) {
        if (child->key != NULL)
            bw_buf_printf(out, "%s:", child->key);
        put_node(child, out);
        bw_buf_char(out, child->next != NULL ? ',' : ' ');
    }
    assert_int_equal(count, node->count);
    bw_buf_char(out, node->kind == BW_NODE_MAP ? '}' : ']');
}

static const struct {
    const char *name, *into, *from, *want;
} merges[] = {
    { "maps merge", "a: {x: 1}", "a: {y: 2}\nb: 3", "{a:{x:1,y:2 },b:3 }" },
    { "lists append", "a: [1, 2]", "a: [3]", "{a:[1,2,3 ] }" },
    { "null gives way", "a:\nb: 1", "a: [1]\nb:", "{a:[1 ],b:1 }" },
    { "into nothing", "", "a: 1", "{a:1 }" },
    { "an empty list takes", "a: []", "a: [x]", "{a:[x ] }" },
    { "scalar twice", "a:\n  b: 1", "a:\n  b: 1",
      "two.yml:2:3: a.b: set twice: also at one.yml:2:3\n{a:{b:1 } }" },
    { "two kinds", "a: [1]\nb: {}", "a: {x: 1}\nb: text",
      "two.yml:1:1: a: a mapping here, but a list at one.yml:1:1\n"
      "two.yml:2:1: b: text here, but a mapping at one.yml:2:1\n{a:[1 ],b:{} }" },
};

static struct bw_node *read(const char *file, const char *text, struct bw_arena *arena,
                            struct bw_problems *problems)
{
    struct bw_node *node = bw_yaml_read(file, text, strlen(text), arena, problems);
    assert_non_null(node);
    return node;
}

static void merges_end_as_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof merges / sizeof *merges; i++) {
        struct bw_arena arena = { 0 };
        struct bw_problems problems = { 0 };
        struct bw_buf got;
        bw_buf_init(&got, 4096);
        struct bw_node *into = read("one.yml", merges[i].into, &arena, &problems);
        struct bw_node *from = read("two.yml", merges[i].from, &arena, &problems);
        const bool good = bw_node_merge(into, from, &problems);
        assert_int_equal(good, problems.total == 0);
        bw_problems_print(&problems, &got);
        put_node(into, &got);
        if (strcmp(got.data, merges[i].want) != 0)
            fail_msg("%s: %s", merges[i].name, got.data);
        bw_buf_fini(&got);
        bw_problems_fini(&problems);
        bw_arena_fini(&arena);
    }
}

static void a_lookup_finds_only_what_is_there(void **state)
{
    (void)state;
    struct bw_arena arena = { 0 };
    struct bw_problems problems = { 0 };
    const struct bw_node *root = read("one.yml", "a: x\nb: [1]\nc:\n", &arena, &problems);
    assert_string_equal(bw_node_find_text(root, "a"), "x");
    assert_null(bw_node_find_text(root, "b"));
    assert_null(bw_node_find_text(root, "c"));
    assert_non_null(bw_node_find(root, "c"));
    assert_null(bw_node_find(root, "d"));
    assert_null(bw_node_find(bw_node_find(root, "b"), "1"));
    assert_null(bw_node_find(NULL, "a"));
    assert_string_equal(bw_node_kind_text(root), "a mapping");
    assert_string_equal(bw_node_kind_text(bw_node_find(root, "b")), "a list");
    assert_string_equal(bw_node_kind_text(bw_node_find(root, "c")), "nothing");
    const struct bw_node *made = bw_node_text_new(&arena, "", root->at);
    assert_false(bw_node_is_null(made));
    bw_problems_fini(&problems);
    bw_arena_fini(&arena);
}

static uint64_t hash_of(const char *text)
{
    struct bw_arena arena = { 0 };
    struct bw_problems problems = { 0 };
    const uint64_t hash = bw_node_hash(read("one.yml", text, &arena, &problems), 7);
    bw_problems_fini(&problems);
    bw_arena_fini(&arena);
    return hash;
}

static void a_hash_sees_words_and_not_places(void **state)
{
    (void)state;
    const uint64_t hash = hash_of("a: {b: 1, c: [x, y]}");
    assert_int_equal(hash_of("# moved\n\na:\n  b: 1\n  c:\n    - x\n    - y\n"), hash);
    static const char *const others[] = { "a: {b: 2, c: [x, y]}", "a: {b: 1, c: [y, x]}",
                                          "a: {b: 1, c: [x]}",    "a: {b: 1, d: [x, y]}",
                                          "a: {b: 1, c: xy}",     "a: {b: 1, c: [[x, y]]}" };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_int_not_equal(hash_of(others[i]), hash);
    assert_int_equal(bw_node_hash(NULL, 7), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(merges_end_as_told),
        cmocka_unit_test(a_lookup_finds_only_what_is_there),
        cmocka_unit_test(a_hash_sees_words_and_not_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
