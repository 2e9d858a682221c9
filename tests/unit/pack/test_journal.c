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
    struct bw_buf body;
    bw_buf_init(&body, BW_JOURNAL_BYTES_MAX);
    bw_journal_encode(&body, SEQ, batch, BATCH);
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
        cmocka_unit_test(every_flipped_bit_and_cut_is_noticed),
        cmocka_unit_test(another_rows_body_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
