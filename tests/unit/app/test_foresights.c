// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/foresights.h"

#include "alert/predict.h"
#include "base/units.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define HOUR_MS (3600 * INT64_C(1000))

static struct bw_trend_foresight answer(const char *rule, uint32_t series, double last_value)
{
    static const struct bw_label labels[] = { { "mountpoint", "/" } };
    return (struct bw_trend_foresight){
        .rule = rule,
        .series = series,
        .metric = "node_filesystem_avail_bytes",
        .labels = { labels, 1 },
        .last_value = last_value,
        .question = { .threshold = 10, .side = -1, .within_ms = 24 * HOUR_MS },
    };
}

static void take(struct bw_foresights *set, const char *rule, uint32_t series, double last_value,
                 unsigned round)
{
    const struct bw_trend_foresight foresight = answer(rule, series, last_value);
    bw_foresights_take(set, &foresight, round);
}

static size_t count_of(const struct bw_foresights *set)
{
    size_t count = 0;
    while (bw_foresights_get(set, count) != NULL)
        count++;
    return count;
}

static void the_last_answer_of_a_rule_to_a_series_counts(void **state)
{
    (void)state;
    struct bw_foresights *set = bw_foresights_new();
    take(set, "fills", 1, 100, 1);
    take(set, "fills", 2, 200, 1);
    take(set, "soon", 1, 300, 1);
    take(set, "fills", 1, 400, 2);
    assert_int_equal(count_of(set), 3);
    const struct bw_trend_foresight *first = bw_foresights_get(set, 0);
    assert_string_equal(first->rule, "fills");
    assert_int_equal(first->series, 1);
    assert_true(first->last_value > 399 && first->last_value < 401);
    assert_string_equal(bw_labels_value(first->labels, "mountpoint"), "/");
    bw_foresights_free(set);
}

/* A round may miss a series once: the store was busy, a job failed. */
static void what_two_rounds_did_not_answer_is_forgotten(void **state)
{
    (void)state;
    struct bw_foresights *set = bw_foresights_new();
    take(set, "fills", 1, 100, 1);
    take(set, "fills", 2, 200, 2);
    bw_foresights_drop(set, 2);
    assert_int_equal(count_of(set), 2);
    bw_foresights_drop(set, 3);
    assert_int_equal(count_of(set), 1);
    assert_int_equal(bw_foresights_get(set, 0)->series, 2);
    take(set, "soon", 3, 300, 3); /* where the forgotten one stood */
    assert_int_equal(count_of(set), 2);
    assert_string_equal(bw_foresights_get(set, 1)->rule, "soon");
    bw_foresights_drop(set, 5);
    assert_int_equal(count_of(set), 0);
    bw_foresights_free(set);
}

static void an_answer_is_to_the_question_as_it_was_asked(void **state)
{
    (void)state;
    static const struct {
        const char *rule;
        struct bw_predict_opts predict;
        bool answered;
    } stories[] = {
        { "fills", { .threshold = 10, .side = -1, .within_ns = 24 * HOUR_MS * BW_MS }, true },
        { "other", { .threshold = 10, .side = -1, .within_ns = 24 * HOUR_MS * BW_MS }, false },
        { "fills", { .threshold = 11, .side = -1, .within_ns = 24 * HOUR_MS * BW_MS }, false },
        { "fills", { .threshold = 10, .side = 1, .within_ns = 24 * HOUR_MS * BW_MS }, false },
        { "fills", { .threshold = 10, .side = -1, .within_ns = 25 * HOUR_MS * BW_MS }, false },
    };
    const struct bw_trend_foresight foresight = answer("fills", 1, 100);
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        const struct bw_alert_rule rule = { .name = stories[i].rule,
                                            .predict = &stories[i].predict };
        if (bw_foresight_is_for(&foresight, &rule) != stories[i].answered)
            fail_msg("story %zu", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_answer_of_a_rule_to_a_series_counts),
        cmocka_unit_test(what_two_rounds_did_not_answer_is_forgotten),
        cmocka_unit_test(an_answer_is_to_the_question_as_it_was_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
