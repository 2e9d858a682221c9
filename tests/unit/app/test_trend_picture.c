// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/trend_picture.h"

#include "app/trend_job.h"
#include "base/mem.h"
#include "fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW INT64_C(1700000000000)
#define STEP_MS 60000

static const char disks[] =
    "trends:\n"
    "  horizons: [1h, 11h]\n"
    "  select:\n"
    "    - {match: {__name__: other}}\n"
    "    - {match: {__name__: node_filesystem_avail_bytes}, threshold: 0, side: below}\n";

static int open_bench(void **state)
{
    return bench_open(state, disks);
}

/* A day that ends now, in which two hundred become a hundred and twenty, not quite evenly. */
static uint32_t fill(struct bench *bench, const char *metric)
{
    enum { COUNT = 86400000 / STEP_MS };
    struct bw_sample *samples = bw_alloc_array(COUNT, sizeof *samples);
    const uint32_t id = bw_store_series(bench->core.store, metric, (struct bw_labels){ 0 });
    for (size_t i = 0; i < COUNT; i++)
        samples[i] =
            (struct bw_sample){ id, NOW - (int64_t)(COUNT - 1 - i) * STEP_MS,
                                200 - 80.0 * (double)i / COUNT + (double)(i * 7919 % 13) / 10 };
    assert_true(bw_store_append(bench->core.store, samples, COUNT));
    free(samples);
    return id;
}

/* What the round said of the only series that is selected. */
static struct bw_trend_job round_of(struct bench *bench)
{
    struct bw_trend_plan *plan;
    assert_int_equal(bw_trend_plan_make(bench->config, &plan, NULL), BW_OK);
    struct bw_trend_job job = { .plan = plan,
                                .store = bw_strdup(folder_file(&bench->folder, "data.db")),
                                .now_ms = NOW,
                                .count = 10 };
    bw_trend_job_run(&job);
    assert_int_equal(job.record_count, 1);
    bw_trend_plan_free(plan);
    job.plan = NULL;
    return job;
}

static void end(struct bw_trend_job *job)
{
    bw_trend_job_fini(job);
}

/* Hours later, more values having come: it still shows what the record was made of. */
static void a_picture_is_the_record_s(void **state)
{
    struct bench *bench = *state;
    const uint32_t id = fill(bench, "node_filesystem_avail_bytes");
    fill(bench, "unselected");
    bench_flush(bench);
    struct bw_trend_job job = round_of(bench);
    const struct bw_trend_record *record = &job.records[0];
    assert_int_equal(record->series, id);
    const struct bw_sample later = { id, NOW + STEP_MS, 1e6 };
    assert_true(bw_store_append(bench->core.store, &later, 1));
    bench_flush(bench);

    struct bw_trend_pictures *pictures = bw_trend_pictures_new();
    struct bw_trend_picture *picture = bw_alloc(sizeof *picture);
    assert_int_equal(bw_trend_pictures_apply(pictures, bench->config, NULL), BW_OK);
    assert_int_equal(bw_trend_pictures_draw(pictures, job.store, record, picture, NULL), BW_OK);
    assert_true(picture->seen_count > 300);
    assert_true(fabs(picture->seen[0].value - 200) < 2);
    assert_true(fabs(picture->line_end - 120) < 2);
    assert_true(picture->ahead_count == 60);
    const struct bw_trend_ahead *last = &picture->ahead[59];
    assert_true(last->low80 == record->horizons[1].p10 && last->p50 == record->horizons[1].p50
                && last->high80 == record->horizons[1].p90);
    assert_int_equal(last->ts_ms, record->last_ms + record->horizons[1].horizon_ms);
    free(picture);
    bw_trend_pictures_free(pictures);
    end(&job);
}

/* Intervals are as wide as those of the round are, which learned it from outcomes. */
static void a_picture_knows_what_was_learned(void **state)
{
    struct bench *bench = *state;
    const uint32_t id = fill(bench, "node_filesystem_avail_bytes");
    const struct bw_series_score scores[] = {
        { .series = id - 1, .horizon_ms = 11 * 3600000, .width_above = 2 },
        { .series = id, .horizon_ms = 11 * 3600000, .width_above = log(2), .width_below = log(3) },
        { .series = id, .horizon_ms = 5, .width_above = 2 },
    };
    for (size_t i = 0; i < 3; i++)
        assert_true(bw_store_put_series_score(bench->core.store, &scores[i]));
    bench_flush(bench);
    struct bw_trend_job job = round_of(bench);
    const struct bw_trend_horizon *far = &job.records[0].horizons[1];
    struct bw_trend_pictures *pictures = bw_trend_pictures_new();
    struct bw_trend_picture *picture = bw_alloc(sizeof *picture);
    assert_int_equal(bw_trend_pictures_apply(pictures, bench->config, NULL), BW_OK);
    assert_int_equal(bw_trend_pictures_draw(pictures, job.store, &job.records[0], picture, NULL),
                     BW_OK);
    const struct bw_trend_ahead *last = &picture->ahead[59];
    assert_true(fabs((last->high80 - last->p50) / (far->p90 - far->p50) - 2) < 1e-9);
    assert_true(fabs((last->p50 - last->low80) / (far->p50 - far->p10) - 3) < 1e-9);
    free(picture);
    bw_trend_pictures_free(pictures);
    end(&job);
}

/* So is the direction: as probable as outcomes have taught. */
static void odds_are_the_record_s(void **state)
{
    struct bench *bench = *state;
    fill(bench, "node_filesystem_avail_bytes");
    bench_flush(bench);
    struct bw_trend_job job = round_of(bench);
    struct bw_trend_record record = job.records[0];
    record.confidence_ratio = 0.6;
    struct bw_trend_pictures *pictures = bw_trend_pictures_new();
    struct bw_trend_picture *picture = bw_alloc(sizeof *picture);
    assert_int_equal(bw_trend_pictures_apply(pictures, bench->config, NULL), BW_OK);
    assert_int_equal(bw_trend_pictures_draw(pictures, job.store, &record, picture, NULL), BW_OK);
    assert_true(picture->falling == 0.6);
    assert_true(fabs(picture->falling + picture->flat + picture->rising - 1) < 1e-9);
    free(picture);
    bw_trend_pictures_free(pictures);
    end(&job);
}

static void what_is_gone_cannot_be_drawn(void **state)
{
    struct bench *bench = *state;
    struct bw_err err = { .text = "" };
    fill(bench, "node_filesystem_avail_bytes");
    bench_flush(bench);
    struct bw_trend_job job = round_of(bench);
    struct bw_trend_pictures *pictures = bw_trend_pictures_new();
    struct bw_trend_picture *picture = bw_alloc(sizeof *picture);
    struct bw_trend_record record = job.records[0];
    /* No configuration yet. */
    assert_int_equal(bw_trend_pictures_draw(pictures, job.store, &record, picture, &err),
                     BW_ENOTFOUND);
    assert_int_equal(bw_trend_pictures_apply(pictures, bench->config, NULL), BW_OK);
    record.metric = "unselected";
    assert_int_equal(bw_trend_pictures_draw(pictures, job.store, &record, picture, &err),
                     BW_ENOTFOUND);
    assert_string_equal(err.text, "this series is no longer analysed");
    record = job.records[0];
    record.series += 100;
    assert_int_equal(bw_trend_pictures_draw(pictures, job.store, &record, picture, &err),
                     BW_ENOTFOUND);
    record = job.records[0];
    record.computed_ms = NOW - 100 * INT64_C(86400000);
    assert_int_equal(bw_trend_pictures_draw(pictures, job.store, &record, picture, &err),
                     BW_ENOTFOUND);
    assert_int_equal(
        bw_trend_pictures_draw(pictures, "/nonexistent/data.db", &record, picture, &err),
        BW_ENOTFOUND);
    free(picture);
    bw_trend_pictures_free(pictures);
    end(&job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_picture_is_the_record_s, open_bench, bench_close),
        cmocka_unit_test_setup_teardown(a_picture_knows_what_was_learned, open_bench, bench_close),
        cmocka_unit_test_setup_teardown(odds_are_the_record_s, open_bench, bench_close),
        cmocka_unit_test_setup_teardown(what_is_gone_cannot_be_drawn, open_bench, bench_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
