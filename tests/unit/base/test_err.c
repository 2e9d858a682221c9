// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void context_is_added_in_front(void **state)
{
    (void)state;
    struct bw_err err = { 0 };
    assert_int_equal(bw_fail(&err, BW_EINVAL, "port %d", 99999), BW_EINVAL);
    assert_int_equal(bw_wrap(&err, BW_EINVAL, "line %d", 7), BW_EINVAL);
    assert_int_equal(bw_wrap(&err, BW_EIO, "load %s", "a.yml"), BW_EIO);
    assert_string_equal(err.text, "load a.yml: line 7: port 99999");
    assert_int_equal(err.rc, BW_EIO);
}

static void the_code_alone_is_fine(void **state)
{
    (void)state;
    assert_int_equal(bw_fail(NULL, BW_EFULL, "x"), BW_EFULL);
    assert_int_equal(bw_wrap(NULL, BW_EBUSY, "x"), BW_EBUSY);
}

static void a_text_is_one_printable_line(void **state)
{
    (void)state;
    struct bw_err err;
    bw_fail(&err, BW_EINVAL, "a\nb\x1b[2J\x7f\xc3\xa4");
    assert_string_equal(err.text, "a?b?[2J?\xc3\xa4");
}

static void a_long_text_is_cut(void **state)
{
    (void)state;
    struct bw_err err;
    char text[1000];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    bw_fail(&err, BW_EINVAL, "%s", text);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    bw_wrap(&err, BW_EINVAL, "%s", text);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
}

/* A cut that splits a character would make invalid UTF-8 of a good text. */
static void a_cut_keeps_characters_whole(void **state)
{
    (void)state;
    struct bw_err err;
    char text[1000];
    for (size_t i = 0; i + 2 < sizeof text; i += 2)
        memcpy(text + i, "\xc3\xa4", 3);
    bw_fail(&err, BW_EINVAL, "x%s", text);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    bw_fail(&err, BW_EINVAL, "%s", text);
    assert_int_equal(strlen(err.text), sizeof err.text - 2);
}

static void a_text_may_be_made_of_itself(void **state)
{
    (void)state;
    struct bw_err err;
    bw_fail(&err, BW_EINVAL, "inner");
    bw_fail(&err, BW_EIO, "outer of %s", err.text);
    assert_string_equal(err.text, "outer of inner");
}

static void every_code_has_words(void **state)
{
    (void)state;
    for (int rc = BW_OK; rc <= BW_EDENIED; rc++)
        assert_string_not_equal(bw_rc_text((enum bw_rc)rc), "unknown error");
    assert_string_equal(bw_rc_text((enum bw_rc)99), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(context_is_added_in_front),
        cmocka_unit_test(the_code_alone_is_fine),
        cmocka_unit_test(a_text_is_one_printable_line),
        cmocka_unit_test(a_long_text_is_cut),
        cmocka_unit_test(a_cut_keeps_characters_whole),
        cmocka_unit_test(a_text_may_be_made_of_itself),
        cmocka_unit_test(every_code_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
