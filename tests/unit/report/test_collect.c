// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/report.h"

#include "base/mem.h"
#include "base/units.h"
#include "store/store.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FROM INT64_C(1700000000000)
#define INTERVAL_MS 10000
#define RANGE_MS 600000 /* sixty runs */

struct fixture {
    char folder[64];
    char path[96];
    struct bw_store *store;
};

static int64_t wall_ms(void *ctx)
{
    (void)ctx;
    return FROM + RANGE_MS;
}

static int setup(void **state)
{
    struct fixture *f = bw_alloc(sizeof *f);
    struct bw_err err = { .text = "" };
    snprintf(f->folder, sizeof f->folder, "%s", "/tmp/bw_report_XXXXXX");
    if (mkdtemp(f->folder) == NULL)
        return -1;
    snprintf(f->path, sizeof f->path, "%s/data.db", f->folder);
    struct bw_storage_opts opts = bw_storage_defaults();
    opts.path = f->path;
    opts.commit_interval_ns = 10 * BW_MS;
    const struct bw_store_hooks hooks = { .wall_ms = wall_ms };
    *state = f;
    return bw_store_open(&opts, &hooks, &f->store, &err) == BW_OK ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    bw_store_close(f->store);
    DIR *dir = opendir(f->folder);
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        char name[400];
        snprintf(name, sizeof name, "%s/%s", f->folder, entry->d_name);
        unlink(name);
    }
    if (dir != NULL)
        closedir(dir);
    rmdir(f->folder);
    free(f);
    return 0;
}

/* ---- what a store is told ----------------------------------------------------------------- */

/* A run every ten seconds from a minute before the range; '-' in `runs` is a failure, '.' no
 * run, from the beginning of the range on. Run i takes i + 1 ms. */
static void run_check(struct fixture *f, const char *service, const char *runs)
{
    const struct bw_label labels[] = { { "check", "http" },
                                       { "instance", "a:80" },
                                       { "service", service } };
    const struct bw_labels identity = { labels, 3 };
    const uint32_t success = bw_store_series(f->store, "probe_success", identity);
    const uint32_t duration = bw_store_series(f->store, "probe_duration_seconds", identity);
    for (int64_t i = -6; i < 60; i++) {
        const char run = i < 0 || i >= (int64_t)strlen(runs) ? '+' : runs[i];
        if (run == '.')
            continue;
        const struct bw_sample samples[] = {
            { success, FROM + i * INTERVAL_MS, run == '+' },
            { duration, FROM + i * INTERVAL_MS, (double)(i + 1) / 1000 },
        };
        assert_true(bw_store_append(f->store, samples, 2));
    }
}

static void change(struct fixture *f, const char *service, int64_t second, enum bw_status from,
                   enum bw_status to, const char *cause)
{
    const struct bw_event event = { .ts_ms = FROM + second * 1000,
                                    .kind = BW_EVENT_STATUS,
                                    .subject = { service, "a:80", "http" },
                                    .name = "",
                                    .from = (int)from,
                                    .to = (int)to,
                                    .cause = cause };
    assert_true(bw_store_put_event(f->store, &event));
}

static void stand(struct fixture *f, const char *service, const char *check, enum bw_status status,
                  int64_t since_second)
{
    const struct bw_check_state check_state = { .subject = { service, "a:80", check },
                                                .status = status,
                                                .since_ms = FROM + since_second * 1000,
                                                .last_result_ms = FROM };
    assert_true(bw_store_put_check_state(f->store, &check_state));
}

static struct bw_report *collect(struct fixture *f)
{
    struct bw_err err = { .text = "" };
    const struct bw_report_request request = { .store = f->path,
                                               .title = "Bellwether",
                                               .node = "here",
                                               .from_ms = FROM,
                                               .to_ms = FROM + RANGE_MS,
                                               .now_ms = FROM + RANGE_MS };
    struct bw_report *report = NULL;
    if (bw_store_flush(f->store, 20 * BW_SECOND, &err) != BW_OK
        || bw_report_collect(&request, &report, &err) != BW_OK)
        fail_msg("%s", err.text);
    return report;
}

static bool is_near(double a, double b)
{
    return fabs(a - b) < 1e-12;
}

/* ---- tests -------------------------------------------------------------------------------- */

static void time_is_told_exactly(void **state)
{
    struct fixture *f = *state;
    run_check(f, "shop", "++++++++++---+++");
    change(f, "shop", -3000, BW_UNKNOWN, BW_HEALTHY, "");
    change(f, "shop", 120, BW_HEALTHY, BW_UNHEALTHY, "connection refused");
    change(f, "shop", 150, BW_UNHEALTHY, BW_HEALTHY, "");
    change(f, "shop", 300, BW_HEALTHY, BW_DEGRADED, "slow");
    change(f, "shop", 360, BW_DEGRADED, BW_HEALTHY, "");
    stand(f, "shop", "http", BW_HEALTHY, 360);
    struct bw_report *report = collect(f);
    assert_int_equal(report->check_count, 1);
    const struct bw_report_check *check = &report->checks[0];
    assert_string_equal(check->service, "shop");
    assert_true(is_near(check->time.healthy_ratio, 510.0 / 600));
    assert_true(is_near(check->time.degraded_ratio, 60.0 / 600));
    assert_true(is_near(check->time.unhealthy_ratio, 30.0 / 600));
    assert_true(is_near(check->time.unknown_ratio, 0));
    assert_true(is_near(check->available_ratio, 0.95));
    assert_int_equal(check->status, BW_HEALTHY);
    assert_int_equal(check->runs, 60);
    assert_int_equal(check->failures, 3);
    assert_int_equal(check->incidents, 1);
    assert_int_equal(check->downtime_ms, 30000);
    assert_int_equal(check->longest_ms, 30000);
    assert_true(is_near(check->duration_p50_s, 0.030));
    assert_true(is_near(check->duration_p95_s, 0.057));
    assert_true(is_near(check->duration_max_s, 0.060));
    assert_int_equal(report->incident_count, 1);
    assert_int_equal(report->incidents[0].began_ms, FROM + 120000);
    assert_int_equal(report->incidents[0].ended_ms, FROM + 150000);
    assert_int_equal(report->incidents[0].lasted_ms, 30000);
    assert_string_equal(report->incidents[0].cause, "connection refused");
    assert_false(report->damaged);
    bw_report_free(report);
}

static void silence_is_unknown(void **state)
{
    struct fixture *f = *state;
    /* No run from 100 s to 200 s: the one at 90 s stands until 100 s. */
    run_check(f, "shop", "++++++++++..........++");
    change(f, "shop", -30, BW_UNKNOWN, BW_HEALTHY, "");
    struct bw_report *report = collect(f);
    const struct bw_report_check *check = &report->checks[0];
    assert_true(is_near(check->time.unknown_ratio, 100.0 / 600));
    assert_true(is_near(check->time.healthy_ratio, 500.0 / 600));
    assert_true(is_near(check->available_ratio, 1));
    assert_int_equal(check->runs, 50);
    bw_report_free(report);
}

/* The canary's events. */
static void turn(struct fixture *f, int64_t second, const char *name)
{
    const struct bw_event event = { .ts_ms = FROM + second * 1000,
                                    .kind = BW_EVENT_SYSTEM,
                                    .subject = { "", "", "" },
                                    .name = name,
                                    .cause = "none of 2 canary targets answers" };
    assert_true(bw_store_put_event(f->store, &event));
}

/* A score every ten seconds in [from, to). */
static void score(struct fixture *f, const char *service, int64_t from_second, int64_t to_second)
{
    const struct bw_label labels[] = { { "check", "http" },
                                       { "instance", "a:80" },
                                       { "service", service } };
    const uint32_t series =
        bw_store_series(f->store, "bellwether_health_score", (struct bw_labels){ labels, 3 });
    for (int64_t second = from_second; second < to_second; second += INTERVAL_MS / 1000) {
        const struct bw_sample sample = { series, FROM + second * 1000, 1 };
        assert_true(bw_store_append(f->store, &sample, 1));
    }
}

/* Blind until 60 s, from 200 s to 300 s, and from 540 s on. "web" depends on our sight, "queue"
 * sees for itself; both fail while we are blind. */
static void blind_time_counts_for_nothing(void **state)
{
    struct fixture *f = *state;
    const char *const runs = "------++++++++++++++----------++++++++++++++++++++++++------";
    run_check(f, "web", runs);
    run_check(f, "queue", runs);
    change(f, "web", -30, BW_UNKNOWN, BW_HEALTHY, "");
    change(f, "queue", -30, BW_UNKNOWN, BW_HEALTHY, "");
    change(f, "queue", 220, BW_HEALTHY, BW_UNHEALTHY, "exit code 2");
    change(f, "queue", 310, BW_UNHEALTHY, BW_HEALTHY, "");
    score(f, "web", 60, 200);
    score(f, "web", 290, 540); /* that of 290 s was due while we were blind, and late */
    score(f, "queue", 0, 600);
    turn(f, -1000, BW_EVENT_BLIND);
    turn(f, -900, BW_EVENT_SEES_AGAIN);
    turn(f, -90, BW_EVENT_BLIND);
    turn(f, 60, BW_EVENT_SEES_AGAIN);
    turn(f, 200, BW_EVENT_BLIND);
    turn(f, 300, BW_EVENT_SEES_AGAIN);
    turn(f, 540, BW_EVENT_BLIND);
    struct bw_report *report = collect(f);
    assert_int_equal(report->check_count, 2);
    const struct bw_report_check *queue = &report->checks[0], *web = &report->checks[1];
    assert_true(is_near(web->time.unknown_ratio, 220.0 / 600));
    assert_true(is_near(web->time.healthy_ratio, 380.0 / 600));
    assert_true(is_near(web->available_ratio, 1));
    assert_int_equal(web->downtime_ms, 0);
    assert_int_equal(web->runs, 38);
    assert_int_equal(web->failures, 0);
    assert_int_equal(web->status, BW_UNKNOWN);
    assert_true(is_near(web->duration_max_s, 0.054));
    assert_true(is_near(queue->time.unknown_ratio, 0));
    assert_int_equal(queue->downtime_ms, 90000);
    assert_int_equal(queue->runs, 60);
    assert_int_equal(report->blind_count, 3);
    assert_int_equal(report->blind_ms, 220000);
    bw_report_free(report);
}

static void mark(struct fixture *f, const char *service, int64_t second, double value)
{
    const struct bw_label labels[] = { { "check", "http" },
                                       { "instance", "a:80" },
                                       { "service", service } };
    const struct bw_sample sample = { bw_store_series(f->store, "bellwether_check_maintenance",
                                                      (struct bw_labels){ labels, 3 }),
                                      FROM + second * 1000, value };
    assert_true(bw_store_append(f->store, &sample, 1));
}

/* Maintenance of "shop" from 90 s to 210 s and from 500 s on, of which the last mark is told at
 * 500 s; it fails in both, and longer than the first. A mark of long ago says nothing any more. */
static void maintenance_is_told_by_marks(void **state)
{
    struct fixture *f = *state;
    const char *const runs = "++++++++++---+++++------++++++++++++++++++++++++++++------++";
    run_check(f, "shop", runs);
    run_check(f, "bank", runs);
    for (int i = 0; i < 2; i++) {
        const char *service = i == 0 ? "shop" : "bank";
        change(f, service, -30, BW_UNKNOWN, BW_HEALTHY, "");
        change(f, service, 120, BW_HEALTHY, BW_UNHEALTHY, "connection refused");
        change(f, service, 140, BW_UNHEALTHY, BW_HEALTHY, "");
        change(f, service, 200, BW_HEALTHY, BW_UNHEALTHY, "connection refused");
        change(f, service, 240, BW_UNHEALTHY, BW_HEALTHY, "");
        change(f, service, 540, BW_HEALTHY, BW_UNHEALTHY, "connection refused");
    }
    mark(f, "shop", -590, 1);
    mark(f, "shop", 90, 1);
    mark(f, "shop", 210, 0);
    mark(f, "shop", 500, 1);
    struct bw_report *report = collect(f);
    const struct bw_report_check *bank = &report->checks[0], *shop = &report->checks[1];
    assert_true(is_near(shop->time.maintenance_ratio, 220.0 / 600));
    assert_true(is_near(shop->time.unhealthy_ratio, 30.0 / 600));
    assert_true(is_near(shop->available_ratio, 350.0 / 380));
    assert_int_equal(shop->incidents, 1);
    assert_int_equal(shop->runs, 38);
    assert_int_equal(shop->failures, 3);
    assert_true(is_near(bank->time.maintenance_ratio, 0));
    assert_int_equal(bank->incidents, 3);
    assert_int_equal(bank->runs, 60);
    assert_int_equal(report->incident_count, 4);
    const struct bw_report_incident *told = &report->incidents[2];
    assert_string_equal(told->service, "shop");
    assert_int_equal(told->began_ms, FROM + 210000);
    assert_int_equal(told->lasted_ms, 30000);
    bw_report_free(report);
}

static void the_beginning_is_known_from_before(void **state)
{
    struct fixture *f = *state;
    const char *const all = "";
    run_check(f, "a", all); /* last change before the range */
    change(f, "a", -100, BW_UNKNOWN, BW_HEALTHY, "");
    change(f, "a", -50, BW_HEALTHY, BW_UNHEALTHY, "gone");
    run_check(f, "b", all); /* only its first change in it */
    change(f, "b", 300, BW_DEGRADED, BW_HEALTHY, "");
    run_check(f, "c", all); /* never changed: as it stands */
    stand(f, "c", "http", BW_HEALTHY, -5000);
    run_check(f, "d", all); /* nothing at all */
    struct bw_report *report = collect(f);
    assert_int_equal(report->check_count, 4);
    assert_true(is_near(report->checks[0].time.unhealthy_ratio, 1));
    assert_int_equal(report->checks[0].incidents, 0); /* it did not become so in the range */
    assert_true(is_near(report->checks[1].time.degraded_ratio, 0.5));
    assert_true(is_near(report->checks[2].time.healthy_ratio, 1));
    assert_true(is_near(report->checks[3].time.unknown_ratio, 1));
    assert_int_equal(report->incident_count, 1); /* but it was on */
    assert_int_equal(report->incidents[0].began_ms, FROM - 50000);
    assert_int_equal(report->incidents[0].ended_ms, 0);
    assert_int_equal(report->incidents[0].lasted_ms, RANGE_MS + 50000);
    bw_report_free(report);
}

/* Jobs that report by themselves: each report says when the next one is due. */
static void report_in(struct fixture *f, const char *service, int64_t second, int64_t every_s)
{
    const struct bw_label labels[] = { { "check", "http" },
                                       { "instance", "a:80" },
                                       { "service", service } };
    const struct bw_labels identity = { labels, 3 };
    const int64_t ts_ms = FROM + second * 1000;
    const struct bw_sample samples[] = {
        { bw_store_series(f->store, "probe_success", identity), ts_ms, 1 },
        { bw_store_series(f->store, "probe_push_due_timestamp_seconds", identity), ts_ms,
          (double)(ts_ms / 1000 + every_s) },
    };
    assert_true(bw_store_append(f->store, samples, every_s > 0 ? 2 : 1));
}

static void rare_reports_are_good_until_the_next(void **state)
{
    enum { DAY_S = 86400 };
    struct fixture *f = *state;
    report_in(f, "a", -DAY_S + 60, DAY_S); /* one in the range */
    report_in(f, "a", 60, DAY_S);
    report_in(f, "b", -DAY_S / 2, DAY_S); /* none in it, long before */
    report_in(f, "c", -DAY_S / 2, 60);    /* and that is too long */
    report_in(f, "d", 60, 0);             /* of which nobody knows more */
    for (const char *service = "abcd"; *service != '\0'; service++) {
        const char name[] = { *service, '\0' };
        change(f, name, -20 * DAY_S, BW_UNKNOWN, BW_HEALTHY, "");
        stand(f, name, "http", BW_HEALTHY, -20 * DAY_S);
    }
    struct bw_report *report = collect(f);
    assert_int_equal(report->check_count, 4);
    assert_true(is_near(report->checks[0].time.healthy_ratio, 1));
    assert_int_equal(report->checks[0].runs, 1);
    assert_true(is_near(report->checks[0].available_ratio, 1));
    assert_true(is_near(report->checks[1].time.healthy_ratio, 1));
    assert_int_equal(report->checks[1].runs, 0);
    assert_true(is_near(report->checks[2].time.unknown_ratio, 1));
    assert_true(report->checks[3].time.unknown_ratio > 0.8);
    bw_report_free(report);
}

static void hosts_are_told_by_events_alone(void **state)
{
    struct fixture *f = *state;
    change(f, "host", -400, BW_UNKNOWN, BW_HEALTHY, "");
    change(f, "host", 480, BW_HEALTHY, BW_DEGRADED, "disk 91 % full");
    stand(f, "host", "http", BW_DEGRADED, 480);
    struct bw_report *report = collect(f);
    assert_int_equal(report->check_count, 1);
    assert_true(is_near(report->checks[0].time.healthy_ratio, 0.8));
    assert_true(is_near(report->checks[0].time.degraded_ratio, 0.2));
    assert_int_equal(report->checks[0].runs, 0);
    assert_true(isnan(report->checks[0].duration_p50_s));
    bw_report_free(report);
}

static void a_host_that_nobody_looked_at_is_unknown(void **state)
{
    struct fixture *f = *state;
    const struct bw_label labels[] = { { "check", "http" },
                                       { "instance", "a:80" },
                                       { "service", "host" } };
    const uint32_t score =
        bw_store_series(f->store, "bellwether_health_score", (struct bw_labels){ labels, 3 });
    for (int64_t i = -2; i < 60; i++) {
        const struct bw_sample sample = { score, FROM + i * INTERVAL_MS, 1 };
        if (i < 30 || i >= 40) /* silent from 300 s to 400 s; the one at 290 s stands until 300 s */
            assert_true(bw_store_append(f->store, &sample, 1));
    }
    change(f, "host", -400, BW_UNKNOWN, BW_HEALTHY, "");
    stand(f, "host", "http", BW_HEALTHY, -400);
    struct bw_report *report = collect(f);
    assert_int_equal(report->check_count, 1);
    assert_true(is_near(report->checks[0].time.healthy_ratio, 500.0 / 600));
    assert_true(is_near(report->checks[0].time.unknown_ratio, 100.0 / 600));
    assert_int_equal(report->checks[0].runs, 0);
    bw_report_free(report);
}

static void services_own_changes_are_no_checks(void **state)
{
    struct fixture *f = *state;
    const struct bw_event event = { .ts_ms = FROM + 1000,
                                    .kind = BW_EVENT_STATUS,
                                    .subject = { "shop", "", "" },
                                    .name = "",
                                    .from = BW_HEALTHY,
                                    .to = BW_UNHEALTHY,
                                    .cause = "x" };
    assert_true(bw_store_put_event(f->store, &event));
    struct bw_report *report = collect(f);
    assert_int_equal(report->check_count, 0);
    assert_int_equal(report->incident_count, 0);
    assert_true(isnan(report->totals.available_ratio));
    bw_report_free(report);
}

static void alerts_come_oldest_first(void **state)
{
    struct fixture *f = *state;
    static const int64_t seconds[] = { 500, -10, 100, 600, 300 };
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++) {
        const struct bw_event event = { .ts_ms = FROM + seconds[i] * 1000,
                                        .kind = BW_EVENT_ALERT,
                                        .subject = { "shop", "", "" },
                                        .name = "Slow",
                                        .from = BW_LEVEL_NONE,
                                        .to = BW_LEVEL_WARNING,
                                        .cause = "p95 above 2 s" };
        assert_true(bw_store_put_event(f->store, &event));
    }
    struct bw_report *report = collect(f);
    assert_int_equal(report->alert_count, 3); /* [from, to) */
    assert_int_equal(report->alerts[0].ts_ms, FROM + 100000);
    assert_int_equal(report->alerts[1].ts_ms, FROM + 300000);
    assert_int_equal(report->alerts[2].ts_ms, FROM + 500000);
    assert_string_equal(report->alerts[0].name, "Slow");
    assert_int_equal(report->alerts[0].to, BW_LEVEL_WARNING);
    bw_report_free(report);
}

/* What was changed, by whomever; alerts are not among it. */
static void markers_are_told_apart(void **state)
{
    struct fixture *f = *state;
    static const int64_t seconds[] = { 500, -10, 100 };
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++) {
        struct bw_event event = { .ts_ms = FROM + seconds[i] * 1000,
                                  .kind = BW_EVENT_MARKER,
                                  .subject = { "shop", "", "" },
                                  .name = "deploy",
                                  .to = BW_MARKER_SET,
                                  .cause = "shop 1.4" };
        assert_true(bw_store_put_event(f->store, &event));
        event.kind = BW_EVENT_SYSTEM;
        assert_true(bw_store_put_event(f->store, &event));
    }
    struct bw_report *report = collect(f);
    assert_int_equal(report->alert_count, 0);
    assert_int_equal(report->marker_count, 2);
    assert_int_equal(report->markers[0].ts_ms, FROM + 100000);
    assert_string_equal(report->markers[1].cause, "shop 1.4");
    bw_report_free(report);
}

static void what_runs_out_first_comes_first(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *device;
        double p10, p50;
    } trends[] = {
        { "never", NAN, NAN },
        { "in two days", 100000, 172800 },
        { "perhaps", 5000, INFINITY },
        { "today", 600, 3600 },
    };
    static const char *const want[] = { "today", "in two days", "perhaps", "never" };
    for (size_t i = 0; i < 4; i++) {
        const struct bw_label label = { "device", trends[i].device };
        const struct bw_trend_record trend = {
            .series = bw_store_series(f->store, "node_filesystem_avail_bytes",
                                      (struct bw_labels){ &label, 1 }),
            .computed_ms = FROM,
            .direction = BW_FALLING,
            .time_to_p10_s = trends[i].p10,
            .time_to_p50_s = trends[i].p50,
            .time_to_p90_s = INFINITY,
            .season_seconds = NAN,
            .note = "",
        };
        assert_true(bw_store_put_trend(f->store, &trend));
    }
    struct bw_report *report = collect(f);
    assert_int_equal(report->trend_count, 4);
    assert_int_equal(report->limit_count, 2);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(bw_labels_value(report->trends[i].labels, "device"), want[i]);
    bw_report_free(report);
}

static void totals_are_over_all_checks(void **state)
{
    struct fixture *f = *state;
    run_check(f, "a", "");
    change(f, "a", -100, BW_UNKNOWN, BW_HEALTHY, "");
    run_check(f, "b", "");
    change(f, "b", -100, BW_UNKNOWN, BW_HEALTHY, "");
    change(f, "b", 450, BW_HEALTHY, BW_UNHEALTHY, "x");
    struct bw_report *report = collect(f);
    const struct bw_report_totals *totals = &report->totals;
    assert_int_equal(totals->statuses[BW_HEALTHY], 1);
    assert_int_equal(totals->statuses[BW_UNHEALTHY], 1);
    assert_true(is_near(totals->time.healthy_ratio, 0.875));
    assert_true(is_near(totals->available_ratio, 0.875));
    assert_int_equal(totals->runs, 120);
    assert_int_equal(totals->downtime_ms, 150000);
    bw_report_free(report);
}

static void many_events_are_read_in_pages(void **state)
{
    struct fixture *f = *state;
    run_check(f, "flappy", "");
    change(f, "flappy", -100, BW_UNKNOWN, BW_HEALTHY, "");
    for (int64_t i = 0; i < 2500; i++) {
        const struct bw_event event = { .ts_ms = FROM + i * 200,
                                        .kind = BW_EVENT_STATUS,
                                        .subject = { "flappy", "a:80", "http" },
                                        .name = "",
                                        .from = i % 2 == 0 ? BW_HEALTHY : BW_UNHEALTHY,
                                        .to = i % 2 == 0 ? BW_UNHEALTHY : BW_HEALTHY,
                                        .cause = "flap" };
        assert_true(bw_store_put_event(f->store, &event));
    }
    struct bw_report *report = collect(f);
    assert_int_equal(report->checks[0].incidents, 1250);
    assert_int_equal(report->checks[0].downtime_ms, 250000);
    assert_int_equal(report->checks[0].longest_ms, 200);
    assert_int_equal(report->incident_count, 1250);
    assert_false(report->cut);
    bw_report_free(report);
}

static void bad_requests_are_refused(void **state)
{
    struct fixture *f = *state;
    struct bw_err err = { .text = "" };
    struct bw_report *report = NULL;
    struct bw_report_request request = { .store = f->path,
                                         .title = "t",
                                         .node = "n",
                                         .from_ms = FROM,
                                         .to_ms = FROM,
                                         .now_ms = FROM + 1 };
    assert_int_equal(bw_report_collect(&request, &report, &err), BW_EINVAL);
    request.to_ms = FROM + 10;
    request.now_ms = FROM - 1; /* all of it is still to come */
    assert_int_equal(bw_report_collect(&request, &report, &err), BW_EINVAL);
    request.now_ms = FROM + 1;
    request.store = "/nowhere/data.db";
    assert_int_equal(bw_report_collect(&request, &report, &err), BW_ENOTFOUND);
    assert_null(report);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(time_is_told_exactly),
        TEST(silence_is_unknown),
        TEST(blind_time_counts_for_nothing),
        TEST(maintenance_is_told_by_marks),
        TEST(the_beginning_is_known_from_before),
        TEST(rare_reports_are_good_until_the_next),
        TEST(hosts_are_told_by_events_alone),
        TEST(a_host_that_nobody_looked_at_is_unknown),
        TEST(services_own_changes_are_no_checks),
        TEST(alerts_come_oldest_first),
        TEST(markers_are_told_apart),
        TEST(what_runs_out_first_comes_first),
        TEST(totals_are_over_all_checks),
        TEST(many_events_are_read_in_pages),
        TEST(bad_requests_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
