// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "transfer/reader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SERIES_MAX = 8 };

/* What the sink heard, as text: "name value@ms " and "!line: why ". */
struct heard {
    struct bw_buf text;
    char *names[SERIES_MAX];
    uint32_t series;
    unsigned asked;
};

static uint32_t take_series(void *ctx, const char *metric, struct bw_labels labels,
                            struct bw_err *err)
{
    struct heard *heard = ctx;
    struct bw_buf name;
    heard->asked++;
    if (strcmp(metric, "refused") == 0) {
        bw_fail(err, BW_ELIMIT, "too many series");
        return 0;
    }
    bw_buf_init(&name, 4096);
    bw_series_text(&name, metric, labels);
    char *text = bw_buf_detach(&name, NULL);
    for (uint32_t i = 0; i < heard->series; i++) {
        if (strcmp(heard->names[i], text) == 0) {
            free(text);
            return i + 1;
        }
    }
    assert_true(heard->series < SERIES_MAX);
    heard->names[heard->series] = text;
    return ++heard->series;
}

static void take_sample(void *ctx, uint32_t series, int64_t ts_ms, double value)
{
    struct heard *heard = ctx;
    assert_in_range(series, 1, heard->series);
    bw_buf_printf(&heard->text, "%s %s", heard->names[series - 1], signbit(value) ? "-" : "");
    bw_buf_double(&heard->text, fabs(value));
    bw_buf_printf(&heard->text, "@%lld ", (long long)ts_ms);
}

static void take_bad(void *ctx, uint64_t line, const char *why)
{
    struct heard *heard = ctx;
    bw_buf_printf(&heard->text, "!%llu: %s ", (unsigned long long)line, why);
}

/* Reads the text in pieces of that many bytes. */
static void hear(enum bw_transfer_form form, const char *text, size_t size, size_t piece,
                 struct heard *heard, struct bw_err *err)
{
    const struct bw_transfer_sink sink = { heard, take_series, take_sample, take_bad };
    struct bw_transfer_reader *reader = bw_transfer_reader_new(form, &sink);
    enum bw_rc rc = BW_OK;
    bw_buf_init(&heard->text, 1 << 20);
    for (size_t at = 0; rc == BW_OK && at < size; at += piece)
        rc = bw_transfer_reader_feed(reader, text + at, size - at < piece ? size - at : piece, err);
    if (rc == BW_OK)
        rc = bw_transfer_reader_finish(reader, err);
    if (rc != BW_OK)
        bw_buf_printf(&heard->text, "refused: %s", err->text);
    bw_transfer_reader_free(reader);
}

static void forget(struct heard *heard)
{
    for (uint32_t i = 0; i < heard->series; i++)
        free(heard->names[i]);
    bw_buf_fini(&heard->text);
    *heard = (struct heard){ 0 };
}

static const struct {
    const char *name;
    enum bw_transfer_form form;
    const char *text, *heard;
} cases[] = {
    { "OpenMetrics", BW_TRANSFER_OPENMETRICS,
      "# HELP a x\n# TYPE a gauge\na{x=\"1\"} 0.5 1700000000.25\na{x=\"1\"} NaN 1700000015\n# "
      "EOF\nlost 1 1\n",
      "a{x=\"1\"} 0.5@1700000000250 a{x=\"1\"} NaN@1700000015000 " },
    { "Prometheus", BW_TRANSFER_OPENMETRICS, "a -0 1700000000123\nb +Inf 1700000000123",
      "a -0@1700000000123 b +Inf@1700000000123 " },
    { "a dump", BW_TRANSFER_OPENMETRICS, "{__name__=\"up\", job=\"x\"} 1 1700000000000\n",
      "up{job=\"x\"} 1@1700000000000 " },
    { "two spellings of one series", BW_TRANSFER_OPENMETRICS,
      "a{x=\"1\",y=\"2\"} 1 1\na{y=\"2\",x=\"1\"} 2 2\n",
      "a{x=\"1\",y=\"2\"} 1@1000 a{x=\"1\",y=\"2\"} 2@2000 " },
    { "bad lines are told, the rest is read", BW_TRANSFER_OPENMETRICS,
      "a 1 1\n\nwhat is this\r\na 2\nb{ 1 2\nc{x=\"\xff\"} 1 2\na many 3\nrefused 1 1\na 3 never\n"
      "a 4 4\r\n",
      "a 1@1000 !3: expected a number, found 'is' !4: expected a time behind the value "
      "!5: expected a closing }, found 'b{ 1 2' "
      "!6: expected a label's value, quoted and in UTF-8, found '\"\xff\"}' "
      "!7: expected a number, found 'many' !8: too many series "
      "!9: expected a time (Unix or RFC 3339), found 'never' a 4@4000 " },
    { "nothing", BW_TRANSFER_OPENMETRICS, "", "" },
    { "CSV", BW_TRANSFER_CSV, "metric,host,time,value\nup,a,1,0.5\nup,\"b,c\",2,-0\nup,,3,1e3\n",
      "up{host=\"a\"} 0.5@1000 up{host=\"b,c\"} -0@2000 up 1000@3000 " },
    { "columns in another order, semicolons, CRLF", BW_TRANSFER_CSV,
      "time;value;metric\r\n2023-11-14T22:13:20Z;1;a\r\n", "a 1@1700000000000 " },
    { "a spreadsheet's mark of UTF-8", BW_TRANSFER_CSV,
      "\xef\xbb\xbfmetric;time;value\nup;1;0.5\n", "up 0.5@1000 " },
    { "labels that are called like columns", BW_TRANSFER_CSV,
      "metric,label:time,time,value\na,x,1,2\n", "a{time=\"x\"} 2@1000 " },
    { "bad records", BW_TRANSFER_CSV,
      "metric,h,time,value\na,b,1\na,b,x,1\na,b,1,x\n,b,1,1\n1,b,1,1\na,\"two\nlines\",6,7\nbad\n"
      "a,\"b,1,1\n",
      "!2: expected 4 cells, found 3 !3: expected a time (Unix or RFC 3339), found 'x' "
      "!4: expected a number, found 'x' !5: expected the name of a metric, found '' "
      "!6: expected the name of a metric, found '1' a{h=\"two\\nlines\"} 7@6000 "
      "!9: expected 4 cells, found 1 !10: a quote is not closed " },
    { "a CSV without a time", BW_TRANSFER_CSV, "metric,value\na,1\n",
      "refused: line 1: expected the names of columns" },
    { "a column twice", BW_TRANSFER_CSV, "metric,h,h,time,value\n",
      "refused: line 1: a column is there twice" },
    { "a column that is no label", BW_TRANSFER_CSV, "metric,a b,time,value\n",
      "refused: line 1: expected metric, time, value or a label's name" },
};

static void texts_are_read_in_pieces_of_any_size(void **state)
{
    (void)state;
    static const size_t pieces[] = { 1, 2, 3, 7, 64, 100000 };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++) {
            struct heard heard = { .series = 0 };
            struct bw_err err = { .rc = BW_OK };
            hear(cases[i].form, cases[i].text, strlen(cases[i].text), pieces[p], &heard, &err);
            const size_t shown = strstr(cases[i].heard, "refused: ") == cases[i].heard
                                     ? strlen(cases[i].heard)
                                     : heard.text.len + 1;
            /* A byte that is not ASCII is shown as '?' in a reason. */
            for (char *c = heard.text.data; *c != '\0'; c++)
                *c = *c == '?' ? '\xff' : *c;
            if (strncmp(heard.text.data, cases[i].heard, shown) != 0)
                fail_msg("%s, pieces of %zu: %s", cases[i].name, pieces[p], heard.text.data);
            forget(&heard);
        }
    }
}

static void a_name_is_taken_apart_once(void **state)
{
    (void)state;
    struct heard heard = { .series = 0 };
    struct bw_err err;
    static const char text[] = "a{x=\"1\"} 1 1\nb 1 1\na{x=\"1\"} 1 2\nb 1 2\nb 1 3\n";
    hear(BW_TRANSFER_OPENMETRICS, text, strlen(text), 1000, &heard, &err);
    assert_int_equal(heard.asked, 2);
    forget(&heard);
}

static void a_line_without_end_is_left_out(void **state)
{
    (void)state;
    const size_t size = 3 * BW_TRANSFER_LINE_BYTES_MAX;
    char *text = bw_alloc(size + 20);
    memset(text, 'x', size);
    memcpy(text, "a 1 1\n", 6);
    strcpy(text + size, "\nb 1 1\n");
    for (int form = BW_TRANSFER_OPENMETRICS; form <= BW_TRANSFER_CSV; form++) {
        struct heard heard = { .series = 0 };
        struct bw_err err;
        if (form == BW_TRANSFER_CSV) {
            memcpy(text, "metric,time,value\n", 18);
            strcpy(text + size, "\nb,1,1\n");
        }
        hear((enum bw_transfer_form)form, text, strlen(text), 100000, &heard, &err);
        assert_string_equal(heard.text.data,
                            form == BW_TRANSFER_CSV
                                ? "!2: a line of more than 1048576 bytes b 1@1000 "
                                : "a 1@1000 !2: a line of more than 1048576 bytes b 1@1000 ");
        forget(&heard);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_read_in_pieces_of_any_size),
        cmocka_unit_test(a_name_is_taken_apart_once),
        cmocka_unit_test(a_line_without_end_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
