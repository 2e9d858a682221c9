// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/listing.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool collect(void *ctx, struct bw_buf *text)
{
    bw_buf_bytes(ctx, text->data, text->len);
    bw_buf_clear(text);
    return true;
}

static bool refuse(void *ctx, struct bw_buf *text)
{
    (void)text;
    ++*(int *)ctx;
    return false;
}

static const char *const names[] = { "name", "n", "x" };

static void fill(struct bw_listing *listing)
{
    bw_listing_add_text(listing, "a,\"b\"", 5);
    bw_listing_int(listing, -5);
    bw_listing_number(listing, 0.25);
    bw_listing_row(listing);
    bw_listing_add_text(listing, "\x1b[31mred\n", 9);
    bw_listing_null(listing);
    bw_listing_number(listing, NAN);
    bw_listing_row(listing);
    bw_listing_add_text(listing, "=1+1", 4);
    bw_listing_row(listing);
}

static const struct {
    enum bw_listing_format format;
    const char *rows, *empty;
} cases[] = {
    { BW_LISTING_TABLE,
      "name        n     x\n"
      "---------  --  ----\n"
      "a,\"b\"      -5  0.25\n"
      "?[31mred?      \n"
      "=1+1           \n",
      "name  n  x\n"
      "----  -  -\n" },
    { BW_LISTING_CSV,
      "name,n,x\r\n"
      "\"a,\"\"b\"\"\",-5,0.25\r\n"
      "\"\x1b[31mred\n\",,\r\n"
      "\"'=1+1\",,\r\n",
      "name,n,x\r\n" },
    { BW_LISTING_JSON,
      "[\n"
      "{\"name\":\"a,\\\"b\\\"\",\"n\":-5,\"x\":0.25},\n"
      "{\"name\":\"\\u001b[31mred\\n\",\"n\":null,\"x\":null},\n"
      "{\"name\":\"=1+1\",\"n\":null,\"x\":null}\n"
      "]\n",
      "[]\n" },
};

static void rows_are_written_in_each_format(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_listing listing;
        struct bw_buf out;
        bw_buf_init(&out, 1u << 20);
        bw_listing_begin(&listing, cases[i].format, true, names, 3, collect, &out);
        fill(&listing);
        bw_listing_end(&listing);
        assert_string_equal(out.data, cases[i].rows);
        bw_buf_clear(&out);
        bw_listing_begin(&listing, cases[i].format, true, names, 3, collect, &out);
        bw_listing_end(&listing);
        assert_string_equal(out.data, cases[i].empty);
        bw_buf_fini(&out);
    }
}

/* More rows than a table keeps back: all come, in order, once. */
static void long_tables_stream(void **state)
{
    (void)state;
    enum { ROWS = 1234 };
    static const char *const one[] = { "n" };
    struct bw_listing listing;
    struct bw_buf out;
    bw_buf_init(&out, 1u << 20);
    bw_listing_begin(&listing, BW_LISTING_TABLE, true, one, 1, collect, &out);
    for (int i = 0; i < ROWS; i++) {
        bw_listing_int(&listing, 10000 + i);
        assert_true(bw_listing_row(&listing));
    }
    bw_listing_end(&listing);
    const char *at = strchr(strchr(out.data, '\n') + 1, '\n') + 1;
    for (int i = 0; i < ROWS; i++) {
        char want[16];
        snprintf(want, sizeof want, "%d\n", 10000 + i);
        assert_memory_equal(at, want, strlen(want));
        at += strlen(want);
    }
    assert_string_equal(at, "");
    bw_buf_fini(&out);
}

static void a_reader_that_hung_up_ends_it(void **state)
{
    (void)state;
    static const char *const one[] = { "n" };
    for (int format = BW_LISTING_CSV; format <= BW_LISTING_JSON; format++) {
        struct bw_listing listing;
        int calls = 0;
        bw_listing_begin(&listing, (enum bw_listing_format)format, true, one, 1, refuse, &calls);
        bw_listing_int(&listing, 1);
        assert_false(bw_listing_row(&listing));
        bw_listing_int(&listing, 2);
        assert_false(bw_listing_row(&listing));
        bw_listing_end(&listing);
        assert_int_equal(calls, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_written_in_each_format),
        cmocka_unit_test(long_tables_stream),
        cmocka_unit_test(a_reader_that_hung_up_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
