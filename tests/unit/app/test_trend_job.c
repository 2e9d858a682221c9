// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/trend_job.h"

#include "base/mem.h"
#include "base/units.h"
#include "fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW INT64_C(1700000000000)
#define STEP_MS 15000

static const char two_kinds[] =
    "trends:\n"
    "  horizons: [1h, 11h]\n"
    "  select:\n"
    "    - {match: {__name__: node_filesystem_avail_bytes, mountpoint: "
    "'/.*'}, threshold: 0, side: below}\n"
    "    - {match: {__name__: 'node_load(1|5)'}}\n"
    "    - {match: {__name__: node_forks_total}, threshold: 100, side: above}\n";

static int open_bench(void **state)
{
    return bench_open(state, two_kinds);
}

static struct bw_trend_plan *plan_of(struct bench *bench)
{
    struct bw_trend_plan *plan;
    struct bw_err err = { .text = "" };
    if (bw_trend_plan_make(bench->config, &plan, &err) != BW_OK)
        fail_msg("%s", err.text);
    return plan;
}

/* ---- the plan -------------------------------------------------------------------------- */

static const struct bw_trend_select *pick(const struct bw_trend_plan *plan, const char *metric,
                                          const char *mountpoint)
{
    const struct bw_label labels[] = { { "mountpoint", mountpoint } };
    return bw_trend_plan_pick(plan, metric, (struct bw_labels){ labels, 1 });
}

static void the_first_match_says_how(void **state)
{
    struct bench *bench = *state;
    struct bw_trend_plan *plan = plan_of(bench);
    assert_ptr_equal(pick(plan, "node_filesystem_avail_bytes", "/home"), &plan->select[0]);
    assert_null(pick(plan, "node_filesystem_avail_bytes", "home"));
    assert_null(pick(plan, "node_filesystem_avail_bytes_total", "/"));
    assert_ptr_equal(pick(plan, "node_load5", "/"), &plan->select[1]);
    assert_null(pick(plan, "node_load15", "/"));
    bw_trend_plan_free(plan);
}

static void a_question_has_what_was_configured(void **state)
{
    struct bench *bench = *state;
    struct bw_trend_plan *plan = plan_of(bench);
    struct bw_trend_request request =
        bw_trend_plan_request(plan, &plan->select[0], "node_filesystem_avail_bytes", NOW);
    assert_true(request.threshold == 0 && request.side == -1 && !request.counter);
    assert_int_equal(request.horizon_count, 2);
    assert_int_equal(request.horizons_ms[1], 11 * 3600 * 1000);
    assert_int_equal(request.now_ms, NOW);
    request = bw_trend_plan_request(plan, &plan->select[1], "node_load1", NOW);
    assert_true(isnan(request.threshold) && request.side == 0);
    request = bw_trend_plan_request(plan, &plan->select[2], "node_forks_total", NOW);
    assert_true(request.counter && request.threshold == 100 && request.side == 1);
    bw_trend_plan_free(plan);
}

/* The plan lives on when a reload has freed the configuration that it came from. */
static void a_plan_borrows_nothing(void **state)
{
    struct bench *bench = *state;
    struct folder folder;
    struct bw_trend_plan *plan;
    folder_make(&folder);
    struct bw_config *config = folder_config(
        &folder, "trends: {select: [{match: {__name__: node_load1}, season: 24h}]}\n");
    assert_int_equal(bw_trend_plan_make(config, &plan, NULL), BW_OK);
    bw_config_free(config);
    (void)bench;
    const struct bw_trend_request request = bw_trend_plan_request(
        plan, bw_trend_plan_pick(plan, "node_load1", (struct bw_labels){ 0 }), "node_load1", NOW);
    assert_int_equal(request.season_ms, 24 * 3600 * 1000);
    bw_trend_plan_free(plan);
    folder_remove(&folder);
}

static void without_select_the_shipped_ones_hold(void **state)
{
    (void)state;
    struct folder folder;
    struct bw_trend_plan *plan;
    folder_make(&folder);
    struct bw_config *config = folder_config(&folder, "");
    assert_int_equal(bw_trend_plan_make(config, &plan, NULL), BW_OK);
    const struct bw_trend_select *select =
        bw_trend_plan_pick(plan, "node_filesystem_avail_bytes", (struct bw_labels){ 0 });
    assert_non_null(select);
    assert_true(select->threshold == 0 && select->side == -1);
    assert_null(bw_trend_plan_pick(plan, "node_forks_total", (struct bw_labels){ 0 }));
    bw_trend_plan_free(plan);
    bw_config_free(config);
    folder_remove(&folder);
}

/* ---- the job --------------------------------------------------------------------------- */

/* A day of one series; `value` of the share of the day that has passed. */
static uint32_t fill(struct bench *bench, const char *metric, const char *mountpoint,
                     double (*value)(double share))
{
    enum { COUNT = 86400000 / STEP_MS };
    const struct bw_label labels[] = { { "mountpoint", mountpoint } };
    struct bw_sample *samples = bw_alloc_array(COUNT, sizeof *samples);
    const uint32_t id = bw_store_series(bench->core.store, metric, (struct bw_labels){ labels, 1 });
    for (size_t i = 0; i < COUNT; i++)
        samples[i] = (struct bw_sample){ id, NOW - 86400000 + (int64_t)(i + 1) * STEP_MS,
                                         value((double)(i + 1) / COUNT) };
    assert_true(bw_store_append(bench->core.store, samples, COUNT));
    free(samples);
    return id;
}

/* 0 up to 1, the same in every run. */
static double chance(double share)
{
    static uint32_t state;
    state = share < 0.001 ? 1 : state * 1664525u + 1013904223u;
    return (double)(state >> 8) / (1 << 24);
}

/* From 100 GB down to 20 GB in a day, with some coming and going: empty in another 6 hours. */
static double filling(double share)
{
    return 100e9 - 80e9 * share + 200e6 * (chance(share) - 0.5);
}

/* Without any direction; once in a while not a number. */
static double noise(double share)
{
    const double dice = chance(share);
    return dice < 0.001 ? (double)INFINITY : 1 + dice;
}

static struct bw_trend_job job_of(struct bench *bench, const struct bw_trend_plan *plan,
                                  size_t first, size_t count)
{
    return (struct bw_trend_job){ .plan = plan,
                                  .store = bw_strdup(folder_file(&bench->folder, "data.db")),
                                  .now_ms = NOW,
                                  .first = first,
                                  .count = count };
}

static struct bw_trend_job run(struct bench *bench, const struct bw_trend_plan *plan, size_t first,
                               size_t count)
{
    struct bw_trend_job job = job_of(bench, plan, first, count);
    bw_trend_job_run(&job);
    if (job.err.rc != BW_OK)
        fail_msg("%s", job.err.text);
    return job;
}

static void end(struct bw_trend_job *job)
{
    bw_trend_job_fini(job);
}

static void fill_three(struct bench *bench)
{
    fill(bench, "node_load15", "", noise);
    fill(bench, "node_filesystem_avail_bytes", "/", filling);
    fill(bench, "node_load1", "", noise);
    fill(bench, "node_filesystem_avail_bytes", "none", filling);
    fill(bench, "node_load5", "", noise);
    bench_flush(bench);
}

static void a_filling_disk_is_foreseen(void **state)
{
    struct bench *bench = *state;
    struct bw_trend_plan *plan = plan_of(bench);
    fill_three(bench);
    struct bw_trend_job job = run(bench, plan, 0, 10);
    assert_int_equal(job.drawn->count, 3);
    assert_int_equal(job.record_count, 3);
    assert_int_equal(job.failures, 0);
    const struct bw_trend_record *disk = &job.records[0];
    assert_string_equal(disk->metric, "node_filesystem_avail_bytes");
    assert_string_equal(bw_labels_value(disk->labels, "mountpoint"), "/");
    assert_int_equal(disk->direction, BW_FALLING);
    assert_true(disk->confidence_ratio > 0.95);
    assert_true(fabs(disk->slope_per_second / (-80e9 / 86400) - 1) < 0.01);
    assert_true(fabs(disk->time_to_p50_s / (6 * 3600) - 1) < 0.05);
    assert_true(disk->time_to_p10_s <= disk->time_to_p50_s);
    assert_true(disk->time_to_p50_s <= disk->time_to_p90_s);
    assert_int_equal(disk->horizon_count, 2);
    assert_true(disk->horizons[0].crossing_ratio < 0.1);
    assert_true(disk->horizons[1].crossing_ratio > 0.9);
    assert_true(isnan(disk->season_seconds));
    assert_int_equal(disk->points,
                     86400000 / STEP_MS / 3); /* of three samples each, at most 2000 */
    assert_int_equal(disk->computed_ms, NOW);
    assert_int_equal(disk->last_ms / 60000, NOW / 60000);
    end(&job);
    bw_trend_plan_free(plan);
}

/* Each way to read a series says the same of it; of minutes there are as many points as it touches.
 */
static void tiers_say_the_same(void **state)
{
    static const struct {
        const char *tier;
        size_t points;
    } ways[] = { { "raw", 1920 }, { "1m", 1441 }, { "1h", 25 }, { "auto", 1920 } };
    struct bench *bench = *state;
    fill(bench, "node_filesystem_avail_bytes", "/", filling);
    bench_flush(bench);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        char text[200];
        struct folder folder;
        struct bw_trend_plan *plan;
        folder_make(&folder);
        snprintf(text, sizeof text,
                 "trends: {horizons: [1h, 11h], select: [{match: {__name__: 'node_.*'},"
                 " threshold: 0, side: below, tier: %s}]}\n",
                 ways[i].tier);
        struct bw_config *config = folder_config(&folder, text);
        assert_int_equal(bw_trend_plan_make(config, &plan, NULL), BW_OK);
        struct bw_trend_job job = run(bench, plan, 0, 10);
        if (job.record_count != 1)
            fail_msg("%s: nothing, %zu failures", ways[i].tier, job.failures);
        const struct bw_trend_record *disk = &job.records[0];
        if (ways[i].points > 100) { /* of fewer the engine says nothing */
            assert_int_equal(disk->direction, BW_FALLING);
            assert_true(fabs(disk->slope_per_second / (-80e9 / 86400) - 1) < 0.02);
        }
        assert_true(disk->last_ms <= NOW);
        if (disk->points != ways[i].points)
            fail_msg("%s: %zu points", ways[i].tier, (size_t)disk->points);
        end(&job);
        bw_trend_plan_free(plan);
        bw_config_free(config);
        folder_remove(&folder);
    }
}

static void noise_is_going_nowhere(void **state)
{
    struct bench *bench = *state;
    struct bw_trend_plan *plan = plan_of(bench);
    fill_three(bench);
    struct bw_trend_job job = run(bench, plan, 1, 2);
    assert_int_equal(job.drawn->count, 3);
    assert_int_equal(job.record_count, 2);
    for (size_t i = 0; i < 2; i++) {
        const struct bw_trend_record *load = &job.records[i];
        assert_string_equal(load->metric, i == 0 ? "node_load1" : "node_load5");
        assert_true(load->direction == BW_FLAT || load->direction == BW_UNDETERMINED
                    || load->confidence_ratio < 0.95);
        assert_true(isnan(load->horizons[0].crossing_ratio));
        assert_true(load->horizons[1].p10 > 0.9 && load->horizons[1].p90 < 2.1);
    }
    end(&job);
    bw_trend_plan_free(plan);
}

static void a_ceiling_holds(void **state)
{
    struct bench *bench = *state;
    struct bw_trend_plan *plan = plan_of(bench);
    plan->max_series = 2;
    fill_three(bench);
    struct bw_trend_job job = run(bench, plan, 1, 10);
    assert_int_equal(job.drawn->count, 2);
    assert_int_equal(job.record_count, 1);
    assert_string_equal(job.records[0].metric, "node_load1");
    assert_int_equal(job.drawn->left_out, 1);
    end(&job);
    job = run(bench, plan, 2, 10);
    assert_int_equal(job.record_count, 0);
    end(&job);
    bw_trend_plan_free(plan);
}

/* A round draws up its roll once; where there are too many, the silent give way. */
static void a_roll_serves_a_round(void **state)
{
    struct bench *bench = *state;
    struct bw_trend_plan *plan = plan_of(bench);
    plan->max_series = 2;
    fill_three(bench);
    struct bw_trend_job first = run(bench, plan, 0, 1);
    assert_string_equal(first.records[0].metric, "node_filesystem_avail_bytes");
    const uint32_t disk = first.records[0].series;
    struct bw_trend_job next = job_of(bench, plan, 1, 1);
    next.roll = first.drawn;
    bw_trend_job_run(&next);
    assert_null(next.drawn);
    assert_string_equal(next.records[0].metric, "node_load1");
    end(&next);
    end(&first);
    struct bw_trend_job without = job_of(bench, plan, 0, 10);
    without.silent = (struct bw_trend_silent){ &disk, 1 };
    bw_trend_job_run(&without);
    assert_int_equal(without.record_count, 2);
    assert_string_equal(without.records[0].metric, "node_load1");
    assert_string_equal(without.records[1].metric, "node_load5");
    end(&without);
    bw_trend_plan_free(plan);
}

/* However many they are: what is not answered would never be an alert. */
static void every_rule_about_a_series_has_its_answer(void **state)
{
    enum { RULES = 12 };
    struct bench *bench = *state;
    struct folder folder;
    struct bw_trend_plan *plan;
    char yaml[RULES * 160] = "alerts:\n  defaults: false\n  rules:\n";
    for (int i = 0; i < RULES; i++)
        snprintf(
            yaml + strlen(yaml), sizeof yaml - strlen(yaml),
            "    - {name: p%d, level: info, predict: {series: node_load1, threshold: %d, side: "
            "above, within: 1h}}\n",
            i, i);
    folder_make(&folder);
    struct bw_config *config = folder_config(&folder, yaml);
    assert_int_equal(bw_trend_plan_make(config, &plan, NULL), BW_OK);
    fill(bench, "node_load1", "", noise);
    bench_flush(bench);
    struct bw_trend_job job = run(bench, plan, 0, 10);
    assert_int_equal(job.foresight_count, RULES);
    assert_string_equal(job.foresights[RULES - 1].rule, "p11");
    end(&job);
    bw_trend_plan_free(plan);
    bw_config_free(config);
    folder_remove(&folder);
}

/* A series that has no points in the time looked at says nothing. */
static void silence_is_no_trend(void **state)
{
    struct bench *bench = *state;
    struct bw_trend_plan *plan = plan_of(bench);
    const struct bw_sample old = { fill(bench, "node_load15", "", noise), NOW, 1 };
    const struct bw_sample one = { bw_store_series(bench->core.store, "node_load1",
                                                   (struct bw_labels){ 0 }),
                                   NOW - 400 * INT64_C(86400000), 1 };
    assert_true(bw_store_append(bench->core.store, &old, 1));
    assert_true(bw_store_append(bench->core.store, &one, 1));
    bench_flush(bench);
    struct bw_trend_job job = run(bench, plan, 0, 10);
    assert_int_equal(job.drawn->count, 1);
    assert_int_equal(job.record_count, 0);
    assert_int_equal(job.unheard_count, 1);
    assert_int_equal(job.unheard[0], one.series);
    end(&job);
    bw_trend_plan_free(plan);
}

static void a_store_that_is_not_there_is_told(void **state)
{
    struct bench *bench = *state;
    struct bw_trend_plan *plan = plan_of(bench);
    char missing[] = "/nonexistent/data.db";
    struct bw_trend_job job = { .plan = plan, .store = missing, .now_ms = NOW, .count = 10 };
    bw_trend_job_run(&job);
    assert_int_equal(job.err.rc, BW_ENOTFOUND);
    assert_int_equal(job.record_count, 0);
    bw_arena_fini(&job.arena);
    bw_trend_plan_free(plan);
}

#define AT_BENCH(test) cmocka_unit_test_setup_teardown(test, open_bench, bench_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_BENCH(the_first_match_says_how),
        AT_BENCH(a_question_has_what_was_configured),
        AT_BENCH(a_plan_borrows_nothing),
        cmocka_unit_test(without_select_the_shipped_ones_hold),
        AT_BENCH(a_filling_disk_is_foreseen),
        AT_BENCH(tiers_say_the_same),
        AT_BENCH(noise_is_going_nowhere),
        AT_BENCH(a_ceiling_holds),
        AT_BENCH(a_roll_serves_a_round),
        AT_BENCH(every_rule_about_a_series_has_its_answer),
        AT_BENCH(silence_is_no_trend),
        AT_BENCH(a_store_that_is_not_there_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
