// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"

#include "base/units.h"
#include "store/db.h"
#include "store/heads.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Heads over a database of their own, without a writer thread. */
struct bench {
    sqlite3 *db;
    struct bw_heads heads;
    uint64_t seq;
};

static void bench_open(struct bench *b, const struct fixture *f)
{
    struct bw_db_opening opening = { .mended = false };
    struct bw_err err = { .text = "" };
    *b = (struct bench){ .seq = 0 };
    if (bw_db_open_writer(f->path, NULL, 0, &b->db, &opening, &err) != BW_OK)
        fail_msg("open: %s", err.text);
    assert_int_equal(bw_db_exec(b->db, "PRAGMA synchronous=OFF", NULL), BW_OK);
}

static void bench_close(struct bench *b)
{
    bw_heads_fini(&b->heads);
    assert_int_equal(sqlite3_close(b->db), SQLITE_OK);
}

static void place(struct bench *b, uint32_t from, uint32_t to, uint32_t group)
{
    for (uint32_t series = from; series <= to; series++)
        bw_heads_place(&b->heads, series, group);
}

/* One journal row with a sample of each series from … to. */
static void add(struct bench *b, uint32_t from, uint32_t to, int64_t ts_ms, double value)
{
    struct bw_samples samples = { .count = 0 };
    for (uint32_t series = from; series <= to; series++)
        bw_samples_add(&samples, &(struct bw_sample){ series, ts_ms, value }, 1);
    bw_heads_add(&b->heads, ++b->seq, samples.items, samples.count, 0);
    bw_samples_fini(&samples);
}

static void write_head(struct bench *b, uint32_t group)
{
    struct bw_err err = { .text = "" };
    if (bw_heads_write(&b->heads, b->db, group, b->seq, 0, &err) != BW_OK)
        fail_msg("write: %s", err.text);
}

static int64_t number(struct bench *b, const char *sql)
{
    int64_t value = -1;
    assert_int_equal(bw_db_number(b->db, sql, &value, NULL), BW_OK);
    return value;
}

enum { GROUPS = 200, OF_GROUP = 5 };

static size_t blocks_of(const struct bench *b)
{
    size_t blocks = 0;
    for (uint32_t g = 1; g <= GROUPS; g++)
        blocks += b->heads.groups[g].window.block_count;
    return blocks;
}

/* Begun together, with samples at the same times: still no tick does the work of all. */
static void groups_are_sealed_and_written_in_turns(void **state)
{
    struct bench b;
    bench_open(&b, *state);
    for (uint32_t g = 1; g <= GROUPS; g++)
        place(&b, (g - 1) * OF_GROUP + 1, g * OF_GROUP, g);
    size_t most_written = 0, most_sealed = 0, full = 0;
    for (int64_t tick = 0; tick < 600; tick++) {
        for (uint32_t g = 1; g <= GROUPS && tick == 300; g++) {
            if (b.heads.groups[g].window.count > 0)
                write_head(&b, g); /* all at once, as a checkpoint does */
        }
        const size_t before = blocks_of(&b);
        add(&b, 1, GROUPS * OF_GROUP, T0 + tick * 1000, (double)(tick % 7) / 10);
        const size_t sealed = blocks_of(&b) - before;
        size_t written = 0;
        for (uint32_t g = 1; g <= GROUPS; g++) {
            if (bw_heads_is_due(&b.heads, g, 1)) {
                write_head(&b, g);
                written++;
            }
        }
        most_written = written > most_written ? written : most_written;
        most_sealed = sealed > most_sealed ? sealed : most_sealed;
        if (tick == 200)
            full = b.heads.pool.bytes;
    }
    assert_in_range(most_written, 1, 10); /* 200 in 96 ticks are 2.1 a tick */
    assert_in_range(most_sealed, 1, 30);  /* 400 in 96 ticks are 4.2; the first are closer */
    assert_true(b.heads.packs_written >= 5 * GROUPS);
    assert_true(b.heads.pool.bytes <= full + full / 20); /* what is written is used again */
    bench_close(&b);
}

static void what_is_held_is_told(void **state)
{
    struct bench b;
    struct bw_samples samples = { .count = 0 };
    bench_open(&b, *state);
    place(&b, 1, 3, 1);
    for (int64_t tick = 0; tick < 70; tick++)
        add(&b, 1, 3, T0 + tick, (double)tick);
    assert_true(b.heads.groups[1].window.block_count >= 2);
    bw_heads_samples(&b.heads, 1, &samples);
    assert_int_equal(samples.count, 3 * 70);
    for (size_t i = 0; i < samples.count; i++) {
        assert_int_equal(samples.items[i].series, 1 + i / 70);
        assert_true(samples.items[i].ts_ms == T0 + (int64_t)(i % 70));
        assert_true(samples.items[i].value == (double)(i % 70));
    }
    assert_int_equal(bw_heads_covered(&b.heads, b.seq), 0);
    write_head(&b, 1);
    assert_int_equal(bw_heads_covered(&b.heads, b.seq), 70);
    samples.count = 0;
    bw_heads_samples(&b.heads, 1, &samples);
    assert_int_equal(samples.count, 0);
    bw_samples_fini(&samples);
    bench_close(&b);
}

/* A row of the journal that is in packs already changes nothing, as after a crash. */
static void covered_rows_are_passed_over(void **state)
{
    struct bench b;
    bench_open(&b, *state);
    place(&b, 1, 2, 1);
    place(&b, 3, 3, 2);
    bw_heads_set_covered(&b.heads, 1, 5);
    for (int64_t tick = 0; tick < 8; tick++)
        add(&b, 1, 3, T0 + tick, 1);
    assert_int_equal(b.heads.groups[1].window.count, 2 * 3);
    assert_int_equal(b.heads.groups[1].first_seq, 6);
    assert_int_equal(b.heads.groups[2].window.count, 8);
    add(&b, 4, 900, T0, 1); /* not known: not here */
    assert_int_equal(b.heads.groups[1].window.count, 2 * 3);
    bench_close(&b);
}

static void a_series_that_comes_back_has_one_place(void **state)
{
    struct bench b;
    bench_open(&b, *state);
    place(&b, 1, 3, 1);
    place(&b, 2, 2, 2);
    assert_int_equal(bw_heads_group_of(&b.heads, 2), 2);
    place(&b, 2, 2, 1);
    add(&b, 1, 3, T0, 1);
    assert_int_equal(b.heads.groups[1].series_count, 3);
    place(&b, 0, 0, 0); /* a damaged row says nonsense */
    write_head(&b, 1);
    assert_int_equal(number(&b, "SELECT samples FROM pack"), 3);
    bench_close(&b);
}

/* An older series in a group that has younger ones: its place comes after theirs, its values
 * come before. */
static void places_need_not_be_in_the_order_of_ids(void **state)
{
    struct fixture *f = *state;
    struct bench b;
    bench_open(&b, f);
    place(&b, 10, 12, 1);
    place(&b, 4, 5, 1);
    for (int64_t tick = 0; tick < 50; tick++)
        for (uint32_t series = 4; series <= 12; series++)
            add(&b, series, series, T0 + tick, series + (double)tick / 100);
    write_head(&b, 1);
    struct bw_pack pack;
    sqlite3_stmt *st = NULL;
    assert_int_equal(bw_db_prepare(b.db, "SELECT body FROM pack", &st, NULL), BW_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    assert_int_equal(
        bw_pack_open(&pack, sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0), NULL),
        BW_OK);
    assert_int_equal(pack.series_count, 5);
    for (size_t i = 0; i < 5; i++) {
        struct bw_points points = { .count = 0 };
        assert_int_equal(bw_pack_read(&pack, i, &points, NULL), BW_OK);
        assert_int_equal(points.count, 50);
        assert_true(points.items[49].value == bw_pack_series(&pack, i) + 49.0 / 100);
        bw_points_fini(&points);
    }
    sqlite3_finalize(st);
    bench_close(&b);
}

/* More series than a pack may hold: the open one is sealed, nothing is lost. */
static void what_does_not_fit_into_the_open_pack_gets_its_own(void **state)
{
    struct bench b;
    bench_open(&b, *state);
    place(&b, 1, 100, 1);
    add(&b, 1, 100, T0, 1);
    write_head(&b, 1);
    bw_heads_fini(&b.heads);
    place(&b, 101, 200, 1);
    add(&b, 101, 200, T0 + 1, 2);
    write_head(&b, 1);
    assert_int_equal(b.heads.damaged, 0);
    assert_int_equal(number(&b, "SELECT count(*) FROM pack WHERE state=1 AND samples=100"), 1);
    assert_int_equal(number(&b, "SELECT count(*) FROM pack WHERE state=0 AND samples=100"), 1);
    bw_heads_fini(&b.heads);
    place(&b, 1, 140, 3); /* a group has room for 128 */
    assert_int_equal(bw_heads_group_of(&b.heads, 128), 3);
    assert_int_equal(bw_heads_group_of(&b.heads, 129), 0);
    bench_close(&b);
}

/* --- through the store ------------------------------------------------------------------- */

static void expect(struct fixture *f, uint32_t series, const char *when, const char *want)
{
    static char got[4096];
    const struct bw_damage damage = fixture_points(f, series, 0, INT64_MAX, got, sizeof got);
    if (strcmp(got, want) != 0)
        fail_msg("%s: %s, wanted %s", when, got, want);
    assert_int_equal(damage.packs + damage.journal_rows + damage.rows, 0);
}

/* Late, double and conflicting samples, into blocks, packs and across a restart: a reader sees
 * the same at every stage. */
static void readers_see_no_seam(void **state)
{
    struct fixture *f = *state;
    char want[4096] = "";
    fixture_open(f);
    const uint32_t a = fixture_series(f, "up", "a"), b = fixture_series(f, "up", "b");
    for (int tick = 0; tick < 120; tick++) {
        if (tick % 10 != 3)
            fixture_append(f, a, T0 + tick, tick);
        fixture_append(f, b, T0 + tick, -tick);
        if (tick % 20 == 0)
            fixture_flush(f);
    }
    fixture_flush(f);
    fixture_append(f, a, T0 + 3, 3);     /* late, into the first block */
    fixture_append(f, a, T0 + 5, 500);   /* in conflict with it */
    fixture_append(f, a, T0 + 5, 5.5);   /* and with that */
    fixture_append(f, a, T0 + 119, 119); /* a duplicate */
    fixture_append(f, a, T0 - 1, -1);    /* before everything */
    fixture_flush(f);
    for (int tick = -1; tick < 120; tick++) {
        if (tick < 0 || tick % 10 != 3 || tick == 3)
            snprintf(want + strlen(want), sizeof want - strlen(want), "%d:%g ", tick,
                     tick == 5 ? 5.5 : (double)tick);
    }
    expect(f, a, "journal", want);
    fixture_pack(f);
    expect(f, a, "open pack", want);
    fixture_append(f, a, T0 + 5, 6); /* against the pack */
    fixture_append(f, a, T0 + 13, 13);
    fixture_flush(f);
    char *at = strstr(want, "5:5.5 ");
    memcpy(at, "5:6   ", 6);
    memmove(at + 4, at + 6, strlen(at + 6) + 1);
    at = strstr(want, "14:14 ");
    memmove(at + 6, at, strlen(at) + 1);
    memcpy(at, "13:13 ", 6);
    expect(f, a, "open pack and journal", want);
    fixture_close(f);
    fixture_open(f);
    expect(f, a, "after a restart", want);
    fixture_pack(f);
    expect(f, a, "packed again", want);
    assert_int_equal(fixture_sql(f, "SELECT count(*) FROM pack"), 1);
}

#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(groups_are_sealed_and_written_in_turns),
        IN_FIXTURE(what_is_held_is_told),
        IN_FIXTURE(covered_rows_are_passed_over),
        IN_FIXTURE(a_series_that_comes_back_has_one_place),
        IN_FIXTURE(places_need_not_be_in_the_order_of_ids),
        IN_FIXTURE(what_does_not_fit_into_the_open_pack_gets_its_own),
        IN_FIXTURE(readers_see_no_seam),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
