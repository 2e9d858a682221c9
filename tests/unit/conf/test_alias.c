// SPDX-License-Identifier: GPL-3.0-or-later
#include "conf/alias.h"

#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static const struct bw_place here = { "t.yml", 1, 1 };

static struct bw_node *add(struct bw_arena *arena, struct bw_node *map, const char *key,
                           struct bw_node *value)
{
    value->key = key != NULL ? bw_arena_strdup(arena, key) : NULL;
    bw_node_append(map, value);
    return value;
}

static struct bw_node *map_of(struct bw_arena *arena, const char *key, const char *text)
{
    struct bw_node *map = bw_node_new(arena, BW_NODE_MAP, here);
    add(arena, map, key, bw_node_text_new(arena, text, here));
    return map;
}

static void the_last_of_a_name_counts(void **state)
{
    (void)state;
    struct bw_arena arena = { 0 };
    struct bw_aliases aliases = { .arena = &arena };
    const struct bw_node *one = map_of(&arena, "a", "1"), *two = map_of(&arena, "a", "2");
    assert_null(bw_alias_find(&aliases, "x"));
    bw_alias_name(&aliases, "x", one);
    bw_alias_name(&aliases, "y", two);
    assert_ptr_equal(bw_alias_find(&aliases, "x"), one);
    bw_alias_name(&aliases, "x", two);
    assert_ptr_equal(bw_alias_find(&aliases, "x"), two);
    assert_null(bw_alias_find(&aliases, "X"));
    bw_arena_fini(&arena);
}

static void copies_share_no_nodes(void **state)
{
    (void)state;
    struct bw_arena arena = { 0 };
    struct bw_aliases aliases = { .arena = &arena };
    struct bw_node *map = map_of(&arena, "a", "1");
    struct bw_node *copy = bw_alias_copy(&aliases, map, 1);
    assert_non_null(copy);
    assert_string_equal(bw_node_find_text(copy, "a"), "1");
    assert_int_equal(copy->at.line, here.line);
    add(&arena, copy, "b", bw_node_text_new(&arena, "2", here));
    assert_int_equal(map->count, 1);
    bw_arena_fini(&arena);
}

static void depth_and_number_have_ceilings(void **state)
{
    (void)state;
    struct bw_arena arena = { 0 };
    struct bw_aliases aliases = { .arena = &arena };
    struct bw_node *outer = bw_node_new(&arena, BW_NODE_LIST, here);
    add(&arena, outer, NULL, map_of(&arena, "a", "1")); /* two deep, three nodes */
    assert_null(bw_alias_copy(&aliases, outer, 1));
    aliases.copied = 0;
    assert_non_null(bw_alias_copy(&aliases, outer, 2));
    aliases.copied = BW_CONF_COPIED_MAX - 3;
    assert_non_null(bw_alias_copy(&aliases, outer, 2));
    assert_null(bw_alias_copy(&aliases, outer, 2));
    bw_arena_fini(&arena);
}

static void what_is_there_is_not_taken_in(void **state)
{
    (void)state;
    struct bw_arena arena = { 0 };
    struct bw_node *map = map_of(&arena, "a", "own");
    struct bw_node *list = bw_node_new(&arena, BW_NODE_LIST, here);
    struct bw_node *first = map_of(&arena, "a", "first");
    add(&arena, first, "b", bw_node_text_new(&arena, "first", here));
    struct bw_node *second = map_of(&arena, "b", "second");
    add(&arena, second, "c", bw_node_text_new(&arena, "second", here));
    add(&arena, list, NULL, first);
    add(&arena, list, NULL, second);
    add(&arena, map, "<<", list);
    assert_true(bw_alias_take_in(&arena, map));
    assert_int_equal(map->count, 3);
    assert_string_equal(bw_node_find_text(map, "a"), "own");
    assert_string_equal(bw_node_find_text(map, "b"), "first");
    assert_string_equal(map->last->text, "second");
    assert_null(bw_node_find(map, "<<"));
    assert_true(bw_alias_take_in(&arena, map)); /* nothing to do */
    bw_arena_fini(&arena);
}

static void only_mappings_are_taken_in(void **state)
{
    (void)state;
    struct bw_arena arena = { 0 };
    struct bw_node *map = map_of(&arena, "<<", "text");
    assert_false(bw_alias_take_in(&arena, map));
    assert_int_equal(map->count, 0);
    assert_null(map->last);
    struct bw_node *list = bw_node_new(&arena, BW_NODE_LIST, here);
    add(&arena, list, NULL, map_of(&arena, "a", "1"));
    add(&arena, list, NULL, bw_node_text_new(&arena, "text", here));
    add(&arena, map, "<<", list);
    assert_false(bw_alias_take_in(&arena, map));
    bw_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_of_a_name_counts),
        cmocka_unit_test(copies_share_no_nodes),
        cmocka_unit_test(depth_and_number_have_ceilings),
        cmocka_unit_test(what_is_there_is_not_taken_in),
        cmocka_unit_test(only_mappings_are_taken_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
