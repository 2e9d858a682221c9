// SPDX-License-Identifier: GPL-3.0-or-later
#include "conf/yaml.h"

#include "base/limits.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* What a text is read as: "{a:1,b:[x,'q',~]}", quoted scalars in quotes, null as ~. */
static void put_node(const struct bw_node *node, struct bw_buf *out)
{
    if (node->kind == BW_NODE_SCALAR) {
        if (bw_node_is_null(node))
            bw_buf_char(out, '~');
        else
            bw_buf_printf(out, node->quoted ? "'%s'" : "%s", node->text);
        return;
    }
    bw_buf_char(out, node->kind == BW_NODE_MAP ? '{' : '[');
    for (const struct bw_node *child = node->first; child != NULL; child = child->next) {
        if (child != node->first)
            bw_buf_char(out, ',');
        if (node->kind == BW_NODE_MAP)
            bw_buf_printf(out, "%s:", child->key);
        put_node(child, out);
    }
    bw_buf_char(out, node->kind == BW_NODE_MAP ? '}' : ']');
}

/* The tree, or the problems, as text. */
static void read_as(const char *data, size_t size, struct bw_buf *out)
{
    struct bw_arena arena = { 0 };
    struct bw_problems problems = { 0 };
    /* Not NUL-terminated, so that reading beyond the end is seen. */
    char *copy = malloc(size > 0 ? size : 1);
    memcpy(copy, data, size);
    const struct bw_node *root = bw_yaml_read("t.yml", copy, size, &arena, &problems);
    free(copy);
    bw_buf_clear(out);
    if (root != NULL)
        put_node(root, out);
    bw_problems_print(&problems, out);
    assert_int_equal(root == NULL, problems.total > 0);
    bw_problems_fini(&problems);
    bw_arena_fini(&arena);
}

static const struct {
    const char *name, *text, *want;
} documents[] = {
    { "an empty file", "", "{}" },
    { "only a comment", "# nothing\n", "{}" },
    { "an empty document", "---\n...\n", "{}" },
    { "flow and block", "a: 1\nb: [x, 'q', ~]\nc: {d: }\n", "{a:1,b:[x,'q',~],c:{d:~}}" },
    { "1.2 rules: yes is text", "a: yes\nb: on\n", "{a:yes,b:on}" },
    { "quoted null is text", "a: \"null\"\nb: ''\n", "{a:'null',b:''}" },
    { "block scalars", "a: |\n  x\n  y\nb: >-\n  x\n  y\n", "{a:'x\ny\n',b:'x y'}" },
    { "a byte order mark",
      "\xef\xbb\xbf"
      "a: 1\n",
      "{a:1}" },
    { "a list at the top", "- 1\n- [2]\n", "[1,[2]]" },
    { "Windows line ends", "a: 1\r\nb: 2\r\n", "{a:1,b:2}" },
    { "a document with its marks", "---\na: b\n...\n", "{a:b}" },
    { "no line end", "a: {b: c}", "{a:{b:c}}" },
    { "a plain scalar goes on", "a: x\n  y\n", "{a:x y}" },
    { "aliases are copies", "a: &x {b: [1, 'q']}\nc: *x\nd: [*x, *x]\n",
      "{a:{b:[1,'q']},c:{b:[1,'q']},d:[{b:[1,'q']},{b:[1,'q']}]}" },
    { "aliases of texts", "a: &x 1\nb: *x\nc: &x ~\nd: *x\n", "{a:1,b:1,c:~,d:~}" },
    { "an anchor within another", "a: &x {b: &y [1]}\nc: *y\nd: *x\n",
      "{a:{b:[1]},c:[1],d:{b:[1]}}" },
    { "a mapping takes in another", "a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3, e: 4}\n",
      "{a:{b:1,c:2},d:{c:3,e:4,b:1}}" },
    { "a mapping takes in several", "a: &x {b: 1}\nc: &y {b: 2, d: 3}\ne: {<<: [*x, *y]}\n",
      "{a:{b:1},c:{b:2,d:3},e:{b:1,d:3}}" },
    { "what took in is taken in", "a: &x {b: 1}\nc: &y {<<: *x, d: 2}\ne: {<<: *y}\n",
      "{a:{b:1},c:{d:2,b:1},e:{d:2,b:1}}" },
    { "what was named in << stays whole", "a: {y: 9, <<: &d {x: 1, y: 2, z: 3}}\nb: *d\n",
      "{a:{y:9,x:1,z:3},b:{x:1,y:2,z:3}}" },
    { "a mapping within takes in", "a: {<<: {b: 1}, c: 2}\n", "{a:{c:2,b:1}}" },
};

static void documents_become_trees(void **state)
{
    (void)state;
    struct bw_buf got;
    bw_buf_init(&got, 1u << 20);
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        read_as(documents[i].text, strlen(documents[i].text), &got);
        if (strcmp(got.data, documents[i].want) != 0)
            fail_msg("%s: %s", documents[i].name, got.data);
    }
    bw_buf_fini(&got);
}

static const struct {
    const char *name, *text;
    size_t size; /* 0: up to the NUL */
    const char *want;
} refusals[] = {
    { "NUL byte", "a: 1\nb: x\0y", 11, "t.yml:2:5: a NUL byte has no place in a configuration\n" },
    { "escaped NUL", "a: \"x\\0y\"", 0,
      "t.yml:1:4: a: a NUL byte has no place in a configuration\n" },
    { "invalid UTF-8", "\xc3\xa4: 1\nk\xc3\xa4: \xff", 0,
      "t.yml:2:5: not UTF-8: save the file in that encoding\n" },
    { "overlong UTF-8", "a: \xc0\x80", 0,
      "t.yml:1:4: not UTF-8: save the file in that encoding\n" },
    { "second document", "a: 1\n---\nb: 2\n", 0,
      "t.yml:2:1: a second document: one file holds one\n" },
    { "a key twice", "a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\na: 4\n", 0,
      "t.yml:5:3: b: key 'c' stands here a second time, first at line 3\n"
      "t.yml:6:1: key 'a' stands here a second time, first at line 1\n" },
    { "a key thrice", "{a: 1, a: 2, 'a': 3}", 0,
      "t.yml:1:8: key 'a' stands here a second time, first at line 1\n"
      "t.yml:1:14: key 'a' stands here a second time, first at line 1\n" },
    { "tag, unknown alias", "a: &x 1\nb: [*x, 2]\nc: !!str 5\nd: *nowhere\n", 0,
      "t.yml:3:4: c: tags are not supported\n"
      "t.yml:4:4: d: an alias of what has no anchor before it\n" },
    { "an alias before its anchor", "a: *x\nb: &x 1\n", 0,
      "t.yml:1:4: a: an alias of what has no anchor before it\n" },
    { "an alias within its anchor", "a: &x {b: [*x]}\n", 0,
      "t.yml:1:12: a.b[0]: an alias of what it is part of\n" },
    { "alias as key", "a: &x 1\n? *x\n: 1\n", 0, "t.yml:2:3: a key must be text\n" },
    { "anchor of a key", "&x a: 1\n", 0, "t.yml:1:1: an anchor of a key is not supported\n" },
    { "text taken in", "a: {<<: x, b: 1}\n", 0,
      "t.yml:1:5: a: '<<' takes in a mapping, or a list of them\n" },
    { "taken in twice", "a: &x {b: 1}\nc: {<<: *x, <<: *x}\n", 0,
      "t.yml:2:13: c: key '<<' stands here a second time, first at line 2\n" },
    { "a key that is a list", "a: 1\n? [x]\n: 2\n", 0, "t.yml:2:3: a key must be text\n" },
    { "tab", "a:\n\tb: 2\n", 0,
      "t.yml:2:1: not YAML: tab character may not be used as indentation\n" },
};

static void bad_bytes_are_refused_with_their_place(void **state)
{
    (void)state;
    struct bw_buf got;
    bw_buf_init(&got, 1u << 20);
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        const size_t size = refusals[i].size > 0 ? refusals[i].size : strlen(refusals[i].text);
        read_as(refusals[i].text, size, &got);
        if (strcmp(got.data, refusals[i].want) != 0)
            fail_msg("%s: %s", refusals[i].name, got.data);
    }
    bw_buf_fini(&got);
}

/* The library's own words may change; that it names a place and that it is one line may not. */
static void broken_syntax_names_a_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *place;
    } cases[] = { { "a: \"open\nb: 2\n", "t.yml:1:4: " },
                  { "a: [1, 2\nb: 3\n", "t.yml:" },
                  { "a: b\n- c\n", "t.yml:" },
                  { "a: b: c\n", "t.yml:1:5: not YAML" },
                  { "%YAML 9.9\n---\na\n", "t.yml:" },
                  { "]", "t.yml:1:" },
                  { "a: @x\n", "t.yml:1:4: not YAML" } };
    struct bw_buf got;
    bw_buf_init(&got, 1u << 20);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        read_as(cases[i].text, strlen(cases[i].text), &got);
        if (strncmp(got.data, cases[i].place, strlen(cases[i].place)) != 0)
            fail_msg("%s: %s", cases[i].text, got.data);
        assert_ptr_equal(strchr(got.data, '\n'), got.data + got.len - 1);
    }
    bw_buf_fini(&got);
}

static void nesting_keys_and_size_have_ceilings(void **state)
{
    (void)state;
    struct bw_buf text, got;
    bw_buf_init(&text, 8u << 20);
    bw_buf_init(&got, 1u << 20);
    bw_buf_fill(&text, '[', BW_CONF_DEPTH_MAX);
    bw_buf_fill(&text, ']', BW_CONF_DEPTH_MAX);
    read_as(text.data, text.len, &got);
    assert_string_equal(got.data, text.data);

    bw_buf_clear(&text);
    bw_buf_fill(&text, '[', 5000);
    read_as(text.data, text.len, &got);
    assert_non_null(strstr(got.data, "t.yml:1:41: "));
    assert_non_null(strstr(got.data, "nested too deeply"));

    bw_buf_clear(&text);
    for (unsigned i = 0; i <= BW_CONF_KEYS_MAX; i++)
        bw_buf_printf(&text, "k%u: 1\n", i);
    read_as(text.data, text.len, &got);
    assert_string_equal(got.data, "t.yml:10001:1: too many keys in one mapping\n");

    bw_buf_clear(&text);
    bw_buf_fill(&text, '#', BW_CONF_FILE_BYTES_MAX + 1);
    read_as(text.data, text.len, &got);
    assert_string_equal(got.data, "t.yml: more than 4 MiB: too large for a configuration\n");
    bw_buf_fini(&text);
    bw_buf_fini(&got);
}

static void an_alias_bomb_is_only_a_mistake(void **state)
{
    (void)state;
    struct bw_buf text, got;
    bw_buf_init(&text, 1u << 20);
    bw_buf_init(&got, 1u << 20);
    bw_buf_text(&text, "a0: &a0 [x, x]\n");
    for (int i = 1; i < 60; i++)
        bw_buf_printf(&text, "a%d: &a%d [*a%d, *a%d]\n", i, i, i - 1, i - 1);
    read_as(text.data, text.len, &got);
    assert_string_equal(got.data,
                        "t.yml:13:12: a12[0]: aliases stand for too much, or nest too deeply\n");
    bw_buf_clear(&text);
    bw_buf_text(&text, "a0: &a0 [x]\n");
    for (int i = 1; i < 60; i++)
        bw_buf_printf(&text, "a%d: &a%d [*a%d]\n", i, i, i - 1);
    read_as(text.data, text.len, &got);
    assert_string_equal(got.data,
                        "t.yml:40:12: a39[0]: aliases stand for too much, or nest too deeply\n");
    bw_buf_fini(&text);
    bw_buf_fini(&got);
}

static void places_count_characters_from_one(void **state)
{
    (void)state;
    static const char text[] = "\xc3\xa4: {\xc3\xb6: b, 'x': \"y\"}\nzz:\n  - 1\n  -   two\n";
    struct bw_arena arena = { 0 };
    struct bw_problems problems = { 0 };
    const struct bw_node *root = bw_yaml_read("t.yml", text, strlen(text), &arena, &problems);
    assert_non_null(root);
    const struct bw_node *inner = bw_node_find(root->first, "x");
    assert_int_equal(inner->key_at.column, 11);
    assert_int_equal(inner->at.column, 16);
    assert_int_equal(root->first->first->at.column, 8);
    const struct bw_node *list = bw_node_find(root, "zz");
    assert_int_equal(list->key_at.line, 2);
    assert_int_equal(list->at.line, 3);
    assert_int_equal(list->last->at.line, 4);
    assert_int_equal(list->last->at.column, 7);
    assert_string_equal(list->at.file, "t.yml");
    bw_problems_fini(&problems);
    bw_arena_fini(&arena);
}

/* The library would print by itself if it were let. */
static void nothing_goes_to_stderr(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    const int saved = dup(STDERR_FILENO);
    struct bw_buf got;
    bw_buf_init(&got, 1u << 20);
    fflush(stderr);
    dup2(fileno(file), STDERR_FILENO);
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        read_as(refusals[i].text, strlen(refusals[i].text), &got);
    read_as("a: [\n", 5, &got);
    dup2(saved, STDERR_FILENO);
    close(saved);
    fseek(file, 0, SEEK_END);
    assert_int_equal(ftell(file), 0);
    fclose(file);
    bw_buf_fini(&got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_become_trees),
        cmocka_unit_test(bad_bytes_are_refused_with_their_place),
        cmocka_unit_test(broken_syntax_names_a_place),
        cmocka_unit_test(nesting_keys_and_size_have_ceilings),
        cmocka_unit_test(an_alias_bomb_is_only_a_mistake),
        cmocka_unit_test(places_count_characters_from_one),
        cmocka_unit_test(nothing_goes_to_stderr),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
