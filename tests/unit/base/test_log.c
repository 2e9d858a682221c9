// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct bw_log_field fields[] = {
    { "file", "a b.yml" }, { "why", "line\nbreak" }, { "none", NULL }, { NULL, NULL }
};

static const struct {
    enum bw_log_format format;
    const struct bw_log_field *fields;
    const char *want;
} cases[] = {
    { BW_LOG_LOGFMT, NULL,
      "ts=1970-01-01T00:00:01.500Z level=warn component=conf msg=\"not read\"" },
    { BW_LOG_LOGFMT, fields,
      "ts=1970-01-01T00:00:01.500Z level=warn component=conf msg=\"not read\" "
      "file=\"a b.yml\" why=\"line\\nbreak\" none=\"\"" },
    { BW_LOG_JSON, NULL,
      "{\"ts\":\"1970-01-01T00:00:01.500Z\",\"level\":\"warn\",\"component\":\"conf\","
      "\"msg\":\"not read\"}" },
    { BW_LOG_JSON, fields,
      "{\"ts\":\"1970-01-01T00:00:01.500Z\",\"level\":\"warn\",\"component\":\"conf\","
      "\"msg\":\"not read\",\"file\":\"a b.yml\",\"why\":\"line\\nbreak\",\"none\":null}" },
};

static void an_event_is_one_line(void **state)
{
    (void)state;
    struct bw_buf out;
    bw_buf_init(&out, 1000);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bw_buf_clear(&out);
        bw_log_line(&out, cases[i].format, 1500, BW_LOG_WARN, "conf", "not read", cases[i].fields);
        assert_string_equal(out.data, cases[i].want);
    }
    bw_buf_fini(&out);
}

static void levels_have_names(void **state)
{
    (void)state;
    assert_string_equal(bw_log_level_name(BW_LOG_DEBUG), "debug");
    assert_string_equal(bw_log_level_name(BW_LOG_INFO), "info");
    assert_string_equal(bw_log_level_name(BW_LOG_WARN), "warn");
    assert_string_equal(bw_log_level_name(BW_LOG_ERROR), "error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_one_line),
        cmocka_unit_test(levels_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
