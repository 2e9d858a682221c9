// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "transfer/sample_text.h"

#include <string.h>

static const struct {
    const char *text;
    bool ok;
    int64_t ms;
} times[] = {
    { "1700000000", true, 1700000000000 },
    { "1700000000.1", true, 1700000000100 },
    { "1700000000.123", true, 1700000000123 },
    { "1700000000.1231", true, 1700000000123 },
    { "1700000000.1235", true, 1700000000124 },
    { "1.7e9", true, 1700000000000 },
    { "1700000000123", true, 1700000000123 },
    { "2023-11-14T22:13:20Z", true, 1700000000000 },
    { "0", true, 0 },
    { "-1.5", true, -1500 },
    { "99999999999", true, 99999999999000 },
    { "100000000000", true, 100000000000 },
    { "99999999999.999", true, 99999999999999 },
    { "", false, 0 },
    { "-", false, 0 },
    { ".", false, 0 },
    { "1.2.3", false, 0 },
    { "soon", false, 0 },
    { "NaN", false, 0 },
    { "+Inf", false, 0 },
    { "1e300", false, 0 },
    { "9000000000000001", false, 0 },
};

static void times_are_read_to_the_millisecond(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        int64_t ms = 0;
        const bool ok = bw_sample_text_time(bw_span_of(times[i].text), &ms);
        if (ok != times[i].ok || (ok && ms != times[i].ms))
            fail_msg("'%s': %d, %lld", times[i].text, ok, (long long)ms);
    }
}

static const struct {
    const char *line, *name, *value, *time; /* name NULL: refused, for the reason in `value` */
} lines[] = {
    { "up 1 2", "up", "1", "2" },
    { "up{a=\"b\"} 1 2", "up{a=\"b\"}", "1", "2" },
    { "up {a=\"} \\\" {\"}\t1  2", "up {a=\"} \\\" {\"}", "1", "2" },
    { "{__name__=\"up\"} 1 2", "{__name__=\"up\"}", "1", "2" },
    { "up 1 2 # {trace=\"x\"} 1 2", "up", "1", "2" },
    { "up 1 # {trace=\"x\"} 1 2", "up", "1", "" },
    { "up{} 1", "up{}", "1", "" },
    { "up", "up", "", "" },
    { "up{a=\"b\" 1 2", NULL, "expected a closing }", NULL },
    { "up 1 2 3", NULL, "expected nothing behind the time, found '3'", NULL },
};

static bool is(struct bw_span span, const char *want)
{
    return bw_span_is(span, want);
}

static void lines_are_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct bw_sample_text got;
        struct bw_err err = { .rc = BW_OK };
        const enum bw_rc rc = bw_sample_text_split(bw_span_of(lines[i].line), &got, &err);
        if (lines[i].name == NULL) {
            if (rc == BW_OK || strstr(err.text, lines[i].value) == NULL)
                fail_msg("%s: %s", lines[i].line, err.text);
        } else if (rc != BW_OK || !is(got.name, lines[i].name) || !is(got.value, lines[i].value)
                   || !is(got.time, lines[i].time)) {
            fail_msg("%s: '%.*s' '%.*s' '%.*s'", lines[i].line, (int)got.name.len, got.name.data,
                     (int)got.value.len, got.value.data, (int)got.time.len, got.time.data);
        }
    }
}

static const struct {
    const char *name, *want; /* want NULL: refused, for the reason in `why` */
    const char *why;
} names[] = {
    { "up", "up", NULL },
    { "a:b_c", "a:b_c", NULL },
    { "up{}", "up", NULL },
    { "up{b=\"2\",a=\"1\"}", "up{a=\"1\",b=\"2\"}", NULL },
    { "up{ a = \"1\" , }", "up{a=\"1\"}", NULL },
    { "up{a=\"\"}", "up", NULL },
    { "up{a=\"x\\\\y\\\"z\\n\"}", "up{a=\"x\\\\y\\\"z\\n\"}", NULL },
    { "{__name__=\"up\", job=\"x\"}", "up{job=\"x\"}", NULL },
    { "{a=\"1\",__name__=\"up\"}", "up{a=\"1\"}", NULL },
    { "{__name__=\"up\", a=\"tab\\t\\u00e9\\x41\\U0001f600\"}",
      "up{a=\"tab\t\xc3\xa9"
      "A\xf0\x9f\x98\x80\"}",
      NULL },
    { "up{a=\"\\t\"}", NULL, "label's value" },
    { "{__name__=\"up\",a=\"\\x00\"}", NULL, "label's value" },
    { "{__name__=\"up\",a=\"\\xff\"}", NULL, "label's value" },
    { "{__name__=\"up\",a=\"\\q\"}", NULL, "label's value" },
    { "up{a=\"\xff\"}", NULL, "UTF-8" },
    { "up{a=\"1\",a=\"2\"}", NULL, "twice" },
    { "up{__name__=\"down\"}", NULL, "twice" },
    { "up{a!=\"1\"}", NULL, "expected '='" },
    { "up{a='1'}", NULL, "label's value" },
    { "up{a=\"1\" b=\"2\"}", NULL, "expected ',' or '}'" },
    { "up{1=\"1\"}", NULL, "label's name" },
    { "up{a:b=\"1\"}", NULL, "label's name" },
    { "1up", NULL, "name of a metric" },
    { "{a=\"1\"}", NULL, "name of a metric" },
    { "", NULL, "name of a metric" },
    { "up{a=\"1\"}x", NULL, "name of a metric" },
    { "{__name__=\"not a name\"}", NULL, "name of a metric" },
};

static void names_are_taken_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct bw_arena arena = { 0 };
        struct bw_labels labels;
        const char *metric;
        struct bw_err err = { .rc = BW_OK };
        struct bw_buf got;
        bw_buf_init(&got, 4096);
        if (bw_sample_text_name(&arena, bw_span_of(names[i].name), &metric, &labels, &err) == BW_OK)
            bw_series_text(&got, metric, labels);
        if (names[i].want == NULL ? strstr(err.text, names[i].why) == NULL
                                  : strcmp(got.data, names[i].want) != 0)
            fail_msg("%s: %s %s", names[i].name, got.data, err.text);
        bw_buf_fini(&got);
        bw_arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_read_to_the_millisecond),
        cmocka_unit_test(lines_are_cut),
        cmocka_unit_test(names_are_taken_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
