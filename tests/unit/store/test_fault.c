// SPDX-License-Identifier: GPL-3.0-or-later
/* What a disk may do to a store that is in use: it makes syncs slow or lets the n-th operation
 * fail; files are damaged under the writer's feet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "disk.h"
#include "fixture.h"

#include "base/units.h"

#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * BW_SECOND + t.tv_nsec;
}

static int install_disk(void **state)
{
    (void)state;
    return disk_install();
}

static int heal_and_tear_down(void **state)
{
    disk_heal();
    return fixture_teardown(state);
}

/* --- slow ------------------------------------------------------------------------------- */

/* Series of so many targets that each fills a group of its own. */
static void make_groups(struct fixture *f, uint32_t *first_ids, size_t groups)
{
    for (size_t g = 0; g < groups; g++) {
        for (size_t s = 0; s < 100; s++) {
            char metric[32], instance[32];
            snprintf(metric, sizeof metric, "metric_%zu", s);
            snprintf(instance, sizeof instance, "host%zu", g);
            const uint32_t id = fixture_series(f, metric, instance);
            if (s == 0)
                first_ids[g] = id;
        }
    }
}

static void closing_on_a_slow_disk_ends_in_time(void **state)
{
    struct fixture *f = *state;
    enum { GROUPS = 100 };
    uint32_t ids[GROUPS];
    char text[200];
    fixture_open(f);
    make_groups(f, ids, GROUPS);
    for (size_t g = 0; g < GROUPS; g++)
        fixture_append(f, ids[g], T0, (double)g);
    fixture_flush(f);
    atomic_store(&disk.sync_us, 300000); /* 100 packs would take 30 s */
    const int64_t began_ns = now_ns();
    fixture_close(f);
    assert_true(now_ns() - began_ns < 20 * BW_SECOND);
    atomic_store(&disk.sync_us, 0);
    fixture_open(f);
    for (size_t g = 0; g < GROUPS; g++) {
        char want[20];
        snprintf(want, sizeof want, "0:%zu ", g);
        fixture_points(f, ids[g], 0, INT64_MAX, text, sizeof text);
        assert_string_equal(text, want);
    }
}

/* --- failing ---------------------------------------------------------------------------- */

static size_t count_text(const char *in, const char *what)
{
    size_t count = 0;
    for (const char *at = in; (at = strstr(at, what)) != NULL; at++)
        count++;
    return count;
}

static void a_group_that_cannot_be_written_stops_no_other(void **state)
{
    struct fixture *f = *state;
    uint32_t ids[3];
    struct bw_store_stats stats = { 0 };
    struct bw_err err;
    fixture_open(f);
    make_groups(f, ids, 3);
    for (size_t g = 0; g < 3; g++)
        fixture_append(f, ids[g], T0, 1);
    fixture_flush(f);
    fixture_sql(f, "CREATE TRIGGER no BEFORE INSERT ON pack WHEN new.group_id=1"
                   " BEGIN SELECT RAISE(ABORT, 'not this one'); END");
    assert_int_equal(bw_store_checkpoint(f->store, BW_SECOND / 2, &err), BW_ETIMEOUT);
    bw_store_stats(f->store, &stats);
    assert_true(stats.packs_written_total >= 2);
    assert_true(stats.failing);
    assert_int_equal(count_text(f->said, "not this one"), 1); /* once in 10 s */
    assert_int_equal(count_text(f->said, "writing again"), 0);
    fixture_sql(f, "DROP TRIGGER no");
    fixture_pack(f);
    fixture_flush(f);
    assert_int_equal(fixture_sql(f, "SELECT count(*) FROM pack"), 3);
}

/* Two commits, a pack, another commit; each is asked for until it is done. */
static void live_through(struct fixture *f, uint32_t series)
{
    for (int i = 0; i < 4; i++) {
        fixture_append(f, series, T0 + i, i);
        if (i == 2)
            fixture_pack(f);
        else
            fixture_flush(f);
    }
}

static void any_single_failure_is_survived(void **state)
{
    struct fixture *f = *state;
    char text[200];
    int at = 1;
    for (bool met = true; met; at++) {
        char name[24];
        snprintf(name, sizeof name, "host%d", at);
        fixture_open(f);
        const uint32_t series = fixture_series(f, "up", name);
        atomic_store(&disk.failed, 0);
        atomic_store(&disk.countdown, at);
        live_through(f, series);
        fixture_points(f, series, 0, INT64_MAX, text, sizeof text);
        assert_string_equal(text, "0:0 1:1 2:2 3:3 ");
        fixture_close(f);
        met = atomic_exchange(&disk.countdown, 0) == 0;
        fixture_points(f, series, 0, INT64_MAX, text, sizeof text);
        assert_string_equal(text, "0:0 1:1 2:2 3:3 ");
        assert_int_equal(bw_store_verify(f->path, NULL, NULL, NULL, NULL), BW_OK);
    }
    assert_true(at > 10); /* it was no empty test */
}

static void a_disk_that_fails_for_a_while_loses_nothing(void **state)
{
    struct fixture *f = *state;
    char text[200];
    for (int at = 1; at <= 12; at++) {
        struct bw_store_stats stats = { 0 };
        char name[24];
        snprintf(name, sizeof name, "host%d", at);
        fixture_open(f);
        const uint32_t series = fixture_series(f, "up", name);
        atomic_store(&disk.sticky, true);
        atomic_store(&disk.failed, 0);
        atomic_store(&disk.countdown, at);
        for (int i = 0; i < 400 && atomic_load(&disk.failed) < 2; i++) {
            fixture_append(f, series, T0 + i % 4, i % 4);
            usleep(2000);
        }
        const uint64_t committed_before = (bw_store_stats(f->store, &stats), stats.commits_total);
        assert_true(atomic_load(&disk.failed) >= 2);
        assert_true(stats.failing);
        atomic_store(&disk.countdown, 0);
        atomic_store(&disk.sticky, false);
        live_through(f, series);
        bw_store_stats(f->store, &stats);
        assert_true(stats.commits_total > committed_before);
        fixture_points(f, series, 0, INT64_MAX, text, sizeof text);
        assert_string_equal(text, "0:0 1:1 2:2 3:3 ");
        fixture_close(f);
        assert_int_equal(bw_store_verify(f->path, NULL, NULL, NULL, NULL), BW_OK);
    }
}

/* --- damaged while in use ----------------------------------------------------------------- */

static int count_corrupt(const struct fixture *f)
{
    int count = 0;
    DIR *dir = opendir(f->folder);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        count += strstr(entry->d_name, ".corrupt-") != NULL;
    closedir(dir);
    return count;
}

/* Every page but the first; a write by another connection makes the writer's cache old. */
static void ruin_under_the_writer(struct fixture *f)
{
    struct stat st;
    fixture_sql(f, "INSERT OR REPLACE INTO meta VALUES('a','b')");
    fixture_sql(f, "PRAGMA wal_checkpoint(TRUNCATE)");
    const int fd = open(f->path, O_WRONLY);
    assert_int_equal(fstat(fd, &st), 0);
    static const char junk[4096] = { 'x', 'y' };
    for (off_t at = 4096; at < st.st_size; at += (off_t)sizeof junk)
        assert_int_equal(pwrite(fd, junk, sizeof junk, at), sizeof junk);
    close(fd);
}

static void a_file_that_becomes_corrupt_is_replaced(void **state)
{
    struct fixture *f = *state;
    char text[200];
    struct bw_store_stats stats;
    f->opts.commit_interval_ns = BW_MINUTE; /* nothing commits while the file is ruined */
    fixture_open(f);
    const uint32_t a = fixture_series(f, "up", "a"), b = fixture_series(f, "up", "b");
    fixture_append(f, a, T0, 1);
    fixture_pack(f);
    fixture_append(f, a, T0 + 1000, 2); /* in the journal: memory has it, too */
    fixture_append(f, b, T0 + 1000, 3);
    fixture_flush(f);
    ruin_under_the_writer(f);
    fixture_append(f, a, T0 + 2000, 4);
    fixture_flush(f);
    assert_non_null(strstr(f->said, "moved aside"));
    assert_true(count_corrupt(f) >= 1);
    assert_int_equal(fixture_series(f, "up", "a"), a);
    fixture_points(f, a, 0, INT64_MAX, text, sizeof text);
    assert_string_equal(text, "1000:2 2000:4 ");
    fixture_points(f, b, 0, INT64_MAX, text, sizeof text);
    assert_string_equal(text, "1000:3 ");
    const uint32_t c = fixture_series(f, "up", "c");
    assert_true(c > b);
    fixture_append(f, c, T0, 5);
    fixture_pack(f);
    bw_store_stats(f->store, &stats);
    assert_int_equal(stats.damaged_total, 1);
    fixture_close(f);
    fixture_open(f);
    assert_int_equal(fixture_series(f, "up", "a"), a);
    assert_int_equal(fixture_series(f, "up", "c"), c);
    fixture_points(f, a, 0, INT64_MAX, text, sizeof text);
    assert_string_equal(text, "1000:2 2000:4 ");
    fixture_points(f, c, 0, INT64_MAX, text, sizeof text);
    assert_string_equal(text, "0:5 ");
    assert_int_equal(bw_store_verify(f->path, NULL, NULL, NULL, NULL), BW_OK);
}

/* --- numbers that SQLite keeps without a checksum -------------------------------------------- */

static bool note_event(void *ctx, const struct bw_event *event)
{
    char *out = ctx;
    snprintf(out + strlen(out), 100 - strlen(out), "%s ", event->name);
    return true;
}

static void read_events(const struct fixture *f, char out[100])
{
    struct bw_reader *reader = NULL;
    const struct bw_event_filter all = { 0 };
    out[0] = '\0';
    assert_int_equal(bw_reader_open(f->path, &reader, NULL), BW_OK);
    assert_int_equal(bw_reader_events(reader, &all, note_event, out, NULL, NULL), BW_OK);
    bw_reader_close(reader);
}

static void a_damaged_sequence_overwrites_no_event(void **state)
{
    struct fixture *f = *state;
    char text[100];
    struct bw_event event = { .ts_ms = T0, .kind = BW_EVENT_SYSTEM, .cause = "" };
    static const char *const names[] = { "one", "two", "three", "four" };
    fixture_open(f);
    for (size_t i = 0; i < 3; i++) {
        event.name = names[i];
        assert_true(bw_store_put_event(f->store, &event));
    }
    fixture_close(f);
    fixture_sql(f, "UPDATE sqlite_sequence SET seq=1 WHERE name='event'");
    fixture_open(f);
    event.name = names[3];
    assert_true(bw_store_put_event(f->store, &event));
    fixture_close(f);
    read_events(f, text);
    assert_string_equal(text, "four three two one ");
}

static void a_damaged_covered_seq_hides_nothing(void **state)
{
    struct fixture *f = *state;
    char text[200], copy[128];
    fixture_open(f);
    const uint32_t a = fixture_series(f, "up", "a");
    fixture_append(f, a, T0, 1);
    fixture_pack(f);
    fixture_append(f, a, T0 + 1, 2);
    fixture_flush(f);
    fixture_sql(f, "UPDATE pack_group SET covered_seq=covered_seq+64");
    const struct bw_damage damage = fixture_points(f, a, 0, INT64_MAX, text, sizeof text);
    assert_string_equal(text, "0:1 1:2 ");
    assert_int_equal(damage.rows, 1);
    /* As after a crash: the journal is not empty when the store is opened. */
    snprintf(copy, sizeof copy, "%s/copy", f->folder);
    assert_int_equal(bw_store_backup(f->path, copy, NULL, NULL), BW_OK);
    fixture_close(f);
    assert_int_equal(rename(copy, f->path), 0);
    fixture_open(f);
    struct bw_store_stats stats;
    bw_store_stats(f->store, &stats);
    assert_int_equal(stats.damaged_total, 1);
    fixture_append(f, a, T0 + 2, 3);
    fixture_pack(f);
    fixture_points(f, a, 0, INT64_MAX, text, sizeof text);
    assert_string_equal(text, "0:1 1:2 2:3 ");
    fixture_close(f);
    assert_int_equal(bw_store_verify(f->path, NULL, NULL, NULL, NULL), BW_OK);
}

/* Flips the bits between two texts of bytes where the first is found; the number of places. */
static size_t replace_bytes(const struct fixture *f, const char *from, const char *to, size_t size)
{
    struct stat st;
    const int fd = open(f->path, O_RDWR);
    assert_int_equal(fstat(fd, &st), 0);
    char *all = malloc((size_t)st.st_size);
    assert_int_equal(pread(fd, all, (size_t)st.st_size, 0), st.st_size);
    size_t found = 0;
    for (size_t at = 0; at + size <= (size_t)st.st_size; at++) {
        if (memcmp(all + at, from, size) != 0)
            continue;
        assert_int_equal(pwrite(fd, to, size, (off_t)at), (ssize_t)size);
        found++;
    }
    free(all);
    close(fd);
    return found;
}

static void two_open_packs_of_a_group_are_mended(void **state)
{
    struct fixture *f = *state;
    char text[200];
    f->opts.retention.raw_ns = 0;
    fixture_open(f);
    const uint32_t a = fixture_series(f, "up", "a");
    fixture_append(f, a, T0 - BW_DAY / BW_MS, 1);
    fixture_append(f, a, T0, 2);
    fixture_pack(f); /* a day: sealed */
    fixture_append(f, a, T0 + 1, 3);
    fixture_close(f);
    /* Of the row's header: id, group 1 (9), times of 6 bytes (5, 5), state 1 (9) to 0 (8). */
    assert_int_equal(replace_bytes(f, "\0\x09\x05\x05\x09", "\0\x09\x05\x05\x08", 5), 1);
    fixture_open(f);
    assert_non_null(strstr(f->said, "made anew"));
    assert_null(strstr(f->said, "moved aside"));
    fixture_points(f, a, INT64_MIN, INT64_MAX, text, sizeof text);
    assert_string_equal(text, "-86400000:1 0:2 1:3 ");
    fixture_append(f, a, T0 + 2, 4);
    fixture_close(f);
    assert_int_equal(fixture_sql(f, "SELECT count(*) FROM pack WHERE state=0"), 1);
    fixture_open(f); /* the definitions are as they should be */
    fixture_close(f);
    assert_int_equal(count_corrupt(f), 0);
    assert_int_equal(bw_store_verify(f->path, NULL, NULL, NULL, NULL), BW_OK);
}

/* --- the log that a crash leaves ------------------------------------------------------------ */

static off_t wal_bytes(const struct fixture *f)
{
    char name[128];
    struct stat st;
    snprintf(name, sizeof name, "%s-wal", f->path);
    return stat(name, &st) == 0 ? st.st_size : 0;
}

/* The copy of a file, a byte of it flipped, cut at `size`. */
static void copy_file(const char *from, const char *to, size_t flip_at, size_t size)
{
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    assert_non_null(in);
    assert_non_null(out);
    size_t at = 0;
    for (int c; at < size && (c = fgetc(in)) != EOF; at++)
        fputc(at == flip_at ? c ^ 4 : c, out);
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

enum { WAL_HEAD = 32, WAL_FRAME = 24 + 4096 };

#define LAST_FRAME (SIZE_MAX - 1) /* wherever it is */

static void a_damaged_log_is_told_of(void **state)
{
    struct fixture *f = *state;
    char live[2][128], copy[2][128];
    static const struct {
        const char *name;
        size_t flip_at, size;
        const char *told;
    } cases[] = {
        { "as a crash leaves it", SIZE_MAX, SIZE_MAX, NULL },
        { "cut in the middle of a frame", SIZE_MAX, WAL_HEAD + WAL_FRAME + 99, NULL },
        { "cut in its header", SIZE_MAX, 20, NULL },
        { "its header", 17, SIZE_MAX, "is damaged" },
        { "a page of the first commit", WAL_HEAD + 24 + 8, SIZE_MAX, "is damaged" },
        { "the salt of the second frame", WAL_HEAD + WAL_FRAME + 8, SIZE_MAX, "is damaged" },
        { "its commit mark", WAL_HEAD + 4, SIZE_MAX, "is damaged" },
        { "the last commit", LAST_FRAME, SIZE_MAX, "is not whole" },
    };
    for (size_t k = 0; k < 2; k++) {
        snprintf(live[k], sizeof live[k], "%s%s", f->path, k == 0 ? "" : "-wal");
        snprintf(copy[k], sizeof copy[k], "%s/copy.db%s", f->folder, k == 0 ? "" : "-wal");
    }
    fixture_open(f);
    const uint32_t a = fixture_series(f, "up", "a");
    for (int i = 0; i < 5; i++) {
        fixture_append(f, a, T0 + i, i);
        fixture_flush(f);
    }
    struct bw_storage_opts opts = f->opts;
    opts.path = copy[0];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_store *store = NULL;
        struct bw_store_stats stats;
        f->said[0] = '\0';
        copy_file(live[0], copy[0], SIZE_MAX, SIZE_MAX);
        const bool last = cases[i].flip_at == LAST_FRAME;
        copy_file(live[1], copy[1], last ? (size_t)wal_bytes(f) - 99 : cases[i].flip_at,
                  cases[i].size);
        assert_int_equal(bw_store_open(&opts, &f->hooks, &store, NULL), BW_OK);
        bw_store_stats(store, &stats);
        bw_store_close(store);
        const bool damaged = cases[i].told != NULL && strcmp(cases[i].told, "is damaged") == 0;
        if (strstr(f->said, cases[i].told == NULL ? "" : cases[i].told) == NULL
            || (cases[i].told == NULL && f->said[0] != '\0')
            || (stats.damaged_total > 0) != damaged)
            fail_msg("%s: said '%s'", cases[i].name, f->said);
    }
}

/* --- a reader that stays ------------------------------------------------------------------- */

/* So many samples that no codec makes smaller. */
static void append_noise(struct fixture *f, uint32_t series, int64_t from_ms, int count)
{
    static uint64_t noise = 88172645463325252u;
    for (int i = 0; i < count; i++) {
        noise ^= noise << 13, noise ^= noise >> 7, noise ^= noise << 17;
        fixture_append(f, series, from_ms + i, (double)noise * 1.1e-19);
    }
}

static void who_pins_the_log_is_told_of_and_it_shrinks_after(void **state)
{
    struct fixture *f = *state;
    sqlite3 *db = NULL;
    int64_t ms = T0;
    const char *env = getenv("BW_FULL");
    const bool full = env != NULL && strcmp(env, "1") == 0;
    const off_t large = (full ? 40 : 18)
                        << 20; /* told of from 32 MiB, or a quarter of the ceiling */
    f->opts.max_bytes = full ? 0 : 64 << 20;
    fixture_open(f);
    const uint32_t a = fixture_series(f, "up", "a");
    fixture_append(f, a, T0 - 1, 1);
    fixture_pack(f);
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN; SELECT count(*) FROM series", NULL, NULL, NULL), 0);
    for (int i = 0; i < 40 && wal_bytes(f) < large; i++, ms += 100000) {
        append_noise(f, a, ms, 100000);
        fixture_pack(f);
    }
    fixture_flush(f);
    assert_true(wal_bytes(f) >= large);
    assert_int_equal(count_text(f->said, "has grown to"), 1);
    assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    for (int i = 0; i < 100 && wal_bytes(f) > 9 << 20; i++, ms += 1000) {
        append_noise(f, a, ms, 1000);
        fixture_pack(f);
    }
    assert_true(wal_bytes(f) <= 9 << 20);
}

/* --- ceilings and modes ------------------------------------------------------------------- */

static void what_was_moved_aside_counts_towards_the_ceiling(void **state)
{
    struct fixture *f = *state;
    char name[160];
    f->opts.max_bytes = 16 << 20;
    for (int i = 0; i < 2; i++) {
        snprintf(name, sizeof name, "%s.corrupt-2024010%dT000000.000Z", f->path, i + 1);
        const int fd = open(name, O_WRONLY | O_CREAT, 0600);
        assert_int_equal(ftruncate(fd, 10 << 20), 0);
        close(fd);
    }
    fixture_open(f);
    const uint32_t a = fixture_series(f, "up", "a");
    fixture_append(f, a, T0, 1);
    fixture_pack(f);
    fixture_flush(f);
    fixture_close(f);
    assert_int_equal(access(name, F_OK), 0); /* the newer one stays */
    assert_int_equal(count_corrupt(f), 1);
    assert_non_null(strstr(f->said, "max_bytes"));
}

static void events_give_way_when_there_are_no_packs_left(void **state)
{
    struct fixture *f = *state;
    enum { EVENTS = 40000 };
    char cause[201] = "";
    f->opts.max_bytes = 8 << 20;
    memset(cause, 'x', sizeof cause - 1);
    fixture_open(f);
    for (int i = 0; i < EVENTS; i++) {
        const struct bw_event event = {
            .ts_ms = T0 + i, .kind = BW_EVENT_SYSTEM, .name = "noise", .cause = cause
        };
        assert_true(bw_store_put_event(f->store, &event));
    }
    fixture_append(f, fixture_series(f, "up", "a"), T0, 1);
    fixture_pack(f); /* after a pack the ceiling is looked at */
    int64_t left = EVENTS;
    for (int i = 0; i < 200 && left * 200 > 5 << 20; i++) {
        fixture_flush(f);
        usleep(10000);
        left = fixture_sql(f, "SELECT count(*) FROM event");
    }
    assert_in_range(left, 5000, 27000);
    assert_int_equal(fixture_sql(f, "SELECT max(id) FROM event"), EVENTS); /* the newest stay */
}

static void a_backup_is_as_private_as_the_store(void **state)
{
    struct fixture *f = *state;
    char copy[128];
    struct stat st;
    snprintf(copy, sizeof copy, "%s/copy", f->folder);
    fixture_open(f);
    assert_int_equal(bw_store_backup(f->path, copy, NULL, NULL), BW_OK);
    assert_int_equal(stat(copy, &st), 0);
    assert_int_equal(st.st_mode & 0007, 0);
    assert_true(st.st_size > 4096);
    assert_int_equal(bw_store_backup(f->path, copy, NULL, NULL), BW_EEXISTS);
    assert_int_equal(access(copy, F_OK), 0); /* nobody's file is removed */
}

#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, heal_and_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(closing_on_a_slow_disk_ends_in_time),
        IN_FIXTURE(a_group_that_cannot_be_written_stops_no_other),
        IN_FIXTURE(any_single_failure_is_survived),
        IN_FIXTURE(a_disk_that_fails_for_a_while_loses_nothing),
        IN_FIXTURE(a_file_that_becomes_corrupt_is_replaced),
        IN_FIXTURE(a_damaged_sequence_overwrites_no_event),
        IN_FIXTURE(a_damaged_covered_seq_hides_nothing),
        IN_FIXTURE(two_open_packs_of_a_group_are_mended),
        IN_FIXTURE(a_damaged_log_is_told_of),
        IN_FIXTURE(who_pins_the_log_is_told_of_and_it_shrinks_after),
        IN_FIXTURE(what_was_moved_aside_counts_towards_the_ceiling),
        IN_FIXTURE(events_give_way_when_there_are_no_packs_left),
        IN_FIXTURE(a_backup_is_as_private_as_the_store),
    };
    return cmocka_run_group_tests(tests, install_disk, NULL);
}
