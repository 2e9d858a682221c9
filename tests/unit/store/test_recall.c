// SPDX-License-Identifier: GPL-3.0-or-later
/* A long range of a series whose oldest samples are gone: buckets, then samples, without a seam. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "fixture.h"
#include "pack/rollup.h"
#include "store/rollup_tiers.h"

#include <stdio.h>
#include <string.h>

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define D0 INT64_C(1700006400000)

enum { DAYS = 12, STEP_MS = 60000, SERIES = 40 };

struct told {
    uint64_t past, samples; /* samples in buckets of the past, and as such */
    double sum;
    int64_t first_ms, end_of_past_ms, first_sample_ms, last_ms;
    size_t series;
};

static bool note(void *ctx, const struct bw_recalled *recalled)
{
    struct told *told = ctx;
    told->series++;
    if (recalled->series != 1)
        return true;
    for (size_t i = 0; i < recalled->past_count; i++) {
        told->past += recalled->past[i].count;
        told->sum += recalled->past[i].sum;
    }
    for (size_t i = 0; i < recalled->count; i++)
        told->sum += recalled->points[i].value;
    told->samples = recalled->count;
    told->end_of_past_ms =
        recalled->past_count > 0 ? recalled->past[recalled->past_count - 1].start_ms : 0;
    told->first_ms =
        recalled->past_count > 0 ? recalled->past[0].start_ms : recalled->points[0].ts_ms;
    told->first_sample_ms = recalled->count > 0 ? recalled->points[0].ts_ms : 0;
    told->last_ms = recalled->count > 0 ? recalled->points[recalled->count - 1].ts_ms : 0;
    return true;
}

static struct told recall(struct fixture *f, int64_t from_ms, int64_t to_ms, int64_t step_ms)
{
    struct told told = { .series = 0 };
    struct bw_reader *reader = NULL;
    struct bw_damage damage = { 0 };
    struct bw_err err = { .text = "" };
    uint32_t ids[SERIES];
    const struct bw_bucket_range range = {
        .from_ms = from_ms, .to_ms = to_ms, .step_ms = step_ms, .plain = true
    };
    for (uint32_t i = 0; i < SERIES; i++)
        ids[i] = i + 1;
    assert_int_equal(bw_reader_open(f->path, &reader, &err), BW_OK);
    if (bw_reader_recall(reader, ids, SERIES, &range, note, &told, &damage, &err) != BW_OK)
        fail_msg("%s", err.text);
    assert_int_equal(damage.packs + damage.journal_rows + damage.rows, 0);
    bw_reader_close(reader);
    return told;
}

static void fill(struct fixture *f, int64_t from_ms, int64_t to_ms)
{
    for (int64_t ts_ms = from_ms; ts_ms < to_ms; ts_ms += STEP_MS) {
        const int64_t i = (ts_ms - D0) / STEP_MS;
        fixture_append(f, 1, ts_ms + 500, (double)(i % 1000));
        for (uint32_t s = 2; s <= SERIES && i % 60 == 0; s++)
            fixture_append(f, s, ts_ms, 1);
        if (i % 1440 == 1439)
            fixture_pack(f);
    }
    fixture_flush(f);
}

static void make(struct fixture *f)
{
    f->opts.commit_interval_ns = 10 * BW_MS;
    f->opts.retention = (struct bw_retention_opts){ BW_DAY * 10000, BW_DAY * 10000, BW_DAY * 10000,
                                                    BW_DAY * 10000 };
    f->wall_ms = D0 + DAYS * DAY;
    fixture_open(f);
    for (int s = 0; s < SERIES; s++) {
        char metric[20];
        snprintf(metric, sizeof metric, "m%d", s);
        assert_int_equal(fixture_series(f, metric, "a"), s + 1);
    }
    fill(f, D0, D0 + (DAYS - 1) * DAY);
    fixture_roll_up(f);
    fill(f, D0 + (DAYS - 1) * DAY, D0 + DAYS * DAY);
}

static double sum_of(int64_t from, int64_t to)
{
    double sum = 0;
    for (int64_t i = from; i < to; i++)
        sum += (double)(i % 1000);
    return sum;
}

#define TICKS ((int64_t)DAYS * 1440)

static void while_nothing_is_gone_there_are_only_samples(void **state)
{
    struct fixture *f = *state;
    make(f);
    const struct told told = recall(f, D0, D0 + DAYS * DAY, HOUR);
    assert_int_equal(told.past, 0);
    assert_int_equal(told.samples, TICKS);
    assert_true(told.sum == sum_of(0, TICKS));
    assert_int_equal(told.series, SERIES);
    const struct told part = recall(f, D0 + HOUR + 1, D0 + 2 * HOUR, HOUR);
    assert_int_equal(part.past, 0);
    assert_int_equal(part.samples, 60);
    fixture_close(f);
}

static void what_is_gone_comes_as_buckets(void **state)
{
    static const int64_t steps[] = { MINUTE, 90000, HOUR, 5 * HOUR, DAY };
    struct fixture *f = *state;
    make(f);
    fixture_close(f);
    fixture_sql(f, "DELETE FROM pack WHERE last_ms<1700006400000+5*86400000+3000000");
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        const struct told told = recall(f, D0, D0 + DAYS * DAY, steps[i]);
        assert_int_equal(told.past + told.samples, TICKS);
        assert_true(told.sum == sum_of(0, TICKS));
        assert_int_equal(told.series, SERIES);
        assert_true(told.past >= 5 * 1440 && told.past < 8 * 1440);
        assert_int_equal(told.first_ms, bw_window_start(D0, steps[i]));
        assert_true(told.first_sample_ms >= told.end_of_past_ms + MINUTE);
        assert_int_equal(told.last_ms, D0 + DAYS * DAY - STEP_MS + 500);
    }
    const struct told late = recall(f, D0 + 10 * DAY, D0 + DAYS * DAY, HOUR);
    assert_int_equal(late.past, 0);
    assert_int_equal(late.samples, 2 * 1440);
    const struct told early = recall(f, D0, D0 + 2 * DAY - 1, HOUR);
    assert_int_equal(early.past, 2 * 1440);
    assert_int_equal(early.samples, 0);
}

static void when_all_packs_are_gone_the_journal_is_left(void **state)
{
    struct fixture *f = *state;
    make(f);
    fixture_append(f, 1, D0 + DAYS * DAY, 7);
    fixture_flush(f);
    fixture_sql(f, "DELETE FROM pack");
    const struct told told = recall(f, D0, D0 + DAYS * DAY, HOUR);
    assert_int_equal(told.past, 11 * 1440);
    assert_int_equal(told.samples, 1);
    fixture_close(f);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        STORY(while_nothing_is_gone_there_are_only_samples),
        STORY(what_is_gone_comes_as_buckets),
        STORY(when_all_packs_are_gone_the_journal_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
