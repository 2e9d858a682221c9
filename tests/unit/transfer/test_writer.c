// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "transfer/sample_text.h"
#include "transfer/writer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    int64_t ms;
    const char *text;
} times[] = {
    { 0, "0" },
    { 1700000000000, "1700000000" },
    { 1700000000100, "1700000000.1" },
    { 1700000000120, "1700000000.12" },
    { -1500, "-1.5" },
    { -1, "-0.001" },
    { 99999999999999, "99999999999.999" },
    { 100000000000000, "100000000000000" },
};

static void times_have_the_decimals_they_need(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        struct bw_buf out;
        bw_buf_init(&out, 100);
        bw_transfer_put_time(&out, times[i].ms);
        assert_string_equal(out.data, times[i].text);
        bw_buf_fini(&out);
    }
}

/* Prometheus reads seconds as a double and cuts 1000 times that to an integer, which is too low
 * where doubles of the seconds lie coarser than a thousandth of those of the milliseconds. */
static void every_time_comes_back_also_to_who_cuts(void **state)
{
    (void)state;
    static const int64_t begins_ms[] = {
        0, 1074000000000, 1700000000000, 2148000000000, 34360000000000, 99999999990000
    };
    bool mattered = false;
    for (size_t i = 0; i < sizeof begins_ms / sizeof *begins_ms; i++) {
        for (int64_t ms = begins_ms[i]; ms < begins_ms[i] + 5000; ms++) {
            struct bw_buf out;
            int64_t again = 0;
            bw_buf_init(&out, 100);
            bw_transfer_put_time(&out, ms);
            assert_true(bw_sample_text_time((struct bw_span){ out.data, out.len }, &again));
            assert_true(again == ms);
            if ((int64_t)(strtod(out.data, NULL) * 1000) != ms)
                fail_msg("%lld: %s", (long long)ms, out.data);
            mattered = mattered || (int64_t)((double)ms / 1000 * 1000) != ms;
            bw_buf_fini(&out);
        }
    }
    assert_true(mattered);
}

static void lines_in_both_forms(void **state)
{
    (void)state;
    static const char *const names[] = { "host", "time" };
    static const struct bw_label label = { "host", "a,\"b\"" };
    static const struct bw_point points[] = {
        { 1500, -0.0 }, { 2000, NAN }, { 3000, INFINITY }, { 4000, -INFINITY }, { 5000, 0.1 }
    };
    static const char *const want[] = {
        [BW_TRANSFER_OPENMETRICS] =
            "m{host=\"a,\\\"b\\\"\"} -0 1.5\nm{host=\"a,\\\"b\\\"\"} NaN 2\n"
            "m{host=\"a,\\\"b\\\"\"} +Inf 3\nm{host=\"a,\\\"b\\\"\"} -Inf "
            "4\nm{host=\"a,\\\"b\\\"\"} 0.1 5\n",
        [BW_TRANSFER_CSV] = "metric,host,label:time,time,value\nm,\"a,\"\"b\"\"\",,1.5,-0\n"
                            "m,\"a,\"\"b\"\"\",,2,NaN\nm,\"a,\"\"b\"\"\",,3,+Inf\n"
                            "m,\"a,\"\"b\"\"\",,4,-Inf\nm,\"a,\"\"b\"\"\",,5,0.1\n",
    };
    const struct bw_transfer_columns columns = { names, 2 };
    for (int form = BW_TRANSFER_OPENMETRICS; form <= BW_TRANSFER_CSV; form++) {
        struct bw_buf out, prefix;
        bw_buf_init(&out, 4096);
        bw_buf_init(&prefix, 4096);
        if (form == BW_TRANSFER_CSV)
            bw_transfer_put_header(&out, &columns);
        bw_transfer_put_prefix(&prefix, (enum bw_transfer_form)form, "m",
                               (struct bw_labels){ &label, 1 }, &columns);
        bw_transfer_put_points(&out, (enum bw_transfer_form)form, &prefix, points, 5);
        assert_string_equal(out.data, want[form]);
        bw_buf_fini(&out);
        bw_buf_fini(&prefix);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_have_the_decimals_they_need),
        cmocka_unit_test(every_time_comes_back_also_to_who_cuts),
        cmocka_unit_test(lines_in_both_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
