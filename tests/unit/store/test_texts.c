// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/texts.h"

#include <stdio.h>
#include <string.h>

enum { TEXTS = 9000 };

static size_t write_text(char *out, size_t size, unsigned i)
{
    return (size_t)snprintf(out, size, "%u%*s", i, (int)(i % 97), "");
}

static void each_text_is_kept_once(void **state)
{
    (void)state;
    static uint32_t numbers[TEXTS];
    struct bw_texts texts = { 0 };
    char text[200];
    const char *first = NULL;
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < TEXTS; i++) {
            const size_t size = write_text(text, sizeof text, i);
            assert_true((bw_texts_find(&texts, text, size) == BW_TEXT_NONE) == (round == 0));
            const uint32_t number = bw_texts_keep(&texts, text, size);
            assert_true(round == 0 || number == numbers[i]);
            numbers[i] = number;
            assert_int_equal(bw_texts_find(&texts, text, size), number);
            if (i == 0 && round == 0)
                first = bw_texts_at(&texts, number);
        }
        assert_int_equal(texts.count, TEXTS);
    }
    for (unsigned i = 0; i < TEXTS; i++) {
        write_text(text, sizeof text, i);
        assert_string_equal(bw_texts_at(&texts, numbers[i]), text);
    }
    assert_ptr_equal(bw_texts_at(&texts, numbers[0]), first); /* it did not move */
    bw_texts_fini(&texts);
}

static void a_beginning_is_another_text(void **state)
{
    (void)state;
    struct bw_texts texts = { 0 };
    const uint32_t whole = bw_texts_keep(&texts, "abcd", 4);
    assert_int_equal(bw_texts_find(&texts, "abcd", 3), BW_TEXT_NONE);
    assert_int_equal(bw_texts_find(&texts, "abcd", 0), BW_TEXT_NONE);
    const uint32_t part = bw_texts_keep(&texts, "abcd", 3), none = bw_texts_keep(&texts, "", 0);
    assert_true(whole != part && part != none && whole != none);
    assert_string_equal(bw_texts_at(&texts, part), "abc");
    assert_string_equal(bw_texts_at(&texts, none), "");
    bw_texts_fini(&texts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_text_is_kept_once),
        cmocka_unit_test(a_beginning_is_another_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
