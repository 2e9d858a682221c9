// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void writers_append(void **state)
{
    (void)state;
    struct bw_buf buf;
    bw_buf_init(&buf, 1000);
    assert_string_equal(buf.data, "");
    bw_buf_text(&buf, "a");
    bw_buf_char(&buf, 'b');
    bw_buf_fill(&buf, '-', 3);
    bw_buf_int(&buf, INT64_MIN);
    bw_buf_char(&buf, ' ');
    bw_buf_uint(&buf, UINT64_MAX);
    bw_buf_double(&buf, 0.5);
    bw_buf_printf(&buf, "<%s %d>", "x", 7);
    bw_buf_bytes(&buf, NULL, 0);
    assert_string_equal(buf.data, "ab----9223372036854775808 184467440737095516150.5<x 7>");
    assert_int_equal(buf.len, strlen(buf.data));
    assert_false(bw_buf_failed(&buf));
    bw_buf_fini(&buf);
}

static void a_failure_sticks_and_empties(void **state)
{
    (void)state;
    struct bw_buf buf;
    bw_buf_init(&buf, 4);
    bw_buf_text(&buf, "1234");
    assert_string_equal(buf.data, "1234");
    bw_buf_char(&buf, '5');
    assert_true(bw_buf_failed(&buf));
    assert_string_equal(buf.data, "");
    bw_buf_char(&buf, '6');
    bw_buf_printf(&buf, "%d", 7);
    assert_int_equal(buf.len, 0);
    assert_null(bw_buf_reserve(&buf, 1));
    bw_buf_clear(&buf);
    assert_false(bw_buf_failed(&buf));
    bw_buf_printf(&buf, "%d", 1234);
    assert_string_equal(buf.data, "1234");
    bw_buf_clear(&buf);
    bw_buf_printf(&buf, "%d", 12345);
    assert_null(bw_buf_detach(&buf, NULL));
    bw_buf_fini(&buf);
    bw_buf_fini(&buf);
}

/* Numbers reserve more than they use: near the ceiling that must not matter. */
static void numbers_fit_to_the_last_byte(void **state)
{
    (void)state;
    struct bw_buf buf;
    bw_buf_init(&buf, 3);
    bw_buf_uint(&buf, 123);
    assert_string_equal(buf.data, "123");
    bw_buf_clear(&buf);
    bw_buf_double(&buf, 1.5);
    assert_string_equal(buf.data, "1.5");
    bw_buf_uint(&buf, 1);
    assert_true(bw_buf_failed(&buf));
    bw_buf_fini(&buf);
}

static void detached_bytes_belong_to_the_caller(void **state)
{
    (void)state;
    struct bw_buf buf;
    size_t len;
    bw_buf_init(&buf, 100);
    char *nothing = bw_buf_detach(&buf, &len);
    assert_string_equal(nothing, "");
    assert_int_equal(len, 0);
    free(nothing);
    bw_buf_text(&buf, "text");
    char *text = bw_buf_detach(&buf, &len);
    assert_string_equal(text, "text");
    assert_int_equal(len, 4);
    free(text);
    assert_string_equal(buf.data, "");
    bw_buf_text(&buf, "again");
    assert_string_equal(buf.data, "again");
    bw_buf_fini(&buf);
}

static void it_grows_byte_by_byte(void **state)
{
    (void)state;
    struct bw_buf buf;
    bw_buf_init(&buf, 1u << 20);
    for (size_t i = 0; i < 100000; i++)
        bw_buf_char(&buf, (char)('a' + i % 26));
    assert_int_equal(buf.len, 100000);
    for (size_t i = 0; i < buf.len; i++)
        assert_int_equal(buf.data[i], 'a' + i % 26);
    assert_int_equal(buf.data[buf.len], '\0');
    bw_buf_fini(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writers_append),
        cmocka_unit_test(a_failure_sticks_and_empties),
        cmocka_unit_test(numbers_fit_to_the_last_byte),
        cmocka_unit_test(detached_bytes_belong_to_the_caller),
        cmocka_unit_test(it_grows_byte_by_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
