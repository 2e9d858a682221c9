// SPDX-License-Identifier: GPL-3.0-or-later
/* Ninety days of virtual time, asked for in steps: the answer is that of the samples themselves,
 * whatever of them was rolled up, and whatever is gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"

#include "base/mem.h"
#include "base/units.h"
#include "pack/rollup.h"
#include "store/rollups.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define D0 INT64_C(1700006400000)

enum { SERIES = 2, DAYS = 90 };
#define POINTS ((size_t)DAYS * 24 * 60)

struct world {
    struct fixture *f;
    uint32_t ids[SERIES];
    struct bw_point *points[SERIES];
};

static struct world world;

static double value_of(size_t series, size_t i)
{
    const uint32_t noise = (uint32_t)(i * 2654435761u + series * 40503u) >> 8;
    const double slow = sin((double)i / 1440.0 * 6.283185) + 2;
    return round((slow * 20 + (double)(noise % 1000) / 50 * (noise % 97 == 0 ? 40 : 1)) * 1000)
           / 1000;
}

static void append_days(struct fixture *f, int from_day, int to_day)
{
    for (int day = from_day; day < to_day; day++) {
        for (size_t s = 0; s < SERIES; s++) {
            struct bw_sample samples[1440];
            for (size_t i = 0; i < 1440; i++) {
                const struct bw_point *p = &world.points[s][(size_t)day * 1440 + i];
                samples[i] = (struct bw_sample){ world.ids[s], p->ts_ms, p->value };
            }
            assert_true(bw_store_append(f->store, samples, 1440));
        }
        fixture_flush(f);
    }
}

static void fill(struct fixture *f, int from_day, int to_day)
{
    append_days(f, from_day, to_day);
    fixture_pack(f);
}

struct expect {
    struct bw_buckets want[SERIES];
    size_t seen;
};

static void expect_same(const struct bw_bucket *got, const struct bw_bucket *want)
{
    if (got->start_ms != want->start_ms || got->count != want->count || got->min != want->min
        || got->max != want->max || got->last != want->last
        || fabs(got->sum - want->sum) > 1e-9 * fabs(want->sum))
        fail_msg("at %g h: %llu %g %g %g %.17g, want at %g h: %llu %g %g %g %.17g",
                 (double)(got->start_ms - D0) / (double)HOUR, (unsigned long long)got->count,
                 got->min, got->max, got->last, got->sum,
                 (double)(want->start_ms - D0) / (double)HOUR, (unsigned long long)want->count,
                 want->min, want->max, want->last, want->sum);
    for (double q = 0; q <= 1; q += 0.25)
        assert_true(bw_sketch_quantile(&got->sketch, q) == bw_sketch_quantile(&want->sketch, q));
}

static bool check_buckets(void *ctx, uint32_t series, const struct bw_bucket *buckets, size_t count)
{
    struct expect *expect = ctx;
    const struct bw_buckets *want = &expect->want[series == world.ids[0] ? 0 : 1];
    assert_int_equal(count, want->count);
    for (size_t i = 0; i < count; i++)
        expect_same(&buckets[i], &want->items[i]);
    expect->seen++;
    return true;
}

/* What a reader says of a range is what the samples say. */
static void check(struct fixture *f, int64_t from_ms, int64_t to_ms, int64_t step_ms)
{
    struct expect expect = { .seen = 0 };
    struct bw_reader *reader = NULL;
    struct bw_damage damage = { 0 };
    struct bw_err err = { .text = "" };
    const int64_t first_ms = bw_window_start(from_ms, step_ms);
    const int64_t end_ms = bw_window_start(to_ms, step_ms) + step_ms;
    size_t with = 0;
    for (size_t s = 0; s < SERIES; s++) {
        for (size_t i = 0; i < POINTS; i++) {
            if (world.points[s][i].ts_ms >= first_ms && world.points[s][i].ts_ms < end_ms)
                bw_buckets_fold(&expect.want[s], step_ms, &world.points[s][i], 1);
        }
        with += expect.want[s].count > 0;
    }
    const struct bw_bucket_range range = { .from_ms = from_ms, .to_ms = to_ms, .step_ms = step_ms };
    assert_int_equal(bw_reader_open(f->path, &reader, &err), BW_OK);
    if (bw_reader_buckets(reader, world.ids, SERIES, &range, check_buckets, &expect, &damage, &err)
        != BW_OK)
        fail_msg("%s", err.text);
    assert_int_equal(expect.seen, with);
    assert_int_equal(damage.packs + damage.journal_rows + damage.rows, 0);
    bw_reader_close(reader);
    for (size_t s = 0; s < SERIES; s++)
        bw_buckets_fini(&expect.want[s]);
}

static const int64_t steps[] = { MINUTE, 5 * MINUTE, HOUR,    90 * MINUTE, 6 * HOUR,
                                 DAY,    36 * HOUR,  7 * DAY, 30 * DAY };

/* Around each day from which on something else is read. */
static void check_seams(struct fixture *f, int64_t step_ms)
{
    static const int days[] = { 40, 50, 60, 80, DAYS - 1 };
    for (size_t i = 0; i < sizeof days / sizeof *days; i++)
        check(f, D0 + (days[i] - 1) * DAY + 1234567, D0 + (days[i] + 1) * DAY - 7654321, step_ms);
}

/* All of ninety days in minutes takes a while: those only in the full run. */
static void check_steps(struct fixture *f, int64_t least_ms)
{
    const char *env = getenv("BW_FULL");
    const bool full = env != NULL && strcmp(env, "1") == 0;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (steps[i] < least_ms || least_ms == 0 || steps[i] % least_ms != 0)
            continue;
        if (steps[i] < HOUR)
            check_seams(f, steps[i]);
        if (steps[i] < HOUR && !full)
            continue;
        check(f, D0, D0 + DAYS * DAY, steps[i]);
        check(f, D0 + 25 * DAY + 1234567, D0 + 61 * DAY + 7654321, steps[i]);
        check(f, D0 + 88 * DAY + 5 * HOUR, D0 + DAYS * DAY, steps[i]);
    }
}

static bool take_one(void *ctx, uint32_t series, const struct bw_bucket *buckets, size_t count)
{
    double *p95 = ctx;
    (void)series;
    struct bw_sketch all = { 0 };
    for (size_t i = 0; i < count; i++)
        bw_sketch_merge(&all, &buckets[i].sketch);
    *p95 = bw_sketch_quantile(&all, 0.95);
    bw_sketch_fini(&all);
    return true;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void check_p95(struct fixture *f)
{
    double *sorted = bw_alloc_array(POINTS, sizeof *sorted);
    for (size_t i = 0; i < POINTS; i++)
        sorted[i] = world.points[0][i].value;
    qsort(sorted, POINTS, sizeof *sorted, by_value);
    const double exact = sorted[(size_t)(0.95 * (double)(POINTS - 1))];
    free(sorted);
    const int64_t by[] = { MINUTE, HOUR, DAY };
    for (size_t i = 0; i < 3; i++) {
        double p95 = 0;
        struct bw_reader *reader = NULL;
        const struct bw_bucket_range range = { .from_ms = D0,
                                               .to_ms = D0 + DAYS * DAY - 1,
                                               .step_ms = by[i] };
        assert_int_equal(bw_reader_open(f->path, &reader, NULL), BW_OK);
        assert_int_equal(
            bw_reader_buckets(reader, world.ids, 1, &range, take_one, &p95, NULL, NULL), BW_OK);
        bw_reader_close(reader);
        if (fabs(p95 - exact) > 0.01 * exact)
            fail_msg("p95 %g, exact %g", p95, exact);
        print_message("p95 over 90 days by steps of %lld min: %.4g, exact %.4g (%+.2f %%)\n",
                      (long long)(by[i] / MINUTE), p95, exact, (p95 / exact - 1) * 100);
    }
}

static void answers_do_not_depend_on_the_tier(void **state)
{
    struct fixture *f = *state;
    f->opts.commit_interval_ns = 10 * BW_MS;
    f->opts.retention = (struct bw_retention_opts){ BW_DAY * 10000, BW_DAY * 10000, BW_DAY * 10000,
                                                    BW_DAY * 10000 };
    world.f = f;
    for (size_t s = 0; s < SERIES; s++) {
        world.points[s] = bw_alloc_array(POINTS, sizeof *world.points[s]);
        for (size_t i = 0; i < POINTS; i++)
            world.points[s][i] =
                (struct bw_point){ D0 + (int64_t)i * MINUTE + (int64_t)s * 500, value_of(s, i) };
    }
    f->wall_ms = D0 + DAYS * DAY;
    fixture_open(f);
    world.ids[0] = fixture_series(f, "a", "x");
    world.ids[1] = fixture_series(f, "b", "x");
    fill(f, 0, 50);
    check(f, D0, D0 + 50 * DAY - 1, DAY); /* all raw */
    f->wall_ms = D0 + 50 * DAY;
    fixture_roll_up(f);
    fill(f, 50, 60);
    f->wall_ms = D0 + 60 * DAY;
    fixture_roll_up(f);
    fill(f, 60, DAYS - 1);
    append_days(f, DAYS - 1, DAYS); /* the last day in the journal alone */
    f->wall_ms = D0 + DAYS * DAY;
    check_steps(f, MINUTE); /* half and half */
    check(f, D0 + 49 * DAY + 1, D0 + DAYS * DAY, 90000);
    fixture_roll_up(f);
    check_steps(f, MINUTE);
    check_p95(f);
    fixture_close(f);
    fixture_sql(f, "DELETE FROM pack WHERE last_ms<1700006400000+80*86400000");
    check_steps(f, MINUTE);
    check(f, D0 + 85 * DAY, D0 + DAYS * DAY, 90000); /* no tier's step, samples alone */
    fixture_sql(f, "DELETE FROM rollup WHERE width_ms=60000 AND"
                   " last_ms<1700006400000+40*86400000");
    check_steps(f, HOUR);
    check_p95(f);
    assert_int_equal(bw_store_verify(f->path, NULL, NULL, NULL, NULL), BW_OK);
    for (size_t s = 0; s < SERIES; s++)
        free(world.points[s]);
}

#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(answers_do_not_depend_on_the_tier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
