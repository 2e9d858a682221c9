// SPDX-License-Identifier: GPL-3.0-or-later
/* Markers, from the store to what is said of a series: whom they concern, what came of them. */
#include "app/trend_job.h"

#include "base/mem.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW INT64_C(1700000000000)
enum { MINUTE_MS = 60000, COUNT = 240, DEPLOYED = 120 };

static const char config[] = "trends: {select: [{match: {__name__: node_load1}}]}\n";

/* 0 up to 1, the same in every run. */
static double chance(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (double)(*state >> 8) / (1 << 24);
}

/* Four hours of load; more of it since the deployment. */
static void fill(struct bench *bench, const char *service, double more)
{
    const struct bw_label labels[] = { { "service", service }, { "instance", "i" } };
    const uint32_t id =
        bw_store_series(bench->core.store, "node_load1", (struct bw_labels){ labels, 2 });
    uint32_t state = 7;
    for (size_t i = 0; i < COUNT; i++) {
        const double noise = chance(&state) + chance(&state) + chance(&state);
        const struct bw_sample sample = { id, NOW - (int64_t)(COUNT - i) * MINUTE_MS,
                                          10 + noise + (i >= DEPLOYED ? more : 0) };
        assert_true(bw_store_append(bench->core.store, &sample, 1));
    }
}

static int64_t deployed_ms(void)
{
    return NOW - (COUNT - DEPLOYED) * (int64_t)MINUTE_MS - 1000;
}

static void mark(struct bench *bench, const char *service, const char *text, int to)
{
    const struct bw_event event = { .ts_ms = deployed_ms(),
                                    .kind = BW_EVENT_MARKER,
                                    .subject = { service, "", "" },
                                    .name = to == BW_MARKER_SET ? "deploy" : BW_EVENT_RESTARTED,
                                    .to = to,
                                    .cause = text };
    assert_true(bw_store_put_event(bench->core.store, &event));
}

/* The note about the load of a service. */
static void expect_note(struct bench *bench, const char *service, const char *want)
{
    struct bw_trend_plan *plan;
    assert_int_equal(bw_trend_plan_make(bench->config, &plan, NULL), BW_OK);
    assert_int_equal(bw_store_flush(bench->core.store, INT64_C(60000000000), NULL), BW_OK);
    struct bw_trend_job job = { .plan = plan,
                                .store = bw_strdup(folder_file(&bench->folder, "data.db")),
                                .now_ms = NOW,
                                .count = 10 };
    bw_trend_job_run(&job);
    assert_int_equal(job.err.rc, BW_OK);
    const char *note = NULL;
    for (size_t i = 0; i < job.record_count; i++)
        if (strcmp(bw_labels_value(job.records[i].labels, "service"), service) == 0)
            note = job.records[i].note;
    assert_non_null(note);
    if (want[0] == '\0' ? strstr(note, "marker") != NULL : strncmp(note, want, strlen(want)) != 0)
        fail_msg("%s: '%s', expected '%s…'", service, note, want);
    bw_trend_job_fini(&job);
    bw_trend_plan_free(plan);
}

static void a_shift_at_a_marker_is_said_to_be_of_it(void **state)
{
    struct bench *bench = *state;
    fill(bench, "shop", 0.5);
    fill(bench, "calm", 0);
    fill(bench, "other", 0.5);
    expect_note(bench, "shop", "");
    mark(bench, "shop", "shop 1.4", BW_MARKER_SET);
    mark(bench, "calm", "calm 2.0", BW_MARKER_SET);
    expect_note(bench, "shop", "since the marker 'shop 1.4' at 20:13 UTC: level shift at ");
    expect_note(bench, "calm", "");
    expect_note(bench, "other", "");
}

static void what_was_found_counts_as_well_and_for_all_if_it_names_nobody(void **state)
{
    struct bench *bench = *state;
    fill(bench, "shop", 0.5);
    mark(bench, "", "node rebooted", 0);
    expect_note(bench, "shop", "since the marker 'restarted: node rebooted' at 20:13 UTC: level ");
}

/* Names that are served from a pool change all day. */
static void what_is_found_all_day_crowds_out_nothing_that_was_set(void **state)
{
    struct bench *bench = *state;
    fill(bench, "shop", 0.5);
    mark(bench, "shop", "shop 1.4", BW_MARKER_SET);
    for (int i = 0; i < 1500; i++)
        mark(bench, "names", "another answer", 0);
    expect_note(bench, "shop", "since the marker 'shop 1.4' at 20:13 UTC: level shift at ");
}

/* ---- whom they concern ----------------------------------------------------------------- */

static const struct {
    struct bw_subject subject;
    bool concerns;
} subjects[] = {
    { { "", "", "" }, true },         { { "shop", "", "" }, true },
    { { "shop", "a:1", "" }, true },  { { "shop", "a:1", "page" }, true },
    { { "shop", "", "page" }, true }, { { "shop", "a:2", "" }, false },
    { { "bank", "", "" }, false },    { { "shop", "a:1", "port" }, false },
};

static void a_marker_concerns_what_it_names(void **state)
{
    (void)state;
    const struct bw_label check[] = { { "service", "shop" },
                                      { "instance", "a:1" },
                                      { "check", "page" } };
    const struct bw_trend_break *of[BW_TREND_MARKS_MAX];
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
        struct bw_trend_break one = { 1, subjects[i].subject, "x" };
        const struct bw_trend_breaks breaks = { &one, 1 };
        if ((bw_trend_breaks_of(&breaks, (struct bw_labels){ check, 3 }, of) == 1)
            != subjects[i].concerns)
            fail_msg("case %zu", i);
        /* Of a series that has no check no marker of a check speaks. */
        assert_int_equal(bw_trend_breaks_of(&breaks, (struct bw_labels){ check, 2 }, of),
                         subjects[i].concerns && subjects[i].subject.check[0] == '\0');
    }
}

static void of_too_many_the_newest_count(void **state)
{
    (void)state;
    struct bw_trend_break many[BW_TREND_MARKS_MAX + 9];
    const struct bw_trend_break *of[BW_TREND_MARKS_MAX];
    for (size_t i = 0; i < BW_TREND_MARKS_MAX + 9; i++)
        many[i] = (struct bw_trend_break){ (int64_t)i, { "", "", "" }, "x" };
    const struct bw_trend_breaks breaks = { many, BW_TREND_MARKS_MAX + 9 };
    assert_int_equal(bw_trend_breaks_of(&breaks, (struct bw_labels){ 0 }, of), BW_TREND_MARKS_MAX);
    assert_int_equal(of[0]->ts_ms, 9);
    assert_int_equal(of[BW_TREND_MARKS_MAX - 1]->ts_ms, BW_TREND_MARKS_MAX + 8);
}

static int open_bench(void **state)
{
    return bench_open(state, config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_shift_at_a_marker_is_said_to_be_of_it, open_bench,
                                        bench_close),
        cmocka_unit_test_setup_teardown(
            what_was_found_counts_as_well_and_for_all_if_it_names_nobody, open_bench, bench_close),
        cmocka_unit_test_setup_teardown(what_is_found_all_day_crowds_out_nothing_that_was_set,
                                        open_bench, bench_close),
        cmocka_unit_test(a_marker_concerns_what_it_names),
        cmocka_unit_test(of_too_many_the_newest_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
