// SPDX-License-Identifier: GPL-3.0-or-later
/* Beginnings that exporters tell: what is one, and what is only a clock that was set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "probe/births.h"

#include <math.h>
#include <string.h>

#define T0 1700000000.0

/* Runs are a minute apart; the first is at T0. */
static const struct {
    const char *name;
    struct bw_births first, second;
    const char *want;
} cases[] = {
    { "nothing is told", { NAN, NAN }, { NAN, NAN }, NULL },
    { "the same", { T0 - 500, T0 - 900 }, { T0 - 500, T0 - 900 }, NULL },
    { "the same, but for rounding", { T0 - 500, NAN }, { T0 - 499.5, NAN }, NULL },
    { "started anew",
      { T0 - 500, T0 - 900 },
      { T0 + 30, T0 - 900 },
      "the process was started anew" },
    { "its clock is behind", { T0 - 500, NAN }, { T0 - 20, NAN }, "the process was started anew" },
    { "booted, and so started",
      { T0 - 500, T0 - 900 },
      { T0 + 40, T0 + 5 },
      "its machine was booted" },
    { "a clock that was set", { T0 - 50000, T0 - 90000 }, { T0 - 46400, T0 - 86400 }, NULL },
    { "set back", { T0 - 500, NAN }, { T0 - 4000, NAN }, NULL },
    { "it comes to be known", { NAN, NAN }, { T0 + 30, NAN }, NULL },
    { "it is not told any more", { T0 - 500, NAN }, { NAN, NAN }, NULL },
};

static void only_what_began_since_is_told(void **state)
{
    (void)state;
    const int64_t t0_ms = (int64_t)T0 * 1000;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_births_memory memory = { .seen_ms = 0 };
        assert_null(bw_births_compare(&memory, &cases[i].first, t0_ms));
        const char *got = bw_births_compare(&memory, &cases[i].second, t0_ms + 60000);
        if ((got == NULL) != (cases[i].want == NULL)
            || (got != NULL && strcmp(got, cases[i].want) != 0))
            fail_msg("%s: %s", cases[i].name, got != NULL ? got : "nothing");
        assert_null(bw_births_compare(&memory, &cases[i].second, t0_ms + 120000));
    }
}

static void who_was_away_is_compared_with_before(void **state)
{
    (void)state;
    struct bw_births_memory memory = { .seen_ms = 0 };
    const struct bw_births before = { T0 - 500, NAN }, away = { NAN, NAN },
                           after = { T0 + 90, NAN };
    const int64_t t0_ms = (int64_t)T0 * 1000;
    assert_null(bw_births_compare(&memory, &before, t0_ms));
    assert_null(bw_births_compare(&memory, &away, t0_ms + 60000));
    assert_non_null(bw_births_compare(&memory, &after, t0_ms + 120000));
}

/* The machine goes on telling when it was booted. */
static void a_process_may_be_away_alone(void **state)
{
    (void)state;
    struct bw_births_memory memory = { .seen_ms = 0 };
    const struct bw_births before = { T0 - 500, T0 - 900 }, away = { NAN, T0 - 900 },
                           after = { T0 + 90, T0 - 900 };
    const int64_t t0_ms = (int64_t)T0 * 1000;
    assert_null(bw_births_compare(&memory, &before, t0_ms));
    assert_null(bw_births_compare(&memory, &away, t0_ms + 60000));
    assert_string_equal(bw_births_compare(&memory, &after, t0_ms + 120000),
                        "the process was started anew");
}

/* A process that dies every minute. */
static void what_begins_again_and_again_is_told_now_and_then(void **state)
{
    (void)state;
    struct bw_births_memory memory = { .seen_ms = 0 };
    unsigned told = 0;
    for (int64_t minute = 0; minute < 60; minute++) {
        const struct bw_births births = { T0 + 60.0 * (double)minute - 5, NAN };
        told += bw_births_compare(&memory, &births, (int64_t)T0 * 1000 + minute * 60000) != NULL;
    }
    assert_int_equal(told, 6);
}

/* The names are our own: they are taken out, and the rest is measured without a complaint. */
static void they_are_no_series(void **state)
{
    (void)state;
    struct bw_arena arena = { 0 };
    struct bw_text_doc doc;
    struct bw_measures measures;
    struct bw_err err = { .text = "" };
    static const struct bw_text_rules rules = { .samples_max = 10, .families_max = 10 };
    static const char text[] = "# TYPE process_start_time_seconds gauge\n"
                               "process_start_time_seconds 1.7e9\n"
                               "node_boot_time_seconds{a=\"b\"} 5\n"
                               "births_test_jobs 3\n";
    bw_text_doc_init(&doc, &arena, &rules);
    assert_int_equal(bw_text_doc_add(&doc, "a test", bw_span_of(text), &err), BW_OK);
    const struct bw_births births = bw_births_take(&doc);
    assert_true(births.process_s == 1.7e9);
    assert_true(isnan(births.machine_s)); /* of whom it is nobody knows */
    bw_measures_init(&measures, &arena);
    assert_int_equal(bw_text_doc_measure(&doc, &measures, &err), BW_OK);
    assert_int_equal(measures.count, 1);
    assert_true(measures.items[0].value == 3);
    bw_text_doc_fini(&doc);
    bw_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_began_since_is_told),
        cmocka_unit_test(who_was_away_is_compared_with_before),
        cmocka_unit_test(a_process_may_be_away_alone),
        cmocka_unit_test(what_begins_again_and_again_is_told_now_and_then),
        cmocka_unit_test(they_are_no_series),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
