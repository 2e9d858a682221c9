// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/terminal.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *text, *utf8, *ascii;
} texts[] = {
    { "plain", "plain", "plain" },
    { "na\xc3\xafve", "na\xc3\xafve", "na?ve" },
    { "\x1b[31m", "?[31m", "?[31m" },
    { "a\nb\tc\x7f", "a?b?c?", "a?b?c?" },
    { "\xc2\x9b"
      "31m",
      "?31m", "?31m" }, /* the one-character CSI */
    { "a\xff\xfe"
      "b",
      "a??b", "a??b" },
    { "\xe2\x96\x88", "\xe2\x96\x88", "?" },
    { "cut \xe2\x96", "cut ??", "cut ??" },
};

static void text_from_outside_cannot_steer_the_terminal(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct bw_buf out;
        bw_buf_init(&out, 1u << 16);
        bw_terminal_text(&out, true, texts[i].text, strlen(texts[i].text));
        assert_string_equal(out.data, texts[i].utf8);
        bw_buf_clear(&out);
        bw_terminal_text(&out, false, texts[i].text, strlen(texts[i].text));
        assert_string_equal(out.data, texts[i].ascii);
        bw_buf_fini(&out);
    }
}

static void colour_is_for_those_who_want_it(void **state)
{
    (void)state;
    struct bw_terminal terminal = { .colour = true };
    struct bw_buf out;
    bw_buf_init(&out, 1u << 16);
    bw_terminal_tone(&out, &terminal, BW_TONE_BAD, "x");
    bw_terminal_tone(&out, &terminal, BW_TONE_PLAIN, "y");
    assert_string_equal(out.data, "\x1b[31mx\x1b[0my");
    bw_buf_clear(&out);
    terminal.colour = false;
    bw_terminal_tone(&out, &terminal, BW_TONE_BAD, "x");
    assert_string_equal(out.data, "x");
    bw_buf_fini(&out);
}

static void the_first_locale_that_is_set_decides(void **state)
{
    (void)state;
    setenv("LANG", "de_AT.UTF-8", 1);
    setenv("LC_CTYPE", "", 1);
    setenv("LC_ALL", "", 1);
    assert_true(bw_terminal_look().utf8);
    setenv("LC_ALL", "C", 1);
    assert_false(bw_terminal_look().utf8);
    setenv("LC_ALL", "C.utf8", 1);
    assert_true(bw_terminal_look().utf8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_from_outside_cannot_steer_the_terminal),
        cmocka_unit_test(colour_is_for_those_who_want_it),
        cmocka_unit_test(the_first_locale_that_is_set_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
