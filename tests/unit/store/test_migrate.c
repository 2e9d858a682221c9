// SPDX-License-Identifier: GPL-3.0-or-later
/* Stores of each older schema, made by the first migrations only: what is in them is there after
 * they were brought up to date, a copy of them is kept, and whoever is killed meanwhile leaves the
 * old one or the new one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "disk.h"
#include "fixture.h"
#include "ticks.h"

#include "base/embedded.h"
#include "base/units.h"
#include "store/db.h"
#include "store/files.h"
#include "store/migrate.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern const struct bw_embedded bw_migrations[];

enum { TICKS = 12, SQL_BYTES = 4000 };

static void run(sqlite3 *db, const char *sql)
{
    char *text = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &text) != SQLITE_OK)
        fail_msg("%s: %s", sql, text);
}

static void beside(const struct fixture *f, const char *suffix, char out[160])
{
    snprintf(out, 160, "%s%s", f->path, suffix);
}

static void copy_name(const struct fixture *f, char out[160])
{
    char suffix[32];
    snprintf(suffix, sizeof suffix, ".before-%d", bw_db_schema_version());
    beside(f, suffix, out);
}

/* A store of today with something in every table that the writer fills. */
static void make_new(struct fixture *f)
{
    struct ticks ticks;
    const struct bw_subject subject = { "web", "a", "page" };
    fixture_open(f);
    ticks_begin(&ticks, f);
    for (int tick = 0; tick < TICKS; tick++) {
        ticks_append(&ticks, f, tick);
        if (tick == TICKS / 2)
            fixture_pack(f);
        fixture_flush(f);
    }
    assert_true(bw_store_put_check_state(
        f->store, &(struct bw_check_state){ .subject = subject, .since_ms = T0 }));
    assert_true(bw_store_put_check_cause(
        f->store, &(struct bw_check_cause){ .subject = subject, .cause = "refused" }));
    assert_true(bw_store_put_report(f->store, &(struct bw_report_row){ .name = "weekly",
                                                                       .type = "summary",
                                                                       .format = "csv",
                                                                       .file = "weekly.csv" }));
    fixture_flush(f);
}

/* INSERT INTO main.t(columns) SELECT columns FROM new.t, for each table that both have. */
static void copy_tables(sqlite3 *db)
{
    static const char each[] =
        "SELECT 'INSERT INTO main.' || t.name || '(' || group_concat(c.name) || ') SELECT '"
        " || group_concat(c.name) || ' FROM new.' || t.name"
        " FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type='table'"
        " AND t.name NOT LIKE 'sqlite_%' AND t.name IN (SELECT name FROM new.sqlite_schema)"
        " GROUP BY t.name";
    sqlite3_stmt *st = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, each, -1, &st, NULL), SQLITE_OK);
    while (sqlite3_step(st) == SQLITE_ROW)
        run(db, (const char *)sqlite3_column_text(st, 0));
    sqlite3_finalize(st);
}

/* The store as a program that knew the first `version` migrations would have made it. */
static void make_old(struct fixture *f, int version)
{
    char whole[160], sql[SQL_BYTES];
    sqlite3 *db = NULL;
    make_new(f);
    beside(f, ".whole", whole);
    unlink(whole);
    assert_int_equal(bw_store_backup(f->path, whole, NULL, NULL), BW_OK);
    fixture_close(f);
    unlink(f->path);
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    run(db, "PRAGMA page_size=4096; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL");
    for (const struct bw_embedded *m = bw_migrations; m->name != NULL; m++) {
        if (bw_db_version_of(m) <= version)
            run(db, m->data);
    }
    snprintf(sql, sizeof sql,
             "PRAGMA application_id=%d; PRAGMA user_version=%d; ATTACH '%s' AS new",
             BW_APPLICATION_ID, version, whole);
    run(db, sql);
    copy_tables(db);
    sqlite3_close(db);
    unlink(whole);
}

static int64_t number_in(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    int64_t number = -1;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(bw_db_number(db, sql, &number, NULL), BW_OK);
    sqlite3_close(db);
    return number;
}

static int64_t version_in(const char *path)
{
    return number_in(path, "PRAGMA user_version");
}

static bool is_sound(const char *path)
{
    return number_in(path, "SELECT count(*) FROM pragma_integrity_check"
                           " WHERE integrity_check='ok'")
           == 1;
}

/* Each row of each table of `old` is in `now`, and no other; but `marker`, which nobody ever wrote
 * to, is gone. */
static void assert_same_rows(const char *now, const char *old)
{
    static const char each[] =
        "SELECT 'SELECT (SELECT count(*) FROM (SELECT ' || group_concat(c.name) || ' FROM old.'"
        " || t.name || ' EXCEPT SELECT ' || group_concat(c.name) || ' FROM main.' || t.name"
        " || ')) + abs((SELECT count(*) FROM old.' || t.name || ') - (SELECT count(*) FROM main.'"
        " || t.name || '))', t.name"
        " FROM old.sqlite_schema t, pragma_table_info(t.name, 'old') c WHERE t.type='table'"
        " AND t.name NOT LIKE 'sqlite_%' AND t.name<>'marker' GROUP BY t.name";
    char sql[300];
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    int tables = 0;
    assert_int_equal(sqlite3_open(now, &db), SQLITE_OK);
    snprintf(sql, sizeof sql, "ATTACH '%s' AS old", old);
    run(db, sql);
    assert_int_equal(sqlite3_prepare_v2(db, each, -1, &st, NULL), SQLITE_OK);
    for (; sqlite3_step(st) == SQLITE_ROW; tables++) {
        int64_t differ = -1;
        assert_int_equal(bw_db_number(db, (const char *)sqlite3_column_text(st, 0), &differ, NULL),
                         BW_OK);
        if (differ != 0)
            fail_msg("%s: %lld rows differ", sqlite3_column_text(st, 1), (long long)differ);
    }
    sqlite3_finalize(st);
    sqlite3_close(db);
    assert_true(tables > 5);
}

static enum bw_rc migrate(const struct fixture *f, uint64_t room, struct bw_db_opening *opening)
{
    sqlite3 *db = NULL;
    struct bw_err err = { .text = "" };
    const enum bw_rc rc = bw_db_open_writer(f->path, NULL, room, &db, opening, &err);
    sqlite3_close(db);
    if (rc != BW_OK)
        print_message("%s\n", err.text);
    return rc;
}

static void each_older_schema_is_brought_up_to_date(void **state)
{
    struct fixture *f = *state;
    char before[160], other[160];
    copy_name(f, before);
    for (int version = 1; version < bw_db_schema_version(); version++) {
        struct bw_db_opening opening = { .mended = false };
        unlink(f->path);
        make_old(f, version);
        beside(f, ".before-1", other); /* of an earlier migration */
        close(open(other, O_WRONLY | O_CREAT, 0600));
        assert_int_equal(migrate(f, UINT64_MAX, &opening), BW_OK);
        assert_int_equal(opening.migrated_from, version);
        assert_true(opening.copied);
        assert_int_equal(version_in(f->path), bw_db_schema_version());
        assert_int_equal(version_in(before), version);
        assert_true(is_sound(before));
        assert_same_rows(f->path, before);
        assert_int_not_equal(access(other, F_OK), 0); /* one is kept */
        assert_int_equal(ticks_check(f, TICKS - 1), TICKS - 1);
        assert_int_equal(bw_store_verify(f->path, NULL, NULL, NULL, NULL), BW_OK);
        fixture_open(f); /* and the daemon goes on with it */
        fixture_close(f);
        ticks_check(f, TICKS - 1);
    }
}

static void the_copy_opens_as_the_store_that_it_was(void **state)
{
    struct fixture *f = *state;
    char before[160];
    struct bw_db_opening opening = { .mended = false };
    struct stat st;
    make_old(f, 1);
    assert_int_equal(migrate(f, UINT64_MAX, &opening), BW_OK);
    copy_name(f, before);
    assert_int_equal(stat(before, &st), 0);
    assert_int_equal(st.st_mode & 0007, 0); /* as private as the store */
    assert_int_equal(rename(before, f->path), 0);
    assert_int_equal(version_in(f->path), 1);
    assert_int_equal(ticks_check(f, TICKS - 1), TICKS - 1); /* readers know older shapes */
    opening = (struct bw_db_opening){ .mended = false };
    assert_int_equal(migrate(f, UINT64_MAX, &opening), BW_OK);
    assert_int_equal(opening.migrated_from, 1);
    ticks_check(f, TICKS - 1);
}

/* ---- killed ------------------------------------------------------------------------------ */

static int calls_left;

static void die_at_last_call(enum disk_call call, const char *path, const void *bytes, int size,
                             int64_t at)
{
    (void)call, (void)path, (void)bytes, (void)size, (void)at;
    if (--calls_left == 0)
        raise(SIGKILL);
}

/* True when the child came to the end before the n-th call to the disk. */
static bool migrate_and_die(const struct fixture *f, int calls)
{
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct bw_db_opening opening = { .mended = false };
        calls_left = calls;
        atomic_store(&disk.watch, die_at_last_call);
        _exit(migrate(f, UINT64_MAX, &opening) == BW_OK ? 0 : 1);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    assert_true(WIFSIGNALED(status) || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
    return !WIFSIGNALED(status);
}

static void copy_file(const char *from, const char *to)
{
    char piece[8192];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    assert_non_null(in);
    assert_non_null(out);
    for (size_t n; (n = fread(piece, 1, sizeof piece, in)) > 0;)
        assert_int_equal(fwrite(piece, 1, n, out), n);
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

static void remove_store(const struct fixture *f)
{
    static const char *const endings[] = { "", "-wal", "-shm" };
    char name[160];
    for (size_t i = 0; i < 3; i++) {
        beside(f, endings[i], name);
        unlink(name);
    }
    bw_files_remove_copies(f->path, 0);
}

/* Old or new, nothing between; the new one only with the copy. */
static bool check_what_is_left(struct fixture *f, int version, int calls)
{
    char before[160];
    const int64_t found = version_in(f->path);
    copy_name(f, before);
    const bool is_new = found == bw_db_schema_version();
    if (!is_new && found != version)
        fail_msg("killed at call %d: schema %lld", calls, (long long)found);
    if (access(before, F_OK) == 0) {
        assert_int_equal(version_in(before), version);
        assert_true(is_sound(before));
    } else if (is_new) {
        fail_msg("killed at call %d: migrated without a copy", calls);
    }
    ticks_check(f, TICKS - 1);
    struct bw_db_opening opening = { .mended = false };
    assert_int_equal(migrate(f, UINT64_MAX, &opening), BW_OK);
    assert_int_equal(version_in(f->path), bw_db_schema_version());
    assert_true(is_sound(f->path));
    assert_int_equal(ticks_check(f, TICKS - 1), TICKS - 1);
    assert_int_equal(version_in(before), version);
    strcat(before, ".part");
    assert_int_not_equal(access(before, F_OK), 0); /* no half-written copy is left */
    return is_new;
}

static void who_is_killed_leaves_the_old_or_the_new(void **state)
{
    struct fixture *f = *state;
    const char *full = getenv("BW_FULL");
    const int step = full != NULL && strcmp(full, "1") == 0 ? 1 : 9;
    char image[160];
    int kills = 0, olds = 0;
    beside(f, ".image", image);
    for (int version = 1; version < bw_db_schema_version(); version++) {
        bool ended = false;
        remove_store(f);
        make_old(f, version);
        copy_file(f->path, image);
        for (int calls = version; !ended; calls += step, kills++) {
            remove_store(f);
            copy_file(image, f->path);
            ended = migrate_and_die(f, calls);
            olds += !check_what_is_left(f, version, calls);
        }
        unlink(image);
    }
    print_message("%d kills, %d left the old one\n", kills, olds);
    assert_true(kills > 20 && olds > 3 && olds < kills);
}

/* ---- room -------------------------------------------------------------------------------- */

static void without_room_it_is_migrated_without_a_copy(void **state)
{
    struct fixture *f = *state;
    char before[160];
    copy_name(f, before);
    make_old(f, 2);
    char other[160];
    snprintf(other, sizeof other, "%s.other", f->path);
    const int fd = open(other, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(ftruncate(fd, 8 << 20), 0);
    close(fd);
    f->opts.max_bytes = 8 << 20; /* what is beside the store has it all */
    fixture_open(f);
    assert_int_not_equal(access(before, F_OK), 0);
    assert_non_null(strstr(f->said, "without a copy"));
    fixture_close(f);
    assert_int_equal(ticks_check(f, TICKS - 1), TICKS - 1);
}

static void open_trusting(struct fixture *f, int64_t wall_ms)
{
    f->wall_ms = wall_ms;
    fixture_open(f);
    bw_store_trust_clock(f->store, true);
    fixture_flush(f);
    fixture_flush(f);
    fixture_close(f);
}

static void the_copy_is_kept_for_a_week_or_until_there_is_no_room(void **state)
{
    struct fixture *f = *state;
    char before[160];
    const int64_t day_ms = BW_DAY / BW_MS, now_ms = (int64_t)time(NULL) * 1000;
    copy_name(f, before);
    f->opts.retention.raw_ns = 0;
    make_old(f, 3);
    open_trusting(f, now_ms);
    assert_non_null(strstr(f->said, "was migrated from schema 3"));
    open_trusting(f, now_ms + 6 * day_ms);
    assert_int_equal(access(before, F_OK), 0);
    open_trusting(f, now_ms - 4000 * day_ms);
    assert_int_equal(access(before, F_OK), 0);
    open_trusting(f, now_ms + 8 * day_ms);
    assert_int_not_equal(access(before, F_OK), 0);
    copy_file(f->path, before);
    f->opts.max_bytes = 20 << 20;
    open_trusting(f, now_ms);
    assert_int_equal(access(before, F_OK), 0);
    assert_int_equal(truncate(before, 20 << 20), 0);
    open_trusting(f, now_ms);
    assert_int_not_equal(access(before, F_OK), 0);
    assert_non_null(strstr(f->said, "before the migration was removed"));
}

/* ---- newer ------------------------------------------------------------------------------- */

static uint64_t file_hash(const char *path)
{
    uint64_t hash = 1469598103934665603u;
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    for (int c; (c = fgetc(file)) != EOF;)
        hash = (hash ^ (unsigned)c) * 1099511628211u;
    fclose(file);
    return hash;
}

/* As a newer daemon that was killed leaves it: its schema is in the log only. */
static void a_newer_store_and_its_log_stay_untouched(void **state)
{
    struct fixture *f = *state;
    char wal[160], sql[80];
    sqlite3 *db = NULL;
    struct bw_store *store = NULL;
    struct bw_reader *reader = NULL;
    struct bw_err err = { .text = "" };
    beside(f, "-wal", wal);
    make_new(f);
    fixture_close(f);
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    snprintf(sql, sizeof sql, "PRAGMA user_version=%d; CREATE TABLE later(x)",
             bw_db_schema_version() + 1);
    run(db, sql);
    sqlite3_close(db);
    const uint64_t file = file_hash(f->path), log = file_hash(wal);
    assert_int_equal(bw_store_open(&f->opts, NULL, &store, &err), BW_EUNSUPPORTED);
    assert_non_null(strstr(err.text, "newer version"));
    assert_int_equal(bw_reader_open(f->path, &reader, &err), BW_EUNSUPPORTED);
    assert_int_equal(bw_store_verify(f->path, NULL, NULL, NULL, &err), BW_EUNSUPPORTED);
    assert_true(file_hash(f->path) == file && file_hash(wal) == log);
    assert_int_equal(bw_files_copy_bytes(f->path, 0), 0);
}

static int install(void **state)
{
    (void)state;
    return disk_install();
}

static int heal_and_tear_down(void **state)
{
    disk_heal();
    return fixture_teardown(state);
}

#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, heal_and_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(each_older_schema_is_brought_up_to_date),
        IN_FIXTURE(the_copy_opens_as_the_store_that_it_was),
        IN_FIXTURE(who_is_killed_leaves_the_old_or_the_new),
        IN_FIXTURE(without_room_it_is_migrated_without_a_copy),
        IN_FIXTURE(the_copy_is_kept_for_a_week_or_until_there_is_no_room),
        IN_FIXTURE(a_newer_store_and_its_log_stay_untouched),
    };
    return cmocka_run_group_tests(tests, install, NULL);
}
