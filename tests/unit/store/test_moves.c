// SPDX-License-Identifier: GPL-3.0-or-later
/* Series whose class changes go to other groups, and nothing of them is lost or told wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"

#include "base/units.h"
#include "pack/rollup.h"
#include "store/rollups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct bw_pair probes[] = { { "__name__", "probe_.*" } };
static struct bw_retention_class classes[] = { { { probes, 1 }, { .raw_ns = 90 * BW_DAY } } };

static void with_classes(struct fixture *f, size_t count)
{
    f->opts.classes = (struct bw_items){ classes, count };
    fixture_open(f);
}

static void expect_points(struct fixture *f, uint32_t series, const char *want)
{
    char out[400];
    const struct bw_damage damage =
        fixture_points(f, series, INT64_MIN, INT64_MAX, out, sizeof out);
    assert_string_equal(out, want);
    assert_int_equal(damage.packs + damage.rows + damage.journal_rows, 0);
}

static int64_t groups(struct fixture *f)
{
    return fixture_sql(f, "SELECT count(DISTINCT group_id) FROM series_group WHERE to_ms IS NULL");
}

static int64_t rows(struct fixture *f)
{
    return fixture_sql(f, "SELECT count(*) FROM series_group");
}

static void a_divided_group_is_left_by_all(void **state)
{
    struct fixture *f = *state;
    with_classes(f, 0);
    const uint32_t a = fixture_series(f, "node_load1", "a");
    const uint32_t b = fixture_series(f, "probe_success", "a");
    fixture_append(f, a, T0, 1);
    fixture_append(f, b, T0, 2);
    fixture_close(f);

    f->wall_ms = T0 + 5000;
    with_classes(f, 1);
    assert_int_equal(groups(f), 2);
    assert_int_equal(rows(f), 4);
    assert_int_equal(fixture_sql(f, "SELECT min(to_ms) FROM series_group"), T0 + 5000);
    assert_int_equal(fixture_sql(f, "SELECT count(*) FROM series_group WHERE group_id=1"
                                    " AND to_ms IS NULL"),
                     0);
    assert_int_equal(fixture_sql(f, "SELECT count(*) FROM pack WHERE state=0"), 0);
    assert_non_null(strstr(f->said, "2 series are kept in other groups"));
    fixture_append(f, a, T0 + 6000, 3);
    fixture_append(f, b, T0 + 6000, 4);
    fixture_flush(f);
    expect_points(f, a, "0:1 6000:3 "); /* out of the journal */
    fixture_pack(f);
    expect_points(f, a, "0:1 6000:3 "); /* and of packs */
    expect_points(f, b, "0:2 6000:4 ");
    fixture_close(f);

    with_classes(f, 1); /* nothing more to do */
    assert_int_equal(rows(f), 4);
    fixture_close(f);
    with_classes(f, 0); /* all are of one class again: they stay where they are */
    assert_int_equal(rows(f), 4);
    expect_points(f, b, "0:2 6000:4 ");
}

/* Samples of a time that is in a pack of the group before: what came later counts. */
static void the_later_one_counts_over_groups(void **state)
{
    struct fixture *f = *state;
    with_classes(f, 1);
    const uint32_t other = fixture_series(f, "probe_success", "b");
    fixture_append(f, other, T0, 9); /* the other group is there before, with an open pack */
    fixture_pack(f);
    fixture_close(f);

    with_classes(f, 0);
    const uint32_t a = fixture_series(f, "node_load1", "a");
    const uint32_t b = fixture_series(f, "probe_success", "a");
    fixture_append(f, a, T0, 1);
    for (int i = 0; i < 3; i++)
        fixture_append(f, b, T0 + i * 1000, 1);
    fixture_close(f);

    with_classes(f, 1);
    fixture_append(f, b, T0 + 1000, 2);
    fixture_flush(f);
    expect_points(f, b, "0:1 1000:2 2000:1 ");
    fixture_pack(f);
    expect_points(f, b, "0:1 1000:2 2000:1 ");
    expect_points(f, other, "0:9 ");
    fixture_append(f, b, T0 + 2000, 3);
    fixture_close(f);
    with_classes(f, 1);
    expect_points(f, b, "0:1 1000:2 2000:3 ");
}

/* The group that it joins has an open pack that is older than its packs. */
static void what_comes_after_a_move_counts_in_a_group_that_was_there(void **state)
{
    static const struct bw_pair loads[] = { { "__name__", "node_.*" } };
    static const struct bw_pair a_probe[] = { { "__name__", "probe_success" },
                                              { "instance", "a" } };
    struct bw_retention_class apart = { { loads, 1 }, { .raw_ns = 90 * BW_DAY } };
    struct bw_retention_class divided = { { a_probe, 2 }, { .raw_ns = 90 * BW_DAY } };
    struct fixture *f = *state;
    f->opts.classes = (struct bw_items){ &apart, 1 };
    fixture_open(f);
    const uint32_t load = fixture_series(f, "node_load1", "x");
    const uint32_t a = fixture_series(f, "probe_success", "a");
    const uint32_t b = fixture_series(f, "probe_success", "b");
    fixture_append(f, load, T0, 1);
    fixture_pack(f);
    fixture_append(f, a, T0, 1);
    fixture_append(f, b, T0, 1);
    fixture_close(f);

    f->opts.classes = (struct bw_items){ &divided, 1 };
    fixture_open(f);
    assert_int_equal(fixture_sql(f, "SELECT count(*) FROM series_group WHERE group_id=1"
                                    " AND to_ms IS NULL"),
                     2); /* b is with node_load1 now */
    fixture_append(f, b, T0, 2);
    fixture_append(f, load, T0 + 1, 2);
    fixture_pack(f);
    expect_points(f, b, "0:2 ");
    expect_points(f, load, "0:1 1:2 ");
    expect_points(f, a, "0:1 ");
}

struct sums {
    size_t told, buckets;
    uint64_t samples;
    double sum, last;
    int64_t last_ms;
};

static bool add_up(void *ctx, uint32_t series, const struct bw_bucket *buckets, size_t count)
{
    struct sums *sums = ctx;
    (void)series;
    sums->told++;
    for (size_t i = 0; i < count; i++) {
        assert_true(buckets[i].start_ms > sums->last_ms);
        sums->last_ms = buckets[i].start_ms;
        sums->buckets++;
        sums->samples += buckets[i].count;
        sums->sum += buckets[i].sum;
        sums->last = buckets[i].last;
    }
    return true;
}

static struct sums sums_of(struct fixture *f, uint32_t series, int64_t from_ms, int64_t to_ms)
{
    struct bw_reader *reader = NULL;
    struct sums sums = { .last_ms = INT64_MIN };
    const struct bw_bucket_range range = { .from_ms = from_ms, .to_ms = to_ms, .step_ms = 3600000 };
    assert_int_equal(bw_reader_open(f->path, &reader, NULL), BW_OK);
    assert_int_equal(bw_reader_buckets(reader, &series, 1, &range, add_up, &sums, NULL, NULL),
                     BW_OK);
    bw_reader_close(reader);
    return sums;
}

/* A day in one group, a day in the next, the move within an hour: each hour is told once. */
static void buckets_go_over_all_groups(void **state)
{
    enum { MINUTE_MS = 60000, DAY_MINUTES = 1440, MOVE = 1470 };
    const int64_t d0 = INT64_C(1700006400000), day_ms = (int64_t)DAY_MINUTES * MINUTE_MS;
    struct fixture *f = *state;
    f->wall_ms = d0 + 3 * day_ms;
    with_classes(f, 0);
    const uint32_t a = fixture_series(f, "node_load1", "a");
    const uint32_t b = fixture_series(f, "probe_success", "a");
    for (int64_t i = 0; i < 2 * DAY_MINUTES; i++) {
        if (i == MOVE) {
            fixture_close(f);
            with_classes(f, 1);
        }
        fixture_append(f, a, d0 + i * MINUTE_MS, (double)i);
        fixture_append(f, b, d0 + i * MINUTE_MS, 1);
    }
    fixture_pack(f);
    for (int made = 0; made < 2; made++) { /* from samples, then from roll-ups */
        const struct sums sums = sums_of(f, a, d0, d0 + 2 * day_ms - 1);
        assert_int_equal(sums.told, 1);
        assert_int_equal(sums.buckets, 48);
        assert_int_equal(sums.samples, 2 * DAY_MINUTES);
        assert_true(sums.sum == 2880.0 * 2879 / 2 && sums.last == 2879);
        fixture_roll_up(f);
    }
    fixture_close(f);
    fixture_sql(f, "DELETE FROM pack");
    assert_int_equal(sums_of(f, a, d0, d0 + 2 * day_ms - 1).samples, 2 * DAY_MINUTES);
    fixture_open(f);
}

/* Back to where it was is not possible: the order of places would say nothing. */
static void a_series_never_comes_back(void **state)
{
    static const struct bw_pair loads[] = { { "__name__", "node_.*" } };
    static struct bw_retention_class other[] = { { { loads, 1 }, { .raw_ns = 90 * BW_DAY } },
                                                 { { probes, 1 }, { .raw_ns = 9 * BW_DAY } } };
    struct fixture *f = *state;
    with_classes(f, 0);
    const uint32_t a = fixture_series(f, "node_load1", "a");
    const uint32_t b = fixture_series(f, "probe_success", "a");
    const uint32_t c = fixture_series(f, "probe_duration_seconds", "a");
    char want[400] = "";
    for (int i = 0; i < 8; i++) {
        const struct bw_sample samples[] = { { a, T0 + i, i }, { b, T0 + i, i }, { c, T0 + i, i } };
        assert_true(bw_store_append(f->store, samples, 3));
        snprintf(want + strlen(want), sizeof want - strlen(want), "%d:%d ", i, i);
        fixture_close(f);
        f->wall_ms = T0 - i; /* a clock that goes back */
        classes[0].match = (struct bw_pairs){ i % 2 == 0 ? probes : loads, 1 };
        f->opts.classes = (struct bw_items){ i % 4 == 1 ? other : classes, i % 4 == 1 ? 2 : 1 };
        fixture_open(f);
        expect_points(f, a, want);
        expect_points(f, b, want);
        expect_points(f, c, want);
        assert_int_equal(fixture_sql(f, "SELECT max(n) FROM (SELECT count(*) AS n FROM series_group"
                                        " GROUP BY series, group_id)"),
                         1);
    }
    classes[0].match = (struct bw_pairs){ probes, 1 };
}

static void copy_file(const char *from, const char *to, const char *ending)
{
    char command[400];
    snprintf(command, sizeof command, "cp '%s%s' '%s%s'", from, ending, to, ending);
    assert_int_equal(system(command), 0);
}

/* Goes on with the files as they are now: as after a kill -9. */
static void crash(struct fixture *f, const char *name)
{
    char path[sizeof f->path];
    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    copy_file(f->path, path, "");
    copy_file(f->path, path, "-wal");
    fixture_close(f);
    snprintf(f->path, sizeof f->path, "%s", path);
}

/* What is in the journal alone is of the group before. */
static void the_journal_of_a_crash_moves_as_well(void **state)
{
    struct fixture *f = *state;
    with_classes(f, 0);
    const uint32_t a = fixture_series(f, "node_load1", "a");
    const uint32_t b = fixture_series(f, "probe_success", "a");
    for (int i = 0; i < 3; i++) {
        fixture_append(f, a, T0 + i, i);
        fixture_append(f, b, T0 + i, i);
        fixture_flush(f);
    }
    crash(f, "second.db");
    with_classes(f, 1);
    assert_int_equal(groups(f), 2);
    assert_int_equal(fixture_sql(f, "SELECT sum(samples) FROM pack"), 6); /* none twice */
    fixture_append(f, b, T0 + 1, 7);
    fixture_append(f, b, T0 + 9, 9);
    fixture_flush(f);
    expect_points(f, b, "0:0 1:7 2:2 9:9 ");
    crash(f, "third.db");
    with_classes(f, 1);
    expect_points(f, b, "0:0 1:7 2:2 9:9 ");
    fixture_pack(f);
    expect_points(f, b, "0:0 1:7 2:2 9:9 ");
    assert_int_equal(fixture_sql(f, "SELECT sum(samples) FROM pack"), 8);
}

/* Two series of one metric in two targets, and many. */
static void many_move_at_once(void **state)
{
    enum { TARGETS = 60 };
    struct fixture *f = *state;
    uint32_t series[2 * TARGETS];
    with_classes(f, 0);
    for (int i = 0; i < TARGETS; i++) {
        char name[20];
        snprintf(name, sizeof name, "t%d", i);
        series[2 * i] = fixture_series(f, "node_load1", name);
        series[2 * i + 1] = fixture_series(f, "probe_success", name);
    }
    for (int i = 0; i < 2 * TARGETS; i++)
        fixture_append(f, series[i], T0 + i, i);
    fixture_close(f);
    with_classes(f, 1);
    assert_int_equal(groups(f), 2);
    for (int i = 0; i < 2 * TARGETS; i++)
        fixture_append(f, series[i], T0 + 1000 + i, -i);
    fixture_close(f);
    with_classes(f, 1);
    for (int i = 0; i < 2 * TARGETS; i++) {
        char want[60];
        snprintf(want, sizeof want, "%d:%d %d:%d ", i, i, 1000 + i, -i);
        expect_points(f, series[i], want);
    }
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_divided_group_is_left_by_all),
        TEST(the_later_one_counts_over_groups),
        TEST(what_comes_after_a_move_counts_in_a_group_that_was_there),
        TEST(buckets_go_over_all_groups),
        TEST(a_series_never_comes_back),
        TEST(the_journal_of_a_crash_moves_as_well),
        TEST(many_move_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
