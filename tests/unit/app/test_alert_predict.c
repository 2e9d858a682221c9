// SPDX-License-Identifier: GPL-3.0-or-later
/* Rules about the future, from answers of the engine to events: told in words, not ended by what
 * nobody knows. */
#include "app/alerting.h"
#include "app/foresights.h"

#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#define CONFIG                                                                                     \
    "alerts: {defaults: false, rules: [{name: fills, level: critical, predict: {series: "          \
    "'node_filesystem_avail_bytes{service=\"nas\"}', threshold: 0, side: below, within: 72h}}]}\n"

#define HOUR_S 3600.0

static const struct bw_label labels[] = { { "service", "nas" }, { "instance", "i" } };

struct stand {
    struct bench bench;
    struct bw_alerting *alerting;
    struct bw_foresights *foresights;
};

static void build(struct stand *stand)
{
    struct bw_err err = { .text = "" };
    bench_make(&stand->bench, CONFIG, false);
    stand->foresights = bw_foresights_new();
    stand->alerting = bw_alerting_new(&stand->bench.core);
    bw_alerting_set_foresights(stand->alerting, stand->foresights);
    if (bw_alerting_apply(stand->alerting, stand->bench.config, NULL, &err) != BW_OK)
        fail_msg("%s", err.text);
}

static void raze(struct stand *stand)
{
    bw_alerting_free(stand->alerting);
    bw_foresights_free(stand->foresights);
    bench_remove(&stand->bench);
}

/* Falls by 1.5 GiB an hour since 14:02 of this day. */
static struct bw_trend_foresight answer(double ratio, double hours)
{
    return (struct bw_trend_foresight){
        .rule = "fills",
        .series = 7,
        .metric = "node_filesystem_avail_bytes",
        .labels = { labels, 2 },
        .computed_ms = INT64_C(1795363200000),
        .last_value = 1610612736,
        .slope_per_second = -1610612736 / HOUR_S,
        .question = { .threshold = 0,
                      .side = -1,
                      .within_ms = INT64_C(72) * 3600000,
                      .crossing_ratio = ratio,
                      .time_to_p10_s = hours * 0.75 * HOUR_S,
                      .time_to_p50_s = hours * HOUR_S,
                      .time_to_p90_s = hours * 2 * HOUR_S,
                      .since_ms = INT64_C(1795356120000) },
    };
}

/* What the engine says next, and what comes of it. */
static void expect(struct stand *stand, const struct bw_trend_foresight *foresight, unsigned round,
                   const char *want)
{
    struct bw_buf said;
    bw_buf_init(&said, 1u << 16);
    if (foresight != NULL)
        bw_foresights_take(stand->foresights, foresight, round);
    bw_foresights_drop(stand->foresights, round);
    bw_alerting_evaluate(stand->alerting);
    bench_events(&stand->bench, &said);
    if (strcmp(said.data, want) != 0)
        fail_msg("round %u: '%s', expected '%s'", round, said.data, want);
    bw_buf_fini(&said);
}

#define BEGINS "alert nas/i/ fills none>critical: "
#define ENDS "alert nas/i/ fills critical>none: "

static void an_alert_says_when_how_likely_and_why(void **state)
{
    (void)state;
    struct stand stand = { 0 };
    build(&stand);
    struct bw_trend_foresight f = answer(0.5, 100);
    expect(&stand, &f, 1, "");
    f = answer(0.86, 31);
    expect(&stand, &f, 2,
           BEGINS "reaches 0 in 1d 7h (23h 15m to 2d 14h), 86 % within 3d, falling 1.5 GiB an hour "
                  "since 14:02 UTC\n");
    f = answer(0.5, 60); /* less likely, but not enough so */
    expect(&stand, &f, 3, "");
    f = answer(0.3, 90);
    expect(&stand, &f, 4, ENDS "0 is reached within 3d with only 30 %\n");
    raze(&stand);
}

static void ignorance_ends_nothing(void **state)
{
    (void)state;
    struct stand stand = { 0 };
    build(&stand);
    struct bw_trend_foresight f = answer(NAN, NAN);
    expect(&stand, &f, 1, "");
    f = answer(0.9, 31);
    f.question.time_to_p90_s = INFINITY;
    expect(&stand, &f, 2,
           BEGINS "reaches 0 in 1d 7h (23h 15m or later), 90 % within 3d, falling 1.5 GiB an hour "
                  "since 14:02 UTC\n");
    f = answer(NAN, NAN);
    expect(&stand, &f, 3, "");
    expect(&stand, NULL, 9, ""); /* nothing is known of it any more */
    assert_null(bw_foresights_get(stand.foresights, 0));
    raze(&stand);
}

/* Whose forecasts lose to saying that all stays as it is wakes nobody; what was seen still does. */
static void a_muted_series_begins_and_ends_nothing(void **state)
{
    (void)state;
    struct stand stand = { 0 };
    build(&stand);
    struct bw_trend_foresight f = answer(0.9, 31);
    f.muted = true;
    expect(&stand, &f, 1, "");
    f.question.time_to_p10_s = f.question.time_to_p50_s = f.question.time_to_p90_s = 0;
    f.question.crossing_ratio = 1;
    f.last_value = 0;
    f.slope_per_second = 0;
    expect(&stand, &f, 2, BEGINS "it is at 0: 0 is reached\n");
    f = answer(0.1, 200);
    f.muted = true;
    expect(&stand, &f, 3, "");
    raze(&stand);
}

static void what_answers_another_question_is_no_answer(void **state)
{
    (void)state;
    struct stand stand = { 0 };
    build(&stand);
    struct bw_trend_foresight f = answer(1, 0);
    f.question.threshold = 5;
    expect(&stand, &f, 1, "");
    f = answer(1, 0);
    f.rule = "another";
    expect(&stand, &f, 1, "");
    f = answer(1, 0);
    expect(&stand, &f, 1,
           BEGINS "it is at 1.5 GiB: 0 is reached, falling 1.5 GiB an hour since 14:02 UTC\n");
    raze(&stand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alert_says_when_how_likely_and_why),
        cmocka_unit_test(ignorance_ends_nothing),
        cmocka_unit_test(a_muted_series_begins_and_ends_nothing),
        cmocka_unit_test(what_answers_another_question_is_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
