// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"

#include "base/mem.h"
#include "pack/pack.h"
#include "store/pack_reads.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SERIES = 40, PACKS = 6, POINTS = 60, STEP_MS = 1000 };

static const uint32_t group = 1;

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Some packs, of which each begins before the last one ends; series differ in their times. */
static void fill(struct fixture *f)
{
    uint32_t ids[SERIES], seed = 1;
    char name[16];
    fixture_open(f);
    for (int s = 0; s < SERIES; s++) {
        snprintf(name, sizeof name, "m%d", s);
        ids[s] = fixture_series(f, name, "a");
    }
    for (int p = 0; p < PACKS; p++) {
        for (int s = 0; s < SERIES; s++) {
            for (int i = 0; i < (s % 7 == p ? 0 : POINTS); i++)
                fixture_append(f, ids[s],
                               T0 + (p * (POINTS - 10) + i) * STEP_MS + (s % 3) * (i % 5),
                               (double)(next_random(&seed) % 100000) / (s % 4 == 0 ? 7 : 100));
        }
        fixture_pack(f);
        fixture_sql(f, "UPDATE pack SET state=1");
    }
    fixture_close(f);
    assert_int_equal(fixture_sql(f, "SELECT count(*) FROM pack WHERE group_id=1"), PACKS);
}

/* What plain reading finds: whole bodies, one series of one pack at a time. */
static uint64_t read_plainly(sqlite3 *db, uint32_t series, int64_t from_ms, int64_t to_ms,
                             struct bw_points *out)
{
    sqlite3_stmt *st = NULL;
    uint64_t damaged = 0;
    sqlite3_prepare_v2(db, "SELECT body FROM pack ORDER BY id", -1, &st, NULL);
    while (sqlite3_step(st) == SQLITE_ROW) {
        struct bw_pack pack;
        struct bw_points all = { 0 };
        if (bw_pack_open(&pack, sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0),
                         NULL)
            != BW_OK) {
            damaged++;
            continue;
        }
        const int at = bw_pack_find(&pack, series);
        damaged += at >= 0 && bw_pack_read(&pack, (size_t)at, &all, NULL) != BW_OK;
        for (size_t i = 0; i < all.count; i++) {
            if (all.items[i].ts_ms >= from_ms && all.items[i].ts_ms <= to_ms)
                bw_points_add(out, all.items[i].ts_ms, all.items[i].value);
        }
        bw_points_fini(&all);
    }
    sqlite3_finalize(st);
    return damaged;
}

static bool rise(const struct bw_points *points)
{
    for (size_t i = 1; i < points->count; i++) {
        if (points->items[i - 1].ts_ms >= points->items[i].ts_ms)
            return false;
    }
    return true;
}

/* Reads all series with so much memory, as a scan does; returns the passes that took. What is
 * damaged in the head of a pack counts once a pass, in a plain reading once a series. */
static size_t compare(sqlite3 *db, int64_t from_ms, int64_t to_ms, size_t bytes_max,
                      uint64_t *out_damaged)
{
    struct bw_pack_reads *reads = bw_pack_reads_new(db, from_ms, to_ms, bytes_max);
    size_t passes = 0;
    *out_damaged = 0;
    assert_int_equal(bw_pack_reads_choose(reads, &group, 1, NULL), BW_OK);
    const size_t pass = bw_pack_reads_pass(reads, SERIES);
    assert_true(pass >= 1 && pass <= SERIES);
    for (uint32_t first = 1; first <= SERIES; first += (uint32_t)pass, passes++) {
        const uint32_t end =
            first + (uint32_t)pass < SERIES + 1 ? first + (uint32_t)pass : SERIES + 1;
        assert_int_equal(bw_pack_reads_load(reads, first, end - 1, out_damaged, NULL), BW_OK);
        for (uint32_t id = first; id < end; id++) {
            struct bw_points got = { 0 }, want = { 0 };
            uint64_t damaged = *out_damaged;
            assert_true(bw_pack_reads_series(reads, id, &got, out_damaged) == rise(&got));
            const uint64_t plainly = read_plainly(db, id, from_ms, to_ms, &want);
            assert_int_equal(got.count, want.count);
            assert_memory_equal(got.items == NULL ? (void *)"" : got.items,
                                want.items == NULL ? (void *)"" : want.items,
                                got.count * sizeof *got.items);
            /* Nothing is missing silently. */
            assert_true(plainly == 0 ? *out_damaged == damaged : *out_damaged > 0);
            bw_points_fini(&got);
            bw_points_fini(&want);
        }
    }
    bw_pack_reads_free(reads);
    return passes;
}

static sqlite3 *open_file(struct fixture *f)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    return db;
}

static void memory_decides_on_passes_and_nothing_else(void **state)
{
    struct fixture *f = *state;
    fill(f);
    sqlite3 *db = open_file(f);
    const size_t bytes = (size_t)fixture_sql(f, "SELECT sum(length(body)) FROM pack");
    const struct {
        size_t bytes_max, least, most;
    } budgets[] = {
        { bytes, 1, 1 },
        { bytes / 10, 2, SERIES / 2 },
        { 1, SERIES, SERIES },
    };
    const int64_t ends[][2] = { { INT64_MIN, INT64_MAX },
                                { T0 + 30 * STEP_MS, T0 + 170 * STEP_MS },
                                { T0 + 55 * STEP_MS, T0 + 55 * STEP_MS } };
    for (size_t b = 0; b < sizeof budgets / sizeof *budgets; b++) {
        for (size_t e = 0; e < sizeof ends / sizeof *ends; e++) {
            uint64_t damaged;
            const size_t passes =
                compare(db, ends[e][0], ends[e][1], budgets[b].bytes_max, &damaged);
            assert_int_equal(damaged, 0);
            if (e == 0)
                assert_true(passes >= budgets[b].least && passes <= budgets[b].most);
        }
    }
    sqlite3_close(db);
}

/* A bit flipped with a connection of its own, as a bad disk would. */
static void flip(sqlite3 *db, int64_t id, int offset)
{
    sqlite3_blob *blob = NULL;
    uint8_t byte = 0;
    assert_int_equal(sqlite3_blob_open(db, "main", "pack", "body", id, 1, &blob), SQLITE_OK);
    assert_int_equal(sqlite3_blob_read(blob, &byte, 1, offset), SQLITE_OK);
    byte ^= 0x20;
    assert_int_equal(sqlite3_blob_write(blob, &byte, 1, offset), SQLITE_OK);
    sqlite3_blob_close(blob);
}

static void damage_is_what_a_plain_reading_finds(void **state)
{
    struct fixture *f = *state;
    uint32_t seed = 7;
    uint64_t damaged;
    fill(f);
    sqlite3 *db = open_file(f);
    const int size = (int)fixture_sql(f, "SELECT length(body) FROM pack WHERE id=3");
    for (int round = 0; round < 16; round++) {
        /* The first eight in the header, whose fields are few. */
        const int offset = round < 8 ? round * 5 : (int)(next_random(&seed) % (uint32_t)size);
        flip(db, 3, offset);
        compare(db, INT64_MIN, INT64_MAX, 16 << 20, &damaged);
        assert_true(damaged >= 1);
        compare(db, INT64_MIN, INT64_MAX, 1, &damaged);
        assert_true(damaged >= 1);
        flip(db, 3, offset);
    }
    compare(db, INT64_MIN, INT64_MAX, 16 << 20, &damaged);
    assert_int_equal(damaged, 0);
    sqlite3_close(db);
}

static void a_row_that_is_not_its_bodys_harms_itself_alone(void **state)
{
    struct fixture *f = *state;
    fill(f);
    static const char *const changes[] = {
        "samples=samples+1",
        "first_ms=first_ms-1",
        "last_ms=last_ms+1",
        "body=zeroblob(0)",
        "body=zeroblob(39)",
        "body=zeroblob(100000)",
        "body=substr(body,1,40)",
        "body=substr(body,1,1000)",
        "body=CAST(body||x'00' AS BLOB)",
        "body=(SELECT body FROM pack WHERE id=2)",
        "body=x'42575031'",
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        char sql[200];
        uint64_t damaged;
        fixture_sql(f, "CREATE TABLE kept AS SELECT * FROM pack WHERE id=4");
        snprintf(sql, sizeof sql, "UPDATE pack SET %s WHERE id=4", changes[i]);
        fixture_sql(f, sql);
        sqlite3 *db = open_file(f);
        struct bw_pack_reads *reads = bw_pack_reads_new(db, INT64_MIN, INT64_MAX, 16 << 20);
        for (uint32_t last = 1; last <= SERIES; last += SERIES - 1) {
            struct bw_points points = { 0 };
            damaged = 0;
            assert_int_equal(bw_pack_reads_choose(reads, &group, 1, NULL), BW_OK);
            assert_int_equal(bw_pack_reads_load(reads, 1, last, &damaged, NULL), BW_OK);
            bw_pack_reads_series(reads, 1, &points, &damaged);
            assert_int_equal(damaged, 1);
            assert_int_equal(points.count, (PACKS - 2) * POINTS); /* it has none in the first */
            bw_points_fini(&points);
        }
        bw_pack_reads_free(reads);
        sqlite3_close(db);
        fixture_sql(f, "DELETE FROM pack WHERE id=4;"
                       "INSERT INTO pack SELECT * FROM kept; DROP TABLE kept");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(memory_decides_on_passes_and_nothing_else, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(damage_is_what_a_plain_reading_finds, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_row_that_is_not_its_bodys_harms_itself_alone,
                                        fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
