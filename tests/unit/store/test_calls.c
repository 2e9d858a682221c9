// SPDX-License-Identifier: GPL-3.0-or-later
/* Each call to the disk fails in turn, once or from then on, while a store begins, migrates,
 * recovers, works, forgets and closes. When the fault is over everything goes on, and what was
 * acknowledged is there. */
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

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern const struct bw_embedded bw_migrations[];

enum { TOLD = 11, CALLS = DISK_CHANGES | DISK_OPEN | DISK_READ | DISK_SHM | DISK_DELETE };

/* Where the fault strikes. */
enum place { OPENING, WORKING, FORGETTING, CLOSING };

static void name_image(char out[128], const struct fixture *f, const char *ending)
{
    snprintf(out, 128, "%s/image%s", f->folder, ending);
}

static void copy_file(const char *from, const char *to)
{
    char piece[8192];
    unlink(to);
    FILE *in = fopen(from, "rb"), *out = in == NULL ? NULL : fopen(to, "wb");
    if (out != NULL) {
        for (size_t n; (n = fread(piece, 1, sizeof piece, in)) > 0;)
            assert_int_equal(fwrite(piece, 1, n, out), n);
        assert_int_equal(fclose(out), 0);
    }
    if (in != NULL)
        fclose(in);
}

static void copy_store(struct fixture *f, bool to_image)
{
    static const char *const endings[] = { "", "-wal", "-shm" };
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        char image[128], live[128];
        name_image(image, f, endings[i]);
        snprintf(live, sizeof live, "%s%s", f->path, endings[i]);
        if (i == 2)
            unlink(live); /* another restart: the index is gone */
        else
            copy_file(to_image ? live : image, to_image ? image : live);
    }
}

/* As a crash leaves it: ticks in packs, in the journal and in the log. */
static void make_crashed(struct fixture *f)
{
    struct ticks ticks;
    fixture_open(f);
    ticks_begin(&ticks, f);
    for (int tick = 0; tick <= TOLD; tick++) {
        ticks_append(&ticks, f, tick);
        if (tick == TOLD / 2)
            fixture_pack(f);
        fixture_flush(f);
    }
    copy_store(f, true);
    fixture_close(f);
}

/* The first schema's file with everything of that time in it. */
static void make_old(struct fixture *f)
{
    char image[128], sql[600];
    make_crashed(f);
    name_image(image, f, "");
    copy_store(f, false);
    fixture_open(f);
    fixture_close(f); /* folds the log into the file */
    unlink(image);
    char wal[128];
    name_image(wal, f, "-wal");
    unlink(wal);
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(image, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA auto_vacuum=INCREMENTAL", NULL, NULL, NULL), 0);
    assert_int_equal(sqlite3_exec(db, bw_migrations[0].data, NULL, NULL, NULL), SQLITE_OK);
    snprintf(sql, sizeof sql,
             "PRAGMA application_id=1113017426; PRAGMA user_version=1; ATTACH '%s' AS new;"
             "INSERT INTO series SELECT * FROM new.series;"
             "INSERT INTO series_group SELECT * FROM new.series_group;"
             "INSERT INTO pack_group SELECT * FROM new.pack_group;"
             "INSERT INTO pack SELECT * FROM new.pack;"
             "INSERT INTO event SELECT * FROM new.event",
             f->path);
    char *text = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &text) != SQLITE_OK)
        fail_msg("%s", text);
    sqlite3_close(db);
}

static void make_none(struct fixture *f)
{
    static const char *const endings[] = { "", "-wal", "-shm" };
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        char image[128], live[128];
        name_image(image, f, endings[i]);
        snprintf(live, sizeof live, "%s%s", f->path, endings[i]);
        unlink(image);
        unlink(live);
    }
}

static const struct {
    const char *name;
    void (*make)(struct fixture *f);
    enum place place;
    int told; /* ticks in the image */
} stories[] = {
    { "begins", make_none, OPENING, -1 },          { "migrates", make_old, OPENING, TOLD },
    { "recovers", make_crashed, OPENING, TOLD },   { "works", make_crashed, WORKING, TOLD },
    { "forgets", make_crashed, FORGETTING, TOLD }, { "closes", make_crashed, CLOSING, TOLD },
};

struct fault {
    int error;
    bool sticky;
    int at;
};

static void arm(const struct fault *fault, bool is_place)
{
    if (!is_place)
        return;
    atomic_store(&disk.calls, CALLS);
    atomic_store(&disk.error, fault->error);
    atomic_store(&disk.sticky, fault->sticky);
    atomic_store(&disk.patience, fault->sticky ? 5 : 0);
    atomic_store(&disk.failed, 0);
    atomic_store(&disk.countdown, fault->at);
}

/* As the daemon does: until it opens. */
static void open_at_last(struct fixture *f, const char *name, const struct fault *fault)
{
    struct bw_err err = { .text = "" };
    for (int tries = 0; tries < 20; tries++) {
        const enum bw_rc rc = bw_store_open(&f->opts, &f->hooks, &f->store, &err);
        if (rc == BW_OK)
            return;
        if (rc == BW_ECORRUPT || rc == BW_EINVAL || rc == BW_EUNSUPPORTED)
            fail_msg("%s, call %d: a fault of the disk is taken for '%s'", name, fault->at,
                     err.text);
    }
    fail_msg("%s, call %d: does not open: %s", name, fault->at, err.text);
}

static void flush_at_last(struct fixture *f, bool packs)
{
    enum bw_rc rc = BW_ETIMEOUT;
    for (int tries = 0; rc != BW_OK && tries < 40; tries++)
        rc = packs ? bw_store_checkpoint(f->store, BW_SECOND, NULL)
                   : bw_store_flush(f->store, BW_SECOND, NULL);
    assert_int_equal(rc, BW_OK);
}

static void work(struct fixture *f, int told)
{
    struct ticks ticks;
    ticks_begin(&ticks, f);
    for (int i = 1; i <= 3; i++) {
        ticks_append(&ticks, f, told + i);
        flush_at_last(f, i == 2);
    }
}

/* Samples so old that they go at once, and then retention. */
static void forget(struct fixture *f)
{
    const uint32_t old = fixture_series(f, "old", "a");
    fixture_append(f, old, T0 - 1000 * (BW_DAY / BW_MS), 1);
    flush_at_last(f, true);
    bw_store_trust_clock(f->store, true);
    flush_at_last(f, true);
}

/* True when the fault was met. */
static bool play(struct fixture *f, size_t story, const struct fault *fault)
{
    const char *name = stories[story].name;
    const enum place place = stories[story].place;
    f->said[0] = '\0';
    copy_store(f, false);
    arm(fault, place == OPENING);
    open_at_last(f, name, fault);
    arm(fault, place == WORKING);
    work(f, stories[story].told);
    arm(fault, place == FORGETTING);
    if (place == FORGETTING)
        forget(f);
    arm(fault, place == CLOSING);
    fixture_close(f);
    const bool met = atomic_load(&disk.failed) > 0;
    disk_heal();
    if (strstr(f->said, "moved aside") != NULL || strstr(f->said, "damaged") != NULL)
        fail_msg("%s, call %d, error %d: %s", name, fault->at, fault->error, f->said);
    assert_int_equal(ticks_check(f, stories[story].told + 3), stories[story].told + 3);
    fixture_open(f); /* and once more after what the fault left */
    fixture_close(f);
    ticks_check(f, stories[story].told + 3);
    return met;
}

static void every_call_may_fail(void **state)
{
    struct fixture *f = *state;
    const char *full = getenv("BW_FULL");
    const int step = full != NULL && strcmp(full, "1") == 0 ? 1 : 17;
    f->opts.commit_interval_ns = 5 * BW_MS;
    f->opts.retention.raw_ns = 100 * BW_DAY;
    static const int errors[] = { EIO, ENOSPC, EMFILE };
    for (size_t story = 0; story < sizeof stories / sizeof *stories; story++) {
        make_none(f);
        stories[story].make(f);
        int played = 0;
        for (int kind = 0; kind < 6; kind++) {
            struct fault fault = { errors[kind / 2], kind % 2 == 1, 1 + (step > 1 ? kind : 0) };
            for (; play(f, story, &fault); fault.at += step)
                played++;
        }
        print_message("%s: %d faults\n", stories[story].name, played);
        assert_true(played >= 3); /* it was no empty test */
    }
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_call_may_fail, fixture_setup, heal_and_tear_down),
    };
    return cmocka_run_group_tests(tests, install, NULL);
}
