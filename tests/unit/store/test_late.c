// SPDX-License-Identifier: GPL-3.0-or-later
/* Samples that come late, twice or in conflict. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "fixture.h"
#include "pack/rollup.h"

#include <string.h>

#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)

static struct bw_store_stats stats_of(struct fixture *f)
{
    struct bw_store_stats stats;
    bw_store_stats(f->store, &stats);
    return stats;
}

static void expect_points(struct fixture *f, uint32_t series, const char *want)
{
    char text[400];
    const struct bw_damage damage =
        fixture_points(f, series, INT64_MIN, INT64_MAX, text, sizeof text);
    assert_int_equal(damage.packs + damage.journal_rows + damage.rows, 0);
    assert_string_equal(text, want);
}

static void what_is_too_old_is_refused_and_counted(void **state)
{
    struct fixture *f = *state;
    f->wall_ms = T0 + DAY;
    f->opts.max_late_ns = BW_DAY;
    fixture_open(f);
    const uint32_t a = fixture_series(f, "up", "a"), b = fixture_series(f, "up", "b");
    const struct bw_sample batch[] = {
        { a, T0 - 1, 1 },   { a, T0, 2 },     { b, T0 - 9 * DAY, 3 },
        { b, T0 + DAY, 4 }, { a, T0 + 1, 5 },
    };
    assert_true(bw_store_append(f->store, batch, 5));
    assert_true(bw_store_append(f->store, batch, 1)); /* nothing is left of it */
    fixture_flush(f);
    assert_int_equal(stats_of(f).too_old_samples_total, 3);
    assert_int_equal(stats_of(f).samples_total, 3);
    assert_int_equal(stats_of(f).dropped_samples_total, 0);
    expect_points(f, a, "0:2 1:5 ");
    expect_points(f, b, "86400000:4 ");
    f->wall_ms = T0 + DAY + 2; /* the ceiling moves with the clock */
    fixture_append(f, a, T0 + 1, 6);
    fixture_flush(f);
    assert_int_equal(stats_of(f).too_old_samples_total, 4);
    fixture_close(f);
}

/* A clock that was set back makes samples that are late for nobody. */
static void a_clock_set_back_makes_nothing_old(void **state)
{
    struct fixture *f = *state;
    f->wall_ms = T0 + 100 * DAY;
    f->opts.max_late_ns = BW_DAY;
    fixture_open(f);
    const uint32_t a = fixture_series(f, "up", "a");
    fixture_append(f, a, T0 + 100 * DAY, 1);
    f->wall_ms = T0;
    fixture_append(f, a, T0, 2);
    fixture_flush(f);
    assert_int_equal(stats_of(f).too_old_samples_total, 0);
    expect_points(f, a, "0:2 8640000000:1 ");
    fixture_close(f);
}

static void repeats_are_counted_and_conflicts_too(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    const uint32_t a = fixture_series(f, "up", "a");
    fixture_append(f, a, T0, 1);
    fixture_append(f, a, T0 + 1000, 2);
    fixture_append(f, a, T0 + 1000, 2);
    fixture_pack(f);
    assert_int_equal(stats_of(f).repeated_samples_total, 1);
    assert_int_equal(stats_of(f).conflicting_samples_total, 0);
    fixture_append(f, a, T0, 1);        /* is in the pack already */
    fixture_append(f, a, T0 + 1000, 3); /* but not so */
    fixture_pack(f);
    assert_int_equal(stats_of(f).repeated_samples_total, 2);
    assert_int_equal(stats_of(f).conflicting_samples_total, 1);
    fixture_append(f, a, T0 + 2000, 0.0);
    fixture_append(f, a, T0 + 2000, -0.0); /* other bits are another value */
    fixture_pack(f);
    assert_int_equal(stats_of(f).conflicting_samples_total, 2);
    expect_points(f, a, "0:1 1000:3 2000:-0 ");
    fixture_close(f);
}

static bool add_up(void *ctx, uint32_t series, const struct bw_bucket *buckets, size_t count)
{
    double *sum = ctx;
    (void)series;
    for (size_t i = 0; i < count; i++)
        *sum += buckets[i].sum;
    return true;
}

static double sum_of_day(struct fixture *f, uint32_t series, int64_t day_ms)
{
    struct bw_reader *reader = NULL;
    double sum = 0;
    const struct bw_bucket_range range = {
        .from_ms = day_ms, .to_ms = day_ms + DAY - 1, .step_ms = HOUR, .plain = true
    };
    assert_int_equal(bw_reader_open(f->path, &reader, NULL), BW_OK);
    assert_int_equal(bw_reader_buckets(reader, &series, 1, &range, add_up, &sum, NULL, NULL),
                     BW_OK);
    bw_reader_close(reader);
    return sum;
}

/* What was rolled up is made again with what came late for it. */
static void rollups_are_made_again(void **state)
{
    static const int64_t d0 = INT64_C(1700006400000);
    struct fixture *f = *state;
    f->wall_ms = d0 + 2 * DAY;
    f->opts.max_late_ns = 3 * BW_DAY;
    fixture_open(f);
    const uint32_t a = fixture_series(f, "up", "a");
    for (int64_t ts_ms = d0; ts_ms < d0 + 2 * DAY; ts_ms += 600000)
        fixture_append(f, a, ts_ms, 1);
    fixture_pack(f);
    fixture_roll_up(f);
    assert_true(sum_of_day(f, a, d0) == 144);
    fixture_append(f, a, d0 + 5 * HOUR + 1, 1000); /* late */
    fixture_append(f, a, d0 + 6 * HOUR, 1);        /* again */
    fixture_append(f, a, d0 + 7 * HOUR, 101);      /* otherwise */
    fixture_flush(f);
    assert_true(sum_of_day(f, a, d0) == 1244); /* before it is rolled up */
    fixture_pack(f);
    fixture_roll_up(f);
    assert_true(sum_of_day(f, a, d0) == 1244);
    fixture_close(f);
    fixture_sql(f, "DELETE FROM pack");
    assert_true(sum_of_day(f, a, d0) == 1244); /* from roll-ups alone */
}

#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(what_is_too_old_is_refused_and_counted),
        IN_FIXTURE(a_clock_set_back_makes_nothing_old),
        IN_FIXTURE(repeats_are_counted_and_conflicts_too),
        IN_FIXTURE(rollups_are_made_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
