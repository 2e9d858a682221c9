// SPDX-License-Identifier: GPL-3.0-or-later
/* What holds of every answer of trend/jsonl.h, whatever was asked. */
#ifndef TEST_ANSWERS_H
#define TEST_ANSWERS_H

#include <jansson.h>
#include <math.h>
#include <stdbool.h>

static inline bool within(const json_t *value, double low, double high)
{
    const double x = json_number_value(value);
    return json_is_number(value) && x >= low && x <= high;
}

/* One step: all three are numbers in order, or nothing is known. */
static inline bool step_holds(const json_t *low, const json_t *mean, const json_t *high)
{
    if (json_is_null(mean))
        return json_is_null(low) && json_is_null(high);
    return within(mean, -INFINITY, INFINITY) && within(low, -INFINITY, json_number_value(mean))
           && within(high, json_number_value(mean), INFINITY);
}

static inline const char *forecast_fault(const json_t *question, const json_t *answer)
{
    const json_t *mean = json_object_get(answer, "mean"), *lo = json_object_get(answer, "lo");
    const json_t *hi = json_object_get(answer, "hi");
    const size_t h = (size_t)json_number_value(json_object_get(question, "h"));
    const long long level = json_integer_value(json_object_get(answer, "level"));
    if (json_array_size(mean) != h || json_array_size(lo) != h || json_array_size(hi) != h)
        return "there are not h steps";
    if (level != 95 && level != 80)
        return "an unknown level";
    for (size_t i = 0; i < h; i++)
        if (!step_holds(json_array_get(lo, i), json_array_get(mean, i), json_array_get(hi, i)))
            return "a step is out of order";
    return within(json_object_get(answer, "p_up"), 0, 1) ? NULL : "p_up is no probability";
}

static inline const char *trend_fault(const json_t *question, const json_t *answer)
{
    static const char *const quantiles[] = { "5", "10", "25", "50", "75", "90", "95" };
    const json_t *cross = json_object_get(answer, "p_cross"), *tq = json_object_get(answer, "tq");
    double before = 0;
    (void)question;
    if (!within(json_object_get(answer, "dir"), -1, 1))
        return "no direction";
    if (!within(json_object_get(answer, "conf"), 0, 1))
        return "conf is no probability";
    if (!within(json_object_get(answer, "slope"), -INFINITY, INFINITY))
        return "no slope";
    if (!json_is_null(cross) && !within(cross, 0, 1))
        return "p_cross is no probability";
    for (size_t i = 0; i < sizeof quantiles / sizeof *quantiles; i++) {
        const json_t *one = json_object_get(tq, quantiles[i]);
        const double at = json_is_null(one) ? INFINITY : json_number_value(one);
        if (one == NULL || !(at >= before))
            return "quantiles are out of order";
        before = at;
    }
    return NULL;
}

static inline const char *anomaly_fault(const json_t *question, const json_t *answer)
{
    const json_t *score = json_object_get(answer, "score");
    if (json_array_size(score) != json_array_size(json_object_get(question, "x")))
        return "not one score a row";
    for (size_t i = 0; i < json_array_size(score); i++)
        if (!within(json_array_get(score, i), 0, 1))
            return "a score is not within 0 and 1";
    return within(json_object_get(answer, "threshold"), 0, 1) ? NULL : "no threshold";
}

static inline const char *change_fault(const json_t *question, const json_t *answer)
{
    const json_t *cp = json_object_get(answer, "cp");
    const double n = (double)json_array_size(json_object_get(question, "x"));
    double before = 0;
    for (size_t i = 0; i < json_array_size(cp); i++) {
        if (!within(json_array_get(cp, i), before + 1, n - 1))
            return "a change is where none can be";
        before = json_number_value(json_array_get(cp, i));
    }
    return json_is_array(cp) ? NULL : "no list of changes";
}

/* What is wrong with one line of the answer; NULL: nothing. */
static inline const char *answer_fault(const json_t *question, const json_t *answer)
{
    if (!within(json_object_get(answer, "cpu_ms"), 0, INFINITY))
        return "no cpu_ms";
    if (json_object_get(answer, "mean") != NULL)
        return forecast_fault(question, answer);
    if (json_object_get(answer, "dir") != NULL)
        return trend_fault(question, answer);
    if (json_object_get(answer, "score") != NULL)
        return anomaly_fault(question, answer);
    return change_fault(question, answer);
}

#endif
