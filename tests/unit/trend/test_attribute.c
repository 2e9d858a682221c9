// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trend/attribute.h"
#include "trend/robust.h"

#include <math.h>

enum { RUNS = 3000, PARTS = 4, STEP_MS = 15000, RESOLVE = 0, CONNECT, TLS, TRANSFER };

/* Milliseconds that each phase takes, before and after; a run takes their sum and `beside` more. */
struct story {
    const char *name;
    double before[PARTS], after[PARTS];
    double beside_before, beside_after;
    double slow_before, slow_after; /* added to tls in one run of eight: the tail */
    size_t runs;                    /* on each side */
    bool known, tail;
    size_t driver; /* PARTS: the rest; PARTS + 1: none alone */
    double share;
};

static const struct story stories[] = {
    { "tls takes longer",
      { 5, 20, 40, 60 },
      { 5, 20, 205, 75 },
      1,
      1,
      0,
      0,
      400,
      true,
      true,
      TLS,
      0.917 },
    { "tls takes longer, few runs",
      { 5, 20, 40, 60 },
      { 5, 20, 205, 75 },
      1,
      1,
      0,
      0,
      50,
      true,
      false,
      TLS,
      0.917 },
    { "only slow runs do",
      { 5, 20, 40, 60 },
      { 5, 20, 40, 60 },
      1,
      1,
      10,
      300,
      500,
      true,
      true,
      TLS,
      1 },
    { "all phases a little",
      { 20, 20, 20, 20 },
      { 40, 40, 40, 40 },
      1,
      1,
      0,
      0,
      400,
      true,
      true,
      PARTS + 1,
      0 },
    { "faster, for connecting",
      { 5, 120, 40, 60 },
      { 5, 20, 40, 60 },
      1,
      1,
      0,
      0,
      400,
      true,
      true,
      CONNECT,
      1 },
    { "one more than makes up for another",
      { 5, 120, 40, 60 },
      { 5, 20, 240, 60 },
      1,
      1,
      0,
      0,
      400,
      true,
      true,
      TLS,
      1 },
    { "what is in no phase",
      { 5, 20, 40, 60 },
      { 5, 20, 40, 60 },
      1,
      90,
      0,
      0,
      400,
      true,
      true,
      PARTS,
      1 },
    { "nothing moved", { 5, 20, 40, 60 }, { 5, 20, 40, 60 }, 1, 1, 0, 0, 400, false, false, 0, 0 },
    { "too few to tell",
      { 5, 20, 40, 60 },
      { 5, 20, 205, 75 },
      1,
      1,
      0,
      0,
      15,
      false,
      false,
      0,
      0 },
};

static struct bw_point whole[RUNS], parts[PARTS][RUNS];

/* Noise of a tenth, alike from run to run. */
static size_t tell(const struct story *s, uint64_t seed)
{
    struct bw_trend_random r = bw_trend_random_seed(seed);
    double e[PARTS] = { 0 };
    for (size_t i = 0; i < 2 * s->runs; i++) {
        const bool late = i >= s->runs;
        const int64_t ts_ms = (int64_t)i * STEP_MS;
        double sum = late ? s->beside_after : s->beside_before;
        const bool slow = bw_trend_random_uniform(&r) < 0.125;
        for (size_t k = 0; k < PARTS; k++) {
            e[k] = 0.5 * e[k] + 0.87 * bw_trend_random_normal(&r);
            double ms = (late ? s->after[k] : s->before[k]) * (1 + 0.1 * e[k]);
            if (k == TLS && slow)
                ms += late ? s->slow_after : s->slow_before;
            parts[k][i] = (struct bw_point){ ts_ms, ms / 1000 };
            sum += ms;
        }
        whole[i] = (struct bw_point){ ts_ms, sum / 1000 };
    }
    return 2 * s->runs;
}

static bool attribute(const struct story *s, size_t count, struct bw_trend_blame *out)
{
    struct bw_trend_part list[PARTS];
    struct bw_arena arena;
    bw_arena_init(&arena);
    for (size_t k = 0; k < PARTS; k++)
        list[k] = (struct bw_trend_part){ 1, parts[k], count };
    const struct bw_trend_whole asked = { .points = whole,
                                          .count = count,
                                          .parts = list,
                                          .part_count = PARTS,
                                          .at_ms = (int64_t)s->runs * STEP_MS,
                                          .doubt_ms = 0 };
    const bool known = bw_trend_attribute(&arena, &asked, out);
    bw_arena_fini(&arena);
    return known;
}

static void the_part_that_moved_is_named(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof stories / sizeof *stories; k++) {
        const struct story *s = &stories[k];
        size_t right = 0;
        for (uint64_t seed = 1; seed <= 10; seed++) {
            struct bw_trend_blame blame;
            const size_t count = tell(s, seed * 71 + k);
            const bool known = attribute(s, count, &blame);
            if (known && (blame.share < 0 || blame.share > 1))
                fail_msg("%s: a share of %g", s->name, blame.share);
            right += known == s->known
                     && (!known
                         || (blame.driver == s->driver && blame.tail == s->tail
                             && fabs(blame.share - s->share) < 0.1));
        }
        if (right < 9)
            fail_msg("%s: %zu of 10", s->name, right);
    }
}

static void quantiles_are_those_of_the_whole(void **state)
{
    (void)state;
    struct bw_trend_blame blame;
    const size_t count = tell(&stories[0], 5);
    assert_true(attribute(&stories[0], count, &blame));
    assert_true(fabs(blame.before - 0.140) < 0.006 && fabs(blame.after - 0.341) < 0.012);
}

/* Runs that lack a phase (a connection that is kept) and phases without a run. */
static void gaps_are_no_time(void **state)
{
    (void)state;
    struct bw_trend_blame blame;
    const size_t count = tell(&stories[0], 6);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (i % 3 != 0 || i > count / 2)
            parts[CONNECT][kept++] = parts[CONNECT][i];
    struct bw_trend_part list[2] = { { 1, parts[CONNECT], kept }, { 1, parts[TLS], count } };
    struct bw_arena arena;
    bw_arena_init(&arena);
    whole[7].value = NAN;
    parts[TLS][9].value = INFINITY;
    const struct bw_trend_whole asked = { whole, count, list, 2, 400 * STEP_MS, 2 * STEP_MS };
    assert_true(bw_trend_attribute(&arena, &asked, &blame));
    assert_int_equal(blame.driver, 1);
    const struct bw_trend_whole empty = { .count = 0 };
    assert_false(bw_trend_attribute(&arena, &empty, &blame));
    bw_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_part_that_moved_is_named),
        cmocka_unit_test(quantiles_are_those_of_the_whole),
        cmocka_unit_test(gaps_are_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
