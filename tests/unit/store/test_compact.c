// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"

#include "base/crc32c.h"
#include "base/units.h"
#include "store/compact.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SERIES = 5, STEP_MS = 15000 };
#define DAY_MS INT64_C(86400000)

static void open_with_series(struct fixture *f, uint32_t ids[SERIES])
{
    static const char *const names[SERIES] = { "a", "b", "c", "d", "e" };
    fixture_open(f);
    for (size_t s = 0; s < SERIES; s++)
        ids[s] = fixture_series(f, "value", names[s]);
}

static double value_at(size_t series, size_t tick)
{
    return (double)((tick * 7919 + series * 104729) % 1000) / 10;
}

/* Ticks from … to - 1 of all series, then into packs. */
static void fill(struct fixture *f, const uint32_t ids[SERIES], size_t from, size_t to)
{
    for (size_t t = from; t < to; t++) {
        for (size_t s = 0; s < SERIES; s++)
            fixture_append(f, ids[s], T0 + (int64_t)t * STEP_MS, value_at(s, t));
    }
    fixture_pack(f);
}

struct sum {
    uint32_t crc;
    size_t points;
};

static bool add_sum(void *ctx, uint32_t series, const struct bw_point *points, size_t count)
{
    struct sum *sum = ctx;
    sum->crc = bw_crc32c(sum->crc, &series, sizeof series);
    sum->crc = bw_crc32c(sum->crc, points, count * sizeof *points);
    sum->points += count;
    return true;
}

/* All that a reader sees, as one number. */
static struct sum sum_of(struct fixture *f, const uint32_t ids[SERIES])
{
    struct sum sum = { 0 };
    struct bw_reader *reader = NULL;
    struct bw_damage damage = { 0 };
    struct bw_err err = { .text = "" };
    if (bw_reader_open(f->path, &reader, &err) != BW_OK)
        fail_msg("%s", err.text);
    for (size_t s = 0; s < SERIES; s++)
        assert_int_equal(
            bw_reader_scan(reader, &ids[s], 1, INT64_MIN, INT64_MAX, add_sum, &sum, &damage, &err),
            BW_OK);
    bw_reader_close(reader);
    assert_int_equal(damage.packs + damage.journal_rows + damage.rows, 0);
    return sum;
}

static void expect_same(struct sum before, struct sum after)
{
    assert_int_equal(before.points, after.points);
    assert_int_equal(before.crc, after.crc);
}

/* Steps until nothing is left; how many made a pack. */
static struct bw_compact_totals compact(struct fixture *f, enum bw_compact_reach reach)
{
    struct bw_compactor *compactor = bw_compactor_new(f->store, reach);
    struct bw_err err = { .text = "" };
    bool more = true;
    for (size_t i = 0; more; i++) {
        assert_true(i < 1000);
        if (bw_compactor_step(compactor, &more, &err) != BW_OK)
            fail_msg("%s; said: %s", err.text, f->said);
    }
    const struct bw_compact_totals totals = bw_compactor_totals(compactor);
    bw_compactor_free(compactor);
    return totals;
}

static void expect_sound(struct fixture *f)
{
    uint64_t faults = 0;
    assert_int_equal(bw_store_verify(f->path, NULL, NULL, &faults, NULL), BW_OK);
}

#define HOT "SELECT count(*) FROM pack WHERE state=1"
#define COLD "SELECT count(*) FROM pack WHERE state=2"
#define OPEN "SELECT count(*) FROM pack WHERE state=0"
#define BYTES "SELECT sum(length(body)) FROM pack"

static void old_packs_become_one_cold_one(void **state)
{
    struct fixture *f = *state;
    uint32_t ids[SERIES];
    open_with_series(f, ids);
    for (size_t w = 0; w < 6; w++)
        fill(f, ids, w * 480, (w + 1) * 480);
    assert_int_equal(fixture_sql(f, HOT), 6);
    const struct sum before = sum_of(f, ids);
    const int64_t bytes = fixture_sql(f, BYTES);

    assert_int_equal(compact(f, BW_COMPACT_OLD).packs_written, 0); /* it is all of today */
    f->wall_ms = T0 + 4 * 480 * STEP_MS + DAY_MS;
    const struct bw_compact_totals totals = compact(f, BW_COMPACT_OLD);
    assert_int_equal(totals.packs_merged, 4);
    assert_int_equal(totals.packs_written, 1);
    assert_int_equal(fixture_sql(f, COLD), 1);
    assert_int_equal(fixture_sql(f, HOT), 2); /* young, or too few for another */
    assert_true(fixture_sql(f, BYTES) < bytes);
    expect_same(before, sum_of(f, ids));
    assert_int_equal(compact(f, BW_COMPACT_OLD).packs_written, 0);

    f->wall_ms += 9 * DAY_MS; /* no more will come to these two */
    assert_int_equal(compact(f, BW_COMPACT_OLD).packs_merged, 2);
    assert_int_equal(fixture_sql(f, HOT), 0);
    expect_same(before, sum_of(f, ids));
    struct bw_store_stats stats;
    bw_store_stats(f->store, &stats);
    assert_int_equal(stats.packs, 2);
    expect_sound(f);
}

static void everything_is_merged_once_and_for_all(void **state)
{
    struct fixture *f = *state;
    uint32_t ids[SERIES];
    open_with_series(f, ids);
    for (size_t w = 0; w < 5; w++)
        fill(f, ids, w * 480, (w + 1) * 480);
    fill(f, ids, 2400, 2500); /* stays open */
    const struct sum before = sum_of(f, ids);
    assert_int_equal(compact(f, BW_COMPACT_ALL).packs_written, 2);
    assert_int_equal(fixture_sql(f, HOT) + fixture_sql(f, OPEN), 0);
    expect_same(before, sum_of(f, ids));
    assert_int_equal(compact(f, BW_COMPACT_ALL).packs_written, 0);

    fill(f, ids, 2500, 2600); /* life goes on, into a new open pack */
    assert_int_equal(fixture_sql(f, OPEN), 1);
    const struct sum more = sum_of(f, ids);
    assert_int_equal(more.points, before.points + 100 * SERIES);
    assert_int_equal(compact(f, BW_COMPACT_ALL).packs_merged, 2); /* the small one and the new */
    expect_same(more, sum_of(f, ids));
    expect_sound(f);
}

/* What was handed over later counts, wherever it lies. */
static void late_samples_win_before_and_after(void **state)
{
    struct fixture *f = *state;
    uint32_t ids[SERIES];
    char out[200];
    open_with_series(f, ids);
    fill(f, ids, 0, 480);
    fixture_append(f, ids[0], T0, 1001); /* into the second pack, at a time of the first */
    fill(f, ids, 480, 960);
    fixture_append(f, ids[0], T0, 1002);
    fixture_append(f, ids[1], T0 + 480 * STEP_MS, 1003);
    fill(f, ids, 960, 1440);
    fill(f, ids, 1440, 1920);
    fixture_append(f, ids[2], T0, 1004); /* stays in the open one */
    fixture_pack(f);
    const struct sum before = sum_of(f, ids);
    f->wall_ms = T0 + 1920 * STEP_MS + DAY_MS;
    assert_int_equal(compact(f, BW_COMPACT_OLD).packs_merged, 4);
    expect_same(before, sum_of(f, ids));
    fixture_points(f, ids[0], T0, T0, out, sizeof out);
    assert_string_equal(out, "0:1002 ");
    fixture_points(f, ids[2], T0, T0, out, sizeof out);
    assert_string_equal(out, "0:1004 ");

    fixture_append(f, ids[0], T0, 1005); /* to a cold pack */
    fixture_pack(f);
    fixture_points(f, ids[0], T0, T0, out, sizeof out);
    assert_string_equal(out, "0:1005 ");
    compact(f, BW_COMPACT_ALL);
    fixture_points(f, ids[0], T0, T0, out, sizeof out);
    assert_string_equal(out, "0:1005 ");
}

/* A damaged pack stays: what is sound in it is still read. Its neighbours do not meet over it. */
static void a_damaged_pack_is_left_alone(void **state)
{
    struct fixture *f = *state;
    uint32_t ids[SERIES];
    open_with_series(f, ids);
    for (size_t w = 0; w < 4; w++)
        fill(f, ids, w * 480, (w + 1) * 480);
    fixture_sql(
        f, "UPDATE pack SET body=CAST(substr(body,1,length(body)-1)||x'55' AS BLOB) WHERE id=2");
    const struct bw_compact_totals totals = compact(f, BW_COMPACT_ALL);
    assert_int_equal(totals.damaged, 1);
    assert_int_equal(fixture_sql(f, "SELECT state FROM pack WHERE id=2"), 1);
    assert_int_equal(fixture_sql(f, "SELECT count(*) FROM pack"), 3);
    char out[4096];
    fixture_points(f, ids[0], T0 + 480 * STEP_MS, T0 + 480 * STEP_MS, out, sizeof out);
    assert_string_equal(out, "7200000:12 ");
}

static bool count_calls(void *ctx, uint64_t done, uint64_t total)
{
    (void)done;
    assert_true(total > 0);
    (*(int *)ctx)++;
    return true;
}

static void a_stopped_store_is_made_small(void **state)
{
    struct fixture *f = *state;
    uint32_t ids[SERIES];
    struct bw_compact_report report;
    struct bw_err err = { .text = "" };
    int calls = 0;
    const struct bw_backup_watch watch = { count_calls, &calls };
    assert_int_equal(bw_store_compact(f->path, NULL, NULL, &report, &err), BW_ENOTFOUND);
    open_with_series(f, ids);
    for (size_t w = 0; w < 5; w++)
        fill(f, ids, w * 480, (w + 1) * 480);
    const struct sum before = sum_of(f, ids);
    assert_int_equal(bw_store_compact(f->path, NULL, NULL, &report, &err), BW_EBUSY);
    fixture_close(f);
    if (bw_store_compact(f->path, NULL, &watch, &report, &err) != BW_OK)
        fail_msg("%s", err.text);
    assert_true(calls > 0);
    assert_int_equal(report.totals.packs_merged, 5);
    assert_true(report.bytes_after < report.bytes_before);
    assert_int_equal(fixture_sql(f, "PRAGMA freelist_count"), 0);
    expect_same(before, sum_of(f, ids));
    expect_sound(f);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(old_packs_become_one_cold_one),     TEST(everything_is_merged_once_and_for_all),
        TEST(late_samples_win_before_and_after), TEST(a_damaged_pack_is_left_alone),
        TEST(a_stopped_store_is_made_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
