// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trend/jsonl.h"

#include <gsl/gsl_errno.h>
#include <jansson.h>
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

int main(void)
{
    gsl_set_error_handler_off();
    scratch = bw_trend_scratch_new();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_forecast_is_two_lines),
        cmocka_unit_test(a_trend_has_direction_and_times),
        cmocka_unit_test(a_change_is_found_and_an_anomaly_scored),
        cmocka_unit_test(every_line_is_answered_or_refused_by_name),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    bw_trend_scratch_free(scratch);
    return failed;
}
