// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "probe/perfdata.h"

#include <string.h>

/* "label=value unit, …" of everything that was read. */
static void told(struct bw_buf *out, const char *output)
{
    struct bw_perfdata_reader reader = bw_perfdata_begin(bw_span_of(output));
    struct bw_perfdata item;
    while (bw_perfdata_next(&reader, &item)) {
        char label[64];
        bw_perfdata_label(label, sizeof label, &item);
        bw_buf_printf(out, "%s%s=%g%s%s", out->len > 0 ? ", " : "", label, item.value,
                      item.unit[0] != '\0' ? " " : "", item.unit);
    }
}

static const struct {
    const char *name, *output, *text, *want;
} cases[] = {
    { "no perfdata", "OK - fine\n", "OK - fine", "" },
    { "nothing", "", "", "" },
    { "the guidelines' example",
      "DISK OK - free space: / 3326 MB (56%); | /=2643MB;5948;5958;0;5968\n"
      "/ 15272 MB (77%);\n/boot 68 MB (69%);\n/var/log 819 MB (84%); | "
      "/boot=68MB;88;93;0;98\n/home=69357MB;253404;253409;0;253414 \n/var/log=818MB;970;975;0;980",
      "DISK OK - free space: / 3326 MB (56%);",
      "/=2.77139e+09 bytes, /boot=7.13032e+07 bytes, /home=7.27261e+10 bytes, "
      "/var/log=8.57735e+08 bytes" },
    { "several, and limits", "OK|a=1;2;3;4;5 b=2.5;;;0 c=-3", "OK", "a=1, b=2.5, c=-3" },
    { "times", "|a=1s b=1ms c=1us d=5ns e=2MS", "",
      "a=1 seconds, b=0.001 seconds, c=1e-06 seconds, d=5e-09 seconds, e=0.002 seconds" },
    { "sizes", "|a=1B b=1KB c=1kb d=1MiB e=1GB", "",
      "a=1 bytes, b=1024 bytes, c=1024 bytes, d=1.04858e+06 bytes, e=1.07374e+09 bytes" },
    { "ratios and counters", "|a=50% b=7c", "", "a=0.5 ratio, b=7 counter" },
    { "a unit that we do not know", "|a=5rpm b=21.5C", "", "a=5 rpm, b=21.5 C" },
    { "quoted labels", "|'a b'=1 'it''s'=2 '='=3", "", "a b=1, it's=2, ==3" },
    { "control bytes in a label", "|'a\033b'=1", "", "a\\x1bb=1" },
    { "unknown values", "|a=U b=1 c=;1;2", "", "b=1" },
    { "malformed ones are skipped", "|=1 a b=x 'c=1 d", "", "" },
    { "the rest goes on", "|a=1,5 b=2 c==3 d=4", "", "b=2, d=4" },
    { "infinite and not a number", "|a=inf b=nan c=1e999 d=1e3", "", "d=1000" },
    { "a very long unit", "|a=1abcdefghijklmnopqrstuvw b=2", "", "b=2" },
    { "carriage returns", "OK | a=1\r\nlong\r\n", "OK", "a=1" },
    { "a bar in the long text only", "OK\nmore | a=1\nb=2", "OK", "a=1, b=2" },
    { "an open quote at the end", "|'a", "", "" },
};

static void outputs_are_read_as_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bw_buf out;
        bw_buf_init(&out, 4096);
        told(&out, cases[i].output);
        if (strcmp(out.data, cases[i].want) != 0)
            fail_msg("%s: %s", cases[i].name, out.data);
        const struct bw_span text = bw_plugin_text(bw_span_of(cases[i].output));
        if (!bw_span_is(text, cases[i].text))
            fail_msg("%s: '%.*s'", cases[i].name, (int)text.len, text.data);
        bw_buf_fini(&out);
    }
}

/* "warning critical min max", a range as its ends. */
static void bounds_told(struct bw_buf *out, const char *output)
{
    struct bw_perfdata_reader reader = bw_perfdata_begin(bw_span_of(output));
    struct bw_perfdata item;
    if (!bw_perfdata_next(&reader, &item))
        return;
    const struct bw_perfdata_range *ranges[] = { &item.warning, &item.critical };
    for (size_t i = 0; i < 2; i++)
        bw_buf_printf(out, "%s%g:%g ", ranges[i]->inside ? "@" : "", ranges[i]->min,
                      ranges[i]->max);
    bw_buf_printf(out, "%g %g", item.min, item.max);
}

static void bounds_are_read_in_the_measurements_unit(void **state)
{
    (void)state;
    static const struct {
        const char *name, *output, *want;
    } bounds[] = {
        { "none", "|a=1", "nan:nan nan:nan nan nan" },
        { "all", "|a=1;2;3;4;5", "nan:2 nan:3 4 5" },
        { "empty ones", "|a=1;;3;;5", "nan:nan nan:3 nan 5" },
        { "sizes", "|a=1KB;2;3;1;9", "nan:2048 nan:3072 1024 9216" },
        { "ratios", "|a=5%;20:80;10:90;0;100", "0.2:0.8 0.1:0.9 0 1" },
        { "milliseconds", "|a=5ms;100;500", "nan:0.1 nan:0.5 nan nan" },
        { "half open", "|a=1;10:;~:20", "10:nan nan:20 nan nan" },
        { "inside", "|a=1;@10:20;@5", "@10:20 @nan:5 nan nan" },
        { "below zero", "|a=1;-5:-1;-10:0;-100;0", "-5:-1 -10:0 -100 0" },
        { "nonsense", "|a=1;x;1:2:3;--;1x", "nan:nan 1:nan nan nan" },
        { "words", "|a=1;5%;inf;nan;1e999", "nan:nan nan:nan nan nan" },
        { "too large in the unit", "|a=1PB;1e300", "nan:nan nan:nan nan nan" },
        { "more fields than there are", "|a=1;2;3;4;5;6;7", "nan:2 nan:3 4 5" },
        { "the end of the text", "|a=1;", "nan:nan nan:nan nan nan" },
    };
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        struct bw_buf out;
        bw_buf_init(&out, 4096);
        bounds_told(&out, bounds[i].output);
        if (strcmp(out.data, bounds[i].want) != 0)
            fail_msg("%s: %s", bounds[i].name, out.data);
        bw_buf_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_are_read_as_written),
        cmocka_unit_test(bounds_are_read_in_the_measurements_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
