// SPDX-License-Identifier: GPL-3.0-or-later
/* What the API and the pages say of ninety days, sixty of which are left as roll-ups alone. */
#include "fake.h"

#include "base/units.h"
#include "store/reader.h"
#include "store/rollups.h"
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)
#define D0 INT64_C(1700006400000)

enum { DAYS = 90, STEP_MS = 300000 };

static char folder[] = "/tmp/bw_long_XXXXXX";
static char store_path[64];
static struct fake fake;

static int64_t wall_ms(void *ctx)
{
    (void)ctx;
    return D0 + DAYS * DAY;
}

static double value_at(int64_t ts_ms)
{
    return (double)((ts_ms - D0) / STEP_MS * 7919 % 1000);
}

static void roll_up(struct bw_store *store)
{
    struct bw_reader *reader = NULL;
    bw_store_trust_clock(store, true);
    assert_int_equal(bw_reader_open(store_path, &reader, NULL), BW_OK);
    for (bool made = true; made;) {
        assert_int_equal(bw_store_roll_up(store, reader, &made, NULL), BW_OK);
        assert_int_equal(bw_store_flush(store, BW_MINUTE, NULL), BW_OK);
    }
    bw_reader_close(reader);
}

static void lose_samples(void)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(store_path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "DELETE FROM pack WHERE last_ms<1700006400000+60*86400000",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
}

static void make_store(void)
{
    struct bw_store *store = NULL;
    struct bw_storage_opts opts = bw_storage_defaults();
    const struct bw_store_hooks hooks = { .wall_ms = wall_ms };
    opts.path = store_path;
    opts.commit_interval_ns = 10 * BW_MS;
    opts.retention = (struct bw_retention_opts){ BW_DAY * 10000, BW_DAY * 10000, BW_DAY * 10000,
                                                 BW_DAY * 10000 };
    assert_int_equal(bw_store_open(&opts, &hooks, &store, NULL), BW_OK);
    const uint32_t id = bw_store_series(store, "latency", (struct bw_labels){ 0 });
    for (int64_t ts_ms = D0; ts_ms < D0 + DAYS * DAY; ts_ms += STEP_MS) {
        const struct bw_sample sample = { id, ts_ms, value_at(ts_ms) };
        assert_true(bw_store_append(store, &sample, 1));
        if (ts_ms % DAY == DAY - STEP_MS)
            assert_int_equal(bw_store_checkpoint(store, BW_MINUTE, NULL), BW_OK);
    }
    roll_up(store);
    bw_store_close(store);
    lose_samples();
}

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(store_path, sizeof store_path, "%s/long.db", folder);
    make_store();
    fake_start(&fake, &(struct fake_options){ .store = store_path }, fake_view_empty(D0));
    return 0;
}

static int tear_down(void **state)
{
    static const char *const ends[] = { "", "-wal", "-shm", ".lock", ".reserve" };
    (void)state;
    fake_stop(&fake);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char name[100];
        snprintf(name, sizeof name, "%s%s", store_path, ends[i]);
        unlink(name);
    }
    return rmdir(folder);
}

static double mean_of(int64_t from_ms, int64_t step_ms)
{
    double sum = 0;
    for (int64_t ts_ms = from_ms; ts_ms < from_ms + step_ms; ts_ms += STEP_MS)
        sum += value_at(ts_ms);
    return sum / (double)(step_ms / STEP_MS);
}

static const struct {
    const char *name;
    int from_day, to_day; /* not included */
    const char *step;
    int64_t step_ms;
} cases[] = {
    { "all of it by days", 0, 90, "1d", DAY },
    { "all of it by hours", 0, 90, "1h", HOUR },
    { "a day that is left as roll-ups alone", 10, 11, "1h", HOUR },
    { "two days of those by what no tier has", 20, 22, "15m", HOUR / 4 },
    { "over the seam", 55, 65, "30m", HOUR / 2 },
    { "samples alone", 80, 83, "2h", 2 * HOUR },
};

/* Each step has a point, and that is the mean of the samples that were there. */
static void a_long_range_has_no_seam(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[200];
        int64_t at_ms = D0 + cases[i].from_day * DAY;
        const int64_t end_ms = D0 + cases[i].to_day * DAY;
        snprintf(path, sizeof path, "/api/v1/samples?series=latency&from=%lld&to=%lld&step=%s",
                 (long long)at_ms, (long long)end_ms - 1, cases[i].step);
        char *answer = fake_ask(&fake, "GET", path, NULL, NULL);
        assert_int_equal(fake_status(answer), 200);
        const char *c = strstr(fake_body(answer), "\"points\":[");
        assert_non_null(c);
        c += strlen("\"points\":");
        for (; at_ms < end_ms; at_ms += cases[i].step_ms) {
            char *rest;
            assert_true(*c == '[' || *c == ',');
            const long long ts_ms = strtoll(c + strcspn(c, "0123456789"), &rest, 10);
            const double value = strtod(rest + 1, &rest);
            if (ts_ms != at_ms || fabs(value - mean_of(at_ms, cases[i].step_ms)) > 1e-6)
                fail_msg("%s: at %lld %g, not at %lld %g", cases[i].name, ts_ms - (long long)D0,
                         value, (long long)(at_ms - D0), mean_of(at_ms, cases[i].step_ms));
            c = rest + 1;
        }
        if (*c != ']')
            fail_msg("%s: more than that: %.40s", cases[i].name, c);
        free(answer);
    }
}

/* Without a step samples are told, and there are none left there. */
static void without_a_step_only_samples_are_told(void **state)
{
    (void)state;
    char path[200];
    snprintf(path, sizeof path, "/api/v1/samples?series=latency&from=%lld&to=%lld", (long long)D0,
             (long long)(D0 + DAY));
    char *answer = fake_ask(&fake, "GET", path, NULL, NULL);
    assert_int_equal(fake_status(answer), 200);
    assert_non_null(strstr(answer, "\"points\":[]"));
    free(answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_range_has_no_seam),
        cmocka_unit_test(without_a_step_only_samples_are_told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
