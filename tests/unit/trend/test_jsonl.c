// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "answers.h"
#include "base/hash.h"
#include "base/limits.h"
#include "trend/jsonl.h"

#include <float.h>
#include <gsl/gsl_errno.h>
#include <stdlib.h>
#include <string.h>

static struct bw_trend_scratch *scratch;

/* The lines that answer one line; the caller releases the array. */
static json_t *ask(const char *line, enum bw_rc want)
{
    struct bw_buf out;
    struct bw_err err = { .text = "" };
    bw_buf_init(&out, 1u << 22);
    const enum bw_rc rc = bw_trend_jsonl(scratch, line, strlen(line), NULL, NULL, &out, &err);
    if (rc != want)
        fail_msg("%.60s: rc %d, %s", line, (int)rc, err.text);
    json_t *lines = json_array();
    for (char *rest = out.data, *end; (end = strchr(rest, '\n')) != NULL; rest = end + 1) {
        json_t *answer = json_loadb(rest, (size_t)(end - rest), 0, NULL);
        if (answer == NULL)
            fail_msg("%.60s: no JSON in %.200s", line, rest);
        json_array_append_new(lines, answer);
    }
    assert_true(rc == BW_OK || (out.len == 0 && strlen(err.text) > 0));
    bw_buf_fini(&out);
    return lines;
}

static double number(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static void a_forecast_is_two_lines(void **state)
{
    (void)state;
    char line[4096] = "{\"id\":\"a\",\"period\":7,\"h\":4,\"train\":[";
    for (int i = 0; i < 100; i++)
        snprintf(line + strlen(line), sizeof line - strlen(line), "%s%d", i > 0 ? "," : "",
                 100 + 2 * i + i * 7 % 3);
    strcat(line, "]}");
    json_t *lines = ask(line, BW_OK);
    assert_int_equal(json_array_size(lines), 2);
    for (size_t i = 0; i < 2; i++) {
        const json_t *one = json_array_get(lines, i);
        assert_true(number(one, "level") == (i == 0 ? 95 : 80));
        assert_true(number(one, "p_up") > 0.8);
        assert_int_equal(json_array_size(json_object_get(one, "mean")), 4);
        const json_t *lo = json_object_get(one, "lo"), *hi = json_object_get(one, "hi");
        for (size_t k = 0; k < 4; k++)
            assert_true(json_number_value(json_array_get(lo, k))
                        < json_number_value(json_array_get(hi, k)));
        assert_true(json_is_number(json_object_get(one, "cpu_ms")));
    }
    json_decref(lines);
}

static void a_trend_has_direction_and_times(void **state)
{
    (void)state;
    char line[8192] =
        "{\"id\":7,\"step\":60,\"counter\":false,\"thr\":60,\"side\":1,\"H\":100,\"y\":[";
    for (int i = 0; i < 300; i++)
        if (i % 50 == 9)
            strcat(line, "null,");
        else
            snprintf(line + strlen(line), sizeof line - strlen(line), "%.2f%s",
                     10 + 0.15 * i + i * 7 % 3 * 0.1, i < 299 ? "," : "]}");
    json_t *lines = ask(line, BW_OK);
    assert_int_equal(json_array_size(lines), 1);
    const json_t *one = json_array_get(lines, 0), *tq = json_object_get(one, "tq");
    assert_true(number(one, "dir") == 1 && number(one, "conf") > 0.9);
    assert_true(number(one, "slope") > 0.14 && number(one, "slope") < 0.16);
    assert_true(number(one, "p_cross") > 0.9);
    assert_true(number(tq, "50") > 25 && number(tq, "50") < 42);
    assert_true(json_is_false(json_object_get(one, "undetermined")));
    json_decref(lines);
}

static void a_change_is_found_and_an_anomaly_scored(void **state)
{
    (void)state;
    char line[8192] = "{\"name\":\"n\",\"x\":[", other[8192] = "{\"file\":\"f\",\"t\":[],\"x\":[";
    for (int i = 0; i < 300; i++) {
        const double x = (i >= 150 ? 50 : 0) + i * 7 % 5 + (i * 13 % 7) * 0.5;
        snprintf(line + strlen(line), sizeof line - strlen(line), "%.1f%s", x,
                 i < 299 ? "," : "]}");
        snprintf(other + strlen(other), sizeof other - strlen(other), "%.1f%s", x,
                 i < 299 ? "," : "]}");
    }
    json_t *lines = ask(line, BW_OK);
    const json_t *cp = json_object_get(json_array_get(lines, 0), "cp");
    assert_int_equal(json_array_size(cp), 1);
    assert_in_range(json_integer_value(json_array_get(cp, 0)), 146, 154);
    json_decref(lines);

    lines = ask(other, BW_OK);
    const json_t *one = json_array_get(lines, 0), *score = json_object_get(one, "score");
    assert_int_equal(json_array_size(score), 300);
    const double threshold = number(one, "threshold");
    assert_true(json_number_value(json_array_get(score, 150)) >= threshold);
    for (size_t i = 0; i < 150; i++)
        assert_true(json_number_value(json_array_get(score, i)) < threshold);
    json_decref(lines);
}

static size_t changes_with(const char *breaks)
{
    char line[8192] = "{\"name\":\"n\",\"x\":[";
    uint32_t state = 5;
    for (int i = 0; i < 200; i++) {
        double noise = 0;
        for (int k = 0; k < 3; k++) {
            state = state * 1664525u + 1013904223u;
            noise += (double)(state >> 8) / (1 << 24);
        }
        snprintf(line + strlen(line), sizeof line - strlen(line), "%.3f%s",
                 noise + (i >= 100 ? 0.45 : 0), i < 199 ? "," : "]");
    }
    strcat(line, breaks);
    json_t *lines = ask(line, BW_OK);
    const json_t *cp = json_object_get(json_array_get(lines, 0), "cp");
    const size_t count = json_array_size(cp);
    if (count == 1)
        assert_in_range(json_integer_value(json_array_get(cp, 0)), 100, 101);
    json_decref(lines);
    return count;
}

/* A small shift is a change where somebody says so; what is no place is passed over. */
static void breaks_are_places_where_less_is_enough(void **state)
{
    (void)state;
    assert_int_equal(changes_with("}"), 0);
    assert_int_equal(changes_with(",\"breaks\":[100]}"), 1);
    assert_int_equal(changes_with(",\"breaks\":[null,-4,1e300,\"x\",100,7,1000]}"), 1);
    assert_int_equal(changes_with(",\"breaks\":[40]}"), 0);
    assert_int_equal(changes_with(",\"breaks\":\"100\"}"), 0);
}

/* Every well-formed question is answered, however thin the evidence. */
static const struct {
    const char *line;
    enum bw_rc want;
} odd[] = {
    { "{\"id\":\"a\",\"train\":[],\"h\":3}", BW_OK },
    { "{\"id\":\"a\",\"train\":[null,null],\"h\":3}", BW_OK },
    { "{\"id\":\"a\",\"train\":[1],\"h\":3}", BW_OK },
    { "{\"id\":\"a\",\"train\":[1e308,-1e308,1e308],\"h\":3}", BW_OK },
    { "{\"id\":\"a\",\"step\":60,\"y\":[],\"thr\":1,\"side\":1,\"H\":5}", BW_OK },
    { "{\"id\":\"a\",\"step\":60,\"y\":[1,2],\"thr\":null,\"side\":1,\"H\":5}", BW_OK },
    { "{\"id\":\"a\",\"step\":60,\"y\":[null,1e308,-1e308],\"thr\":3,\"side\":-1,\"H\":5}", BW_OK },
    { "{\"file\":\"a\",\"t\":[],\"x\":[]}", BW_OK },
    { "{\"name\":\"a\",\"x\":[null]}", BW_OK },
    { "{\"id\":\"a\",\"train\":[1,2],\"h\":0}", BW_EINVAL },
    { "{\"id\":\"a\",\"train\":[1,2],\"h\":1e9}", BW_EINVAL },
    { "{\"id\":\"a\",\"step\":0,\"y\":[1,2],\"H\":5}", BW_EINVAL },
    { "{\"id\":\"a\",\"step\":1,\"y\":[1,2],\"H\":-5}", BW_EINVAL },
    { "{\"id\":\"a\"}", BW_EINVAL },
    { "{\"x\":[1]}", BW_EINVAL },
    { "[1,2,3]", BW_EINVAL },
    { "no json", BW_EINVAL },
    { "", BW_EINVAL },
};

static void every_line_is_answered_or_refused_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        json_t *lines = ask(odd[i].line, odd[i].want);
        const json_t *one = json_array_get(lines, 0);
        if (odd[i].want == BW_OK && one == NULL)
            fail_msg("%s: no answer", odd[i].line);
        if (strstr(odd[i].line, "\"y\"") != NULL && odd[i].want == BW_OK) {
            assert_true(number(one, "dir") == 0);
            assert_true(json_is_true(json_object_get(one, "undetermined")));
        }
        json_decref(lines);
    }
}

/* A line is short enough, and what it would take in memory is not. */
static void more_values_than_are_read_are_refused(void **state)
{
    (void)state;
    struct bw_buf line, out;
    struct bw_err err = { .text = "" };
    bw_buf_init(&line, 32u << 20);
    bw_buf_init(&out, 1u << 20);
    bw_buf_text(&line, "{\"name\":\"a\",\"x\":[");
    bw_buf_fill(&line, ',', BW_TREND_LINE_VALUES_MAX);
    bw_buf_text(&line, "]}");
    assert_int_equal(bw_trend_jsonl(scratch, line.data, line.len, NULL, NULL, &out, &err),
                     BW_ELIMIT);
    assert_non_null(strstr(err.text, "at most 12000000 values"));
    assert_int_equal(out.len, 0);
    bw_buf_fini(&line);
    bw_buf_fini(&out);
}

/* ---- series as nobody should send them ---------------------------------------------------- */

enum { BAD_COUNT = 150, BAD_TEXT_MAX = 40 };

#define PI2 6.283185307179586

static double hash01(int i)
{
    return (double)((unsigned)i * 2654435761u >> 8) / 16777216;
}

static double constant(int i)
{
    return i >= 0 ? 7 : 0;
}
static double zeros_of_either_sign(int i)
{
    return i % 2 == 0 ? 0.0 : -0.0;
}
static double missing(int i)
{
    return i >= 0 ? NAN : 0;
}
static double hardly_there(int i)
{
    return i % 37 == 0 ? (double)i : (double)NAN;
}
static double near_the_largest(int i)
{
    return 1e308 * (0.5 + hash01(i));
}
static double both_ends(int i)
{
    return i % 2 == 0 ? DBL_MAX : -DBL_MAX;
}
static double tiny(int i)
{
    return 1e-308 * (1 + hash01(i));
}
static double denormal(int i)
{
    return 5e-324 * (i % 9);
}
static double denormal_slope(int i)
{
    return 5e-324 * i;
}
static double of_any_size(int i)
{
    static const double scales[] = { 1e-300, 1, 1e300 };
    return scales[i % 7 % 3] * hash01(i);
}
static double one_huge(int i)
{
    return i == BAD_COUNT / 2 ? 1e308 : i;
}
static double last_huge(int i)
{
    return i == BAD_COUNT - 1 ? 1e308 : i;
}
static double huge_step(int i)
{
    return i < BAD_COUNT / 2 ? 0 : DBL_MAX;
}
static double exact_line(int i)
{
    return 0.1 * i;
}
static double huge_line(int i)
{
    return 1e305 * i;
}
static double growing(int i)
{
    return i < 350 ? exp(2 * i) : DBL_MAX;
}
static double shrinking(int i)
{
    return exp(-3 * i);
}
static double stairs(int i)
{
    return i / 50;
}
static double saw(int i)
{
    return i % 24;
}
static double far_from_zero(int i)
{
    return 1e15 + i % 7;
}
static double huge_spikes(int i)
{
    return i % 50 == 7 ? 1e300 : 1;
}
static double season(int i)
{
    return 10 * sin(PI2 * i / 24) + hash01(i);
}
static double noise(int i)
{
    return hash01(i) - 0.5;
}

static const struct {
    const char *name;
    double (*value)(int i);
    int count;
} series[] = {
    { "empty", constant, 0 },
    { "one", constant, 1 },
    { "two", exact_line, 2 },
    { "three", noise, 3 },
    { "nine", noise, 9 },
    { "constant", constant, BAD_COUNT },
    { "zeros of either sign", zeros_of_either_sign, BAD_COUNT },
    { "missing", missing, BAD_COUNT },
    { "hardly there", hardly_there, BAD_COUNT },
    { "near the largest", near_the_largest, BAD_COUNT },
    { "both ends", both_ends, BAD_COUNT },
    { "tiny", tiny, BAD_COUNT },
    { "denormal", denormal, BAD_COUNT },
    { "denormal slope", denormal_slope, BAD_COUNT },
    { "of any size", of_any_size, BAD_COUNT },
    { "one huge", one_huge, BAD_COUNT },
    { "last huge", last_huge, BAD_COUNT },
    { "huge step", huge_step, BAD_COUNT },
    { "exact line", exact_line, BAD_COUNT },
    { "huge line", huge_line, BAD_COUNT },
    { "growing", growing, BAD_COUNT },
    { "shrinking", shrinking, BAD_COUNT },
    { "stairs", stairs, BAD_COUNT },
    { "saw", saw, BAD_COUNT },
    { "far from zero", far_from_zero, BAD_COUNT },
    { "huge spikes", huge_spikes, BAD_COUNT },
    { "season", season, BAD_COUNT },
    { "noise", noise, BAD_COUNT },
};

/* What is asked of each, the series standing for %s. */
static const char *const questions[] = {
    "{\"id\":\"a\",\"h\":1,\"train\":[%s]}",
    "{\"id\":\"a\",\"h\":60,\"train\":[%s]}",
    "{\"id\":\"a\",\"h\":300,\"train\":[%s]}",
    "{\"id\":\"a\",\"step\":60,\"thr\":null,\"side\":1,\"H\":75,\"y\":[%s]}",
    "{\"id\":\"a\",\"step\":60,\"thr\":100,\"side\":1,\"H\":75,\"y\":[%s]}",
    "{\"id\":\"a\",\"step\":60,\"thr\":-1e308,\"side\":-1,\"H\":75,\"y\":[%s]}",
    "{\"id\":\"a\",\"step\":1e9,\"thr\":5e-324,\"side\":1,\"H\":9,\"counter\":true,\"y\":[%s]}",
    "{\"id\":\"a\",\"step\":0.001,\"thr\":1e308,\"side\":1,\"H\":9,\"counter\":true,\"y\":[%s]}",
    "{\"file\":\"a\",\"t\":[],\"x\":[%s]}",
    "{\"name\":\"a\",\"x\":[%s]}",
};

enum { SERIES = sizeof series / sizeof *series, QUESTIONS = sizeof questions / sizeof *questions };

static void put_question(struct bw_buf *out, size_t which, size_t question)
{
    struct bw_buf values;
    bw_buf_init(&values, BAD_COUNT * BAD_TEXT_MAX);
    for (int i = 0; i < series[which].count; i++) {
        const double v = series[which].value(i);
        bw_buf_text(&values, i > 0 ? "," : "");
        if (isnan(v))
            bw_buf_text(&values, "null");
        else
            bw_buf_printf(&values, "%.17g", v);
    }
    const char *hole = strstr(questions[question], "%s");
    bw_buf_bytes(out, questions[question], (size_t)(hole - questions[question]));
    bw_buf_bytes(out, values.data, values.len);
    bw_buf_text(out, hole + 2);
    bw_buf_fini(&values);
}

static void check_answers(const char *name, const struct bw_buf *line, const struct bw_buf *out)
{
    json_t *question = json_loadb(line->data, line->len, 0, NULL);
    const char *rest = out->data;
    for (const char *end; (end = strchr(rest, '\n')) != NULL; rest = end + 1) {
        json_t *answer = json_loadb(rest, (size_t)(end - rest), 0, NULL);
        const char *fault = answer != NULL ? answer_fault(question, answer) : "no JSON";
        if (fault != NULL)
            fail_msg("%s, %.60s: %s: %.300s", name, line->data, fault, rest);
        json_decref(answer);
    }
    json_decref(question);
}

static uint64_t answer(size_t which, size_t question)
{
    struct bw_buf line, out;
    struct bw_err err = { .text = "" };
    bw_buf_init(&line, 1u << 20);
    bw_buf_init(&out, 1u << 22);
    put_question(&line, which, question);
    if (bw_trend_jsonl(scratch, line.data, line.len, NULL, NULL, &out, &err) != BW_OK)
        fail_msg("%s: %.60s: %s", series[which].name, line.data, err.text);
    check_answers(series[which].name, &line, &out);
    const uint64_t hash = bw_hash(out.data, out.len, 0);
    bw_buf_fini(&line);
    bw_buf_fini(&out);
    return hash;
}

/* Whatever comes is answered with numbers that make sense, and the answer depends on nothing but
 * the question: not on what was asked before. */
static void bad_series_get_an_answer_that_is_always_the_same(void **state)
{
    (void)state;
    static uint64_t first[SERIES][QUESTIONS];
    for (size_t i = 0; i < SERIES; i++)
        for (size_t q = 0; q < QUESTIONS; q++)
            first[i][q] = answer(i, q);
    for (size_t q = QUESTIONS; q-- > 0;)
        for (size_t i = SERIES; i-- > 0;)
            if (answer(i, q) != first[i][q])
                fail_msg("%s: another answer to %s", series[i].name, questions[q]);
}

int main(void)
{
    gsl_set_error_handler_off();
    scratch = bw_trend_scratch_new();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_forecast_is_two_lines),
        cmocka_unit_test(a_trend_has_direction_and_times),
        cmocka_unit_test(a_change_is_found_and_an_anomaly_scored),
        cmocka_unit_test(breaks_are_places_where_less_is_enough),
        cmocka_unit_test(every_line_is_answered_or_refused_by_name),
        cmocka_unit_test(more_values_than_are_read_are_refused),
        cmocka_unit_test(bad_series_get_an_answer_that_is_always_the_same),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    bw_trend_scratch_free(scratch);
    return failed;
}
