// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/re2.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void patterns_get_other_words(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *form;
    } cases[] = {
        { "", "" },
        { "^220[ -]STARTTLS$", "^220[ -]STARTTLS$" },
        { "^+OK$?", "(?:^)+OK(?:$)?" },
        { "\\b{2}a\\z{1,}", "(?:\\b){2}a(?:\\z){1,}" },
        { "^{", "^{" },
        { "^{a}", "^{a}" },
        { "\\v\\0\\12\\123\\1\\8", "\\x0b\\x{0}\\x{a}\\x{53}\\1\\8" },
        { "\\p{Greek}\\P{^Han}\\pN\\p{Lu}\\p{Any}",
          "\\p{sc:Greek}\\P{^sc:Han}\\pN\\p{Lu}\\p{Any}" },
        { "\\p{scx:Greek}\\p{Gre", "\\p{scx:Greek}\\p{sc:Gre" },
        { "\\Q\\s^*\\E\\s", "\\Q\\s^*\\E[\\t\\n\\f\\r\\x20]" },
        { "\\Q\\s", "\\Q\\s" },
        { "[\\s-z]", "[\\t\\n\\f\\r\\x20\\-z]" },
        { "[]^$\\v-]", "[]^$\\x0b-]" },
        { "[^]\\w-]", "[^]0-9A-Za-z_-]" },
        { "[[:digit:]-[:^alpha:]-x[.]", "[0-9\\-[:^alpha:]\\-x\\[.]" },
        { "[[:x]", "[\\[:x]" },
        { "[a-z-9]", "[a-z-9]" },
        { "a\\", "a\\" },
        { "\\p", "\\p" },
        { "[\\", "[\\" },
        { "[", "[" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_buf out;
        bw_buf_init(&out, 1000);
        bw_re2_form(cases[i].pattern, &out);
        if (strcmp(out.data, cases[i].form) != 0)
            fail_msg("%s became %s", cases[i].pattern, out.data);
        bw_buf_fini(&out);
    }
}

static void broken_bytes_become_characters(void **state)
{
    (void)state;
    static const struct {
        const char *text, *whole;
    } cases[] = {
        { "", "" },
        { "a\xc3\xa4z", "a\xc3\xa4z" },
        { "a\xffz", "a\xef\xbf\xbdz" },
        { "\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd" },
        { "\xe2\x82\xac\xe2\x82.", "\xe2\x82\xac\xef\xbf\xbd\xef\xbf\xbd." },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_buf out;
        bw_buf_init(&out, 1000);
        bw_re2_text(cases[i].text, strlen(cases[i].text), &out);
        assert_string_equal(out.data, cases[i].whole);
        bw_buf_fini(&out);
    }
}

/* Each place of the text that is searched, back to the bytes. */
static void places_are_found_again(void **state)
{
    (void)state;
    static const char text[] = "a\xff\xc3\xa4\xe2\x82z";
    static const struct {
        size_t searched, bytes;
    } places[] = { { 0, 0 }, { 1, 1 }, { 4, 2 }, { 6, 4 }, { 9, 5 }, { 12, 6 }, { 13, 7 } };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        assert_int_equal(bw_re2_place(text, sizeof text - 1, places[i].searched), places[i].bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_get_other_words),
        cmocka_unit_test(broken_bytes_become_characters),
        cmocka_unit_test(places_are_found_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
