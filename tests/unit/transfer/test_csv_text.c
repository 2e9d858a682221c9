// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "transfer/csv_text.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *record, *cells; /* with '|' between them */
} records[] = {
    { "a,b,c", "a|b|c" },
    { "", "" },
    { ",", "|" },
    { "a,\"b,c\",d", "a|b,c|d" },
    { "\"a \"\"b\"\"\",c", "a \"b\"|c" },
    { "\"two\nlines\",x", "two\nlines|x" },
    { "\"\",x", "|x" },
    { "x,\"\"", "x|" },
    { "a\"b,c", "a\"b|c" },
};

static void records_are_cut_and_put_together(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        struct bw_buf scratch, got, again;
        struct bw_span rest = bw_span_of(records[i].record), cell;
        bw_buf_init(&scratch, 4096);
        bw_buf_init(&got, 4096);
        bw_buf_init(&again, 4096);
        bw_buf_reserve(&scratch, rest.len);
        for (bool first = true; bw_csv_cell(&rest, ',', &scratch, &cell); first = false) {
            char *text = bw_strndup(cell.data, cell.len);
            if (!first) {
                bw_buf_char(&got, '|');
                bw_buf_char(&again, ',');
            }
            bw_buf_text(&got, text);
            bw_csv_put(&again, text);
            free(text);
        }
        assert_string_equal(got.data, records[i].cells);
        size_t len;
        assert_int_equal(bw_csv_record((struct bw_span){ again.data, again.len }, true, &len),
                         BW_CSV_WHOLE);
        assert_int_equal(len, again.len);
        bw_buf_fini(&scratch);
        bw_buf_fini(&got);
        bw_buf_fini(&again);
    }
}

static const struct {
    const char *text;
    bool final;
    enum bw_csv_end end;
    size_t len;
} ends[] = {
    { "a,b\nc", false, BW_CSV_WHOLE, 3 },
    { "a,b", false, BW_CSV_MORE, 0 },
    { "a,b", true, BW_CSV_WHOLE, 3 },
    { "a,\"x\ny\"\nz", false, BW_CSV_WHOLE, 7 },
    { "a,\"x\ny", false, BW_CSV_MORE, 0 },
    { "a,\"x\ny", true, BW_CSV_BROKEN, 4 },
    { "a,\"x\"\"\n\"\n", false, BW_CSV_WHOLE, 8 },
};

static void records_end_outside_of_quotes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t len = 0;
        const enum bw_csv_end end = bw_csv_record(bw_span_of(ends[i].text), ends[i].final, &len);
        if (end != ends[i].end || len != ends[i].len)
            fail_msg("%s: %d, %zu", ends[i].text, end, len);
    }
}

static void a_stray_quote_takes_one_line(void **state)
{
    (void)state;
    const size_t size = BW_CSV_RECORD_BYTES_MAX + 100;
    char *text = bw_alloc(size + 1);
    memset(text, 'x', size);
    memcpy(text, "a,\"b\nc", 6);
    size_t len = 0;
    assert_int_equal(bw_csv_record((struct bw_span){ text, size }, false, &len), BW_CSV_BROKEN);
    assert_int_equal(len, 4);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_cut_and_put_together),
        cmocka_unit_test(records_end_outside_of_quotes),
        cmocka_unit_test(a_stray_quote_takes_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
