// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pack/journal.h"

#include <math.h>
#include <string.h>

static const struct bw_sample batch[] = {
    { 1, 1700000000000, 0.25 }, { 2, 1700000000000, -0.0 },  { 4000000000u, 1700000000000, NAN },
    { 1, 1700000000000, 0.5 },  { 7, 1600000000000, 1e300 }, { 3, INT64_MIN, 1 },
    { 3, INT64_MAX, INFINITY },
};
enum { BATCH = sizeof batch / sizeof *batch, SEQ = 77 };

static struct bw_buf encoded(void)
{
    struct bw_journal_row row;
    struct bw_buf body;
    bw_buf_init(&body, BW_JOURNAL_BYTES_MAX);
    bw_journal_row_init(&row);
    bw_journal_row_add(&row, batch, BATCH);
    bw_buf_bytes(&body, bw_journal_row_body(&row, SEQ)->data, row.body.len);
    bw_journal_row_fini(&row);
    return body;
}

static void assert_same(const struct bw_sample *a, const struct bw_sample *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(a[i].series, b[i].series);
        assert_true(a[i].ts_ms == b[i].ts_ms);
        assert_memory_equal(&a[i].value, &b[i].value, sizeof a[i].value);
    }
}

static void a_batch_comes_back_in_order(void **state)
{
    (void)state;
    struct bw_buf body = encoded();
    struct bw_samples got = { 0 };
    struct bw_err err;
    bw_samples_add(&got, batch, 2); /* decode appends */
    assert_int_equal(bw_journal_decode(SEQ, body.data, body.len, &got, &err), BW_OK);
    assert_int_equal(got.count, BATCH + 2);
    assert_same(got.items + 2, batch, BATCH);
    bw_samples_fini(&got);
    bw_buf_fini(&body);
}

/* Handed over in parts of any size, with samples that are not to be stored among them, and read
 * in parts of any size. */
static void parts_make_the_same_row(void **state)
{
    (void)state;
    enum { MANY = 300, WITH_NONE = 2 * MANY };
    static struct bw_sample samples[WITH_NONE], want[WITH_NONE], got[WITH_NONE];
    struct bw_journal_row row;
    bw_journal_row_init(&row);
    for (size_t part = 1; part < 40; part++) {
        size_t wanted = 0, taken = 0, count = 0;
        for (size_t i = 0; i < WITH_NONE; i++) {
            samples[i] = (struct bw_sample){ i % 7 == 0 ? 0 : (uint32_t)(i * i % 977 + 1),
                                             1000 * (int64_t)(i / 11), (double)i / 4 };
            if (samples[i].series != 0)
                want[wanted++] = samples[i];
        }
        bw_journal_row_clear(&row);
        for (size_t i = 0; i < WITH_NONE; i += part)
            bw_journal_row_add(&row, samples + i, WITH_NONE - i < part ? WITH_NONE - i : part);
        assert_int_equal(row.count, wanted);
        const struct bw_buf *body = bw_journal_row_body(&row, part);
        struct bw_journal_walk walk;
        assert_int_equal(bw_journal_walk_begin(&walk, part, body->data, body->len, NULL), BW_OK);
        do {
            assert_int_equal(bw_journal_walk_next(&walk, got + taken, part, &count, NULL), BW_OK);
            taken += count;
        } while (count == part);
        assert_int_equal(taken, wanted);
        assert_same(got, want, wanted);
        assert_int_equal(bw_journal_walk_next(&walk, got, part, &count, NULL), BW_OK);
        assert_int_equal(count, 0);
    }
    bw_journal_row_fini(&row);
}

static void every_flipped_bit_and_cut_is_noticed(void **state)
{
    (void)state;
    struct bw_buf body = encoded();
    struct bw_samples got = { 0 };
    struct bw_err err;
    for (size_t bit = 0; bit < body.len * 8; bit++) {
        body.data[bit / 8] = (char)(body.data[bit / 8] ^ (1 << bit % 8));
        assert_int_equal(bw_journal_decode(SEQ, body.data, body.len, &got, &err), BW_ECORRUPT);
        body.data[bit / 8] = (char)(body.data[bit / 8] ^ (1 << bit % 8));
    }
    for (size_t len = 0; len < body.len; len++)
        assert_int_equal(bw_journal_decode(SEQ, body.data, len, &got, &err), BW_ECORRUPT);
    assert_int_equal(got.count, 0);
    bw_samples_fini(&got);
    bw_buf_fini(&body);
}

static void another_rows_body_is_noticed(void **state)
{
    (void)state;
    struct bw_buf body = encoded();
    struct bw_samples got = { 0 };
    struct bw_err err;
    assert_int_equal(bw_journal_decode(SEQ + 1, body.data, body.len, &got, &err), BW_ECORRUPT);
    assert_string_equal(err.text, "journal row 78: checksum");
    bw_samples_fini(&got);
    bw_buf_fini(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_comes_back_in_order),
        cmocka_unit_test(parts_make_the_same_row),
        cmocka_unit_test(every_flipped_bit_and_cut_is_noticed),
        cmocka_unit_test(another_rows_body_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
