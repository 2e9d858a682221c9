// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "health/rollup.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct bw_rollup_rule worst = { BW_ROLLUP_WORST, 0 };
static const struct bw_rollup_rule half = { BW_ROLLUP_QUORUM, 0.5 };
static const struct bw_rollup_rule all = { BW_ROLLUP_QUORUM, 1 };
static const struct bw_rollup_rule weighted = { BW_ROLLUP_WEIGHTED, 0 };

/* A child a letter (h, d, u, ?), followed by its weight as a digit. Driver -1: none. */
static const struct {
    const char *children;
    const struct bw_rollup_rule *rule;
    enum bw_status want;
    double score; /* -1: none */
    int driver;
} cases[] = {
    { "", &worst, BW_UNKNOWN, -1, -1 },           { "h1h1", &worst, BW_HEALTHY, 1, -1 },
    { "h1d1", &worst, BW_DEGRADED, 0.75, 1 },     { "h1u1d1", &worst, BW_UNHEALTHY, 0.5, 1 },
    { "u1u2", &worst, BW_UNHEALTHY, 0, 1 },       { "u1u1", &worst, BW_UNHEALTHY, 0, 0 },
    { "h3u1", &worst, BW_UNHEALTHY, 0.75, 1 },    { "h1?1", &worst, BW_UNKNOWN, 1, 1 },
    { "d1?1", &worst, BW_DEGRADED, 0.5, 0 },      { "?1?1", &worst, BW_UNKNOWN, -1, 0 },
    { "h1u0", &worst, BW_HEALTHY, 1, -1 },        { "u0", &worst, BW_UNKNOWN, -1, -1 },
    { "h1u1", &half, BW_HEALTHY, 0.5, -1 },       { "h1u1u1", &half, BW_UNHEALTHY, 1.0 / 3, 1 },
    { "h1d1u1", &half, BW_DEGRADED, 0.5, 2 },     { "h1?1u1", &half, BW_UNKNOWN, 0.5, 2 },
    { "h2?1u1", &half, BW_HEALTHY, 2.0 / 3, -1 }, { "h1?1u4", &half, BW_UNHEALTHY, 0.2, 2 },
    { "h1h1h1", &all, BW_HEALTHY, 1, -1 },        { "h9u1", &weighted, BW_HEALTHY, 0.9, -1 },
    { "h1u1", &weighted, BW_DEGRADED, 0.5, 1 },   { "h1u2", &weighted, BW_UNHEALTHY, 1.0 / 3, 1 },
    { "h1?2", &weighted, BW_UNKNOWN, 1, 1 },
};

static size_t make_children(const char *text, struct bw_rollup_child *out)
{
    size_t count = 0;
    for (; text[0] != '\0'; text += 2) {
        out[count++] = (struct bw_rollup_child){
            .name = "page",
            .status = (enum bw_status)(strchr("?hdu", text[0]) - "?hdu"),
            .score = NAN,
            .weight = text[1] - '0',
        };
    }
    return count;
}

static void children_add_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_rollup_child children[8];
        struct bw_rollup r;
        bw_rollup_make(children, make_children(cases[i].children, children), cases[i].rule, &r);
        const bool score_right =
            cases[i].score < 0 ? isnan(r.score) : fabs(r.score - cases[i].score) < 1e-12;
        const size_t driver = cases[i].driver < 0 ? BW_ROLLUP_NO_DRIVER : (size_t)cases[i].driver;
        if (r.status != cases[i].want || !score_right || r.driver != driver)
            fail_msg("%s %s: %s, score %g, driver %zd", cases[i].children,
                     bw_rollup_name(cases[i].rule->kind), bw_status_name(r.status), r.score,
                     (ssize_t)r.driver);
    }
}

static void the_driver_is_named(void **state)
{
    (void)state;
    struct bw_rollup_child children[] = {
        { "port", NULL, BW_HEALTHY, NAN, 1 },
        { "page", "connection refused", BW_UNHEALTHY, NAN, 1 },
    };
    struct bw_rollup r;
    bw_rollup_make(children, 2, &worst, &r);
    assert_string_equal(r.cause, "page: connection refused");
    assert_int_equal(r.healthy, 1);
    assert_int_equal(r.unhealthy, 1);
    children[1].cause = "";
    bw_rollup_make(children, 2, &worst, &r);
    assert_string_equal(r.cause, "page is UNHEALTHY");
    bw_rollup_make(children, 1, &worst, &r);
    assert_string_equal(r.cause, "");
}

static void a_rollup_hands_on_its_score(void **state)
{
    (void)state;
    const struct bw_rollup_child children[] = {
        { "a", NULL, BW_UNHEALTHY, 0.75, 1 },
        { "b", NULL, BW_HEALTHY, 1, 1 },
    };
    struct bw_rollup r;
    bw_rollup_make(children, 2, &worst, &r);
    assert_true(fabs(r.score - 0.875) < 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(children_add_up),
        cmocka_unit_test(the_driver_is_named),
        cmocka_unit_test(a_rollup_hands_on_its_score),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
