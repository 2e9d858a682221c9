// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void spans_are_split(void **state)
{
    (void)state;
    static const char *const parts[] = { "a", "", "b c", "" };
    struct bw_span rest = bw_span_of("a,,b c,"), part;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        assert_true(bw_span_split(&rest, ',', &part));
        assert_true(bw_span_is(part, parts[i]));
    }
    assert_false(bw_span_split(&rest, ',', &part));
    rest = bw_span_of("");
    assert_true(bw_span_split(&rest, ',', &part));
    assert_int_equal(part.len, 0);
    assert_false(bw_span_split(&rest, ',', &part));
    rest = bw_span_of(NULL);
    assert_false(bw_span_split(&rest, ',', &part));
}

static void spans_are_trimmed(void **state)
{
    (void)state;
    assert_true(bw_span_is(bw_span_trim(bw_span_of(" \t\r\n a b \n")), "a b"));
    assert_true(bw_span_is(bw_span_trim(bw_span_of("  ")), ""));
    assert_false(bw_span_is(bw_span_of("ab"), "a"));
}

static void ends_are_compared(void **state)
{
    (void)state;
    assert_true(bw_text_starts_with("abc", "ab"));
    assert_true(bw_text_starts_with("abc", ""));
    assert_false(bw_text_starts_with("a", "ab"));
    assert_true(bw_text_ends_with("abc", "bc"));
    assert_false(bw_text_ends_with("c", "bc"));
}

static void a_copy_keeps_characters_whole(void **state)
{
    (void)state;
    char out[5];
    bw_text_copy(out, sizeof out, "abc");
    assert_string_equal(out, "abc");
    bw_text_copy(out, sizeof out, "abcdef");
    assert_string_equal(out, "abcd");
    bw_text_copy(out, sizeof out, "abc\xc3\xa4");
    assert_string_equal(out, "abc");
    bw_text_copy(out, sizeof out, "ab\xc3\xa4x");
    assert_string_equal(out, "ab\xc3\xa4");
    bw_text_copy(out, sizeof out, "a\xf0\x9f\x98\x80");
    assert_string_equal(out, "a");
    bw_text_copy(out, 1, "abc");
    assert_string_equal(out, "");
}

static const struct {
    const char *text;
    size_t valid;
} utf8[] = {
    { "abc", 3 },
    { "\xc3\xa4", 2 },
    { "\xe2\x82\xac", 3 },
    { "\xf0\x9f\x98\x80", 4 },
    { "\xf4\x8f\xbf\xbf", 4 },
    { "a\x80", 1 },             /* continuation alone */
    { "a\xc3", 1 },             /* cut short */
    { "a\xe2\x82", 1 },         /* cut short */
    { "a\xc0\xaf", 1 },         /* overlong */
    { "a\xc1\xbf", 1 },         /* overlong */
    { "a\xe0\x9f\xbf", 1 },     /* overlong */
    { "a\xf0\x8f\xbf\xbf", 1 }, /* overlong */
    { "a\xed\xa0\x80", 1 },     /* surrogate */
    { "a\xf4\x90\x80\x80", 1 }, /* beyond U+10FFFF */
    { "a\xf5\x80\x80\x80", 1 }, /* beyond U+10FFFF */
    { "a\xc3\x28", 1 },         /* no continuation */
    { "\xed\x9f\xbf\xee\x80\x80", 6 },
};

static void utf8_is_valid_up_to_its_first_mistake(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof utf8 / sizeof *utf8; i++)
        assert_int_equal(bw_utf8_valid_prefix(utf8[i].text, strlen(utf8[i].text)), utf8[i].valid);
    assert_int_equal(bw_utf8_valid_prefix("a\0b", 3), 3);
}

static void distances_count_edits(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        unsigned want;
    } cases[] = { { "", "", 0 },
                  { "", "abc", 3 },
                  { "timeout", "timeout", 0 },
                  { "timeuot", "timeout", 1 },
                  { "prot", "port", 1 },
                  { "kitten", "sitting", 3 },
                  { "ab", "ba", 1 },
                  { "abc", "ca", 3 } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(bw_text_distance(cases[i].a, cases[i].b), cases[i].want);
        assert_int_equal(bw_text_distance(cases[i].b, cases[i].a), cases[i].want);
    }
    char long_word[42];
    memset(long_word, 'x', sizeof long_word - 1);
    long_word[41] = '\0';
    assert_int_equal(bw_text_distance(long_word, long_word), 99);
    long_word[40] = '\0';
    assert_int_equal(bw_text_distance(long_word, long_word), 0);
}

static void userinfo_is_hidden(void **state)
{
    (void)state;
    static const struct {
        const char *url, *shown;
    } cases[] = {
        { "https://user:pass@host.test/a?b", "https://***@host.test/a?b" },
        { "https://token@host.test", "https://***@host.test" },
        { "http://u:p@ss@[::1]:80/", "http://***@[::1]:80/" },
        { "u:p@host:80/x", "***@host:80/x" },
        { "host:80/?mail=a@b", "host:80/?mail=a@b" },
        { "http://host/a@b", "http://host/a@b" },
        { "host/?next=http://u@h", "host/?next=http://u@h" },
        { "/usr/bin/check@1", "/usr/bin/check@1" },
        { "", "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char shown[64];
        bw_text_hide_userinfo(shown, sizeof shown, cases[i].url);
        assert_string_equal(shown, cases[i].shown);
    }
    char few[8];
    bw_text_hide_userinfo(few, sizeof few, "u:secret@host");
    assert_string_equal(few, "***@hos");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans_are_split),
        cmocka_unit_test(spans_are_trimmed),
        cmocka_unit_test(ends_are_compared),
        cmocka_unit_test(a_copy_keeps_characters_whole),
        cmocka_unit_test(utf8_is_valid_up_to_its_first_mistake),
        cmocka_unit_test(distances_count_edits),
        cmocka_unit_test(userinfo_is_hidden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
