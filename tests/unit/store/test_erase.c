// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"

#include "base/units.h"
#include "store/compact.h"
#include "store/erase.h"
#include "store/rollups.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SERIES = 4, STEP_MS = 15000, TICKS = 1000 };

static const char *const names[SERIES] = { "a", "b", "c", "d" };

static void name_series(struct fixture *f, uint32_t ids[SERIES])
{
    for (size_t s = 0; s < SERIES; s++)
        ids[s] = fixture_series(f, "value", names[s]);
}

static void fill(struct fixture *f, const uint32_t ids[SERIES], size_t from, size_t to)
{
    for (size_t t = from; t < to; t++) {
        for (size_t s = 0; s < SERIES; s++)
            fixture_append(f, ids[s], T0 + (int64_t)t * STEP_MS, (double)(t % 97 + 1000 * s));
    }
}

/* Two sealed packs, an open one, and samples in the journal. */
static void open_and_fill(struct fixture *f, uint32_t ids[SERIES])
{
    fixture_open(f);
    name_series(f, ids);
    fill(f, ids, 0, 480);
    fixture_pack(f);
    fill(f, ids, 480, 970);
    fixture_pack(f);
    fill(f, ids, 970, TICKS - 10);
    fixture_pack(f);
    fill(f, ids, TICKS - 10, TICKS);
    fixture_flush(f);
}

static bool take_series(void *ctx, const struct bw_series_info *series)
{
    *(uint32_t *)ctx = series->id;
    return true;
}

/* Whoever reads asks for the series first. */
static bool is_there(struct fixture *f, uint32_t series)
{
    struct bw_reader *reader = NULL;
    uint32_t found = 0;
    assert_int_equal(bw_reader_open(f->path, &reader, NULL), BW_OK);
    const enum bw_rc rc = bw_reader_series_by_id(reader, series, take_series, &found, NULL);
    assert_int_equal(rc, found != 0 ? BW_OK : BW_ENOTFOUND);
    bw_reader_close(reader);
    return found != 0;
}

static size_t points_of(struct fixture *f, uint32_t series)
{
    static char out[TICKS * 40];
    if (!is_there(f, series))
        return 0;
    const struct bw_damage damage =
        fixture_points(f, series, INT64_MIN, INT64_MAX, out, sizeof out);
    size_t count = 0;
    assert_int_equal(damage.packs + damage.journal_rows + damage.rows, 0);
    for (const char *c = out; *c != '\0'; c++)
        count += *c == ' ';
    return count;
}

static uint64_t erase(struct fixture *f, const uint32_t *ids, size_t count)
{
    struct bw_err err = { .text = "" };
    uint64_t erased = 0;
    if (bw_store_erase(f->store, ids, count, &erased, &err) != BW_OK)
        fail_msg("%s; said: %s", err.text, f->said);
    return erased;
}

static struct bw_purge_totals purge(struct fixture *f)
{
    struct bw_purge *work = bw_purge_new(f->store);
    struct bw_err err = { .text = "" };
    bool more = true;
    for (size_t i = 0; more; i++) {
        assert_true(i < 10000);
        if (bw_purge_step(work, &more, &err) != BW_OK)
            fail_msg("%s; said: %s", err.text, f->said);
    }
    const struct bw_purge_totals totals = bw_purge_totals(work);
    bw_purge_free(work);
    return totals;
}

static void print_fault(void *ctx, const char *fault)
{
    (void)ctx;
    print_error("%s\n", fault);
}

static void expect_sound(struct fixture *f)
{
    uint64_t faults = 0;
    assert_int_equal(bw_store_verify(f->path, print_fault, NULL, &faults, NULL), BW_OK);
}

static uint64_t stored(struct fixture *f)
{
    struct bw_store_info info;
    assert_int_equal(bw_store_info(f->path, &info, NULL), BW_OK);
    return info.samples;
}

static void gone_at_once_and_from_the_packs_soon(void **state)
{
    struct fixture *f = *state;
    uint32_t ids[SERIES];
    open_and_fill(f, ids);
    assert_int_equal(erase(f, (const uint32_t[]){ ids[1], ids[2] }, 2), 2);
    assert_int_equal(fixture_sql(f, "SELECT count(*) FROM series"), 2);
    assert_int_equal(fixture_sql(f, "SELECT count(*) FROM deleted_series"), 2);
    assert_int_equal(points_of(f, ids[1]), 0);
    assert_int_equal(points_of(f, ids[0]), TICKS);
    expect_sound(f);

    const int64_t bytes = fixture_sql(f, "SELECT sum(length(body)) FROM pack");
    const struct bw_purge_totals totals = purge(f);
    assert_int_equal(totals.packs, fixture_sql(f, "SELECT count(*) FROM pack"));
    assert_int_equal(totals.damaged, 0);
    assert_true(totals.bytes > 0);
    assert_int_equal(fixture_sql(f, "SELECT sum(length(body)) FROM pack"),
                     bytes - (int64_t)totals.bytes);
    assert_int_equal(fixture_sql(f, "SELECT count(*) FROM deleted_series"), 0);
    fixture_append(f, ids[1], T0 + 1, 5); /* by somebody who does not know yet */
    fixture_append(f, ids[2], T0 + TICKS * STEP_MS, 5);
    fixture_pack(f);
    assert_int_equal(fixture_sql(f, "SELECT sum(samples) FROM pack"), 2 * TICKS);
    for (size_t s = 0; s < SERIES; s++)
        assert_int_equal(points_of(f, ids[s]), s == 1 || s == 2 ? 0 : TICKS);
    expect_sound(f);
    assert_int_equal(erase(f, ids, SERIES), 2); /* the other two were gone */
    purge(f);
    assert_int_equal(fixture_sql(f, "SELECT count(*) FROM pack"), 0);
    assert_int_equal(fixture_sql(f, "SELECT count(*) FROM pack_group"), 0);
    struct bw_store_stats stats;
    bw_store_stats(f->store, &stats);
    assert_int_equal(stats.packs, 0);
    assert_int_equal(stats.series, 0);
    expect_sound(f);
}

/* Under a new id, which it keeps; its neighbours go on as ever, in memory, over a restart, merged.
 */
static void what_is_measured_again_is_another_series(void **state)
{
    struct fixture *f = *state;
    uint32_t ids[SERIES], again[SERIES];
    open_and_fill(f, ids);
    const uint64_t before = bw_store_erasures(f->store);
    erase(f, &ids[0], 1);
    assert_true(bw_store_erasures(f->store) > before);
    fixture_append(f, ids[0], T0, 5); /* measured before it was known */
    name_series(f, again);
    assert_true(again[0] > ids[SERIES - 1]);
    assert_int_equal(again[1], ids[1]);
    fill(f, again, TICKS, TICKS + 100);
    fixture_flush(f);
    assert_int_equal(points_of(f, again[0]), 100);
    assert_int_equal(points_of(f, again[3]), TICKS + 100);
    fixture_close(f);
    fixture_open(f); /* the purge had not begun */
    name_series(f, ids);
    assert_memory_equal(ids, again, sizeof ids);
    purge(f);
    fill(f, again, TICKS + 100, TICKS + 200);
    fixture_pack(f);
    struct bw_compactor *compactor = bw_compactor_new(f->store, BW_COMPACT_ALL);
    for (bool more = true; more;)
        assert_int_equal(bw_compactor_step(compactor, &more, NULL), BW_OK);
    assert_int_equal(bw_compactor_totals(compactor).damaged, 0);
    bw_compactor_free(compactor);
    assert_int_equal(points_of(f, again[0]), 200);
    for (size_t s = 1; s < SERIES; s++)
        assert_int_equal(points_of(f, again[s]), TICKS + 200);
    assert_int_equal(stored(f), 3 * (TICKS + 200) + 200);
    expect_sound(f);
}

static void an_id_is_never_used_again(void **state)
{
    struct fixture *f = *state;
    uint32_t last = 0;
    fixture_open(f);
    for (int i = 0; i < 5; i++) {
        const uint32_t id = fixture_series(f, "value", "a");
        assert_true(id > last);
        last = id;
        fixture_append(f, id, T0 + i, i);
        fixture_flush(f);
        erase(f, &id, 1);
        if (i % 2 == 0)
            purge(f);
        fixture_close(f);
        fixture_open(f);
    }
}

/* Merged by a compactor that began before, or while the purge is under way: nothing comes back. */
static void merging_beside_it_brings_nothing_back(void **state)
{
    struct fixture *f = *state;
    uint32_t ids[SERIES];
    open_and_fill(f, ids);
    struct bw_compactor *compactor = bw_compactor_new(f->store, BW_COMPACT_ALL);
    struct bw_purge *work = bw_purge_new(f->store);
    erase(f, &ids[3], 1);
    bool merges = true, purges = true;
    for (size_t i = 0; merges || purges; i++) {
        assert_true(i < 1000);
        if (i % 3 == 2)
            assert_int_equal(bw_compactor_step(compactor, &merges, NULL), BW_OK);
        else
            assert_int_equal(bw_purge_step(work, &purges, NULL), BW_OK);
    }
    bw_purge_free(work);
    bw_compactor_free(compactor);
    assert_int_equal(fixture_sql(f, "SELECT sum(samples) FROM pack"), 3 * TICKS);
    assert_int_equal(points_of(f, ids[0]), TICKS);
    expect_sound(f);
}

static void roll_up(struct fixture *f)
{
    struct bw_reader *reader = NULL;
    bool made = true;
    bw_store_trust_clock(f->store, true);
    assert_int_equal(bw_reader_open(f->path, &reader, NULL), BW_OK);
    for (size_t i = 0; made && i < 100; i++) {
        assert_int_equal(bw_store_roll_up(f->store, reader, &made, NULL), BW_OK);
        fixture_flush(f);
    }
    bw_reader_close(reader);
}

#define MINUTES "SELECT sum(length(body)) FROM rollup WHERE width_ms=60000"

static void rollups_go_too(void **state)
{
    struct fixture *f = *state;
    uint32_t ids[SERIES];
    f->opts.retention.raw_ns = 0;
    f->wall_ms = T0 + 3 * 86400000;
    open_and_fill(f, ids);
    fixture_pack(f);
    roll_up(f);
    const int64_t bytes = fixture_sql(f, MINUTES);
    assert_true(bytes > 0);
    erase(f, ids, 2);
    const struct bw_purge_totals totals = purge(f);
    assert_true(totals.rollups > 0);
    assert_true(fixture_sql(f, MINUTES) < bytes * 6 / 10);
    roll_up(f); /* nothing is made anew from what is gone */
    assert_true(fixture_sql(f, MINUTES) < bytes * 6 / 10);
    expect_sound(f);
    erase(f, ids, SERIES);
    purge(f);
    assert_int_equal(fixture_sql(f, "SELECT count(*) FROM rollup"), 0);
}

static void a_damaged_pack_stays(void **state)
{
    struct fixture *f = *state;
    uint32_t ids[SERIES];
    open_and_fill(f, ids);
    fixture_sql(f, "UPDATE pack SET body=zeroblob(length(body)) WHERE id=1");
    erase(f, &ids[0], 1);
    assert_int_equal(purge(f).damaged, 1);
    assert_int_equal(fixture_sql(f, "SELECT count(*) FROM pack WHERE id=1"), 1);
    assert_int_equal(fixture_sql(f, "SELECT count(*) FROM deleted_series"), 0);
}

/* A trend that was computed from what is gone is not stored any more. */
static void no_row_outlives_its_series(void **state)
{
    struct fixture *f = *state;
    uint32_t ids[SERIES];
    open_and_fill(f, ids);
    struct bw_trend_record trend = { .series = ids[2], .metric = "value", .note = "" };
    const struct bw_statement statement = { .series = ids[2], .horizon_ms = 1 };
    const struct bw_series_score score = { .series = ids[2], .horizon_ms = 1 };
    static const char count[] = "SELECT (SELECT count(*) FROM trend_result)"
                                " + (SELECT count(*) FROM statement)"
                                " + (SELECT count(*) FROM series_score)";
    for (int turn = 0; turn < 2; turn++) {
        assert_true(bw_store_put_trend(f->store, &trend));
        assert_true(bw_store_put_statement(f->store, &statement));
        assert_true(bw_store_put_series_score(f->store, &score));
        fixture_flush(f);
        assert_int_equal(fixture_sql(f, count), turn == 0 ? 3 : 0);
        if (turn == 0)
            erase(f, &ids[2], 1);
        assert_int_equal(fixture_sql(f, count), 0);
    }
}

static const struct bw_pair of_a[] = { { "instance", "a|b" } };
static struct bw_retention_class classes[] = { { { of_a, 1 }, { .raw_ns = 90 * BW_DAY } } };

/* Out of every group that it was in; who takes its place loses nothing. */
static void what_has_moved_goes_from_all_its_groups(void **state)
{
    struct fixture *f = *state;
    uint32_t ids[SERIES], again[SERIES];
    open_and_fill(f, ids);
    fixture_close(f);
    f->opts.classes = (struct bw_items){ classes, 1 };
    fixture_open(f);
    assert_true(fixture_sql(f, "SELECT count(*) FROM series_group") > SERIES);
    fill(f, ids, TICKS, TICKS + 50);
    fixture_flush(f);
    assert_int_equal(points_of(f, ids[1]), TICKS + 50);
    erase(f, (const uint32_t[]){ ids[0], ids[3] }, 2);
    assert_int_equal(fixture_sql(f, "SELECT count(DISTINCT group_id) FROM deleted_series"), 3);
    purge(f);
    assert_int_equal(fixture_sql(f, "SELECT sum(samples) FROM pack"), 2 * (TICKS + 50));
    name_series(f, again);
    fill(f, again, TICKS + 50, TICKS + 60);
    fixture_pack(f);
    for (size_t s = 0; s < SERIES; s++)
        assert_int_equal(points_of(f, again[s]), s % 3 == 0 ? 10 : TICKS + 60);
    expect_sound(f);
}

/* --- kill -9 -------------------------------------------------------------------------------- */

static const struct bw_matcher half[] = { { "instance", BW_MATCH_REGEX, "a|c" } };

static void delete_in_child(const char *path)
{
    struct bw_erase_report report;
    const struct bw_selector selector = { half, 1 };
    for (;;)
        bw_store_delete_series(path, &selector, NULL, NULL, &report, NULL);
}

/* Either whole or gone, and what stays is whole. */
static void expect_whole_or_gone(struct fixture *f, const uint32_t ids[SERIES])
{
    for (size_t s = 0; s < SERIES; s++) {
        char sql[80];
        snprintf(sql, sizeof sql, "SELECT count(*) FROM series WHERE id=%u", ids[s]);
        const bool there = fixture_sql(f, sql) == 1;
        assert_true(there || s % 2 == 0);
        assert_int_equal(points_of(f, ids[s]), there ? TICKS : 0);
    }
    expect_sound(f);
}

static void killed_at_any_point_and_run_again(void **state)
{
    struct fixture *f = *state;
    uint32_t ids[SERIES];
    const char *full = getenv("BW_FULL"); /* "0" is what says no as well */
    const int rounds = full != NULL && strcmp(full, "1") == 0 ? 60 : 6;
    for (int i = 0; i < rounds; i++) {
        open_and_fill(f, ids);
        fixture_close(f);
        const pid_t child = fork();
        if (child == 0)
            delete_in_child(f->path);
        usleep((useconds_t)(i * 2500)); /* the moment is what is at stake here */
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        fixture_open(f);
        expect_whole_or_gone(f, ids);
        fixture_close(f);
        struct bw_erase_report report;
        const struct bw_selector selector = { half, 1 };
        assert_int_equal(bw_store_delete_series(f->path, &selector, &f->hooks, NULL, &report, NULL),
                         BW_OK);
        assert_int_equal(fixture_sql(f, "SELECT count(*) FROM series"), 2);
        assert_int_equal(fixture_sql(f, "SELECT count(*) FROM deleted_series"), 0);
        assert_int_equal(stored(f), 2 * TICKS);
        expect_sound(f);
        char name[200];
        snprintf(name, sizeof name, "%s", f->path);
        unlink(name);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(gone_at_once_and_from_the_packs_soon),
        TEST(what_is_measured_again_is_another_series),
        TEST(an_id_is_never_used_again),
        TEST(merging_beside_it_brings_nothing_back),
        TEST(rollups_go_too),
        TEST(a_damaged_pack_stays),
        TEST(no_row_outlives_its_series),
        TEST(what_has_moved_goes_from_all_its_groups),
        TEST(killed_at_any_point_and_run_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
