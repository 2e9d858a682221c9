// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/sheet_text.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define FFFD "\xef\xbf\xbd"

static const struct {
    const char *text, *want;
} cases[] = {
    { "plain", "plain" },
    { "", "" },
    { "tab\tand\nline", "tab\tand\nline" },
    { "a\x01\rb\x7f", "a" FFFD FFFD "b" FFFD },
    { "\xff\xc3(", FFFD FFFD "(" },
    { "\xed\xa0\x80", FFFD FFFD FFFD },
    { "x\xef\xbf\xbe\xef\xbf\xbfy", "x" FFFD FFFD "y" },
    { "\xef\xbf\xbd stays", FFFD " stays" },
    { "\xf0\x9f\x94\xa5", "\xf0\x9f\x94\xa5" },
    { "_x0041_", "_x005F_x0041_" },
    { "_x00AF__xzzzz__x1", "_x005F_x00AF__xzzzz__x1" },
    { "_x000\xff_", "_x000" FFFD "_" },
};

static void texts_become_what_xml_can_hold(void **state)
{
    (void)state;
    struct bw_buf out;
    bw_buf_init(&out, BW_SHEET_TEXT_BYTES_MAX);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bw_buf_clear(&out);
        bw_sheet_text(&out, cases[i].text, strlen(cases[i].text));
        assert_string_equal(out.data, cases[i].want);
    }
    bw_buf_fini(&out);
}

/* `unit` again and again; the UTF-16 units of what comes out. */
static size_t units_of(const char *unit, size_t times, bool *out_cut)
{
    const size_t n = strlen(unit);
    char *text = bw_alloc(n * times + 1);
    for (size_t i = 0; i < times; i++)
        memcpy(text + i * n, unit, n);
    struct bw_buf out;
    bw_buf_init(&out, BW_SHEET_TEXT_BYTES_MAX);
    bw_sheet_text(&out, text, n * times);
    assert_false(bw_buf_failed(&out));
    assert_int_equal(bw_utf8_valid_prefix(out.data, out.len), out.len);
    *out_cut = bw_text_ends_with(out.data, "\xe2\x80\xa6");
    size_t units = 0;
    for (size_t i = 0; i < out.len; i++) {
        const unsigned char c = (unsigned char)out.data[i];
        units += c >= 0xf0 ? 2 : (c & 0xc0) != 0x80;
    }
    bw_buf_fini(&out);
    free(text);
    return units;
}

static void long_texts_are_cut_and_say_so(void **state)
{
    (void)state;
    bool cut;
    assert_int_equal(units_of("a", 32766, &cut), 32766);
    assert_false(cut);
    assert_int_equal(units_of("a", 40000, &cut), 32767);
    assert_true(cut);
    assert_int_equal(units_of("\xf0\x9f\x94\xa5", 20000, &cut), 32767);
    assert_true(cut);
    assert_true(units_of("\xff", 40000, &cut) <= 32767);
    assert_true(cut);
    assert_true(units_of("_x0041_", 40000, &cut) <= 32767);
    assert_true(cut);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_become_what_xml_can_hold),
        cmocka_unit_test(long_texts_are_cut_and_say_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
