// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pack/pack.h"
#include "pack/pack_writer.h"

#include <math.h>
#include <string.h>

enum { SERIES = 12, POINTS = 60, GROUP = 9 };

/* Series 10, 20, … 120. The first four share their times, the others have their own; each
 * has values of another kind. */
static struct bw_point points[SERIES][POINTS];

static double value_of(size_t s, size_t i)
{
    switch (s % 4) {
    case 0:
        return 1;
    case 1:
        return (double)(i * i % 37) / 100;
    case 2:
        return sqrt((double)i + 2);
    default:
        return i % 5 == 0 ? NAN : (double)i;
    }
}

static struct bw_buf encoded(void)
{
    struct bw_pack_writer *writer = bw_pack_writer_new(GROUP, BW_TIER_HOT);
    for (size_t s = 0; s < SERIES; s++) {
        const size_t count = s < 4 ? POINTS : POINTS - s;
        for (size_t i = 0; i < count; i++)
            points[s][i] =
                (struct bw_point){ 1700000000000 + (int64_t)(i * 15000 + (s < 4 ? 0 : i % s)),
                                   value_of(s, i) };
        bw_pack_writer_add(writer, (uint32_t)(s + 1) * 10, points[s], count);
    }
    struct bw_buf body;
    bw_buf_init(&body, BW_PACK_BYTES_MAX);
    bw_pack_writer_finish(writer, &body);
    bw_pack_writer_free(writer);
    return body;
}

static void each_series_reads_alone(void **state)
{
    (void)state;
    struct bw_buf body = encoded();
    struct bw_pack pack;
    assert_int_equal(bw_pack_open(&pack, body.data, body.len, NULL), BW_OK);
    assert_int_equal(pack.group, GROUP);
    assert_int_equal(pack.series_count, SERIES);
    assert_int_equal(pack.column_count, 1 + SERIES - 4);
    assert_true(pack.first_ms == 1700000000000);
    assert_int_equal(bw_pack_find(&pack, 15), -1);
    assert_int_equal(bw_pack_find(&pack, 130), -1);
    for (size_t s = 0; s < SERIES; s++) {
        const int at = bw_pack_find(&pack, (uint32_t)(s + 1) * 10);
        assert_int_equal(at, s);
        struct bw_points got = { 0 };
        assert_int_equal(bw_pack_read(&pack, (size_t)at, &got, NULL), BW_OK);
        assert_int_equal(got.count, s < 4 ? POINTS : POINTS - s);
        assert_memory_equal(got.items, points[s], got.count * sizeof *got.items);
        bw_points_fini(&got);
    }
    bw_buf_fini(&body);
}

static void a_walk_reads_what_single_reads_do(void **state)
{
    (void)state;
    static const size_t way[] = { 0, 1, 2, 5, 11, 3, 3, 4, 0 }; /* back as well */
    struct bw_buf body = encoded();
    struct bw_pack pack;
    struct bw_pack_walk walk;
    assert_int_equal(bw_pack_open(&pack, body.data, body.len, NULL), BW_OK);
    bw_pack_walk_begin(&walk, &pack);
    for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
        struct bw_points got = { 0 };
        assert_true(bw_pack_walk_find(&walk, (uint32_t)(way[i] + 1) * 10));
        assert_int_equal(bw_pack_walk_read(&walk, &got, NULL), BW_OK);
        assert_int_equal(got.count, way[i] < 4 ? POINTS : POINTS - way[i]);
        assert_memory_equal(got.items, points[way[i]], got.count * sizeof *got.items);
        bw_points_fini(&got);
        assert_false(bw_pack_walk_find(&walk, 15));
        assert_int_equal(bw_pack_walk_series(&walk), 20);
    }
    assert_false(bw_pack_walk_find(&walk, 130));
    assert_int_equal(bw_pack_walk_series(&walk), 0); /* past the last */
    assert_true(bw_pack_walk_find(&walk, 10));
    bw_pack_walk_fini(&walk);
    bw_buf_fini(&body);
}

/* Reads all; returns how many series could not be read, or -1 when the pack did not open.
 * What is read must be right. */
static int damage_of(const struct bw_buf *body)
{
    struct bw_pack pack;
    if (bw_pack_open(&pack, body->data, body->len, NULL) != BW_OK)
        return -1;
    int damaged = 0, walked = 0;
    struct bw_pack_walk walk;
    bw_pack_walk_begin(&walk, &pack);
    for (size_t s = 0; s < SERIES; s++) {
        struct bw_points got = { 0 };
        if (bw_pack_read(&pack, s, &got, NULL) != BW_OK)
            damaged++;
        else
            assert_memory_equal(got.items, points[s], got.count * sizeof *got.items);
        got.count = 0;
        if (bw_pack_walk_read(&walk, &got, NULL) != BW_OK)
            walked++;
        else
            assert_memory_equal(got.items, points[s], got.count * sizeof *got.items);
        bw_pack_walk_next(&walk);
        bw_points_fini(&got);
    }
    bw_pack_walk_fini(&walk);
    assert_int_equal(walked, damaged);
    return damaged;
}

static void a_flipped_bit_is_noticed_and_contained(void **state)
{
    (void)state;
    struct bw_buf body = encoded();
    assert_int_equal(damage_of(&body), 0);
    int opened = 0, alone = 0;
    for (size_t bit = 0; bit < body.len * 8; bit += 3) {
        body.data[bit / 8] = (char)(body.data[bit / 8] ^ (1 << bit % 8));
        const int damaged = damage_of(&body);
        assert_int_not_equal(damaged, 0);
        opened += damaged > 0;
        alone += damaged == 1;
        assert_true(damaged <= 4); /* at worst the times that four series share */
        body.data[bit / 8] = (char)(body.data[bit / 8] ^ (1 << bit % 8));
    }
    assert_true(opened > 1000);
    assert_true(alone > 1000);
    bw_buf_fini(&body);
}

static void every_cut_is_noticed(void **state)
{
    (void)state;
    struct bw_buf body = encoded();
    struct bw_pack pack;
    for (size_t len = 0; len < body.len; len++)
        assert_int_equal(bw_pack_open(&pack, body.data, len, NULL), BW_ECORRUPT);
    bw_buf_char(&body, 0);
    assert_int_equal(bw_pack_open(&pack, body.data, body.len, NULL), BW_ECORRUPT);
    bw_buf_fini(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_series_reads_alone),
        cmocka_unit_test(a_walk_reads_what_single_reads_do),
        cmocka_unit_test(a_flipped_bit_is_noticed_and_contained),
        cmocka_unit_test(every_cut_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
