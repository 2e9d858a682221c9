// SPDX-License-Identifier: GPL-3.0-or-later
/* Locked, full, corrupt, foreign and newer files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"

#include "base/units.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * BW_SECOND + t.tv_nsec;
}

static void a_locked_database_blocks_nobody(void **state)
{
    struct fixture *f = *state;
    sqlite3 *db = NULL;
    char text[200];
    fixture_open(f);
    const uint32_t a = fixture_series(f, "up", "a");
    fixture_append(f, a, T0, 1);
    fixture_flush(f);
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    const int64_t began_ns = now_ns();
    int64_t worst_ns = 0;
    struct bw_store_stats stats = { 0 };
    for (int i = 1; !stats.failing || now_ns() - began_ns < BW_SECOND; i++) {
        const int64_t call_ns = now_ns();
        fixture_append(f, a, T0 + i, 1);
        fixture_series(f, "up", i % 2 == 0 ? "a" : "b");
        const int64_t took_ns = now_ns() - call_ns;
        worst_ns = took_ns > worst_ns ? took_ns : worst_ns;
        bw_store_stats(f->store, &stats);
        usleep(2000);
    }
    assert_true(worst_ns < BW_SECOND); /* waiting for the lock takes longer */
    assert_true(stats.commit_errors_total > 0);
    assert_true(stats.queued_samples > 0);
    assert_true(stats.lag_seconds > 0.1);
    fixture_points(f, a, T0, T0 + 3, text, sizeof text);
    assert_string_equal(text, "0:1 "); /* shown is what is committed */
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_close(db);
    while (stats.failing || stats.queued_samples > 0) {
        fixture_flush(f);
        bw_store_stats(f->store, &stats);
    }
    fixture_points(f, a, T0, T0 + 3, text, sizeof text);
    assert_string_equal(text, "0:1 1:1 2:1 3:1 ");
    assert_true(stats.dropped_samples_total == 0);
    const char *said = strstr(f->said, "locked"); /* once in 10 s */
    assert_non_null(said);
    assert_null(strstr(said + 1, "locked"));
}

/* No file may grow: every write beyond fails, as on a full disk. */
static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_full_disk_is_waited_out(void **state)
{
    struct fixture *f = *state;
    char text[200];
    struct stat st;
    struct bw_store_stats stats = { 0 };
    signal(SIGXFSZ, SIG_IGN);
    fixture_open(f);
    const uint32_t a = fixture_series(f, "up", "a");
    fixture_append(f, a, T0, 1);
    fixture_flush(f);
    snprintf(text, sizeof text, "%s-wal", f->path);
    assert_int_equal(stat(text, &st), 0);
    limit_files((rlim_t)st.st_size);
    for (int i = 1; i < 2000 && stats.commit_errors_total < 3; i++) {
        fixture_append(f, a, T0 + i, i);
        bw_store_stats(f->store, &stats);
        usleep(2000);
    }
    limit_files(RLIM_INFINITY);
    assert_true(stats.commit_errors_total >= 3);
    fixture_flush(f);
    fixture_close(f);
    fixture_points(f, a, T0, T0 + 3, text, sizeof text);
    assert_string_equal(text, "0:1 1:1 2:2 3:3 ");
    assert_int_equal(bw_store_verify(f->path, NULL, NULL, NULL, NULL), BW_OK);
}

/* Leaves not a byte free. */
static void fill_disk(const struct fixture *f)
{
    char name[80];
    static const char zeros[65536];
    snprintf(name, sizeof name, "%s/filler", f->folder);
    const int fd = open(name, O_WRONLY | O_CREAT | O_APPEND, 0600);
    for (size_t size = sizeof zeros; size > 0;) {
        if (write(fd, zeros, size) < 0)
            size /= 2;
    }
    close(fd);
}

static void free_disk(const struct fixture *f)
{
    char name[80];
    snprintf(name, sizeof name, "%s/filler", f->folder);
    assert_int_equal(unlink(name), 0);
}

static void on_a_small_disk(struct fixture *f)
{
    char text[200], reserve[128];
    struct bw_store_stats stats = { 0 };
    struct bw_err err = { .text = "" };
    snprintf(reserve, sizeof reserve, "%s.reserve", f->path);
    fixture_open(f);
    assert_int_equal(access(reserve, F_OK), 0);
    const uint32_t a = fixture_series(f, "up", "a");
    fixture_append(f, a, T0, 1);
    fixture_flush(f);
    for (int i = 1; i < 4000 && stats.commit_errors_total < 4; i++) {
        fill_disk(f); /* what the reserve gave back as well */
        fixture_append(f, a, T0 + i, i);
        bw_store_stats(f->store, &stats);
        usleep(2000);
    }
    assert_true(stats.commit_errors_total >= 4);
    assert_int_not_equal(access(reserve, F_OK), 0);
    assert_non_null(strstr(f->said, "full"));
    fixture_points(f, a, T0, T0, text, sizeof text);
    assert_string_equal(text, "0:1 "); /* old data is served */
    free_disk(f);
    fixture_flush(f);
    fixture_points(f, a, T0, T0 + 3, text, sizeof text);
    assert_string_equal(text, "0:1 1:1 2:2 3:3 ");
    fill_disk(f);
    fixture_close(f);
    assert_int_equal(bw_store_open(&f->opts, &f->hooks, &f->store, &err), BW_EFULL);
    assert_non_null(strstr(err.text, "free"));
    free_disk(f);
    fixture_open(f);
    fixture_points(f, a, T0, T0 + 3, text, sizeof text);
    assert_string_equal(text, "0:1 1:1 2:2 3:3 ");
    fixture_close(f);
    assert_int_equal(bw_store_verify(f->path, NULL, NULL, NULL, NULL), BW_OK);
}

static void a_disk_without_a_free_block_is_survived(void **state)
{
    struct fixture *f = *state;
    if (mount("tmpfs", f->folder, "tmpfs", 0, "size=24m") != 0)
        skip(); /* needs root */
    on_a_small_disk(f);
    assert_int_equal(umount(f->folder), 0);
}

static void a_full_lane_drops_whole_batches_and_says_so(void **state)
{
    struct fixture *f = *state;
    sqlite3 *db = NULL;
    enum { BATCH = 1 << 18 };
    fixture_open(f);
    const uint32_t a = fixture_series(f, "up", "a");
    fixture_flush(f);
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    struct bw_sample *batch = calloc(BATCH, sizeof *batch);
    for (int i = 0; i < BATCH; i++)
        batch[i] = (struct bw_sample){ a, T0 + i, 1 };
    size_t taken = 0, refused = 0;
    while (refused == 0 && taken < 64)
        *(bw_store_append(f->store, batch, BATCH) ? &taken : &refused) += 1;
    free(batch);
    assert_true(taken >= 4);
    assert_int_equal(refused, 1);
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_close(db);
    fixture_flush(f);
    struct bw_store_stats stats;
    bw_store_stats(f->store, &stats);
    assert_int_equal(stats.dropped_samples_total, BATCH);
    assert_int_equal(stats.samples_total, taken * BATCH);
    fixture_flush(f);
    fixture_close(f);
    assert_non_null(strstr(f->said, "262144 samples dropped"));
}

static int count_corrupt(const struct fixture *f)
{
    int count = 0;
    DIR *dir = opendir(f->folder);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        count += strstr(entry->d_name, ".corrupt-") != NULL;
    closedir(dir);
    return count;
}

static void overwrite(const struct fixture *f, off_t at, size_t size)
{
    const int fd = open(f->path, O_WRONLY);
    for (size_t i = 0; i < size; i++)
        assert_int_equal(pwrite(fd, "\xa5", 1, at + (off_t)i), 1);
    close(fd);
}

static void a_corrupt_file_is_moved_aside(void **state)
{
    struct fixture *f = *state;
    char text[200];
    for (int i = 0; i < 5; i++) {
        f->said[0] = '\0';
        fixture_open(f);
        assert_true((strstr(f->said, "moved aside") != NULL) == (i > 0));
        const uint32_t a = fixture_series(f, "up", "a");
        fixture_append(f, a, T0, i);
        fixture_flush(f);
        fixture_points(f, a, 0, INT64_MAX, text, sizeof text);
        fixture_close(f);
        if (i % 2 == 0)
            overwrite(f, 0, 100); /* not a database any more */
        else
            overwrite(f, 4096 + 8, 4000); /* a page of a tree */
        f->wall_ms += 1000;
    }
    assert_int_equal(count_corrupt(f), 3); /* four were moved */
}

/* --- flipped bits anywhere --------------------------------------------------------------- */

enum { FLIP_SERIES = 8, FLIP_TICKS = 400, FLIPS_DEFAULT = 40 };

static double flip_value(size_t series, int64_t tick)
{
    return (double)((tick * 31 + (int64_t)series * 17) % 1000) / 8;
}

static void make_store(struct fixture *f, uint32_t ids[FLIP_SERIES])
{
    char name[16];
    fixture_open(f);
    for (size_t s = 0; s < FLIP_SERIES; s++) {
        snprintf(name, sizeof name, "host%zu", s);
        ids[s] = fixture_series(f, "value", name);
    }
    for (int tick = 0; tick < FLIP_TICKS; tick++) {
        for (size_t s = 0; s < FLIP_SERIES; s++)
            fixture_append(f, ids[s], T0 + tick * 250000, flip_value(s, tick));
        if (tick % 80 == 79)
            fixture_pack(f); /* the second day begins in a new pack */
    }
    fixture_close(f);
}

struct flip_check {
    const uint32_t *ids;
    size_t points;
};

static bool check_flipped(void *ctx, uint32_t series, const struct bw_point *points, size_t count)
{
    struct flip_check *check = ctx;
    size_t s = 0;
    while (check->ids[s] != series)
        s++;
    for (size_t i = 0; i < count; i++) {
        const int64_t tick = (points[i].ts_ms - T0) / 250000;
        assert_true(points[i].ts_ms == T0 + tick * 250000 && tick >= 0 && tick < FLIP_TICKS);
        assert_true(points[i].value == flip_value(s, tick)); /* never a wrong value */
    }
    check->points += count;
    return true;
}

static void copy_file(const char *from, const char *to, long flip_at, int bit)
{
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    long at = 0;
    for (int c; (c = fgetc(in)) != EOF; at++)
        fputc(at == flip_at ? c ^ (1 << bit) : c, out);
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

/* Opens the flipped store as a daemon would; what it does not find it must have told of. */
static void check_flip(struct fixture *f, const uint32_t *ids, long at)
{
    struct flip_check check = { .ids = ids };
    struct bw_damage damage = { 0 };
    struct bw_reader *reader = NULL;
    struct bw_err err = { .text = "" };
    f->said[0] = '\0';
    fixture_open(f);
    const enum bw_rc rc = bw_reader_open(f->path, &reader, &err);
    assert_int_equal(rc, BW_OK);
    const enum bw_rc scanned = bw_reader_scan(reader, ids, FLIP_SERIES, INT64_MIN, INT64_MAX,
                                              check_flipped, &check, &damage, &err);
    bw_reader_close(reader);
    fixture_close(f);
    const bool told = f->said[0] != '\0' || damage.packs + damage.journal_rows + damage.rows > 0
                      || scanned != BW_OK;
    if (check.points != FLIP_SERIES * FLIP_TICKS && !told)
        fail_msg("byte %ld: %zu points and not a word", at, check.points);
}

static void a_flipped_bit_anywhere_is_told_of(void **state)
{
    struct fixture *f = *state;
    uint32_t ids[FLIP_SERIES];
    char good[96];
    struct stat st;
    make_store(f, ids);
    snprintf(good, sizeof good, "%s/good", f->folder);
    assert_int_equal(rename(f->path, good), 0);
    assert_int_equal(stat(good, &st), 0);
    const char *env = getenv("BW_FLIPS");
    const int flips = env == NULL ? FLIPS_DEFAULT : (int)strtol(env, NULL, 10);
    unsigned random = (unsigned)getpid();
    for (int i = 0; i < flips; i++, f->wall_ms++) {
        random = random * 1664525u + 1013904223u;
        const long at = (long)((uint64_t)random * (uint64_t)st.st_size >> 32);
        /* The schema's version is a number like any other: read as a newer one, refused. */
        const bool version = at >= 60 && at < 64;
        copy_file(good, f->path, version ? 100 : at, (int)(random >> 8 & 7));
        check_flip(f, ids, at);
    }
}

static uint64_t file_hash(const char *path)
{
    uint64_t hash = 1469598103934665603u;
    FILE *file = fopen(path, "rb");
    for (int c; (c = fgetc(file)) != EOF;)
        hash = (hash ^ (unsigned)c) * 1099511628211u;
    fclose(file);
    return hash;
}

static void files_that_are_not_ours_stay_untouched(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *sql;
        enum bw_rc rc;
        const char *want;
    } cases[] = {
        { "PRAGMA user_version=99", BW_EUNSUPPORTED, "newer version (schema 99" },
        { "PRAGMA user_version=999", BW_EUNSUPPORTED, "newer version" },
        { "PRAGMA user_version=1; PRAGMA application_id=7; DROP TABLE journal", BW_EINVAL,
          "another program" },
    };
    fixture_open(f);
    fixture_close(f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_store *store = NULL;
        struct bw_err err = { .text = "" };
        fixture_sql(f, cases[i].sql);
        const uint64_t before = file_hash(f->path);
        assert_int_equal(bw_store_open(&f->opts, NULL, &store, &err), cases[i].rc);
        assert_non_null(strstr(err.text, cases[i].want));
        assert_true(file_hash(f->path) == before);
    }
}

#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(a_locked_database_blocks_nobody),
        IN_FIXTURE(a_full_disk_is_waited_out),
        IN_FIXTURE(a_disk_without_a_free_block_is_survived),
        IN_FIXTURE(a_full_lane_drops_whole_batches_and_says_so),
        IN_FIXTURE(a_corrupt_file_is_moved_aside),
        IN_FIXTURE(a_flipped_bit_anywhere_is_told_of),
        IN_FIXTURE(files_that_are_not_ours_stay_untouched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
