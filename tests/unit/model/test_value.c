// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/value.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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

static void assert_json(const struct bw_value *value, const char *want)
{
    struct bw_buf out;
    bw_buf_init(&out, 1 << 16);
    struct bw_json json = bw_json_to(&out);
    bw_value_to_json(&json, value);
    assert_string_equal(out.data, want);
    bw_buf_fini(&out);
}

static void a_tree_reads_as_it_was_built(void **state)
{
    (void)state;
    struct bw_value *root = bw_value_object(&arena);
    bw_value_add_text(&arena, root, "text", "a\"b");
    bw_value_add_printf(&arena, root, "printed", "%d of %s", 3, "four");
    bw_value_add_int(&arena, root, "int", INT64_MIN);
    bw_value_add_number(&arena, root, "number", 0.1);
    bw_value_add_number(&arena, root, "unknown", (double)NAN);
    bw_value_add_bool(&arena, root, "bool", false);
    bw_value_add_null(&arena, root, "null");
    bw_value_add_text(&arena, root, "no text", NULL);
    struct bw_value *list = bw_value_add_list(&arena, root, "list");
    bw_value_add_int(&arena, list, NULL, 1);
    bw_value_add_bool(&arena, bw_value_add_object(&arena, list, NULL), "deep", true);
    bw_value_add_list(&arena, list, NULL);
    assert_json(root, "{\"text\":\"a\\\"b\",\"printed\":\"3 of four\",\"int\":-9223372036854775808,"
                      "\"number\":0.1,\"unknown\":null,\"bool\":false,\"null\":null,"
                      "\"no text\":null,\"list\":[1,{\"deep\":true},[]]}");
    assert_int_equal(root->count, 9);
    assert_int_equal(list->count, 3);
}

static void empty_ones_are_empty(void **state)
{
    (void)state;
    assert_json(bw_value_object(&arena), "{}");
    assert_json(bw_value_list(&arena), "[]");
}

static void text_is_copied(void **state)
{
    (void)state;
    char text[] = "before";
    struct bw_value *list = bw_value_list(&arena);
    struct bw_value *value = bw_value_add_text(&arena, list, NULL, text);
    memcpy(text, "after!", sizeof text);
    assert_string_equal(value->text, "before");
    assert_int_equal(value->len, 6);
}

static void printed_text_has_any_length(void **state)
{
    (void)state;
    struct bw_value *list = bw_value_list(&arena);
    const struct bw_value *value = bw_value_add_printf(&arena, list, NULL, "%0*d\xc3\xa9", 5000, 7);
    assert_int_equal(value->len, 5002);
    assert_string_equal(value->text + 4999, "7\xc3\xa9");
    assert_int_equal(bw_value_add_printf(&arena, list, NULL, "%s", "")->len, 0);
    assert_int_equal(list->count, 2);
}

static void members_are_found_by_whole_name(void **state)
{
    (void)state;
    struct bw_value *root = bw_value_object(&arena);
    const struct bw_value *a = bw_value_add_int(&arena, root, "a", 1);
    const struct bw_value *ab = bw_value_add_int(&arena, root, "ab", 2);
    bw_value_add_int(&arena, root, "a", 3);
    assert_ptr_equal(bw_value_member(root, "a", 1), a); /* the first of that name */
    assert_ptr_equal(bw_value_member(root, "abc", 2), ab);
    assert_null(bw_value_member(root, "abc", 3));
    assert_null(bw_value_member(root, "", 0));
}

static void only_objects_have_members(void **state)
{
    (void)state;
    struct bw_value *list = bw_value_list(&arena);
    const struct bw_value *text = bw_value_add_text(&arena, list, NULL, "a");
    assert_null(bw_value_member(list, "a", 1));
    assert_null(bw_value_member(text, "a", 1));
    assert_null(bw_value_member(NULL, "a", 1));
}

static void a_finished_tree_can_be_put_into_another(void **state)
{
    (void)state;
    struct bw_value *inner = bw_value_list(&arena);
    bw_value_add_int(&arena, inner, NULL, 1);
    struct bw_value *root = bw_value_object(&arena);
    assert_ptr_equal(bw_value_add(&arena, root, "inner", inner), inner);
    assert_json(root, "{\"inner\":[1]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_tree_reads_as_it_was_built, begin, end),
        cmocka_unit_test_setup_teardown(empty_ones_are_empty, begin, end),
        cmocka_unit_test_setup_teardown(text_is_copied, begin, end),
        cmocka_unit_test_setup_teardown(printed_text_has_any_length, begin, end),
        cmocka_unit_test_setup_teardown(members_are_found_by_whole_name, begin, end),
        cmocka_unit_test_setup_teardown(only_objects_have_members, begin, end),
        cmocka_unit_test_setup_teardown(a_finished_tree_can_be_put_into_another, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
