// SPDX-License-Identifier: GPL-3.0-or-later
/* Roll-ups as they are made: what of which group, again when something comes late, and never
 * fewer samples than before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"

#include "base/units.h"
#include "pack/rollup.h"
#include "store/import.h"
#include "store/rollup_view.h"
#include "store/rollups.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* The start of a day that begins a window of every tier's finer ones; what comes after is told in
 * hours from it. */
#define D0 INT64_C(1700006400000)

/* Makes what is due; how many windows. */
static int roll_up(struct fixture *f)
{
    struct bw_reader *reader = NULL;
    struct bw_err err = { .text = "" };
    bool made = true;
    int windows = 0;
    bw_store_trust_clock(f->store, true);
    if (bw_reader_open(f->path, &reader, &err) != BW_OK)
        fail_msg("%s", err.text);
    while (made) {
        if (bw_store_roll_up(f->store, reader, &made, &err) != BW_OK)
            fail_msg("%s", err.text);
        windows += made;
        fixture_flush(f);
    }
    bw_reader_close(reader);
    return windows;
}

static void append_range(struct fixture *f, uint32_t series, int64_t from_ms, int64_t to_ms,
                         int64_t step_ms)
{
    struct bw_sample samples[1000];
    size_t count = 0;
    for (int64_t ts_ms = from_ms; ts_ms < to_ms; ts_ms += step_ms) {
        samples[count++] = (struct bw_sample){ series, ts_ms, (double)(ts_ms / step_ms % 100) };
        if (count == 1000 || ts_ms + step_ms >= to_ms) {
            assert_true(bw_store_append(f->store, samples, count));
            count = 0;
        }
    }
}

/* The bodies of a tier as "from-to:samples " in hours from D0. */
static const char *bodies(struct fixture *f, unsigned tier, uint32_t group)
{
    static char text[1000];
    struct bw_reader *reader = NULL;
    struct bw_rollup_walk walk;
    enum bw_rc rc = BW_OK;
    size_t used = 0;
    text[0] = '\0';
    assert_int_equal(bw_reader_open(f->path, &reader, NULL), BW_OK);
    assert_int_equal(bw_rollup_walk_begin(&walk, reader, tier, group, NULL), BW_OK);
    bw_rollup_walk_range(&walk, INT64_MIN, INT64_MAX);
    while (bw_rollup_walk_next(&walk, &rc, NULL)) {
        uint64_t samples = 0;
        for (size_t i = 0; i < walk.rollup.series_count; i++) {
            struct bw_buckets buckets = { 0 };
            assert_int_equal(bw_rollup_read(&walk.rollup, i, &buckets, NULL), BW_OK);
            for (size_t b = 0; b < buckets.count; b++)
                samples += buckets.items[b].count;
            bw_buckets_fini(&buckets);
        }
        used += (size_t)snprintf(text + used, sizeof text - used, "%g-%g:%llu ",
                                 (double)(walk.rollup.first_ms - D0) / (double)HOUR,
                                 (double)(walk.rollup.last_ms - D0) / (double)HOUR,
                                 (unsigned long long)samples);
    }
    assert_int_equal(rc, BW_OK);
    bw_rollup_walk_end(&walk);
    bw_reader_close(reader);
    return text;
}

static bool count_samples(void *ctx, uint32_t series, const struct bw_bucket *buckets, size_t count)
{
    uint64_t *samples = ctx;
    (void)series;
    for (size_t i = 0; i < count; i++)
        *samples += buckets[i].count;
    return true;
}

static void windows_are_made_once_they_are_over(void **state)
{
    struct fixture *f = *state;
    f->wall_ms = D0 + 24 * HOUR + 59 * MINUTE;
    fixture_open(f);
    const uint32_t a = fixture_series(f, "up", "a"), b = fixture_series(f, "up", "b");
    append_range(f, a, D0 + 4 * HOUR, D0 + 25 * HOUR, MINUTE);
    append_range(f, b, D0 + 9 * HOUR, D0 + 10 * HOUR, MINUTE / 4);
    fixture_pack(f);
    bool made = true;
    struct bw_reader *reader = NULL;
    assert_int_equal(bw_reader_open(f->path, &reader, NULL), BW_OK);
    assert_int_equal(bw_store_roll_up(f->store, reader, &made, NULL), BW_OK);
    assert_false(made); /* nobody said that the clock is right */
    bw_reader_close(reader);
    assert_int_equal(roll_up(f), 2);
    assert_string_equal(bodies(f, 0, 1), "4-7.98333:240 8-15.9833:720 ");
    f->wall_ms += MINUTE; /* an hour after the end */
    assert_int_equal(roll_up(f), 1);
    assert_string_equal(bodies(f, 0, 1), "4-7.98333:240 8-15.9833:720 16-23.9833:480 ");
    assert_int_equal(roll_up(f), 0);
    fixture_close(f);
    fixture_open(f); /* where it was */
    assert_int_equal(roll_up(f), 0);
    assert_int_equal(bw_store_verify(f->path, NULL, NULL, NULL, NULL), BW_OK);
    assert_string_equal(f->said, "");
}

static void what_comes_late_is_taken_in(void **state)
{
    struct fixture *f = *state;
    f->wall_ms = D0 + 41 * HOUR;
    fixture_open(f);
    const uint32_t a = fixture_series(f, "up", "a");
    append_range(f, a, D0, D0 + 40 * HOUR, HOUR);
    fixture_pack(f);
    assert_int_equal(roll_up(f), 5);
    fixture_append(f, a, D0 + 17 * HOUR + MINUTE, 7);
    fixture_flush(f); /* in the journal only */
    assert_int_equal(fixture_sql(f, "SELECT done_ms FROM rollup_done"), D0 + 16 * HOUR);
    fixture_close(f);
    fixture_open(f);
    assert_int_equal(roll_up(f), 3);
    assert_string_equal(bodies(f, 0, 1), "0-7:8 8-15:8 16-23:9 24-31:8 32-39:8 ");
    /* Of a series that is new to the group. */
    const uint32_t b = fixture_series(f, "up", "b");
    fixture_append(f, b, D0 + 33 * HOUR, 7);
    fixture_flush(f);
    assert_int_equal(roll_up(f), 1);
    assert_string_equal(bodies(f, 0, 1), "0-7:8 8-15:8 16-23:9 24-31:8 32-39:9 ");
    /* Before all others. */
    fixture_append(f, b, D0 - 300 * HOUR, 7);
    fixture_append(f, b, D0 - 30 * HOUR, 7);
    fixture_flush(f);
    assert_true(roll_up(f) >= 7);
    assert_string_equal(bodies(f, 0, 1),
                        "-300--300:1 -30--30:1 0-7:8 8-15:8 16-23:9 24-31:8 32-39:9 ");
}

static void what_is_imported_is_taken_in(void **state)
{
    struct fixture *f = *state;
    f->wall_ms = D0 + 41 * HOUR;
    fixture_open(f);
    const uint32_t a = fixture_series(f, "up", "a");
    append_range(f, a, D0, D0 + 40 * HOUR, HOUR);
    fixture_pack(f);
    assert_int_equal(roll_up(f), 5);
    struct bw_import *import = NULL;
    const struct bw_label label = { "instance", "a" };
    assert_int_equal(bw_import_begin(f->store, BW_IMPORT_WAITING_BYTES, &import, NULL), BW_OK);
    const uint32_t number = bw_import_series(import, "up", (struct bw_labels){ &label, 1 }, NULL);
    bw_import_add(import, number, D0 + 17 * HOUR, 17); /* there already */
    bw_import_add(import, number, D0 + 17 * HOUR + MINUTE, 7);
    assert_int_equal(bw_import_finish(import, NULL), BW_OK);
    bw_import_free(import);
    assert_int_equal(fixture_sql(f, "SELECT done_ms FROM rollup_done"), D0 + 16 * HOUR);
    assert_int_equal(roll_up(f), 3);
    assert_string_equal(bodies(f, 0, 1), "0-7:8 8-15:8 16-23:9 24-31:8 32-39:8 ");
}

static void what_raw_samples_are_gone_for_stays(void **state)
{
    struct fixture *f = *state;
    f->wall_ms = D0 + 33 * HOUR;
    fixture_open(f);
    const uint32_t a = fixture_series(f, "up", "a"), b = fixture_series(f, "up", "b");
    append_range(f, a, D0, D0 + 16 * HOUR, HOUR);
    append_range(f, b, D0 + 8 * HOUR, D0 + 16 * HOUR, HOUR);
    fixture_pack(f);
    assert_int_equal(roll_up(f), 3); /* and the rest of the time, which has none */
    assert_string_equal(bodies(f, 0, 1), "0-7:8 8-15:16 ");
    fixture_close(f);
    fixture_sql(f, "DELETE FROM pack");
    fixture_open(f);
    append_range(f, b, D0 + 8 * HOUR, D0 + 16 * HOUR, MINUTE);
    fixture_flush(f);
    assert_true(roll_up(f) >= 1);
    assert_string_equal(bodies(f, 0, 1), "0-7:8 8-15.9833:488 ");
}

static void long_silence_is_passed_over(void **state)
{
    struct fixture *f = *state;
    const int64_t kept_ns = 10000 * BW_DAY;
    f->wall_ms = D0 + 4000 * DAY;
    f->opts.retention = (struct bw_retention_opts){ kept_ns, kept_ns, kept_ns, kept_ns };
    fixture_open(f);
    const uint32_t a = fixture_series(f, "up", "a");
    fixture_append(f, a, D0, 1);
    fixture_pack(f);
    fixture_append(f, a, D0 + 3000 * DAY, 1);
    fixture_pack(f);
    assert_in_range(roll_up(f), 4, 400);
    char text[64];
    snprintf(text, sizeof text, "0-0:1 %d-%d:1 ", 72000, 72000);
    assert_string_equal(bodies(f, 0, 1), text);
}

/* What was imported from long ago is older than what is kept; it goes, but not before it was made
 * into what is kept longer. */
static void nothing_goes_before_it_is_rolled_up(void **state)
{
    struct fixture *f = *state;
    f->wall_ms = D0 + 40 * DAY;
    f->opts.retention = (struct bw_retention_opts){ BW_DAY, 2 * BW_DAY, 10 * BW_DAY, 100 * BW_DAY };
    fixture_open(f);
    const uint32_t a = fixture_series(f, "up", "a");
    assert_int_equal(roll_up(f), 0);
    for (int day = 0; day < 40; day++) {
        append_range(f, a, D0 + day * DAY, D0 + (day + 1) * DAY, 10 * MINUTE);
        fixture_pack(f);
    }
    assert_true(roll_up(f) > 120);
    for (int i = 0; i < 1000 && fixture_sql(f, "SELECT count(*) FROM rollup") > 20; i++) {
        fixture_flush(f);
        usleep(10000);
    }
    struct bw_reader *reader = NULL;
    uint64_t samples = 0;
    const struct bw_bucket_range range = { .from_ms = D0 - DAY,
                                           .to_ms = D0 + 41 * DAY,
                                           .step_ms = DAY };
    assert_int_equal(bw_reader_open(f->path, &reader, NULL), BW_OK);
    assert_int_equal(bw_reader_buckets(reader, &a, 1, &range, count_samples, &samples, NULL, NULL),
                     BW_OK);
    bw_reader_close(reader);
    assert_int_equal(samples, 40 * 144);
    assert_in_range(fixture_sql(f, "SELECT count(*) FROM pack"), 1, 3);
    assert_in_range(fixture_sql(f, "SELECT count(*) FROM rollup WHERE width_ms=60000"), 6, 18);
    assert_in_range(fixture_sql(f, "SELECT count(*) FROM rollup WHERE width_ms=3600000"), 2, 9);
    assert_string_equal(f->said, "");
}

/* A part that is damaged is left out, and told; the rest is there. */
static void damage_is_left_out_and_told(void **state)
{
    struct fixture *f = *state;
    f->wall_ms = D0 + 33 * HOUR;
    fixture_open(f);
    const uint32_t a = fixture_series(f, "up", "a");
    append_range(f, a, D0, D0 + 24 * HOUR, HOUR);
    fixture_pack(f);
    roll_up(f);
    fixture_close(f);
    fixture_sql(f, "UPDATE rollup SET body=CAST(substr(body,1,length(body)-1)||x'55' AS BLOB)"
                   " WHERE id=2");
    fixture_sql(f, "DELETE FROM pack");
    struct bw_reader *reader = NULL;
    struct bw_damage damage = { 0 };
    uint64_t samples = 0, faults = 0;
    const struct bw_bucket_range range = { .from_ms = D0,
                                           .to_ms = D0 + 23 * HOUR,
                                           .step_ms = HOUR };
    assert_int_equal(bw_reader_open(f->path, &reader, NULL), BW_OK);
    assert_int_equal(
        bw_reader_buckets(reader, &a, 1, &range, count_samples, &samples, &damage, NULL), BW_OK);
    bw_reader_close(reader);
    assert_int_equal(samples, 16);
    assert_int_equal(damage.packs, 1);
    assert_int_equal(bw_store_verify(f->path, NULL, NULL, &faults, NULL), BW_ECORRUPT);
    assert_int_equal(faults, 1);
}

#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(windows_are_made_once_they_are_over),
        IN_FIXTURE(what_comes_late_is_taken_in),
        IN_FIXTURE(what_is_imported_is_taken_in),
        IN_FIXTURE(what_raw_samples_are_gone_for_stays),
        IN_FIXTURE(long_silence_is_passed_over),
        IN_FIXTURE(nothing_goes_before_it_is_rolled_up),
        IN_FIXTURE(damage_is_left_out_and_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
