// SPDX-License-Identifier: GPL-3.0-or-later
/* Reports of times whose samples are gone say what they said while they were there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/units.h"
#include "report/past.h"
#include "report/report.h"
#include "store/reader.h"
#include "store/rollups.h"
#include "store/store.h"

#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)
#define D0 INT64_C(1700006400000)

enum { DAYS = 40, STEP_MS = 300000 };

/* ---- unfolding ---------------------------------------------------------------------------- */

static void buckets_become_results(void **state)
{
    (void)state;
    static const struct bw_bucket buckets[] = {
        { .start_ms = D0, .count = 4, .sum = 3, .last = 1 },
        { .start_ms = D0 + HOUR, .count = 3, .sum = 1, .last = 0 },
        { .start_ms = D0 + 2 * DAY, .count = 2, .sum = 2, .last = 1 },
        { .start_ms = D0 + 3 * DAY, .count = 4, .sum = 0, .last = 0 },
    };
    static const struct bw_point wanted[] = {
        { D0, 0 },
        { D0 + HOUR / 4, 1 },
        { D0 + HOUR / 2, 1 },
        { D0 + HOUR * 3 / 4, 1 },
        { D0 + HOUR, 1 },
        { D0 + HOUR + HOUR / 3, 0 },
        { D0 + HOUR + HOUR / 3 * 2, 0 },
        { D0 + 2 * DAY, 1 }, /* of days only: over the day */
        { D0 + 2 * DAY + DAY / 2, 1 },
        { D0 + 3 * DAY, 0 },
        { D0 + 3 * DAY + DAY / 4, 0 },
        { D0 + 3 * DAY + DAY / 2, 0 },
        { D0 + 3 * DAY + DAY / 4 * 3, 0 },
    };
    struct bw_past_points points = { 0 };
    bw_past_unfold(&points, buckets, 4, HOUR);
    assert_int_equal(points.count, sizeof wanted / sizeof *wanted);
    for (size_t i = 0; i < points.count; i++) {
        if (points.items[i].ts_ms != wanted[i].ts_ms || points.items[i].value != wanted[i].value)
            fail_msg("%zu: %lld %g", i, (long long)(points.items[i].ts_ms - D0),
                     points.items[i].value);
    }
    bw_past_points_fini(&points);
}

/* What is no series of results, or was counted by a clock that ran wild, does no harm. */
static void odd_buckets_stay_in_their_time(void **state)
{
    (void)state;
    static const struct bw_bucket buckets[] = {
        { .start_ms = D0 + HOUR, .count = 3, .sum = 1e300, .last = 5 },
        { .start_ms = D0 + 2 * HOUR, .count = 3, .sum = -INFINITY, .last = NAN },
        { .start_ms = D0 + 3 * HOUR, .count = 1u << 30, .sum = 0, .last = 0 },
    };
    struct bw_past_points points = { 0 };
    bw_past_unfold(&points, buckets, 3, HOUR);
    assert_int_equal(points.count, 6 + HOUR);
    for (size_t i = 1; i < points.count; i++)
        assert_true(points.items[i].ts_ms > points.items[i - 1].ts_ms);
    assert_true(points.items[points.count - 1].ts_ms < D0 + 4 * HOUR);
    bw_past_points_fini(&points);
}

/* ---- a report of forty days ---------------------------------------------------------------- */

struct fixture {
    char folder[64];
    char path[96];
    struct bw_store *store;
};

static int64_t wall_ms(void *ctx)
{
    (void)ctx;
    return D0 + DAYS * DAY;
}

static void run_check(struct fixture *f)
{
    const struct bw_label labels[] = { { "check", "http" },
                                       { "instance", "a:80" },
                                       { "service", "shop" } };
    const struct bw_labels identity = { labels, 3 };
    const uint32_t success = bw_store_series(f->store, "probe_success", identity);
    const uint32_t duration = bw_store_series(f->store, "probe_duration_seconds", identity);
    for (int64_t i = 0; i < DAYS * DAY / STEP_MS; i++) {
        if (i / 288 == 7) /* a day of silence */
            continue;
        const struct bw_sample samples[] = {
            { success, D0 + i * STEP_MS, i % 97 != 5 },
            { duration, D0 + i * STEP_MS, (double)(100 + i * 7919 % 400) / 1000 },
        };
        assert_true(bw_store_append(f->store, samples, 2));
        if (i % 288 == 287)
            assert_int_equal(bw_store_checkpoint(f->store, 20 * BW_SECOND, NULL), BW_OK);
    }
    const struct bw_check_state check_state = { .subject = { "shop", "a:80", "http" },
                                                .status = BW_HEALTHY,
                                                .since_ms = D0,
                                                .last_result_ms = D0 + DAYS * DAY };
    assert_true(bw_store_put_check_state(f->store, &check_state));
    assert_int_equal(bw_store_flush(f->store, 20 * BW_SECOND, NULL), BW_OK);
}

static void roll_up(struct fixture *f)
{
    struct bw_reader *reader = NULL;
    bw_store_trust_clock(f->store, true);
    assert_int_equal(bw_reader_open(f->path, &reader, NULL), BW_OK);
    for (bool made = true; made;) {
        assert_int_equal(bw_store_roll_up(f->store, reader, &made, NULL), BW_OK);
        assert_int_equal(bw_store_flush(f->store, 20 * BW_SECOND, NULL), BW_OK);
    }
    bw_reader_close(reader);
}

static void make(struct fixture *f)
{
    struct bw_err err = { .text = "" };
    snprintf(f->folder, sizeof f->folder, "%s", "/tmp/bw_past_XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->path, sizeof f->path, "%s/data.db", f->folder);
    struct bw_storage_opts opts = bw_storage_defaults();
    opts.path = f->path;
    opts.commit_interval_ns = 10 * BW_MS;
    opts.retention = (struct bw_retention_opts){ BW_DAY * 10000, BW_DAY * 10000, BW_DAY * 10000,
                                                 BW_DAY * 10000 };
    const struct bw_store_hooks hooks = { .wall_ms = wall_ms };
    if (bw_store_open(&opts, &hooks, &f->store, &err) != BW_OK)
        fail_msg("%s", err.text);
    run_check(f);
    roll_up(f);
    bw_store_close(f->store);
}

static void clear(struct fixture *f)
{
    static const char *const ends[] = { "", "-wal", "-shm", ".lock", ".reserve" };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char name[120];
        snprintf(name, sizeof name, "%s%s", f->path, ends[i]);
        unlink(name);
    }
    assert_int_equal(rmdir(f->folder), 0);
}

static void run_sql(struct fixture *f, const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

static struct bw_report *collect(struct fixture *f)
{
    struct bw_err err = { .text = "" };
    const struct bw_report_request request = { .store = f->path,
                                               .title = "Bellwether",
                                               .node = "here",
                                               .from_ms = D0 + 2 * DAY,
                                               .to_ms = D0 + DAYS * DAY,
                                               .now_ms = D0 + DAYS * DAY };
    struct bw_report *report = NULL;
    if (bw_report_collect(&request, &report, &err) != BW_OK)
        fail_msg("%s", err.text);
    assert_int_equal(report->check_count, 1);
    assert_false(report->damaged);
    return report;
}

static void expect_alike(const struct bw_report_check *got, const struct bw_report_check *want)
{
    assert_int_equal(got->runs, want->runs);
    assert_int_equal(got->failures, want->failures);
    assert_true(got->duration_max_s == want->duration_max_s);
    if (fabs(got->duration_p50_s / want->duration_p50_s - 1) > 0.011
        || fabs(got->duration_p95_s / want->duration_p95_s - 1) > 0.011)
        fail_msg("p50 %g p95 %g, not %g %g", got->duration_p50_s, got->duration_p95_s,
                 want->duration_p50_s, want->duration_p95_s);
    if (fabs(got->time.unknown_ratio - want->time.unknown_ratio) > 0.002
        || fabs(got->time.healthy_ratio - want->time.healthy_ratio) > 0.002)
        fail_msg("unknown %g, not %g", got->time.unknown_ratio, want->time.unknown_ratio);
    assert_true(got->available_ratio == want->available_ratio);
}

static void a_report_is_the_same_when_samples_are_gone(void **state)
{
    (void)state;
    static const char *const losses[] = {
        "DELETE FROM pack WHERE last_ms<1700006400000+25*86400000+4000000",
        "DELETE FROM rollup WHERE width_ms=60000 AND last_ms<1700006400000+20*86400000",
        "DELETE FROM pack WHERE last_ms<1700006400000+39*86400000",
        "DELETE FROM rollup WHERE width_ms=3600000 AND last_ms<1700006400000+10*86400000",
    };
    struct fixture f = { .store = NULL };
    make(&f);
    struct bw_report *whole = collect(&f);
    assert_true(whole->checks[0].time.unknown_ratio > 0.02);
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
        run_sql(&f, losses[i]);
        struct bw_report *part = collect(&f);
        expect_alike(&part->checks[0], &whole->checks[0]);
        bw_report_free(part);
    }
    bw_report_free(whole);
    clear(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets_become_results),
        cmocka_unit_test(odd_buckets_stay_in_their_time),
        cmocka_unit_test(a_report_is_the_same_when_samples_are_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
