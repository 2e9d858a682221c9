// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/read_points.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Points as "ms:value " each, a missing value as "?". */
static void tell(const struct bw_read_points *read, char *out, size_t size)
{
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < read->points.count && at < size; i++) {
        const struct bw_point *point = &read->points.items[i];
        at += (size_t)snprintf(out + at, size - at, "%lld:", (long long)point->ts_ms);
        if (isnan(point->value))
            at += (size_t)snprintf(out + at, size - at, "? ");
        else
            at += (size_t)snprintf(out + at, size - at, "%g ", point->value);
    }
}

static const struct {
    const char *name, *text, *selector, *points, *series;
} good[] = {
    { "seconds", "1700000000,1\n1700000060,2\n", NULL, "1700000000000:1 1700000060000:2 ", NULL },
    { "milliseconds", "1700000000000,1\n", NULL, "1700000000000:1 ", NULL },
    { "parts of a second", "1700000000.25,1", NULL, "1700000000250:1 ", NULL },
    { "RFC 3339", "2023-11-14T22:13:20Z,7", NULL, "1700000000000:7 ", NULL },
    { "a header", "time,value\n1,2\n", NULL, "1000:2 ", NULL },
    { "a header with blanks", "\"the time\",\"the value\"\n1,2\n", NULL, "1000:2 ", NULL },
    { "CRLF, comments and empty lines", "# a comment\r\n\r\n1,2\r\n", NULL, "1000:2 ", NULL },
    { "quotes and blanks", " \"1\" , \"2.5\" \n", NULL, "1000:2.5 ", NULL },
    { "semicolons", "1;2\n3;4\n", NULL, "1000:2 3000:4 ", NULL },
    { "tabs", "1\t2\n", NULL, "1000:2 ", NULL },
    { "a date and time without a zone", "2023-11-14 22:13:20,7\n2023-11-14T22:14,8\n", NULL,
      "1700000000000:7 1700000040000:8 ", NULL },
    { "parts of a second, a zone", "2023-11-14 22:13:20.5,1\n2023-11-14 23:13:21+01:00,2\n", NULL,
      "1700000000500:1 1700000001000:2 ", NULL },
    { "days", "day,sales\n2023-11-14,3\n2023-11-15,4\n", NULL, "1699920000000:3 1700006400000:4 ",
      NULL },
    { "decimal commas", "1;2,5\n3;-4\n", NULL, "1000:2.5 3000:-4 ", NULL },
    { "blanks", "1 2\n3 4e1\n", NULL, "1000:2 3000:40 ", NULL },
    { "a mark before it",
      "\xef\xbb\xbf"
      "1,2\n",
      NULL, "1000:2 ", NULL },
    { "a mark before a header", "\xef\xbb\xbftime,value\n1,2\n", NULL, "1000:2 ", NULL },
    { "missing values", "1,\n2,null\n3,NaN\n4,5\n", NULL, "1000:? 2000:? 3000:? 4000:5 ", NULL },
    { "exponents", "1,-1.5e3\n", NULL, "1000:-1500 ", NULL },
    { "Prometheus text", "up{a=\"b\"} 1 1700000000000\n", NULL, "1700000000000:1 ", "up{a=\"b\"}" },
    { "no labels", "up 1 1700000000\nup 0 1700000015\n", NULL, "1700000000000:1 1700000015000:0 ",
      "up" },
    { "OpenMetrics with an exemplar",
      "# TYPE a gauge\na{x=\"1\"} 4 1700000000.5 # {t=\"z\"} 1\n# EOF\n", NULL, "1700000000500:4 ",
      "a{x=\"1\"}" },
    { "labels in any order are one series", "a{x=\"1\",y=\"2\"} 1 1\na{y=\"2\",x=\"1\"} 2 2\n",
      NULL, "1000:1 2000:2 ", "a{x=\"1\",y=\"2\"}" },
    { "quotes, braces and commas in a label", "a{x=\"}, \\\" {\"} 1 5\n", NULL, "5000:1 ",
      "a{x=\"}, \\\" {\"}" },
    { "one of two is chosen", "a{x=\"1\"} 1 1\na{x=\"2\"} 2 1\n", "a{x=\"2\"}", "1000:2 ",
      "a{x=\"2\"}" },
    { "chosen by a pattern", "a{x=\"1\"} 1 1\nb 2 1\n", "{__name__=~\"b.*\"}", "1000:2 ", "b" },
};

static void what_is_written_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct bw_read_points read;
        struct bw_err err = { .rc = BW_OK };
        char got[400];
        if (bw_read_points(good[i].text, strlen(good[i].text), good[i].selector, &read, &err)
            != BW_OK)
            fail_msg("%s: %s", good[i].name, err.text);
        tell(&read, got, sizeof got);
        if (strcmp(got, good[i].points) != 0)
            fail_msg("%s: %s, not %s", good[i].name, got, good[i].points);
        if ((good[i].series == NULL) != (read.series == NULL)
            || (read.series != NULL && strcmp(read.series, good[i].series) != 0))
            fail_msg("%s: series %s", good[i].name, read.series != NULL ? read.series : "none");
        bw_read_points_fini(&read);
    }
}

static const struct {
    const char *name, *text, *selector, *says;
} bad[] = {
    { "nothing", "", NULL, "no points" },
    { "only a header", "time,value\n", NULL, "no points" },
    { "one column", "5\n", NULL, "line 1: expected time,value" },
    { "no CSV, no exposition", "words and words\n", NULL, "line 1" },
    { "three columns", "1,2\n3,4,5\n", NULL, "line 2: expected two columns" },
    { "a time that is none", "1,2\nsoon,3\n", NULL, "line 2: expected a time" },
    { "a first line that is no header", "01/02/2023,5\n1,2\n", NULL,
      "line 1: expected a time (Unix, RFC 3339, or as 2026-11-21 22:38), found '01/02/2023'" },
    { "a month too many", "1,2\n2023-13-01 10:00,3\n", NULL, "line 2: expected a time" },
    { "half a time", "1,2\n2023-12-01 1,3\n", NULL, "line 2: expected a time" },
    { "two decimal commas", "1;2,5,6\n", NULL, "line 1: expected a number" },
    { "a value that is none", "1,many\n", NULL, "line 1: expected a number, found 'many'" },
    { "a time without end", "1e300,1\n2e300,2\n", NULL, "line 1: expected a time" },
    { "no time", "up 1\n", NULL, "line 1: expected a time" },
    { "no value", "up{a=\"b\"}\n", NULL, "line 1: expected a number" },
    { "an open brace", "up{a=\"b\" 1 2\n", NULL, "line 1: expected a closing }" },
    { "a matcher in a sample", "up{a!=\"b\"} 1 2\n", NULL, "line 1:" },
    { "two series", "a 1 1\nb 1 1\n", NULL, "line 2: a second series (b besides a)" },
    { "two that are meant", "a{x=\"1\"} 1 1\na{x=\"2\"} 1 1\n", "a", "second series" },
    { "none that is meant", "a 1 1\n", "b", "no sample of that series" },
    { "a selector that is none", "a 1 1\n", "b{", "" },
};

static void what_cannot_be_read_is_told_with_its_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct bw_read_points read;
        struct bw_err err = { .rc = BW_OK };
        const enum bw_rc rc =
            bw_read_points(bad[i].text, strlen(bad[i].text), bad[i].selector, &read, &err);
        if (rc == BW_OK)
            fail_msg("%s: was read", bad[i].name);
        if (strstr(err.text, bad[i].says) == NULL || err.text[0] == '\0')
            fail_msg("%s: %s", bad[i].name, err.text);
        assert_null(read.series);
        assert_int_equal(read.points.count, 0);
    }
}

static void a_nul_is_no_text(void **state)
{
    (void)state;
    struct bw_read_points read;
    struct bw_err err = { .rc = BW_OK };
    assert_int_equal(bw_read_points("1,2\0\n3,4\n", 9, NULL, &read, &err), BW_EINVAL);
    assert_non_null(strstr(err.text, "NUL"));
}

static void counters_say_so(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool counter;
    } cases[] = {
        { "# TYPE a counter\na_total 1 1\n", true },
        { "# TYPE a_total counter\na_total{x=\"1\"} 1 1\n", true },
        { "# TYPE a gauge\na 1 1\n", false },
        { "# TYPE b counter\na 1 1\n", false },
        { "a_total 1 1\n", false },
        { "1,2\n", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_read_points read;
        assert_int_equal(bw_read_points(cases[i].text, strlen(cases[i].text), NULL, &read, NULL),
                         BW_OK);
        if (read.counter != cases[i].counter)
            fail_msg("%s", cases[i].text);
        bw_read_points_fini(&read);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(what_cannot_be_read_is_told_with_its_line),
        cmocka_unit_test(a_nul_is_no_text),
        cmocka_unit_test(counters_say_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
