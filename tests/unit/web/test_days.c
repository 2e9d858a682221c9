// SPDX-License-Identifier: GPL-3.0-or-later
/* Days of a store that is made for it, at a time that is made up. */
#include "web/days.h"

#include "io/loop.h"
#include "store/store.h"
#include "web/chart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MINUTE_MS INT64_C(60000)
#define DAY_MS (1440 * MINUTE_MS)

/* Noon of day 20000. */
static const int64_t noon_ms = 20000 * DAY_MS + DAY_MS / 2;

static char folder[] = "/tmp/bw-days-XXXXXX";
static char path[64], empty_path[64];

/* One result a minute on days -2 and 0 (until noon), none on day -1; UNHEALTHY for six hours of
 * day -2. */
static void fill(struct bw_store *store)
{
    struct bw_label labels[] = { { "check", "port" }, { "instance", "a:1" }, { "service", "web" } };
    uint32_t id = bw_store_series(store, "probe_success", (struct bw_labels){ labels, 3 });
    assert_int_not_equal(id, 0);
    const int64_t first_ms = noon_ms - DAY_MS / 2 - 2 * DAY_MS;
    const struct bw_subject subject = { "web", "a:1", "port" };
    const struct bw_event events[] = {
        { .ts_ms = first_ms,
          .kind = BW_EVENT_STATUS,
          .subject = subject,
          .name = "",
          .from = BW_UNKNOWN,
          .to = BW_HEALTHY,
          .cause = "" },
        { .ts_ms = first_ms + DAY_MS / 4,
          .kind = BW_EVENT_STATUS,
          .subject = subject,
          .name = "",
          .from = BW_HEALTHY,
          .to = BW_UNHEALTHY,
          .cause = "refused" },
        { .ts_ms = first_ms + DAY_MS / 2,
          .kind = BW_EVENT_STATUS,
          .subject = subject,
          .name = "",
          .from = BW_UNHEALTHY,
          .to = BW_HEALTHY,
          .cause = "" },
    };
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        assert_true(bw_store_put_event(store, &events[i]));
    for (int64_t ts = first_ms; ts < noon_ms; ts += MINUTE_MS) {
        if (ts >= first_ms + DAY_MS && ts < first_ms + 2 * DAY_MS)
            continue;
        struct bw_sample sample = { id, ts, 1 };
        assert_true(bw_store_append(store, &sample, 1));
    }
}

static void make(const char *at, void (*with)(struct bw_store *store))
{
    struct bw_storage_opts opts = bw_storage_defaults();
    struct bw_store_hooks hooks = { 0 };
    struct bw_store *store;
    struct bw_err err = { 0 };
    opts.path = at;
    if (bw_store_open(&opts, &hooks, &store, &err) != BW_OK)
        fail_msg("%s", err.text);
    if (with != NULL)
        with(store);
    assert_int_equal(bw_store_flush(store, INT64_C(30000000000), &err), BW_OK);
    bw_store_close(store);
}

static int make_stores(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/store.db", folder);
    snprintf(empty_path, sizeof empty_path, "%s/empty.db", folder);
    make(path, fill);
    make(empty_path, NULL);
    return 0;
}

static int remove_stores(void **state)
{
    (void)state;
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

static void check_days(const struct bw_day days[BW_DAYS])
{
    assert_int_equal(days[0].begin_ms, noon_ms - DAY_MS / 2 - 89 * DAY_MS);
    for (size_t i = 0; i < BW_DAYS - 3; i++)
        assert_true(isnan(days[i].available_ratio) && days[i].known_ratio <= 0);
    const struct bw_day *bad = &days[BW_DAYS - 3], *today = &days[BW_DAYS - 1];
    assert_true(fabs(bad->available_ratio - 0.75) < 0.002);
    assert_true(bad->known_ratio > 0.998);
    assert_int_equal(bad->down_ms, DAY_MS / 4);
    /* The result of the last minute before midnight stands for one interval, not for the day. */
    assert_true(isnan(days[BW_DAYS - 2].available_ratio) || days[BW_DAYS - 2].known_ratio < 0.002);
    assert_true(today->available_ratio >= 1 && today->known_ratio > 0.99);
    assert_true(fabs(bw_days_available(days) - 0.875) < 0.002);
}

static void days_are_counted_as_reports_count(void **state)
{
    (void)state;
    struct bw_day days[BW_DAYS];
    struct bw_days *table = bw_days_new(NULL);
    assert_false(bw_days_of(table, "web", noon_ms, days));
    assert_true(isnan(bw_days_available(days)));
    assert_false(bw_days_are_complete(table, noon_ms));
    bw_days_update(table, path, noon_ms);
    assert_true(bw_days_are_complete(table, noon_ms));
    assert_true(bw_days_of(table, "web", noon_ms, days));
    check_days(days);
    assert_false(bw_days_of(table, "other", noon_ms, days));
    bw_days_free(table);
}

static void a_finished_day_is_kept(void **state)
{
    (void)state;
    struct bw_day days[BW_DAYS];
    struct bw_days *table = bw_days_new(NULL);
    bw_days_update(table, path, noon_ms);
    /* Without a store nothing more is found out, and nothing is forgotten. */
    bw_days_update(table, "/nonexistent/store.db", noon_ms + 10 * MINUTE_MS);
    assert_true(bw_days_of(table, "web", noon_ms + 10 * MINUTE_MS, days));
    check_days(days);
    /* From a store that knows nothing only today is found out again. */
    bw_days_update(table, empty_path, noon_ms + 20 * MINUTE_MS);
    assert_true(bw_days_of(table, "web", noon_ms + 20 * MINUTE_MS, days));
    assert_true(fabs(days[BW_DAYS - 3].available_ratio - 0.75) < 0.002);
    assert_true(isnan(days[BW_DAYS - 1].available_ratio));
    /* The next day everything has moved by one, and today is not known yet. */
    bw_days_update(table, path, noon_ms + DAY_MS);
    assert_true(bw_days_of(table, "web", noon_ms + DAY_MS, days));
    assert_true(fabs(days[BW_DAYS - 4].available_ratio - 0.75) < 0.002);
    assert_true(fabs(days[BW_DAYS - 2].known_ratio - 0.5) < 0.002);
    assert_true(days[BW_DAYS - 2].available_ratio >= 0.999);
    assert_true(isnan(days[BW_DAYS - 1].available_ratio));
    bw_days_free(table);
}

static void a_worker_finds_out(void **state)
{
    (void)state;
    struct bw_err err = { 0 };
    struct bw_day days[BW_DAYS];
    struct bw_loop *loop = bw_loop_new();
    assert_non_null(loop);
    struct bw_work_pool *workers = bw_work_pool_new(loop, 1, 4, &err);
    assert_non_null(workers);
    struct bw_days *table = bw_days_new(workers);
    bw_days_want(table, NULL, noon_ms);
    assert_int_equal(bw_work_pending(workers), 0);
    bw_days_want(table, path, noon_ms);
    bw_work_pool_free(workers, BW_WORK_DRAIN);
    assert_true(bw_days_of(table, "web", noon_ms, days));
    check_days(days);
    bw_days_free(table);
    bw_loop_free(loop);
}

static void stopping_does_not_wait(void **state)
{
    (void)state;
    struct bw_err err = { 0 };
    struct bw_loop *loop = bw_loop_new();
    struct bw_work_pool *workers = bw_work_pool_new(loop, 1, 4, &err);
    struct bw_days *table = bw_days_new(workers);
    bw_days_want(table, path, noon_ms);
    bw_days_free(table); /* what runs holds on to it */
    bw_work_pool_free(workers, BW_WORK_CANCEL);
    bw_loop_free(loop);
    assert_int_equal(err.rc, BW_OK);
}

static void bars_look_like_their_days(void **state)
{
    (void)state;
    static const struct {
        struct bw_day day;
        const char *want;
    } looks[] = {
        { { .available_ratio = NAN }, "nodata" },
        { { .available_ratio = 1, .known_ratio = 1 }, "healthy" },
        { { .available_ratio = 1, .known_ratio = 0.01 }, "healthy" },
        { { .available_ratio = 1, .known_ratio = 1, .degraded_ratio = 0.1 }, "degraded" },
        { { .available_ratio = 0.999, .known_ratio = 1 }, "degraded" },
        { { .available_ratio = 0.98, .known_ratio = 1 }, "unhealthy" },
    };
    struct bw_day days[BW_DAYS];
    struct bw_arena arena;
    struct bw_buf out;
    bw_arena_init(&arena);
    bw_buf_init(&out, 1 << 20);
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++)
        assert_string_equal(bw_chart_day_class(&looks[i].day), looks[i].want);
    for (size_t i = 0; i < BW_DAYS; i++)
        days[i] = looks[i == 3 ? 5 : i < 10 ? 0 : 1].day;
    bw_chart_days(&arena, days, &out);
    assert_non_null(strstr(out.data, "<title>99.97 % available over the last 90 days; 9 days "
                                     "without data, 1 below 99 %</title>"));
    assert_non_null(
        strstr(out.data, "<path class=\"unhealthy\" d=\"M12 0h3v24h-3zm0 3h3v4h-3z\"/>"));
    bw_buf_fini(&out);
    bw_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_are_counted_as_reports_count),
        cmocka_unit_test(a_finished_day_is_kept),
        cmocka_unit_test(a_worker_finds_out),
        cmocka_unit_test(stopping_does_not_wait),
        cmocka_unit_test(bars_look_like_their_days),
    };
    return cmocka_run_group_tests(tests, make_stores, remove_stores);
}
