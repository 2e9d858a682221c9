// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pack/rollup.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GROUP = 7, POINTS = 5760 }; /* a day at 15 s */

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static uint64_t random_state;

static uint64_t random_bits(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static double latency(size_t i)
{
    return (double)(20000 + i % 100 + random_bits() % 4000) / 1e6;
}

static double status(size_t i)
{
    return i % 1000 < 990;
}

static double noise(size_t i)
{
    (void)i;
    return (double)(random_bits() >> 11) * 0x1p-53 - 0.5;
}

static double with_holes(size_t i)
{
    return i % 7 == 0 ? NAN : i == 1234 ? INFINITY : (double)(i % 50);
}

static double (*const shapes[])(size_t) = { latency, status, noise, with_holes };

enum { SHAPES = sizeof shapes / sizeof *shapes };

static struct bw_point *make_points(size_t shape)
{
    static struct bw_point points[POINTS];
    random_state = 4711 + shape;
    for (size_t i = 0; i < POINTS; i++)
        points[i] = (struct bw_point){ 1700006400000 + (int64_t)i * 15000, shapes[shape](i) };
    return points;
}

static void assert_same(const struct bw_buckets *a, const struct bw_buckets *b,
                        double sum_error_ratio)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        const struct bw_bucket *left = &a->items[i], *right = &b->items[i];
        assert_true(left->start_ms == right->start_ms);
        assert_true(left->count == right->count);
        assert_true(left->min == right->min && left->max == right->max
                    && left->last == right->last);
        assert_true(left->sum == right->sum
                    || fabs(left->sum - right->sum)
                           <= sum_error_ratio * (fabs(right->sum) + (double)right->count));
        assert_int_equal(left->sketch.bin_count, right->sketch.bin_count);
        for (size_t k = 0; k < left->sketch.bin_count; k++) {
            assert_int_equal(left->sketch.bins[k].key, right->sketch.bins[k].key);
            assert_true(left->sketch.bins[k].count == right->sketch.bins[k].count);
        }
    }
}

static void buckets_hold_what_was_in_their_time(void **state)
{
    (void)state;
    const struct bw_point points[] = { { -60001, 7 }, { -60000, 1 }, { -1, 3 },
                                       { 0, NAN },    { 59999, 5 },  { 180000, -INFINITY } };
    struct bw_buckets buckets = { 0 };
    bw_buckets_fold(&buckets, MINUTE, points, sizeof points / sizeof *points);
    assert_int_equal(buckets.count, 4);
    static const struct bw_bucket wanted[] = {
        { .start_ms = -120000, .count = 1, .sum = 7, .min = 7, .max = 7, .last = 7 },
        { .start_ms = -60000, .count = 2, .sum = 4, .min = 1, .max = 3, .last = 3 },
        { .start_ms = 0, .count = 1, .sum = 5, .min = 5, .max = 5, .last = 5 },
        { .start_ms = 180000,
          .count = 1,
          .sum = -INFINITY,
          .min = -INFINITY,
          .max = -INFINITY,
          .last = -INFINITY },
    };
    for (size_t i = 0; i < buckets.count; i++) {
        const struct bw_bucket *bucket = &buckets.items[i];
        assert_true(bucket->start_ms == wanted[i].start_ms && bucket->count == wanted[i].count);
        assert_true(bucket->sum == wanted[i].sum && bucket->min == wanted[i].min
                    && bucket->max == wanted[i].max && bucket->last == wanted[i].last);
        assert_true(bw_sketch_count(&bucket->sketch) == wanted[i].count);
    }
    bw_buckets_fini(&buckets);
}

/* A day from hours from minutes is a day from points. */
static void steps_do_not_matter(void **state)
{
    (void)state;
    for (size_t s = 0; s < SHAPES; s++) {
        const struct bw_point *points = make_points(s);
        struct bw_buckets minutes = { 0 }, hours = { 0 }, days = { 0 }, direct = { 0 };
        bw_buckets_fold(&minutes, MINUTE, points, POINTS / 2);
        bw_buckets_fold(&minutes, MINUTE, points + POINTS / 2, POINTS - POINTS / 2);
        bw_buckets_merge(&hours, HOUR, minutes.items, minutes.count);
        bw_buckets_merge(&days, DAY, hours.items, hours.count);
        bw_buckets_fold(&direct, DAY, points, POINTS);
        assert_int_equal(minutes.count, POINTS / 4);
        assert_same(&days, &direct, 1e-12);
        bw_buckets_fini(&minutes);
        bw_buckets_fini(&hours);
        bw_buckets_fini(&days);
        bw_buckets_fini(&direct);
    }
}

/* The minutes of all shapes as one body. */
static void encode_day(struct bw_buf *out, struct bw_buckets *minutes)
{
    struct bw_rollup_input inputs[SHAPES];
    for (size_t s = 0; s < SHAPES; s++) {
        bw_buckets_fold(&minutes[s], MINUTE, make_points(s), POINTS);
        inputs[s] = (struct bw_rollup_input){ (uint32_t)(10 * s + 3), &minutes[s] };
    }
    bw_rollup_encode(out, GROUP, MINUTE, inputs, SHAPES);
}

static void a_body_reads_back(void **state)
{
    (void)state;
    struct bw_buckets minutes[SHAPES] = { 0 };
    struct bw_buf body;
    bw_buf_init(&body, 16 << 20);
    encode_day(&body, minutes);
    struct bw_rollup rollup;
    assert_int_equal(bw_rollup_open(&rollup, body.data, body.len, NULL), BW_OK);
    assert_int_equal(rollup.group, GROUP);
    assert_true(rollup.width_ms == MINUTE);
    assert_true(rollup.first_ms == 1700006400000 && rollup.last_ms == 1700006400000 + DAY - MINUTE);
    for (size_t s = 0; s < SHAPES; s++) {
        struct bw_buckets read = { 0 };
        const int at = bw_rollup_find(&rollup, (uint32_t)(10 * s + 3));
        assert_int_equal(at, s);
        assert_int_equal(bw_rollup_read(&rollup, (size_t)at, &read, NULL), BW_OK);
        assert_same(&read, &minutes[s], 0x1p-44);
        bw_buckets_fini(&read);
        bw_buckets_fini(&minutes[s]);
    }
    assert_int_equal(bw_rollup_find(&rollup, 4), -1);
    bw_buf_fini(&body);
}

/* Without sketches everything else is the same, however it came there. */
static void plain_buckets_have_all_but_sketches(void **state)
{
    (void)state;
    struct bw_buckets minutes[SHAPES] = { 0 };
    struct bw_buf body;
    struct bw_rollup rollup;
    bw_buf_init(&body, 16 << 20);
    encode_day(&body, minutes);
    assert_int_equal(bw_rollup_open(&rollup, body.data, body.len, NULL), BW_OK);
    for (size_t s = 0; s < SHAPES; s++) {
        struct bw_buckets read = { .plain = true }, folded = { .plain = true };
        struct bw_buckets hours = { .plain = true }, wanted = { 0 };
        assert_int_equal(bw_rollup_read(&rollup, s, &read, NULL), BW_OK);
        bw_buckets_fold(&folded, HOUR, make_points(s), POINTS);
        bw_buckets_merge(&hours, HOUR, read.items, read.count);
        bw_buckets_merge(&wanted, HOUR, minutes[s].items, minutes[s].count);
        for (size_t i = 0; i < wanted.count; i++)
            bw_sketch_clear(&wanted.items[i].sketch);
        assert_same(&hours, &wanted, 1e-12);
        assert_same(&folded, &wanted, 1e-12);
        assert_true(isnan(bw_bucket_quantile(&hours.items[0], 0.5)));
        bw_buckets_fini(&read);
        bw_buckets_fini(&folded);
        bw_buckets_fini(&hours);
        bw_buckets_fini(&wanted);
        bw_buckets_fini(&minutes[s]);
    }
    bw_buf_fini(&body);
}

/* ---- quantiles over a quarter of a year ---- */

enum { QUARTER_DAYS = 90, A_DAY = 288 };

static double chance(void)
{
    return (double)(random_bits() >> 11) * 0x1p-53;
}

static double bimodal(size_t i)
{
    (void)i;
    return chance() < 0.94 ? 0.02 + 0.001 * chance() : 30 + chance();
}

static double at_the_edge(size_t i) /* p95 lies between the two */
{
    return i % 20 == 0 ? 1e6 : 1e-6;
}

static double heavy_tail(size_t i) /* Pareto, without a variance */
{
    (void)i;
    return pow(1 - chance(), -1 / 1.1);
}

static double many_magnitudes(size_t i)
{
    (void)i;
    return exp((chance() - 0.5) * 36);
}

static double constant(size_t i)
{
    (void)i;
    return 42.125;
}

static double negative(size_t i)
{
    (void)i;
    return -exp(4 * chance());
}

static double both_signs(size_t i)
{
    (void)i;
    return exp(6 * chance()) - 100;
}

static double mostly_zeros(size_t i)
{
    return i % 10 == 3 ? chance() : 0;
}

static double all_zeros(size_t i)
{
    (void)i;
    return 0;
}

static double rising(size_t i)
{
    return 1e12 + (double)i * 17;
}

static const struct {
    const char *name;
    double (*value)(size_t i);
} distributions[] = {
    { "bimodal", bimodal },       { "at the edge", at_the_edge },
    { "heavy tail", heavy_tail }, { "16 orders of magnitude", many_magnitudes },
    { "constant", constant },     { "negative", negative },
    { "both signs", both_signs }, { "mostly zeros", mostly_zeros },
    { "all zeros", all_zeros },   { "rising", rising },
};

static int by_rising_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* As the store makes it: minutes, written and read; of those hours, likewise; of those days. */
static struct bw_buckets through_body(const struct bw_buckets *buckets, int64_t width_ms)
{
    const struct bw_rollup_input input = { 1, buckets };
    struct bw_buckets read = { 0 };
    struct bw_rollup rollup;
    struct bw_buf body;
    bw_buf_init(&body, 16 << 20);
    bw_rollup_encode(&body, GROUP, width_ms, &input, 1);
    assert_int_equal(bw_rollup_open(&rollup, body.data, body.len, NULL), BW_OK);
    assert_int_equal(bw_rollup_read(&rollup, 0, &read, NULL), BW_OK);
    bw_buf_fini(&body);
    return read;
}

static void fold_day(struct bw_buckets *days, const struct bw_point *points)
{
    struct bw_buckets minutes = { 0 }, hours = { 0 };
    bw_buckets_fold(&minutes, MINUTE, points, A_DAY);
    struct bw_buckets read = through_body(&minutes, MINUTE);
    bw_buckets_merge(&hours, HOUR, read.items, read.count);
    struct bw_buckets again = through_body(&hours, HOUR);
    bw_buckets_merge(days, DAY, again.items, again.count);
    bw_buckets_fini(&minutes);
    bw_buckets_fini(&read);
    bw_buckets_fini(&hours);
    bw_buckets_fini(&again);
}

static void quantiles_of_a_quarter_are_within_a_hundredth(void **state)
{
    (void)state;
    static const double ratios[] = { 0, 0.01, 0.5, 0.9, 0.95, 0.99, 0.999, 1 };
    enum { COUNT = QUARTER_DAYS * A_DAY };
    static double sorted[COUNT];
    for (size_t d = 0; d < sizeof distributions / sizeof *distributions; d++) {
        struct bw_buckets days = { 0 }, all = { 0 };
        random_state = 99 + d;
        for (size_t day = 0; day < QUARTER_DAYS; day++) {
            struct bw_point points[A_DAY];
            for (size_t i = 0; i < A_DAY; i++) {
                const size_t at = day * A_DAY + i;
                sorted[at] = distributions[d].value(at);
                points[i] = (struct bw_point){ 1700006400000 + (int64_t)at * 300000, sorted[at] };
            }
            fold_day(&days, points);
        }
        bw_buckets_merge(&all, 100000 * DAY, days.items, days.count);
        assert_int_equal(all.count, 1);
        qsort(sorted, COUNT, sizeof *sorted, by_rising_value);
        for (size_t r = 0; r < sizeof ratios / sizeof *ratios; r++) {
            const double exact = sorted[(size_t)(ratios[r] * (COUNT - 1))];
            const double got = bw_bucket_quantile(&all.items[0], ratios[r]);
            if (!(fabs(got - exact) <= 0.01 * fabs(exact)))
                fail_msg("%s: quantile %g: %g, exact %g", distributions[d].name, ratios[r], got,
                         exact);
        }
        bw_buckets_fini(&days);
        bw_buckets_fini(&all);
    }
}

/* What is small stays small: a status and a latency of microseconds, per bucket of a minute. */
static void bytes_of_a_bucket(void **state)
{
    (void)state;
    static const double bytes_max[] = { 9, 0.8 };
    for (size_t s = 0; s < sizeof bytes_max / sizeof *bytes_max; s++) {
        struct bw_buckets minutes = { 0 };
        bw_buckets_fold(&minutes, MINUTE, make_points(s), POINTS);
        const struct bw_rollup_input input = { 1, &minutes };
        struct bw_buf body;
        bw_buf_init(&body, 16 << 20);
        bw_rollup_encode(&body, GROUP, MINUTE, &input, 1);
        const double bytes = (double)body.len / (double)minutes.count;
        if (bytes > bytes_max[s])
            fail_msg("shape %zu: %.2f bytes a bucket", s, bytes);
        bw_buf_fini(&body);
        bw_buckets_fini(&minutes);
    }
}

/* Reads every series; true when each was either right or refused. */
static bool read_all(const void *body, size_t size, const struct bw_buckets *wanted,
                     size_t *out_refused)
{
    struct bw_rollup rollup;
    *out_refused = SHAPES;
    if (bw_rollup_open(&rollup, body, size, NULL) != BW_OK)
        return true;
    *out_refused = 0;
    for (size_t s = 0; s < SHAPES; s++) {
        struct bw_buckets read = { 0 };
        if (bw_rollup_read(&rollup, s, &read, NULL) != BW_OK) {
            assert_int_equal(read.count, 0);
            (*out_refused)++;
        } else {
            assert_same(&read, &wanted[s], 0x1p-44);
        }
        bw_buckets_fini(&read);
    }
    return true;
}

static void damage_is_noticed_and_contained(void **state)
{
    (void)state;
    struct bw_buckets minutes[SHAPES] = { 0 };
    struct bw_buf body;
    bw_buf_init(&body, 16 << 20);
    encode_day(&body, minutes);
    size_t refused;
    for (size_t at = 0; at < body.len; at += 1 + at / 16) {
        body.data[at] = (char)(body.data[at] ^ 0x10);
        read_all(body.data, body.len, minutes, &refused);
        assert_true(refused == SHAPES || (at >= 40 + 16 * SHAPES && refused == 1));
        body.data[at] = (char)(body.data[at] ^ 0x10);
        struct bw_rollup rollup;
        assert_int_not_equal(bw_rollup_open(&rollup, body.data, at, NULL), BW_OK);
    }
    read_all(body.data, body.len, minutes, &refused);
    assert_int_equal(refused, 0);
    bw_buf_fini(&body);
    for (size_t s = 0; s < SHAPES; s++)
        bw_buckets_fini(&minutes[s]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets_hold_what_was_in_their_time),
        cmocka_unit_test(steps_do_not_matter),
        cmocka_unit_test(a_body_reads_back),
        cmocka_unit_test(plain_buckets_have_all_but_sketches),
        cmocka_unit_test(quantiles_of_a_quarter_are_within_a_hundredth),
        cmocka_unit_test(bytes_of_a_bucket),
        cmocka_unit_test(damage_is_noticed_and_contained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
