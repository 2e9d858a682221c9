// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void commas_stand_between_values(void **state)
{
    (void)state;
    struct bw_buf out;
    bw_buf_init(&out, 1000);
    struct bw_json json = bw_json_to(&out);
    bw_json_open(&json, '{');
    bw_json_member_text(&json, "text", "a\"b");
    bw_json_member_int(&json, "int", -5);
    bw_json_member_bool(&json, "yes", true);
    bw_json_member_time(&json, "at", 1000);
    bw_json_member_time(&json, "never", 0);
    bw_json_key(&json, "list");
    bw_json_open(&json, '[');
    bw_json_open(&json, '[');
    bw_json_close(&json, ']');
    bw_json_open(&json, '{');
    bw_json_close(&json, '}');
    bw_json_null(&json);
    bw_json_text(&json, NULL);
    bw_json_text_n(&json, "xyz", 2);
    bw_json_close(&json, ']');
    bw_json_member_double(&json, "last", 0.1);
    bw_json_close(&json, '}');
    assert_string_equal(out.data, "{\"text\":\"a\\\"b\",\"int\":-5,\"yes\":true,"
                                  "\"at\":\"1970-01-01T00:00:01Z\",\"never\":null,"
                                  "\"list\":[[],{},null,null,\"xy\"],\"last\":0.1}");
    bw_buf_fini(&out);
}

static void what_json_cannot_hold_is_null(void **state)
{
    (void)state;
    static const double values[] = { NAN, INFINITY, -INFINITY, -0.0, 1e300 };
    struct bw_buf out;
    bw_buf_init(&out, 1000);
    struct bw_json json = bw_json_to(&out);
    bw_json_open(&json, '[');
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        bw_json_double(&json, values[i]);
    bw_json_close(&json, ']');
    assert_string_equal(out.data, "[null,null,null,-0,1e+300]");
    bw_buf_fini(&out);
}

static void keys_are_escaped(void **state)
{
    (void)state;
    struct bw_buf out;
    bw_buf_init(&out, 1000);
    struct bw_json json = bw_json_to(&out);
    bw_json_open(&json, '{');
    bw_json_member_int(&json, "a\nb", 1);
    bw_json_member_bool(&json, "", false);
    bw_json_close(&json, '}');
    assert_string_equal(out.data, "{\"a\\nb\":1,\"\":false}");
    bw_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_stand_between_values),
        cmocka_unit_test(what_json_cannot_hold_is_null),
        cmocka_unit_test(keys_are_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
