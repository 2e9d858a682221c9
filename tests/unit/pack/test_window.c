// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pack/window.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct bw_points read_place(const struct bw_window *window, uint8_t place)
{
    struct bw_points points = { 0 };
    struct bw_window_view *view = bw_window_view_new(window);
    assert_true(bw_window_view_read(view, place, &points));
    bw_window_view_free(view);
    bw_points_settle(&points);
    return points;
}

/* A story of one place: "t=v" adds a sample, "|" makes a block. */
static const struct {
    const char *name, *story, *want;
} cases[] = {
    { "nothing", "", "" },
    { "raw samples", "1=5 2=6", "1=5 2=6 " },
    { "a block and raw samples", "1=5 2=6 | 3=7", "1=5 2=6 3=7 " },
    { "blocks alone", "1=5 | 2=6 |", "1=5 2=6 " },
    { "late within a block", "2=6 1=5 | 3=7", "1=5 2=6 3=7 " },
    { "late, its block is made", "1=5 3=7 | 2=6 4=8", "1=5 2=6 3=7 4=8 " },
    { "late by two blocks", "2=6 | 3=7 | 1=5 |", "1=5 2=6 3=7 " },
    { "a duplicate within raw samples", "1=5 1=5", "1=5 " },
    { "a duplicate of a block's", "1=5 2=6 | 2=6", "1=5 2=6 " },
    { "raw samples in conflict: the later counts", "1=5 1=9", "1=9 " },
    { "in conflict within a block", "1=5 2=6 1=9 |", "1=9 2=6 " },
    { "in conflict with a block", "1=5 2=6 | 1=9", "1=9 2=6 " },
    { "blocks in conflict", "1=5 | 1=9 | 1=3 |", "1=3 " },
    { "empty blocks are none", "| | 1=5 | |", "1=5 " },
};

static void tell(struct bw_window *window, struct bw_pool *pool, const char *story)
{
    for (const char *c = story; *c != '\0'; c++) {
        if (*c == '|')
            bw_window_seal(window, pool);
        if (c[0] < '0' || c[0] > '9' || c[1] != '=')
            continue;
        const uint8_t place = 7;
        const double value = c[2] - '0';
        bw_window_add(window, pool, c[0] - '0', &place, &value, 1);
        c += 2;
    }
}

static void stories_end_as_told(void **state)
{
    (void)state;
    struct bw_pool pool = { 0 };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_window window = { 0 };
        char got[200] = "";
        tell(&window, &pool, cases[i].story);
        struct bw_points points = read_place(&window, 7);
        for (size_t p = 0; p < points.count; p++)
            snprintf(got + strlen(got), sizeof got - strlen(got), "%d=%g ",
                     (int)points.items[p].ts_ms, points.items[p].value);
        if (strcmp(cases[i].want, got) != 0)
            fail_msg("%s: became %s", cases[i].name, got);
        bw_points_fini(&points);
        points = read_place(&window, 6);
        assert_int_equal(points.count, 0); /* the neighbour has none of it */
        bw_window_clear(&window, &pool);
        assert_int_equal(window.count, 0);
    }
    bw_pool_fini(&pool);
}

static uint64_t noise_state = 88172645463325252u;

static uint64_t noise(void)
{
    noise_state ^= noise_state << 13;
    noise_state ^= noise_state >> 7;
    noise_state ^= noise_state << 17;
    return noise_state;
}

/* Values of each kind that a codec might stumble on. */
static double odd_value(void)
{
    static const double odd[] = { 0,       -0.0,     NAN,      INFINITY,  -INFINITY,  DBL_MIN,
                                  DBL_MAX, -DBL_MAX, 4.9e-324, 0.1 + 0.2, 1e15 + 0.3, 0x1p53,
                                  0x1p63,  1e-15,    1.0 / 3,  123456.789 };
    const uint64_t r = noise();
    double value;
    if (r % 4 == 0)
        return odd[(r >> 8) % (sizeof odd / sizeof *odd)];
    if (r % 4 == 1)
        return (double)((r >> 8) % 1000000) / 1e6;
    if (r % 4 == 2)
        return (double)(r >> 40);
    const uint64_t bits = noise(); /* NaNs with any payload are among these */
    memcpy(&value, &bits, sizeof value);
    return value;
}

enum { PLACES = 128, TICKS = 200 };

struct expected {
    struct bw_points points[PLACES];
};

/* A tick: some of the places, one time that is late now and then. */
static void add_tick(struct bw_window *window, struct bw_pool *pool, struct expected *want,
                     int64_t tick)
{
    uint8_t places[PLACES];
    double values[PLACES];
    size_t count = 0;
    const uint64_t share = noise() % 4;
    const int64_t ts_ms = noise() % 8 == 0 ? tick * 1000 - (int64_t)(noise() % 90000) : tick * 1000;
    for (size_t p = 0; p < PLACES; p++) {
        if (noise() % 4 < share)
            continue;
        places[count] = (uint8_t)p;
        values[count] = p % 8 == 0 ? 1 : odd_value();
        bw_points_add(&want->points[p], ts_ms, values[count++]);
    }
    if (count > 0)
        bw_window_add(window, pool, ts_ms, places, values, count);
}

static void every_bit_comes_back_whatever_comes(void **state)
{
    (void)state;
    struct bw_pool pool = { 0 };
    for (int round = 0; round < 6; round++) {
        struct bw_window window = { 0 };
        struct expected *want = calloc(1, sizeof *want);
        for (int64_t tick = 0; tick < TICKS; tick++) {
            add_tick(&window, &pool, want, tick);
            if (noise() % 20 == 0)
                bw_window_seal(&window, &pool);
        }
        size_t count = 0;
        for (size_t p = 0; p < PLACES; p++) {
            count += want->points[p].count;
            bw_points_settle(&want->points[p]);
            struct bw_points got = read_place(&window, (uint8_t)p);
            assert_int_equal(got.count, want->points[p].count);
            if (got.count > 0)
                assert_memory_equal(got.items, want->points[p].items,
                                    got.count * sizeof *got.items);
            bw_points_fini(&got);
            bw_points_fini(&want->points[p]);
        }
        assert_int_equal(window.count, count);
        bw_window_clear(&window, &pool);
        free(want);
    }
    bw_pool_fini(&pool);
}

/* 100 series of a kind each, as monitoring has them, 96 samples: at most 5 bytes a sample, raw
 * ones included. */
static void samples_take_little_memory(void **state)
{
    (void)state;
    struct bw_pool pool = { 0 };
    struct bw_window window = { 0 };
    uint8_t places[100];
    double values[100] = { 0 };
    for (int64_t tick = 0; tick < 96; tick++) {
        for (size_t p = 0; p < 100; p++) {
            places[p] = (uint8_t)p;
            values[p] = p % 4 == 0   ? (double)(20000 + noise() % 4000) / 1e6
                        : p % 4 == 1 ? values[p] + (double)(noise() % 1500)
                        : p % 4 == 2 ? (double)(noise() % 200 != 0)
                                     : 4096;
        }
        if (window.raw_count >= 3200)
            bw_window_seal(&window, &pool);
        bw_window_add(&window, &pool, 1700000000000 + tick * 15000, places, values, 100);
    }
    assert_int_equal(window.count, 9600);
    assert_int_equal(window.block_count, 2);
    assert_true(window.raw.size + window.blocks.size < 9600 * 5);
    assert_true(window.blocks.size < 6400 * 3);
    bw_window_clear(&window, &pool);
    bw_pool_fini(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stories_end_as_told),
        cmocka_unit_test(every_bit_comes_back_whatever_comes),
        cmocka_unit_test(samples_take_little_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
