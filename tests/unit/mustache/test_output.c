// SPDX-License-Identifier: GPL-3.0-or-later
#include "mustache/output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A sink that counts, and refuses from the n-th write on. */
struct counter {
    unsigned writes, refuse_at;
    size_t bytes, largest;
};

static enum bw_rc count(void *ctx, const char *bytes, size_t len, struct bw_err *err)
{
    struct counter *c = ctx;
    (void)bytes;
    if (++c->writes == c->refuse_at)
        return bw_fail(err, BW_EIO, "the peer hung up");
    c->bytes += len;
    c->largest = len > c->largest ? len : c->largest;
    return BW_OK;
}

static void small_writes_become_batches(void **state)
{
    (void)state;
    struct counter c = { 0 };
    struct bw_template_output out;
    bw_template_output_init(&out, (struct bw_template_sink){ count, &c });
    for (int i = 0; i < 100000; i++)
        assert_int_equal(bw_template_output_write(&out, "1234567890", 10, NULL), BW_OK);
    assert_int_equal(bw_template_output_flush(&out, NULL), BW_OK);
    assert_int_equal(c.bytes, 1000000);
    assert_in_range(c.writes, 30, 32);
    assert_in_range(c.largest, BW_TEMPLATE_BATCH_BYTES, BW_TEMPLATE_BATCH_BYTES + 10);
    bw_template_output_fini(&out);
}

static void a_large_write_passes_through_in_order(void **state)
{
    (void)state;
    static char large[100000];
    struct counter c = { 0 };
    struct bw_template_output out;
    bw_template_output_init(&out, (struct bw_template_sink){ count, &c });
    bw_template_output_write(&out, "before", 6, NULL);
    bw_template_output_write(&out, large, sizeof large, NULL);
    assert_int_equal(c.writes, 2);
    assert_int_equal(c.bytes, sizeof large + 6);
    assert_in_range(out.batch.cap, 0, BW_TEMPLATE_BATCH_BYTES);
    bw_template_output_fini(&out);
}

static void nothing_is_not_written(void **state)
{
    (void)state;
    struct counter c = { 0 };
    struct bw_template_output out;
    bw_template_output_init(&out, (struct bw_template_sink){ count, &c });
    bw_template_output_write(&out, "", 0, NULL);
    assert_int_equal(bw_template_output_flush(&out, NULL), BW_OK);
    assert_int_equal(c.writes, 0);
    bw_template_output_fini(&out);
}

static void a_refusal_is_passed_on(void **state)
{
    (void)state;
    struct counter c = { .refuse_at = 2 };
    struct bw_template_output out;
    struct bw_err err = { .text = "" };
    enum bw_rc rc = BW_OK;
    bw_template_output_init(&out, (struct bw_template_sink){ count, &c });
    for (int i = 0; i < 100000 && rc == BW_OK; i++)
        rc = bw_template_output_write(&out, "1234567890", 10, &err);
    assert_int_equal(rc, BW_EIO);
    assert_string_equal(err.text, "the peer hung up");
    assert_int_equal(c.writes, 2);
    bw_template_output_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_writes_become_batches),
        cmocka_unit_test(a_large_write_passes_through_in_order),
        cmocka_unit_test(nothing_is_not_written),
        cmocka_unit_test(a_refusal_is_passed_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
