// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/trend_told.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

static struct bw_statement_summary nothing(void)
{
    return (struct bw_statement_summary){
        .all = { .inside80_ratio = NAN, .inside95_ratio = NAN, .skill_ratio = NAN }
    };
}

static void tell(struct bw_statement_summary *summary, enum bw_statement_kind kind, size_t bin,
                 uint64_t count, uint64_t true_count)
{
    struct bw_statement_told *told = &summary->told[kind];
    told->count += count;
    told->true_count += true_count;
    told->bins[bin].count += count;
    told->bins[bin].true_count += true_count;
    told->bins[bin].stated += (double)count * ((double)bin + 0.5) / 10;
}

/* The sentences, a line each. */
static void expect(const struct bw_statement_summary *summary, const char *want)
{
    struct bw_arena arena = { 0 };
    struct bw_value *root = bw_value_object(&arena);
    const char *text = "";
    bw_trend_told_list(&arena, root, "told", summary);
    for (const struct bw_value *item = root->last->first; item != NULL; item = item->next)
        text = bw_arena_printf(&arena, "%s%s\n", text, item->text);
    assert_string_equal(text, want);
    bw_arena_fini(&arena);
}

static void what_is_not_known_is_not_said(void **state)
{
    (void)state;
    struct bw_statement_summary summary = nothing();
    expect(&summary, "");
    summary.open = 7;
    expect(&summary, "7 statements about the future wait until it can be told whether they were "
                     "right.\n");
}

static void shares_are_told_where_there_are_enough(void **state)
{
    (void)state;
    struct bw_statement_summary summary = nothing();
    tell(&summary, BW_STATEMENT_TREND, 8, 60, 51);
    tell(&summary, BW_STATEMENT_FLAT, 8, 40, 33);
    tell(&summary, BW_STATEMENT_THRESHOLD, 0, 100, 4);
    tell(&summary, BW_STATEMENT_THRESHOLD, 3, 19, 19);
    expect(&summary, "Of 219 statements about directions and limits that fell due in the last five "
                     "weeks, 49 % came true, where 44 % were expected. Of those said with 80 to 90 "
                     "%: 84 % came true; 0 to 10 %: 4.0 % came true.\n");
}

static void forecasts_are_held_against_standing_still(void **state)
{
    (void)state;
    struct bw_statement_summary summary = nothing();
    summary.all = (struct bw_statement_forecasts){
        .count = 45.4, .inside80_ratio = 0.79, .inside95_ratio = 0.95, .skill_ratio = 0.31
    };
    summary.muted_series = 2;
    expect(&summary,
           "Of 45 forecasts, older ones counting less, 79 % lay between P10 and P90 (80 % should), "
           "95 % within the 95 % interval; errors were 31 % smaller than by saying that all stays "
           "as it is.\n"
           "Forecasts of 2 series do worse than saying that all stays as it is: no alert follows "
           "from them.\n");
}

static void of_one_series(void **state)
{
    (void)state;
    struct bw_arena arena = { 0 };
    struct bw_trend_record trend = { .skill_ratio = NAN, .inside80_ratio = NAN };
    assert_string_equal(bw_trend_told_words(&arena, &trend), "");
    trend.told = 30;
    trend.inside80_ratio = 0.5;
    trend.skill_ratio = -0.4;
    trend.muted = true;
    assert_string_equal(bw_trend_told_words(&arena, &trend),
                        "of 30 that fell due 50 % lay between P10 and P90; errors were 40 % larger "
                        "than by saying that all stays as it is; no alert follows from them");
    bw_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_known_is_not_said),
        cmocka_unit_test(shares_are_told_where_there_are_enough),
        cmocka_unit_test(forecasts_are_held_against_standing_still),
        cmocka_unit_test(of_one_series),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
