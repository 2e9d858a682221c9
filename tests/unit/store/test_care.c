// SPDX-License-Identifier: GPL-3.0-or-later
/* storage.max_bytes, looked at before every write of SQLite's: never more, and what goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "disk.h"
#include "fixture.h"

#include "base/mem.h"
#include "base/units.h"
#include "store/compact.h"
#include "store/retention.h"
#include "store/rollups.h"

#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CAP (UINT64_C(8) << 20)
#define MINUTE_MS INT64_C(60000)
#define DAY_MS (1440 * MINUTE_MS)
#define PACK_MS (5 * MINUTE_MS)
#define PACK_POINTS 150000 /* about a megabyte */

static char watched[64];           /* a folder */
static _Atomic uint64_t most_seen; /* bytes of all files in it */

static uint64_t bytes_in(const char *folder)
{
    uint64_t bytes = 0;
    struct stat st;
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0
            && S_ISREG(st.st_mode))
            bytes += (uint64_t)st.st_size;
    }
    if (dir != NULL)
        closedir(dir);
    return bytes;
}

static void look(enum disk_call call, const char *path, const void *bytes, int size, int64_t at)
{
    (void)path, (void)bytes, (void)size, (void)at;
    if (call == DISK_READ)
        return;
    const uint64_t now = bytes_in(watched);
    if (now > atomic_load(&most_seen))
        atomic_store(&most_seen, now);
}

static void open_watched(struct fixture *f, uint64_t max_bytes)
{
    snprintf(watched, sizeof watched, "%s", f->folder);
    atomic_store(&most_seen, 0);
    atomic_store(&disk.watch, look);
    f->opts.max_bytes = max_bytes;
    f->opts.commit_interval_ns = 10 * BW_MS;
    fixture_open(f);
}

static void expect_below(struct fixture *f, uint64_t max_bytes)
{
    look(DISK_SYNC, NULL, NULL, 0, 0);
    if (atomic_load(&most_seen) > max_bytes)
        fail_msg("%llu bytes were there; said: %s", (unsigned long long)atomic_load(&most_seen),
                 f->said);
}

static double noise(void)
{
    static uint64_t x = 88172645463325252u;
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    return (double)(x >> 11) * 0x1p-53; /* 53 bits that nothing makes smaller */
}

static void append_tick(struct fixture *f, const uint32_t *series, size_t count, int64_t ts_ms)
{
    struct bw_sample *samples = bw_alloc_array(count, sizeof *samples);
    for (size_t i = 0; i < count; i++)
        samples[i] = (struct bw_sample){ series[i], ts_ms, noise() };
    assert_true(bw_store_append(f->store, samples, count));
    free(samples);
}

static void make_series(struct fixture *f, uint32_t *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char name[20];
        snprintf(name, sizeof name, "i%zu", i / 20);
        char metric[20];
        snprintf(metric, sizeof metric, "m%zu", i % 20);
        out[i] = fixture_series(f, metric, name);
    }
}

static bool count_points(void *ctx, uint32_t series, const struct bw_point *points, size_t count)
{
    (void)series, (void)points;
    *(size_t *)ctx += count;
    return true;
}

static size_t points_of(struct fixture *f, const uint32_t *series, size_t count, int64_t from_ms)
{
    struct bw_reader *reader = NULL;
    struct bw_damage damage = { 0 };
    size_t points = 0;
    assert_int_equal(bw_reader_open(f->path, &reader, NULL), BW_OK);
    assert_int_equal(bw_reader_scan(reader, series, count, from_ms, INT64_MAX, count_points,
                                    &points, &damage, NULL),
                     BW_OK);
    assert_int_equal(damage.packs + damage.journal_rows + damage.rows, 0);
    bw_reader_close(reader);
    return points;
}

static void merge_and_roll_up(struct fixture *f, struct bw_compactor *compactor)
{
    struct bw_reader *reader = NULL;
    bool more = true;
    for (int i = 0; i < 4 && more; i++) {
        if (bw_compactor_step(compactor, &more, NULL) != BW_OK)
            more = false;
    }
    more = true;
    assert_int_equal(bw_reader_open(f->path, &reader, NULL), BW_OK);
    for (int i = 0; i < 4 && more; i++) {
        if (bw_store_roll_up(f->store, reader, &more, NULL) != BW_OK)
            more = false;
        fixture_flush(f);
    }
    bw_reader_close(reader);
}

/* Three times as much as has room, with packs merged and roll-ups made all the time. */
static void nothing_that_is_written_exceeds_the_ceiling(void **state)
{
    enum { SERIES = 100, TICKS = 3600, A_COMMIT = 90 };
    struct fixture *f = *state;
    uint32_t series[SERIES];
    open_watched(f, CAP);
    bw_store_trust_clock(f->store, true);
    make_series(f, series, SERIES);
    struct bw_compactor *compactor = bw_compactor_new(f->store, BW_COMPACT_OLD);
    for (int tick = 0; tick < TICKS; tick++) {
        const int64_t ts_ms = T0 + tick * 5 * MINUTE_MS;
        f->wall_ms = ts_ms;
        append_tick(f, series, SERIES, ts_ms);
        if (tick % A_COMMIT == 0)
            fixture_flush(f);
        if (tick % 600 == 599)
            merge_and_roll_up(f, compactor);
    }
    fixture_flush(f);
    bw_compactor_free(compactor);
    struct bw_store_stats stats;
    bw_store_stats(f->store, &stats);
    assert_int_equal(stats.dropped_samples_total, 0);
    assert_true(stats.expired_packs_total > 0);
    const int64_t last_ms = T0 + (TICKS - 1) * 5 * MINUTE_MS;
    assert_int_equal(points_of(f, series, SERIES, last_ms - DAY_MS / 2 + 1), SERIES * 144);
    fixture_close(f);
    expect_below(f, CAP);
    assert_in_range(atomic_load(&most_seen), CAP * 3 / 4, CAP); /* and it is made use of */
}

/* A commit that is larger than the store may be. */
static void what_can_never_fit_is_dropped_and_told(void **state)
{
    enum { SERIES = 400, MANY = 1500 };
    struct fixture *f = *state;
    uint32_t series[SERIES];
    f->opts.commit_interval_ns = BW_SECOND;
    open_watched(f, CAP);
    make_series(f, series, SERIES);
    append_tick(f, series, SERIES, T0);
    fixture_flush(f);
    f->opts.commit_interval_ns = BW_SECOND;
    struct bw_sample *samples = bw_alloc_array(SERIES * MANY, sizeof *samples);
    for (size_t i = 0; i < SERIES * MANY; i++)
        samples[i] =
            (struct bw_sample){ series[i % SERIES], T0 + 1 + (int64_t)(i / SERIES), noise() };
    assert_true(bw_store_append(f->store, samples, SERIES * MANY));
    free(samples);
    fixture_flush(f);
    append_tick(f, series, SERIES, T0 + DAY_MS);
    fixture_pack(f);
    struct bw_store_stats stats;
    bw_store_stats(f->store, &stats);
    assert_int_equal(stats.dropped_samples_total, SERIES * MANY);
    assert_int_equal(stats.samples_total, 2 * SERIES);
    assert_true(fixture_has_said(f, "they are dropped"));
    assert_int_equal(points_of(f, series, SERIES, INT64_MIN), 2 * SERIES);
    expect_below(f, CAP);
}

/* Rows are never dropped: what does not fit at once is written in parts. How many stay depends on
 * how many a commit brings, as each needs room in the log beside the rows themselves. */
static void rows_that_do_not_fit_at_once_come_in_parts(void **state)
{
    enum { EVENTS = 12000 };
    struct fixture *f = *state;
    char cause[601] = "";
    memset(cause, 'x', sizeof cause - 1);
    open_watched(f, CAP);
    for (int i = 0; i < EVENTS; i++) {
        const struct bw_event event = {
            .ts_ms = T0 + i, .kind = BW_EVENT_SYSTEM, .name = "noise", .cause = cause
        };
        assert_true(bw_store_put_event(f->store, &event));
    }
    fixture_flush(f);
    expect_below(f, CAP);
    assert_int_equal(fixture_sql(f, "SELECT max(id) FROM event"), EVENTS);
    const int64_t count = fixture_sql(f, "SELECT count(*) FROM event");
    const int64_t first = fixture_sql(f, "SELECT min(id) FROM event");
    assert_in_range(count, 1000, EVENTS - 1);
    assert_int_equal(first, EVENTS - count + 1); /* the oldest went, and none between */
}

/* Nothing that is deleted makes room while somebody reads from the log. */
static void who_pins_the_log_makes_the_store_wait(void **state)
{
    enum { SERIES = 500, TICKS = 400 };
    struct fixture *f = *state;
    uint32_t series[SERIES];
    sqlite3 *db = NULL;
    open_watched(f, CAP);
    make_series(f, series, SERIES);
    append_tick(f, series, SERIES, T0);
    fixture_flush(f);
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN; SELECT count(*) FROM pack", NULL, NULL, NULL),
                     SQLITE_OK);
    struct bw_store_stats stats = { 0 };
    int tick = 1;
    for (; tick < TICKS && !fixture_has_said(f, "max_bytes is reached"); tick++) {
        for (int k = 0; k < 10; k++)
            append_tick(f, series, SERIES, T0 + (tick * 10 + k) * 1000);
        usleep(12000); /* flushing would wait for what is refused */
    }
    assert_in_range(tick, 10, TICKS - 1);
    assert_true(fixture_has_said(f, "something reads the store for long"));
    assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    fixture_flush(f);
    fixture_flush(f);
    bw_store_stats(f->store, &stats);
    assert_int_equal(stats.dropped_samples_total, 0);
    assert_int_equal(stats.samples_total, (uint64_t)(SERIES * (1 + 10 * (tick - 1))));
    expect_below(f, CAP);
}

static void fill(struct fixture *f, uint32_t series, int packs, int64_t from_ms)
{
    for (int pack = 0; pack < packs; pack++) {
        struct bw_sample *samples = bw_alloc_array(PACK_POINTS, sizeof *samples);
        for (int i = 0; i < PACK_POINTS; i++)
            samples[i] = (struct bw_sample){ series, from_ms + pack * PACK_MS + i, noise() };
        assert_true(bw_store_append(f->store, samples, PACK_POINTS));
        free(samples);
        fixture_pack(f);
    }
}

/* Samples take a quarter in packs of what they take in the journal. */
static void a_heavy_journal_goes_into_packs_before_its_time(void **state)
{
    enum { SERIES = 7000, TICKS = 20 }; /* too few of each for a pack, too many for the journal */
    static uint32_t series[SERIES];
    struct fixture *f = *state;
    struct bw_store_stats stats = { 0 };
    open_watched(f, CAP);
    make_series(f, series, SERIES);
    for (int tick = 0; tick < TICKS; tick++) {
        append_tick(f, series, SERIES, T0 + tick * 1000);
        fixture_flush(f);
    }
    for (int i = 0; i < 200 && (i == 0 || stats.journal_rows > 0); i++) {
        fixture_flush(f);
        bw_store_stats(f->store, &stats);
        usleep(2000);
    }
    assert_in_range(stats.packs_written_total, SERIES / 100, SERIES / 20);
    assert_true(stats.journal_rows < TICKS / 2);
    expect_below(f, CAP);
}

/* What was more than a ceiling that is lower now goes, and the file becomes smaller. */
static void a_lowered_ceiling_is_reached_from_above(void **state)
{
    struct fixture *f = *state;
    open_watched(f, 64 << 20);
    const uint32_t a = fixture_series(f, "up", "a");
    fill(f, a, 10, T0);
    fixture_close(f);
    const uint64_t before = bytes_in(f->folder);
    assert_true(before > CAP);
    open_watched(f, CAP);
    uint64_t now = before;
    for (int i = 0; i < 2000 && now > CAP; i++) {
        fixture_flush(f);
        usleep(2000);
        now = bytes_in(f->folder);
    }
    assert_true(now <= CAP);
    expect_below(f, before + (1 << 20)); /* what deleting itself takes */
    atomic_store(&most_seen, 0);
    fill(f, a, 2, T0 + DAY_MS);
    expect_below(f, CAP);
    assert_true(points_of(f, &a, 1, T0 + DAY_MS) == 2 * PACK_POINTS);
}

static void too_low_a_ceiling_is_refused(void **state)
{
    struct fixture *f = *state;
    struct bw_err err = { .text = "" };
    f->opts.max_bytes = CAP - 1;
    assert_int_equal(bw_store_open(&f->opts, &f->hooks, &f->store, &err), BW_EINVAL);
    assert_non_null(strstr(err.text, "storage.max_bytes: below 8 MiB"));
    f->store = NULL;
}

/* What goes next, step by step: ids of what is left, as they are deleted. */
static void expect_left(struct fixture *f, const char *name, int64_t now_ms,
                        const char *const *want)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    for (; *want != NULL; want++) {
        uint64_t packs = 0, others = 0;
        enum bw_retention_stage stage;
        char left[200] = "";
        assert_int_equal(bw_retention_give_way(db, now_ms, &packs, &others, &stage, NULL), BW_OK);
        sqlite3_stmt *st = NULL;
        sqlite3_prepare_v2(db,
                           "SELECT group_concat(n, ' ') FROM (SELECT n FROM"
                           " (SELECT 1 AS k, 'p'||(id/8) AS n FROM pack WHERE id%8=0"
                           " UNION ALL SELECT 2, 'r'||(id/4) FROM rollup WHERE id%4=0"
                           " UNION ALL SELECT 3, 'e' FROM event) ORDER BY k, n)",
                           -1, &st, NULL);
        if (sqlite3_step(st) == SQLITE_ROW && sqlite3_column_text(st, 0) != NULL)
            snprintf(left, sizeof left, "%s", (const char *)sqlite3_column_text(st, 0));
        sqlite3_finalize(st);
        if (strcmp(left, *want) != 0)
            fail_msg("%s: left is '%s', not '%s'", name, left, *want);
    }
    sqlite3_close(db);
}

/* Eight packs a time, as many as go at once; four roll-ups of minutes, hours and days. */
static void put_rows(struct fixture *f, const int64_t *times_ms, size_t count)
{
    char sql[700];
    for (size_t i = 0; i < count; i++) {
        snprintf(sql, sizeof sql,
                 "WITH RECURSIVE k(n) AS (VALUES(1) UNION ALL SELECT n+1 FROM k WHERE n<8)"
                 " INSERT INTO pack SELECT %zu*8+n, n, %lld, %lld, 1, 1, x'00' FROM k",
                 i, (long long)times_ms[i], (long long)times_ms[i]);
        fixture_sql(f, sql);
    }
    for (int t = 0; t < BW_ROLLUP_TIERS; t++) {
        snprintf(sql, sizeof sql,
                 "WITH RECURSIVE k(n) AS (VALUES(1) UNION ALL SELECT n+1 FROM k WHERE n<4)"
                 " INSERT INTO rollup SELECT %d*4+n, %lld, n, %lld, %lld, x'00' FROM k",
                 t, (long long)bw_rollup_tiers[t].width_ms, (long long)T0, (long long)T0);
        fixture_sql(f, sql);
    }
    fixture_sql(f, "INSERT INTO event VALUES(1, 1, 3, '', '', '', 'x', 0, 0, '', 0)");
}

#define AHEAD_MS INT64_C(4294967295000) /* 2106 */

static const struct {
    const char *name;
    int64_t now_ms;      /* INT64_MAX: a clock that is not to be believed */
    int64_t times_ms[5]; /* of what came first, second, ... */
    const char *left[10];
} orders[] = {
    /* The second came while the clock said 1970, the fourth in 2106, the fifth was imported. */
    { "the clock is right again",
      T0 + 40 * DAY_MS,
      { T0 + 40 * DAY_MS - DAY_MS / 2, 5, T0 + 40 * DAY_MS, AHEAD_MS, T0 },
      { "p1 p3 p4 p5 r1 r2 r3 e", "p1 p3 p4 r1 r2 r3 e", "p1 p3 p4 r2 r3 e", "p3 p4 r2 r3 e",
        "p4 r2 r3 e", "r2 r3 e", "r3 e", "e", "" } },
    { "back in 1970",
      INT64_MAX,
      { T0, T0 + 5 * DAY_MS, T0 + 9 * DAY_MS, 5, 6 },
      { "p1 p2 p3 p4 p5 r2 r3 e", "p2 p3 p4 p5 r2 r3 e", "p3 p4 p5 r2 r3 e", "p4 p5 r2 r3 e",
        "p5 r2 r3 e", "r2 r3 e", "r3 e", "e", "" } },
    { "on to 2106",
      INT64_MAX,
      { T0, T0 + 5 * DAY_MS, T0 + 9 * DAY_MS, AHEAD_MS - 1, AHEAD_MS },
      { "p2 p3 p4 p5 r1 r2 r3 e", "p3 p4 p5 r1 r2 r3 e", "p4 p5 r1 r2 r3 e", "p4 p5 r2 r3 e",
        "p5 r2 r3 e", "r2 r3 e", "r3 e", "e", "" } },
};

/* What is deleted for the ceiling's sake: what came last goes last, whatever a wrong clock says. */
static void what_goes_first(void **state)
{
    struct fixture *f = *state;
    fixture_open(f);
    fixture_close(f);
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        put_rows(f, orders[i].times_ms, 5);
        expect_left(f, orders[i].name, orders[i].now_ms, orders[i].left);
    }
}

static int install(void **state)
{
    (void)state;
    return disk_install();
}

static int heal_and_tear_down(void **state)
{
    atomic_store(&disk.watch, NULL);
    disk_heal();
    return fixture_teardown(state);
}

#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, heal_and_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(nothing_that_is_written_exceeds_the_ceiling),
        IN_FIXTURE(what_can_never_fit_is_dropped_and_told),
        IN_FIXTURE(rows_that_do_not_fit_at_once_come_in_parts),
        IN_FIXTURE(who_pins_the_log_makes_the_store_wait),
        IN_FIXTURE(a_heavy_journal_goes_into_packs_before_its_time),
        IN_FIXTURE(a_lowered_ceiling_is_reached_from_above),
        IN_FIXTURE(too_low_a_ceiling_is_refused),
        IN_FIXTURE(what_goes_first),
    };
    return cmocka_run_group_tests(tests, install, NULL);
}
