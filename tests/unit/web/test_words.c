// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

static void availability_is_never_rounded_up(void **state)
{
    (void)state;
    static const struct {
        double ratio;
        const char *want;
    } cases[] = {
        { 1, "100 %" },     { 0.999999, "99.99 %" }, { 0.9999, "99.99 %" }, { 0.99899, "99.89 %" },
        { 0.5, "50.00 %" }, { 0.0001, "0.01 %" },    { 0, "0 %" },          { NAN, "\u2013" },
    };
    struct bw_arena arena;
    bw_arena_init(&arena);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(bw_words_available(&arena, cases[i].ratio), cases[i].want);
    bw_arena_fini(&arena);
}

static void labels_say_what_it_is_about_first(void **state)
{
    (void)state;
    static const struct {
        struct bw_label labels[4];
        size_t count;
        const char *want;
    } cases[] = {
        { { { NULL, NULL } }, 0, "" },
        { { { "check", "health" },
            { "instance", "a:1" },
            { "phase", "tls" },
            { "service", "web" } },
          4,
          "web \u00b7 a:1 \u00b7 health \u00b7 phase: tls" },
        { { { "mountpoint", "/" } }, 1, "mountpoint: /" },
        { { { "device", "sda" }, { "service", "host" } }, 2, "host \u00b7 device: sda" },
    };
    struct bw_arena arena;
    bw_arena_init(&arena);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_labels labels = { cases[i].labels, cases[i].count };
        assert_string_equal(bw_words_labels(&arena, labels), cases[i].want);
    }
    bw_arena_fini(&arena);
}

static void times_read_as_people_say_them(void **state)
{
    (void)state;
    static const struct {
        double seconds;
        const char *want;
    } cases[] = {
        { 0, "0 s" },           { 0.000512, "512 \u00b5s" }, { 0.085, "85 ms" },
        { 1.25, "1.25 s" },     { 200, "3m 20s" },           { NAN, "\u2013" },
        { INFINITY, "\u221e" }, { 1e12, "over 100 years" },
    };
    struct bw_arena arena;
    bw_arena_init(&arena);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(bw_words_seconds(&arena, cases[i].seconds), cases[i].want);
    bw_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(availability_is_never_rounded_up),
        cmocka_unit_test(labels_say_what_it_is_about_first),
        cmocka_unit_test(times_read_as_people_say_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
