// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "synth.h"
#include "trend/analyse.h"
#include "trend/given.h"
#include "trend/segment.h"

#include <gsl/gsl_errno.h>
#include <stdlib.h>

enum { N = 240, SEEDS = 100 };

/* How many of SEEDS series have a change, asked with these marks; *out_there: at `where` or the
 * place after it. */
static unsigned changed(const struct synth *synth, const size_t *mark, size_t marks, size_t where,
                        unsigned *out_there)
{
    unsigned found = 0;
    double x[N];
    size_t change[BW_TREND_BLOCKS_MAX];
    *out_there = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct bw_arena arena = { 0 };
        synth_make(synth, seed, x, N);
        const size_t count = bw_trend_segments_marked(&arena, x, N, mark, marks, change);
        found += count > 0;
        for (size_t i = 0; i < count; i++)
            *out_there += change[i] == where || change[i] == where + 1;
        bw_arena_fini(&arena);
    }
    return found;
}

static void a_deployment_that_changed_nothing_is_no_change(void **state)
{
    (void)state;
    static const size_t one[] = { 120 };
    static const size_t many[] = { 20, 50, 80, 110, 140, 170, 200, 230 };
    static const double phis[] = { 0, 0.5, 0.8, 0.95 };
    unsigned there;
    for (size_t i = 0; i < sizeof phis / sizeof *phis; i++) {
        const struct synth idle = { .sd = 1, .phi = phis[i] };
        assert_in_range(changed(&idle, one, 1, 120, &there), 0, SEEDS * 2 / 100);
        assert_in_range(changed(&idle, many, 8, 120, &there), 0, SEEDS * 2 / 100);
    }
}

/* A shift that is too small to be found anywhere is found where somebody says that it is. */
static void a_change_where_it_was_said_needs_less_evidence(void **state)
{
    (void)state;
    static const size_t right[] = { 120 }, wrong[] = { 60 }, among[] = { 30, 60, 120, 200 };
    const struct synth shifted = { .sd = 1, .shift = 0.8 };
    unsigned there, unsaid, said, chosen;
    unsaid = changed(&shifted, NULL, 0, 120, &there);
    changed(&shifted, right, 1, 120, &said);
    changed(&shifted, among, 4, 120, &chosen);
    assert_in_range(unsaid, 0, SEEDS * 20 / 100);
    assert_in_range(said, SEEDS * 65 / 100, SEEDS);
    assert_in_range(chosen, SEEDS * 45 / 100, SEEDS);
    changed(&shifted, wrong, 1, 60, &there);
    assert_in_range(there, 0, SEEDS * 5 / 100);
}

/* Sooner than the shortest piece that is looked for otherwise. */
static void a_fresh_change_is_seen_after_five_blocks(void **state)
{
    (void)state;
    double x[N];
    size_t change[BW_TREND_BLOCKS_MAX];
    static const size_t mark[] = { N - 7 };
    struct bw_arena arena = { 0 };
    synth_make(&(struct synth){ .sd = 1 }, 3, x, N);
    for (size_t i = N - 7; i < N; i++)
        x[i] += 8;
    assert_int_equal(bw_trend_segments_marked(&arena, x, N, mark, 1, change), 1);
    assert_int_equal(change[0], N - 7);
    bw_arena_fini(&arena);
}

static void names_are_blocks(void **state)
{
    (void)state;
    /* Ten cells a block, the first holds three. */
    static const size_t mark[] = { 0, 2, 3, 12, 13, 95, 1000 };
    static const size_t want[] = { 0, 1, 2, 3, 10, 11 };
    struct bw_trend_given given;
    bw_trend_given_blocks(mark, 7, 3, 10, 12, &given);
    assert_int_equal(given.count, 7);
    assert_int_equal(given.places, 6);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(given.at[i], want[i]);
    size_t crowd[3 * BW_TREND_MARKS_MAX];
    for (size_t i = 0; i < 3 * BW_TREND_MARKS_MAX; i++)
        crowd[i] = 4 * i;
    bw_trend_given_blocks(crowd, 3 * BW_TREND_MARKS_MAX, 1, 1, 250, &given);
    assert_int_equal(given.count, BW_TREND_MARKS_MAX);
    assert_int_equal(given.places, 2 * BW_TREND_MARKS_MAX);
    assert_int_equal(given.at[0], 4 * 2 * BW_TREND_MARKS_MAX);
}

/* The whole way: a request with a time, a record that says what changed then. */
static void an_analysis_finds_the_shift_at_the_break(void **state)
{
    (void)state;
    enum { MINUTE_MS = 60000 };
    static const int64_t breaks_ms[] = { -5, 120 * MINUTE_MS - 1000, INT64_C(1) << 50 };
    struct bw_trend_scratch *scratch = bw_trend_scratch_new();
    unsigned without = 0, with = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        double x[N];
        struct bw_point points[N];
        synth_make(&(struct synth){ .level = 100, .sd = 1, .shift = 0.9 }, seed, x, N);
        for (size_t i = 0; i < N; i++)
            points[i] = (struct bw_point){ (int64_t)i * MINUTE_MS, x[i] };
        struct bw_trend_request request = { .points = points, .count = N, .threshold = NAN };
        struct bw_trend_record record = { 0 };
        assert_int_equal(bw_trend_analyse(&request, scratch, &record, NULL), BW_OK);
        without += record.finding_count > 0 && record.findings[0].kind == BW_FINDING_LEVEL_SHIFT;
        request.breaks_ms = breaks_ms;
        request.break_count = 3;
        assert_int_equal(bw_trend_analyse(&request, scratch, &record, NULL), BW_OK);
        with += record.finding_count > 0 && record.findings[0].kind == BW_FINDING_LEVEL_SHIFT
                && llabs(record.findings[0].at_ms - breaks_ms[1]) <= 3 * MINUTE_MS;
    }
    if (with < 20 || without * 2 > with)
        fail_msg("%u without the break, %u with it", without, with);
    bw_trend_scratch_free(scratch);
}

int main(void)
{
    gsl_set_error_handler_off();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deployment_that_changed_nothing_is_no_change),
        cmocka_unit_test(a_change_where_it_was_said_needs_less_evidence),
        cmocka_unit_test(a_fresh_change_is_seen_after_five_blocks),
        cmocka_unit_test(names_are_blocks),
        cmocka_unit_test(an_analysis_finds_the_shift_at_the_break),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
