// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/facts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *fact(const struct bw_report_facts *facts, const char *name)
{
    for (size_t i = 0; i < facts->count; i++) {
        if (strcmp(facts->items[i].name, name) == 0)
            return facts->items[i].text;
    }
    fail_msg("no fact %s", name);
    return "";
}

/* The facts of a report whose checks spent their time so. */
static void state_times(const struct bw_report_time *time, struct bw_arena *arena,
                        struct bw_report_facts *out)
{
    const struct bw_report report = { .totals = { .time = *time } };
    bw_report_state_facts(&report, arena, out);
}

static const char *const share_names[] = { "healthy", "degraded", "unhealthy", "unknown",
                                           "maintenance" };

static void shares_add_up_to_a_hundred(void **state)
{
    (void)state;
    srand(3);
    for (int round = 0; round < 500; round++) {
        double parts[5], sum = 0;
        for (size_t i = 0; i < 5; i++)
            sum += parts[i] = i > 0 && rand() % 3 == 0 ? 0 : pow(10, rand() % 9) * (rand() % 1000);
        if (sum == 0)
            continue;
        const struct bw_report_time time = { parts[0] / sum, parts[1] / sum, parts[2] / sum,
                                             parts[3] / sum, parts[4] / sum };
        struct bw_arena arena;
        struct bw_report_facts facts;
        bw_arena_init(&arena);
        state_times(&time, &arena, &facts);
        double said = 0;
        for (size_t i = 0; i < 5; i++) {
            const double percent = strtod(fact(&facts, share_names[i]), NULL);
            assert_true(fabs(percent - parts[i] / sum * 100) < 0.0041);
            said += percent;
        }
        assert_true(fabs(said - 100) < 1e-9);
        bw_arena_fini(&arena);
    }
}

static void trouble_is_never_rounded_away(void **state)
{
    (void)state;
    const struct bw_report_time time = { .healthy_ratio = 1 - 2e-6, .unhealthy_ratio = 2e-6 };
    struct bw_arena arena;
    struct bw_report_facts facts;
    bw_arena_init(&arena);
    state_times(&time, &arena, &facts);
    assert_string_equal(fact(&facts, "healthy"), "99.999\xe2\x80\xaf%");
    assert_string_equal(fact(&facts, "unhealthy"), "0.001\xe2\x80\xaf%");
    assert_non_null(strstr(fact(&facts, "bar"), "class=\"unhealthy\""));
    bw_arena_fini(&arena);
}

static void counts_are_grouped_in_threes(void **state)
{
    (void)state;
    static const struct {
        uint64_t runs;
        const char *want;
    } cases[] = {
        { 0, "0" },
        { 999, "999" },
        { 1234, "1234" },
        { 12345, "12\xe2\x80\xaf"
                 "345" },
        { 1234567, "1\xe2\x80\xaf"
                   "234\xe2\x80\xaf"
                   "567" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct bw_report report = { .totals = { .runs = cases[i].runs } };
        struct bw_arena arena;
        struct bw_report_facts facts;
        bw_arena_init(&arena);
        bw_report_state_facts(&report, &arena, &facts);
        assert_string_equal(fact(&facts, "runs"), cases[i].want);
        bw_arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_add_up_to_a_hundred),
        cmocka_unit_test(trouble_is_never_rounded_away),
        cmocka_unit_test(counts_are_grouped_in_threes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
