// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void lines_and_words_come_one_by_one(void **state)
{
    (void)state;
    struct bw_span text = bw_span_of("\n a  b\t\tc \n\n  \nlast"), line, word;
    assert_true(bw_scan_line(&text, &line));
    assert_true(bw_scan_word(&line, &word) && bw_span_is(word, "a"));
    assert_true(bw_scan_word(&line, &word) && bw_span_is(word, "b"));
    assert_true(bw_scan_word(&line, &word) && bw_span_is(word, "c"));
    assert_false(bw_scan_word(&line, &word));
    assert_true(bw_scan_line(&text, &line) && bw_span_is(line, "last"));
    assert_false(bw_scan_line(&text, &line));
}

static void numbers_stop_at_what_is_none(void **state)
{
    (void)state;
    struct bw_span line = bw_span_of("1 18446744073709551615 x 3");
    uint64_t values[4];
    assert_int_equal(bw_scan_uints(&line, values, 4), 2);
    assert_true(values[1] == UINT64_MAX);
    struct bw_span word;
    assert_true(bw_scan_word(&line, &word) && bw_span_is(word, "x"));
    struct bw_span negative = bw_span_of("-1"), huge = bw_span_of("18446744073709551616");
    assert_false(bw_scan_uint(&negative, values));
    assert_false(bw_scan_uint(&huge, values));
    double value;
    struct bw_span load = bw_span_of(" 0.25 ");
    assert_true(bw_scan_double(&load, &value) && value == 0.25);
}

static void long_words_are_cut(void **state)
{
    (void)state;
    char text[4];
    assert_string_equal(bw_scan_text(bw_span_of("abcdef"), text, sizeof text), "abc");
    assert_string_equal(bw_scan_text(bw_span_of("ab"), text, sizeof text), "ab");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_and_words_come_one_by_one),
        cmocka_unit_test(numbers_stop_at_what_is_none),
        cmocka_unit_test(long_words_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
