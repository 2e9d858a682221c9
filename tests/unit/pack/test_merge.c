// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pack/merge.h"
#include "pack/pack.h"
#include "pack/pack_writer.h"

#include <stdlib.h>
#include <string.h>

enum { GROUP = 7, PACKS_MAX = 4 };

/* "1: 10=1 20=2; 3: 10=5" as a pack. */
static void make_pack(const char *text, struct bw_buf *out)
{
    struct bw_pack_writer *writer = bw_pack_writer_new(GROUP, BW_TIER_HOT);
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

static void print_pack(const struct bw_buf *body, struct bw_buf *out)
{
    struct bw_pack pack;
    struct bw_err err = { .text = "" };
    bw_buf_init(out, 1 << 16);
    if (bw_pack_open(&pack, body->data, body->len, &err) != BW_OK)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < pack.series_count; i++) {
        struct bw_points points = { .count = 0 };
        assert_int_equal(bw_pack_read(&pack, i, &points, NULL), BW_OK);
        bw_buf_printf(out, "%s%u:", i == 0 ? "" : ";", bw_pack_series(&pack, i));
        for (size_t p = 0; p < points.count; p++)
            bw_buf_printf(out, " %lld=%g", (long long)points.items[p].ts_ms, points.items[p].value);
        bw_points_fini(&points);
    }
}

static const struct {
    const char *name, *packs[PACKS_MAX], *want;
} cases[] = {
    { "one stays what it is", { "1: 10=1 20=2" }, "1: 10=1 20=2" },
    { "one after the other", { "1: 10=1 20=2", "1: 30=3" }, "1: 10=1 20=2 30=3" },
    { "a series that only one has",
      { "1: 10=1;4: 10=4", "2: 20=2", "1: 20=5;9: 1=9" },
      "1: 10=1 20=5;2: 20=2;4: 10=4;9: 1=9" },
    { "the later pack wins", { "1: 10=1 20=2", "1: 10=7", "1: 10=8" }, "1: 10=8 20=2" },
    { "the later pack wins, not the larger value",
      { "1: 10=9 20=2", "1: 10=1 20=1" },
      "1: 10=1 20=1" },
    { "late samples fall into their place",
      { "1: 100=1 200=2", "1: 300=3 400=4", "1: 50=5 250=6" },
      "1: 50=5 100=1 200=2 250=6 300=3 400=4" },
    { "what no decimal is",
      { "1: 10=nan 20=inf", "1: 30=-inf 40=-0" },
      "1: 10=nan 20=inf 30=-inf 40=-0" },
};

static size_t make_parts(const char *const packs[PACKS_MAX], struct bw_buf bodies[PACKS_MAX],
                         struct bw_bytes_of_pack parts[PACKS_MAX])
{
    size_t count = 0;
    for (; count < PACKS_MAX && packs[count] != NULL; count++) {
        make_pack(packs[count], &bodies[count]);
        parts[count] = (struct bw_bytes_of_pack){ bodies[count].data, bodies[count].len };
    }
    return count;
}

static void packs_become_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_buf bodies[PACKS_MAX], out, text;
        struct bw_bytes_of_pack parts[PACKS_MAX];
        struct bw_err err = { .text = "" };
        size_t bad = 99;
        const size_t count = make_parts(cases[i].packs, bodies, parts);
        bw_buf_init(&out, BW_PACK_BYTES_MAX);
        if (bw_pack_merge(GROUP, parts, count, BW_TIER_COLD, &out, &bad, &err) != BW_OK)
            fail_msg("%s: %s", cases[i].name, err.text);
        print_pack(&out, &text);
        if (strcmp(text.data, cases[i].want) != 0)
            fail_msg("%s: %s", cases[i].name, text.data);
        bw_buf_fini(&out);
        bw_buf_fini(&text);
        for (size_t k = 0; k < count; k++)
            bw_buf_fini(&bodies[k]);
    }
}

/* Any flipped byte is noticed, and whose it is. */
static void a_damaged_pack_is_named(void **state)
{
    (void)state;
    static const char *const packs[PACKS_MAX] = { "1: 10=1 20=2.5;2: 10=1 20=7",
                                                  "1: 30=3;2: 30=4" };
    struct bw_buf bodies[PACKS_MAX], out;
    struct bw_bytes_of_pack parts[PACKS_MAX];
    const size_t count = make_parts(packs, bodies, parts);
    for (size_t which = 0; which < count; which++) {
        for (size_t at = 0; at < bodies[which].len; at++) {
            size_t bad = 99;
            bodies[which].data[at] = (char)(bodies[which].data[at] ^ 0x10);
            bw_buf_init(&out, BW_PACK_BYTES_MAX);
            assert_int_not_equal(bw_pack_merge(GROUP, parts, count, BW_TIER_COLD, &out, &bad, NULL),
                                 BW_OK);
            assert_int_equal(bad, which);
            bw_buf_fini(&out);
            bodies[which].data[at] = (char)(bodies[which].data[at] ^ 0x10);
        }
    }
    for (size_t k = 0; k < count; k++)
        bw_buf_fini(&bodies[k]);
}

static void another_groups_pack_is_refused(void **state)
{
    (void)state;
    static const char *const packs[PACKS_MAX] = { "1: 10=1" };
    struct bw_buf bodies[PACKS_MAX], out;
    struct bw_bytes_of_pack parts[PACKS_MAX];
    size_t bad = 99;
    make_parts(packs, bodies, parts);
    bw_buf_init(&out, BW_PACK_BYTES_MAX);
    assert_int_equal(bw_pack_merge(GROUP + 1, parts, 1, BW_TIER_COLD, &out, &bad, NULL),
                     BW_ECORRUPT);
    assert_int_equal(bad, 0);
    bw_buf_fini(&out);
    bw_buf_fini(&bodies[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packs_become_one),
        cmocka_unit_test(a_damaged_pack_is_named),
        cmocka_unit_test(another_groups_pack_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
