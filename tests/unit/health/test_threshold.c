// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "health/threshold.h"

#include <math.h>
#include <string.h>

static const struct bw_threshold_opts disk = { 0.80, 0.90, 0.78 };
static const struct bw_threshold_opts spare = { 20, 10, 22 };
static const struct bw_threshold_opts bare = { 0.5, NAN, NAN };
static const struct bw_threshold_opts only_critical = { NAN, 10, 12 };

enum { LENGTH = 6 };

/* A letter a value: h, d, u (unhealthy), ? (unknown). */
static const struct {
    const char *name;
    const struct bw_threshold_opts *opts;
    double values[LENGTH];
    const char *want;
} stories[] = {
    { "up and down", &disk, { 0.5, 0.8, 0.9, 0.85, 0.79, 0.78 }, "hduddh" },
    { "trembling at the warning", &disk, { 0.81, 0.79, 0.81, 0.79, 0.785, 0.7 }, "dddddh" },
    { "trembling at the critical", &disk, { 0.91, 0.89, 0.885, 0.91, 0.87, 0.89 }, "uuuudd" },
    { "within the band at first", &disk, { 0.79, 0.79, 0.8, 0.79, 0.1, 0.79 }, "hhddhh" },
    { "a gap forgets nothing", &disk, { 0.81, NAN, 0.79, NAN, 0.7, 0.79 }, "d?d?hh" },
    { "low is bad", &spare, { 30, 20, 10, 11.5, 12, 22 }, "hduudh" },
    { "no recover, no band", &bare, { 0.5, 0.49, 0.5, 0.49, 9, 0 }, "dhdhdh" },
    { "only a critical, low is bad", &only_critical, { 11, 10, 11, 12, 11, 9 }, "huuhhu" },
};

static void values_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        struct bw_threshold t = { 0 };
        char got[LENGTH + 1] = "";
        for (size_t k = 0; k < LENGTH; k++)
            got[k] = "?hdu"[bw_threshold_feed(&t, stories[i].opts, stories[i].values[k])];
        if (strcmp(got, stories[i].want) != 0)
            fail_msg("%s: %s, not %s", stories[i].name, got, stories[i].want);
    }
}

static const struct {
    struct bw_threshold_opts opts;
    enum bw_rc want;
    int side;
} marks[] = {
    { { 0.8, 0.9, 0.78 }, BW_OK, 1 },       { { 0.8, 0.9, 0.8 }, BW_OK, 1 },
    { { 20, 10, 22 }, BW_OK, -1 },          { { NAN, 10, 12 }, BW_OK, -1 },
    { { 10, NAN, NAN }, BW_OK, 1 },         { { 0.8, 0.9, 0.85 }, BW_EINVAL, 1 },
    { { 20, 10, 15 }, BW_EINVAL, -1 },      { { NAN, NAN, 1 }, BW_EINVAL, 1 },
    { { 1, INFINITY, NAN }, BW_EINVAL, 1 },
};

static void marks_must_agree(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        struct bw_err err = { 0 };
        assert_int_equal(bw_threshold_group.check(&marks[i].opts, &err), marks[i].want);
        assert_int_equal(err.rc, marks[i].want);
        assert_int_equal(bw_threshold_side(&marks[i].opts), marks[i].side);
    }
}

static void verdicts_speak(void **state)
{
    (void)state;
    char text[100];
    assert_string_equal(
        bw_threshold_text(text, sizeof text, "disk_used_ratio", &disk, BW_UNHEALTHY, 0.93),
        "disk_used_ratio is 0.93, critical from 0.9");
    assert_string_equal(bw_threshold_text(text, sizeof text, "spares", &spare, BW_DEGRADED, 11),
                        "spares is 11, warning down from 20");
    assert_string_equal(bw_threshold_text(text, sizeof text, "spares", &spare, BW_UNKNOWN, NAN),
                        "spares has no value");
    assert_int_equal(bw_threshold_outcome(BW_UNHEALTHY, text).kind, BW_OUTCOME_FAIL);
    assert_int_equal(bw_threshold_outcome(BW_DEGRADED, text).reason, BW_REASON_THRESHOLD);
    assert_int_equal(bw_threshold_outcome(BW_HEALTHY, text).reason, BW_REASON_NONE);
    assert_int_equal(bw_threshold_outcome(BW_UNKNOWN, text).kind, BW_OUTCOME_LOST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_judged),
        cmocka_unit_test(marks_must_agree),
        cmocka_unit_test(verdicts_speak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
