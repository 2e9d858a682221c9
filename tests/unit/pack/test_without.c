// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pack/pack_writer.h"
#include "pack/without.h"

#include <stdlib.h>
#include <string.h>

enum { GROUP = 7 };

/* "1: 10=1 20=2; 3: 10=5" as a pack. */
static void make_pack(const char *text, struct bw_buf *out)
{
    struct bw_pack_writer *writer = bw_pack_writer_new(GROUP, BW_TIER_COLD);
    bw_buf_init(out, BW_PACK_BYTES_MAX);
    while (*text != '\0') {
        struct bw_points points = { .count = 0 };
        char *end = NULL;
        const uint32_t series = (uint32_t)strtoul(text, &end, 10);
        text = end + 1; /* ':' */
        while (*text == ' ') {
            const int64_t ts_ms = strtoll(text, &end, 10);
            bw_points_add(&points, ts_ms, strtod(end + 1, &end));
            text = end;
        }
        text += *text == ';';
        bw_pack_writer_add(writer, series, points.items, points.count);
        bw_points_fini(&points);
    }
    bw_pack_writer_finish(writer, out);
    bw_pack_writer_free(writer);
}

/* The same back, damaged series as "3!". */
static void print_pack(const struct bw_buf *body, struct bw_buf *out)
{
    struct bw_pack pack;
    bw_buf_init(out, 1 << 16);
    if (body->len == 0)
        return;
    assert_int_equal(bw_pack_open(&pack, body->data, body->len, NULL), BW_OK);
    for (size_t i = 0; i < pack.series_count; i++) {
        struct bw_points points = { .count = 0 };
        const bool sound = bw_pack_read(&pack, i, &points, NULL) == BW_OK;
        bw_buf_printf(out, "%s%u%s", i == 0 ? "" : ";", bw_pack_series(&pack, i),
                      sound ? ":" : "!");
        for (size_t p = 0; p < points.count; p++)
            bw_buf_printf(out, " %lld=%g", (long long)points.items[p].ts_ms, points.items[p].value);
        bw_points_fini(&points);
    }
    bw_buf_printf(out, " [%lld %lld] %u/%u", (long long)pack.first_ms, (long long)pack.last_ms,
                  pack.samples, pack.column_count);
}

static const struct {
    const char *name, *pack;
    uint32_t gone[4];
    const char *want;
} cases[] = {
    { "none of them",
      "1: 10=1 20=2;3: 10=5 20=6",
      { 2, 4 },
      "1: 10=1 20=2;3: 10=5 20=6 [10 20] 4/1" },
    { "the first", "1: 10=1 20=2;3: 10=5 20=6", { 1 }, "3: 10=5 20=6 [10 20] 2/1" },
    { "the last", "1: 10=1 20=2;3: 10=5 20=6", { 3, 9 }, "1: 10=1 20=2 [10 20] 2/1" },
    { "all", "1: 10=1 20=2;3: 10=5 20=6", { 1, 3 }, "" },
    { "its times go with it", "1: 5=1;2: 10=1 20=2;4: 30=7", { 1, 4 }, "2: 10=1 20=2 [10 20] 2/1" },
    { "times that others share stay",
      "1: 10=1;2: 10=2;3: 11=3;4: 10=4",
      { 1, 3 },
      "2: 10=2;4: 10=4 [10 10] 2/1" },
    { "columns are numbered anew",
      "1: 10=1;2: 11=2;3: 12=3;4: 12=9;5: 10=4",
      { 2 },
      "1: 10=1;3: 12=3;4: 12=9;5: 10=4 [10 12] 4/2" },
};

static size_t count_of(const uint32_t gone[4])
{
    size_t count = 0;
    while (count < 4 && gone[count] != 0)
        count++;
    return count;
}

static void what_is_left_is_as_it_was(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_buf body, rest, text;
        struct bw_pack pack;
        make_pack(cases[i].pack, &body);
        bw_buf_init(&rest, BW_PACK_BYTES_MAX);
        assert_int_equal(bw_pack_open(&pack, body.data, body.len, NULL), BW_OK);
        bw_pack_without(&pack, cases[i].gone, count_of(cases[i].gone), &rest);
        print_pack(&rest, &text);
        if (strcmp(text.data, cases[i].want) != 0)
            fail_msg("%s: left '%s', want '%s'", cases[i].name, text.data, cases[i].want);
        bw_buf_fini(&body);
        bw_buf_fini(&rest);
        bw_buf_fini(&text);
    }
}

/* It is not made good by a fresh checksum, and does not keep its neighbours from being taken out.
 */
static void what_is_damaged_stays_damaged(void **state)
{
    (void)state;
    struct bw_buf body, rest, text;
    struct bw_pack pack;
    const uint32_t gone = 1;
    make_pack("1: 10=1 20=2;2: 10=3 20=9;3: 10=5 20=8", &body);
    assert_int_equal(bw_pack_open(&pack, body.data, body.len, NULL), BW_OK);
    body.data[body.len - 1] ^= 1; /* values of series 3 */
    bw_buf_init(&rest, BW_PACK_BYTES_MAX);
    bw_pack_without(&pack, &gone, 1, &rest);
    print_pack(&rest, &text);
    assert_string_equal(text.data, "2: 10=3 20=9;3! [10 20] 4/1");
    bw_buf_fini(&rest);
    bw_buf_fini(&text);

    bw_buf_fini(&body);
    make_pack("1: 10=1 20=2;2: 11=3 20=9", &body);
    assert_int_equal(bw_pack_open(&pack, body.data, body.len, NULL), BW_OK);
    body.data[40 + 2 * 12 + 2 * 16] ^= 1; /* times of series 1 */
    const uint32_t other = 2;
    bw_buf_init(&rest, BW_PACK_BYTES_MAX);
    bw_pack_without(&pack, &other, 1, &rest);
    print_pack(&rest, &text);
    assert_string_equal(text.data, "1! [10 20] 2/1"); /* from when to when, nobody knows */
    bw_buf_fini(&rest);
    bw_buf_fini(&text);
    bw_buf_fini(&body);
}

static void rollups_lose_theirs_too(void **state)
{
    (void)state;
    struct bw_rollup_input inputs[3];
    struct bw_buckets buckets[3] = { 0 };
    struct bw_buf body, rest;
    struct bw_rollup rollup;
    for (uint32_t s = 0; s < 3; s++) {
        const struct bw_point points[] = { { 60000 * s, s + 0.5 }, { 60000 * s + 1, s + 1.5 } };
        bw_buckets_fold(&buckets[s], 60000, points, 2);
        inputs[s] = (struct bw_rollup_input){ 10 + s, &buckets[s] };
    }
    bw_buf_init(&body, BW_ROLLUP_BYTES_MAX);
    bw_buf_init(&rest, BW_ROLLUP_BYTES_MAX);
    bw_rollup_encode(&body, GROUP, 60000, inputs, 3);
    assert_int_equal(bw_rollup_open(&rollup, body.data, body.len, NULL), BW_OK);
    const uint32_t gone[] = { 3, 11 }, all[] = { 10, 11, 12 };
    assert_int_equal(bw_rollup_has(&rollup, gone, 2), 1);
    bw_rollup_without(&rollup, all, 3, &rest);
    assert_int_equal(rest.len, 0);
    bw_rollup_without(&rollup, gone, 2, &rest);
    assert_int_equal(bw_rollup_open(&rollup, rest.data, rest.len, NULL), BW_OK);
    assert_int_equal(rollup.series_count, 2);
    assert_int_equal(rollup.group, GROUP);
    for (size_t i = 0; i < 2; i++) {
        struct bw_buckets read = { 0 };
        assert_int_equal(bw_rollup_series(&rollup, i), i == 0 ? 10 : 12);
        assert_int_equal(bw_rollup_read(&rollup, i, &read, NULL), BW_OK);
        assert_int_equal(read.count, 1);
        assert_int_equal(read.items[0].count, 2);
        assert_true(read.items[0].sum == buckets[2 * i].items[0].sum);
        bw_buckets_fini(&read);
    }
    for (size_t s = 0; s < 3; s++)
        bw_buckets_fini(&buckets[s]);
    bw_buf_fini(&body);
    bw_buf_fini(&rest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_left_is_as_it_was),
        cmocka_unit_test(what_is_damaged_stays_damaged),
        cmocka_unit_test(rollups_lose_theirs_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
