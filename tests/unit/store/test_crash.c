// SPDX-License-Identifier: GPL-3.0-or-later
/* A child appends, packs, compacts and rolls up, and tells through a pipe what was committed; it is
 * killed at a random moment, again and again, on one file. What it told must be there, once and
 * unchanged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "disk.h"
#include "fixture.h"

#include "base/units.h"
#include "pack/rollup.h"
#include "store/compact.h"
#include "store/rollups.h"
#include "store/wal.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KILLS_DEFAULT = 20, SERIES = 30, PACK_EVERY = 7, COMPACT_EVERY = 23, ROLL_EVERY = 5 };
enum { OPENED = -2, CALLS_OF_OPEN = 12 }; /* what the child tells once it has opened the store */

static double value_of(size_t series, int64_t tick)
{
    return (double)((tick * 7919 + (int64_t)series * 104729) % 100000) / 1000;
}

static enum bw_rc compact(struct fixture *f)
{
    struct bw_compactor *compactor = bw_compactor_new(f->store, BW_COMPACT_ALL);
    bool more = true;
    enum bw_rc rc = BW_OK;
    while (more && rc == BW_OK)
        rc = bw_compactor_step(compactor, &more, NULL);
    bw_compactor_free(compactor);
    return rc;
}

/* All ticks are long ago for the clock, so each comes late for the windows made before it. */
static enum bw_rc roll_up(struct fixture *f)
{
    struct bw_reader *reader = NULL;
    enum bw_rc rc = bw_reader_open(f->path, &reader, NULL);
    bw_store_trust_clock(f->store, true);
    for (bool made = true; rc == BW_OK && made;) {
        rc = bw_store_roll_up(f->store, reader, &made, NULL);
        if (rc == BW_OK)
            rc = bw_store_flush(f->store, BW_MINUTE, NULL);
    }
    bw_reader_close(reader);
    return rc;
}

static atomic_int calls_left;

static void die_at_last_call(enum disk_call call, const char *path, const void *bytes, int size,
                             int64_t at)
{
    (void)call, (void)path, (void)bytes, (void)size, (void)at;
    if (atomic_fetch_sub(&calls_left, 1) == 1)
        raise(SIGKILL);
}

/* Appends tick after tick of all series, telling each once it is committed; OPENED first. Dies by
 * itself at the n-th call to the disk, 0: never. */
static void child(struct fixture *f, int64_t tick, int told_fd, int calls)
{
    static const int64_t opened = OPENED;
    atomic_store(&calls_left, calls);
    if (calls > 0)
        atomic_store(&disk.watch, die_at_last_call);
    fixture_open(f);
    if (write(told_fd, &opened, sizeof opened) != (ssize_t)sizeof opened)
        _exit(1);
    uint32_t ids[SERIES];
    char name[20];
    for (size_t s = 0; s < SERIES; s++) {
        snprintf(name, sizeof name, "host%zu", s);
        ids[s] = fixture_series(f, "value", name);
    }
    for (;; tick++) {
        struct bw_sample samples[SERIES];
        for (size_t s = 0; s < SERIES; s++)
            samples[s] = (struct bw_sample){ ids[s], T0 + tick * 1000, value_of(s, tick) };
        bw_store_append(f->store, samples, SERIES);
        const enum bw_rc rc = tick % PACK_EVERY == 0
                                  ? bw_store_checkpoint(f->store, BW_MINUTE, NULL)
                                  : bw_store_flush(f->store, BW_MINUTE, NULL);
        if (tick % COMPACT_EVERY == 0 && compact(f) != BW_OK)
            _exit(1);
        if (tick % ROLL_EVERY == 0 && roll_up(f) != BW_OK)
            _exit(1);
        if (rc != BW_OK || write(told_fd, &tick, sizeof tick) != (ssize_t)sizeof tick)
            _exit(1);
    }
}

/* Runs the child for a while, or for so many calls to the disk; the last tick it told, or `before`.
 * Counts those that had not opened the store. */
static int64_t run_and_kill(struct fixture *f, int64_t before, unsigned wait_us, int calls,
                            int *recovering)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(fds[0]);
        child(f, before + 1, fds[1], calls);
    }
    close(fds[1]);
    if (calls == 0) {
        usleep(wait_us);
        kill(pid, SIGKILL);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    assert_true(WIFSIGNALED(status));
    int64_t tick = before, told = before;
    bool opened = false;
    while (read(fds[0], &tick, sizeof tick) == (ssize_t)sizeof tick) {
        opened = opened || tick == OPENED;
        told = tick == OPENED ? told : tick;
    }
    *recovering += !opened;
    close(fds[0]);
    return told;
}

struct check {
    uint32_t ids[SERIES];
    int64_t told;
    int64_t seen_max; /* a tick may be committed without having been told */
};

static bool note_series(void *ctx, const struct bw_series_info *series)
{
    struct check *check = ctx;
    const size_t s = strtoul(series->labels.items[0].value + strlen("host"), NULL, 10);
    assert_in_range(s, 0, SERIES - 1);
    assert_int_equal(check->ids[s], 0); /* no name twice */
    check->ids[s] = series->id;
    return true;
}

static bool check_points(void *ctx, uint32_t series, const struct bw_point *points, size_t count)
{
    struct check *check = ctx;
    size_t s = 0;
    while (check->ids[s] != series)
        s++;
    if ((int64_t)count <= check->told)
        fail_msg("series %zu: %zu points of %lld told", s, count, (long long)check->told + 1);
    for (size_t i = 0; i < count; i++) {
        if (points[i].ts_ms != T0 + (int64_t)i * 1000 || points[i].value != value_of(s, (int64_t)i))
            fail_msg("series %zu, tick %zu: %lld %g", s, i, (long long)points[i].ts_ms,
                     points[i].value);
    }
    check->seen_max = (int64_t)count - 1 > check->seen_max ? (int64_t)count - 1 : check->seen_max;
    return true;
}

static int64_t check_all(struct fixture *f, int64_t told)
{
    struct check check = { .told = told, .seen_max = told };
    struct bw_reader *reader = NULL;
    struct bw_damage damage = { 0 };
    struct bw_err err = { .text = "" };
    if (bw_reader_open(f->path, &reader, &err) != BW_OK)
        fail_msg("%s", err.text);
    assert_int_equal(bw_reader_series(reader, NULL, note_series, &check, &damage, &err), BW_OK);
    assert_int_equal(bw_reader_scan(reader, check.ids, SERIES, INT64_MIN, INT64_MAX, check_points,
                                    &check, &damage, &err),
                     BW_OK);
    bw_reader_close(reader);
    assert_int_equal(damage.packs + damage.journal_rows + damage.rows, 0);
    return check.seen_max;
}

static bool count_samples(void *ctx, uint32_t series, const struct bw_bucket *buckets, size_t count)
{
    uint64_t *samples = ctx;
    (void)series;
    for (size_t i = 0; i < count; i++)
        *samples += buckets[i].count;
    return true;
}

/* After the last kill all is rolled up; with the samples gone, none is missing. */
static void check_rollups(struct fixture *f, int64_t last)
{
    uint64_t samples = 0;
    uint32_t ids[SERIES];
    struct bw_reader *reader = NULL;
    const struct bw_bucket_range range = { .from_ms = T0,
                                           .to_ms = T0 + last * 1000,
                                           .step_ms = 60000 };
    for (uint32_t s = 0; s < SERIES; s++)
        ids[s] = s + 1;
    fixture_open(f);
    fixture_pack(f);
    assert_int_equal(roll_up(f), BW_OK);
    fixture_close(f);
    assert_int_equal(bw_store_verify(f->path, NULL, NULL, NULL, NULL), BW_OK);
    fixture_sql(f, "DELETE FROM pack");
    assert_int_equal(bw_reader_open(f->path, &reader, NULL), BW_OK);
    assert_int_equal(
        bw_reader_buckets(reader, ids, SERIES, &range, count_samples, &samples, NULL, NULL), BW_OK);
    bw_reader_close(reader);
    assert_int_equal(samples, (uint64_t)(last + 1) * SERIES);
}

static void what_was_told_is_there_once(void **state)
{
    struct fixture *f = *state;
    const char *env = getenv("BW_KILLS");
    const int kills = env == NULL ? KILLS_DEFAULT : (int)strtol(env, NULL, 10);
    f->opts.commit_interval_ns = 10 * BW_MS;
    f->opts.retention.raw_ns = 10000 * BW_DAY;
    f->wall_ms = T0 + 100 * INT64_C(86400000);
    unsigned random = (unsigned)getpid();
    int64_t last = -1;
    int recovering = 0;
    for (int i = 0; i < kills; i++) {
        random = random * 1103515245u + 12345u;
        const int calls = i % 4 == 3 ? 1 + (int)(random / 65536 % CALLS_OF_OPEN) : 0;
        const int64_t told =
            run_and_kill(f, last, 20000 + random / 65536 % 150 * 1000, calls, &recovering);
        /* What a kill leaves is no damage; it may come between a frame's head and its page. */
        assert_int_not_equal(bw_wal_look(f->path), BW_WAL_DAMAGED);
        if (told >= 0)
            last = check_all(f, told);
    }
    assert_true(last > kills); /* it was no empty test */
    assert_true(recovering >= kills / 4);
    uint64_t faults = 0;
    assert_int_equal(bw_store_verify(f->path, NULL, NULL, &faults, NULL), BW_OK);
    check_rollups(f, last);
}

static int install(void **state)
{
    (void)state;
    return disk_install();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_told_is_there_once, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, install, NULL);
}
