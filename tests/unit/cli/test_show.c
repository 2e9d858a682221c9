// SPDX-License-Identifier: GPL-3.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/show_probe.h"
#include "cli/show_trend.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct bw_probe_subject subject = { .kind = "http", .target = "http://a/" };

static struct bw_probe_result passed(void)
{
    struct bw_probe_result result = { .success = true,
                                      .attempts = 1,
                                      .duration_ns = 30000000,
                                      .timeout_ns = 5000000000,
                                      .http_status = 200 };
    result.phase_seen[BW_PHASE_CONNECT] = result.phase_seen[BW_PHASE_PROCESSING] = true;
    result.phase_ns[BW_PHASE_CONNECT] = 10000000;
    result.phase_ns[BW_PHASE_PROCESSING] = 20000000;
    return result;
}

static void verdicts_are_a_plugins(void **state)
{
    (void)state;
    static const struct {
        bool success, warned;
        enum bw_reason reason;
        const char *verdict;
    } cases[] = {
        { true, false, BW_REASON_NONE, "OK" },
        { true, true, BW_REASON_NONE, "WARNING" },
        { false, false, BW_REASON_CONNECT_REFUSED, "CRITICAL" },
        { false, false, BW_REASON_LOCAL_LIMIT, "UNKNOWN" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct bw_probe_result result = { .success = cases[i].success,
                                                .warned = cases[i].warned,
                                                .reason = cases[i].reason };
        const enum bw_verdict verdict = bw_probe_verdict(&result);
        assert_int_equal(verdict, i);
        assert_string_equal(bw_verdict_name(verdict), cases[i].verdict);
    }
}

static void a_probe_for_a_monitoring_system(void **state)
{
    (void)state;
    const struct bw_terminal file = { .columns = 40 };
    const struct bw_probe_result result = passed();
    struct bw_buf out;
    bw_buf_init(&out, 1u << 16);
    bw_show_probe_text(&out, &file, &subject, &result, 0);
    assert_string_equal(out.data,
                        "OK: http http://a/: status 200 in 30ms | duration=0.030000s;;;0;5.000000 "
                        "connect=0.010000s;;;0 processing=0.020000s;;;0\n"
                        "  connect          10ms  ####\n"
                        "  processing       20ms      #########\n");
    bw_buf_fini(&out);
}

static void a_transcript_is_shown_to_who_asks(void **state)
{
    (void)state;
    const struct bw_terminal file = { .columns = 40 };
    const struct bw_probe_subject asked = { .kind = "http",
                                            .target = "http://a/",
                                            .transcript = bw_span_of("0.1 * connected\n"
                                                                     "12.5 < a \xc3\xa4 \"b\"\n") };
    const struct bw_probe_result result = { .success = true };
    struct bw_buf out;
    bw_buf_init(&out, 1u << 16);
    bw_show_probe_text(&out, &file, &asked, &result, 0);
    assert_non_null(strstr(out.data, "\n\n      0.1 ms * connected\n     12.5 ms < a ?"));
    bw_buf_clear(&out);
    bw_show_probe_json(&out, &asked, &result);
    assert_non_null(strstr(out.data,
                           "\"transcript\":[{\"ms\":0.1,\"kind\":\"note\",\"text\":\"connected\"},"
                           "{\"ms\":12.5,\"kind\":\"heard\",\"text\":\"a \xc3\xa4 \\\"b\\\"\"}]"));
    bw_buf_clear(&out);
    bw_show_probe_json(&out, &subject, &result);
    assert_null(strstr(out.data, "transcript"));
    bw_buf_fini(&out);
}

static void a_failed_probe_says_where_and_why(void **state)
{
    (void)state;
    const struct bw_terminal terminal = { .columns = 40, .interactive = true };
    struct bw_probe_result result = passed();
    struct bw_buf out;
    result.success = false;
    result.attempts = 2;
    result.reason = BW_REASON_HTTP_STATUS;
    result.last_phase = BW_PHASE_PROCESSING;
    result.has_certificate = true;
    result.certificate_expiry_s = 86400 * 20;
    snprintf(result.detail, sizeof result.detail, "status 503\x1b[2J, expected 2xx");
    bw_buf_init(&out, 1u << 16);
    bw_show_probe_text(&out, &terminal, &subject, &result, 0);
    assert_non_null(strstr(out.data, "CRITICAL: http http://a/\n"
                                     "  unexpected status code (status\n"
                                     "  503?[2J, expected 2xx) after 30ms, 2\n"
                                     "  attempts\n"));
    assert_non_null(strstr(out.data, "######### <\n"));
    assert_non_null(strstr(out.data, "  certificate  ends in 20d\n"));
    assert_null(strchr(out.data, '|'));
    bw_buf_clear(&out);
    bw_show_probe_json(&out, &subject, &result);
    assert_non_null(strstr(out.data, "\"verdict\":\"CRITICAL\""));
    assert_non_null(strstr(out.data, "\"reason\":\"http_status\""));
    assert_non_null(strstr(out.data, "\"phases\":{\"connect\":0.01,\"processing\":0.02}"));
    assert_non_null(strstr(out.data, "\"certificate_expires\":\"1970-01-21T00:00:00Z\""));
    bw_buf_fini(&out);
}

static void addresses_are_listed(void **state)
{
    (void)state;
    const struct bw_terminal file = { .columns = 40 };
    const struct bw_probe_result good = passed();
    struct bw_probe_result bad = { .reason = BW_REASON_CONNECT_REFUSED, .duration_ns = 2000000 };
    const struct bw_probe_part parts[] = { { "192.0.2.1", &good }, { "192.0.2.2", &bad } };
    struct bw_probe_result whole = bad;
    struct bw_buf out;
    whole.parts = parts;
    whole.part_count = 2;
    bw_buf_init(&out, 1u << 16);
    bw_show_probe_text(&out, &file, &subject, &whole, 0);
    assert_non_null(strstr(out.data, "\n  192.0.2.1: status 200 in 30ms\n"
                                     "  192.0.2.2: connection refused after 2ms\n"));
    bw_buf_clear(&out);
    bw_show_probe_json(&out, &subject, &whole);
    assert_non_null(
        strstr(out.data, "\"addresses\":[{\"address\":\"192.0.2.1\",\"success\":true,"));
    assert_non_null(strstr(out.data, "{\"address\":\"192.0.2.2\",\"success\":false,"
                                     "\"reason\":\"connect_refused\",\"detail\":\"\"}]"));
    bw_buf_fini(&out);
}

static void shown(struct bw_buf *out, const struct bw_terminal *terminal,
                  const struct bw_probe_result *result)
{
    bw_buf_clear(out);
    bw_show_probe_text(out, terminal, &subject, result, 0);
}

static void bars_are_as_fine_as_the_terminal(void **state)
{
    (void)state;
    struct bw_terminal terminal = { .columns = 80, .interactive = true, .utf8 = true };
    struct bw_probe_result result = passed();
    struct bw_buf out;
    result.phase_ns[BW_PHASE_CONNECT] = 100000;
    bw_buf_init(&out, 1u << 16);
    shown(&out, &terminal, &result);
    assert_non_null(strstr(out.data, "  connect         100us  ▎\n"));
    terminal.colour = true;
    shown(&out, &terminal, &result);
    assert_non_null(strstr(out.data, "\x1b[32mOK\x1b[0m: http http://a/: status 200 in 30ms\n"));
    assert_non_null(strstr(out.data, "\x1b[36m▎\x1b[0m\n"));
    terminal.columns = 40;
    shown(&out, &terminal, &result);
    for (char *rest = out.data, *line; (line = strsep(&rest, "\n")) != NULL;) {
        const size_t escapes = strstr(line, "\x1b[") != NULL ? sizeof "\x1b[36m\x1b[0m" - 1 : 0;
        assert_true(bw_terminal_width(line, strlen(line)) <= 40 + escapes);
    }
    bw_buf_fini(&out);
}

/* What a library says in other words is worth a bracket, in the same words it is not. */
static void nothing_is_said_twice(void **state)
{
    (void)state;
    const struct bw_terminal terminal = { .columns = 80, .interactive = true };
    struct bw_probe_result result = { .reason = BW_REASON_CONNECT_REFUSED,
                                      .duration_ns = 1000000,
                                      .last_phase = BW_PHASE_CONNECT };
    struct bw_buf out;
    bw_buf_init(&out, 1u << 16);
    snprintf(result.detail, sizeof result.detail, "Connection refused");
    shown(&out, &terminal, &result);
    assert_string_equal(out.data, "CRITICAL: http http://a/: connection refused after 1ms\n");
    snprintf(result.detail, sizeof result.detail, "by a firewall");
    shown(&out, &terminal, &result);
    assert_string_equal(out.data,
                        "CRITICAL: http http://a/: connection refused (by a firewall) after 1ms\n");
    bw_buf_fini(&out);
}

static struct bw_trend_record unknown(void)
{
    struct bw_trend_record record = {
        .horizon_count = 1, .side = 1, .threshold = 9, .note = "thin"
    };
    record.confidence_ratio = record.last_value = record.slope_per_second = NAN;
    record.slope_low = record.slope_high = record.season_seconds = NAN;
    record.time_to_p10_s = record.time_to_p50_s = record.time_to_p90_s = NAN;
    record.horizons[0] = (struct bw_trend_horizon){ 3600000, NAN, NAN, NAN, NAN };
    return record;
}

static struct bw_trend_picture picture;

static void show(struct bw_buf *out, const struct bw_trend_record *record, bool counter)
{
    static const struct bw_terminal terminal = { .columns = 80 };
    const struct bw_trend_shown shown = { "s", counter, record, &picture };
    bw_show_trend_text(out, &terminal, &shown);
}

/* Where nothing can be known no number is shown. */
static void an_unknown_trend_has_no_numbers(void **state)
{
    (void)state;
    const struct bw_trend_record record = unknown();
    struct bw_buf out;
    bw_trend_picture_begin(&picture);
    bw_buf_init(&out, 1u << 16);
    show(&out, &record, false);
    assert_non_null(strstr(out.data, "direction  undetermined\n"));
    assert_non_null(strstr(out.data, "in 1h    cannot be known: 0s seen, 2h needed\n"));
    assert_non_null(
        strstr(out.data, "threshold  9, from below: when it is reached cannot be known"));
    assert_non_null(strstr(out.data, "note       thin\n"));
    assert_null(strstr(out.data, "nan"));
    assert_null(strstr(out.data, "slope"));
    bw_buf_clear(&out);
    const struct bw_trend_shown shown = { "s", false, &record, &picture };
    bw_show_trend_json(&out, &shown);
    assert_non_null(strstr(out.data, "\"confidence_ratio\":null"));
    assert_non_null(strstr(out.data, "\"seconds_p50\":null"));
    assert_non_null(strstr(out.data, "\"rising_ratio\":null"));
    assert_non_null(strstr(out.data, "\"mann_kendall_s\":null,\"mann_kendall_z\":null"));
    assert_non_null(strstr(out.data, "\"hamed_rao_z\":null,\"sen_slope_per_second\":null"));
    assert_null(strstr(out.data, "NaN"));
    bw_buf_fini(&out);
}

static const struct {
    double p10, p50, p90;
    const char *says;
} reached[] = {
    { 0, 0, 0, "reached already" },
    { 3600, 7200, INFINITY, "reached in 2h (10%: 1h, 90%: not within what can be foreseen)" },
    { 3600, 7200, 9000, "90%: 2h 30m)\n             about 1970-01-01 02:00 UTC\n" },
    { 3600, INFINITY, INFINITY, "not likely within what can be foreseen (10%: within 1h)" },
    { INFINITY, INFINITY, INFINITY, "not likely within what can be foreseen\n" },
    { 1e300, 1e300, 1e300, "not likely within what can be foreseen" },
};

static void thresholds_are_told_in_words(void **state)
{
    (void)state;
    bw_trend_picture_begin(&picture);
    for (size_t i = 0; i < sizeof reached / sizeof *reached; i++) {
        struct bw_trend_record record = unknown();
        struct bw_buf out;
        record.time_to_p10_s = reached[i].p10;
        record.time_to_p50_s = reached[i].p50;
        record.time_to_p90_s = reached[i].p90;
        record.direction = BW_RISING;
        record.confidence_ratio = 0.9999;
        record.horizons[0].crossing_ratio = 0.001;
        bw_buf_init(&out, 1u << 16);
        show(&out, &record, true);
        if (strstr(out.data, reached[i].says) == NULL)
            fail_msg("%s: %s", reached[i].says, out.data);
        assert_non_null(strstr(out.data, "more than 99% sure"));
        assert_non_null(strstr(out.data, "reached by then: less than 1%"));
        assert_non_null(strstr(out.data, "its rate per second"));
        bw_buf_fini(&out);
    }
}

/* Ten days of hours, a tenth missing, with two seasons and three changes. */
static struct bw_trend_record known(void)
{
    struct bw_trend_record record = unknown();
    record.note = "";
    record.points = 216;
    record.last_ms = 240 * INT64_C(3600000);
    record.last_value = 5e9;
    record.direction = BW_FALLING;
    record.confidence_ratio = 0.964;
    record.slope_per_second = -10000;
    record.slope_low = -11000;
    record.slope_high = 1000;
    record.horizons[0].p10 = 4e9;
    record.horizons[0].p50 = 5e9;
    record.horizons[0].p90 = 6e9;
    bw_trend_picture_begin(&picture);
    picture.step_ms = 3600000;
    picture.cells = 240;
    picture.present = 216;
    picture.period_count = 2;
    picture.period_s[0] = 86400;
    picture.period_s[1] = 7 * 86400;
    picture.strength[0] = 0.62;
    picture.strength[1] = 0.3;
    picture.change_count = 4;
    for (int i = 0; i < 4; i++)
        picture.change_ms[i] = (i + 1) * 48 * INT64_C(3600000);
    picture.origins = 6;
    picture.skill = -0.08;
    return record;
}

static void what_is_known_is_told_in_units_and_times(void **state)
{
    (void)state;
    struct bw_trend_record record = known();
    struct bw_buf out;
    bw_buf_init(&out, 1u << 16);
    record.metric = "free_bytes";
    show(&out, &record, false);
    assert_string_equal(
        out.data,
        "s\n"
        "  data       216 points every 1h, 1970-01-01 00:00 to 1970-01-11 00:00 UTC, 10% missing\n"
        "  now        4.7 GiB\n"
        "  direction  falling, 96% sure\n"
        "  slope      -824 MiB per day (95%: -906 MiB to +82.4 MiB)\n"
        "  season     every 1d (62% of what it and noise do), every 7d (30% of what it and noise "
        "do)\n"
        "  course     as it is now since 1970-01-09 00:00 UTC (2d)\n"
        "             changed before at 1970-01-07 00:00, 1970-01-05 00:00 and 1 more\n"
        "  forecast          P10         P50         P90\n"
        "    in 1h       3.7 GiB     4.7 GiB     5.6 GiB\n"
        "  checked    at 6 times in the past: error 8% more than by the last value\n"
        "  threshold  9 B, from below: when it is reached cannot be known\n");
    bw_buf_fini(&out);
}

static void doubt_says_what_it_is_between(void **state)
{
    (void)state;
    struct bw_trend_record record = known();
    struct bw_buf out;
    bw_buf_init(&out, 1u << 16);
    record.metric = "";
    record.direction = BW_UNDETERMINED;
    record.slope_low = -DBL_MAX; /* no number that a day of it has */
    picture.rising = 0.11;
    picture.flat = 0.56;
    picture.falling = 0.33;
    picture.wait_ms = 7200000;
    show(&out, &record, false);
    assert_non_null(strstr(out.data, "undetermined (rising 11%, flat 56%, falling 33%)\n"
                                     "             about 2h more of the same may settle it\n"));
    assert_non_null(strstr(out.data, "  now        5e+09\n"));
    assert_null(strstr(out.data, "slope"));
    bw_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts_are_a_plugins),
        cmocka_unit_test(a_probe_for_a_monitoring_system),
        cmocka_unit_test(a_transcript_is_shown_to_who_asks),
        cmocka_unit_test(a_failed_probe_says_where_and_why),
        cmocka_unit_test(addresses_are_listed),
        cmocka_unit_test(bars_are_as_fine_as_the_terminal),
        cmocka_unit_test(nothing_is_said_twice),
        cmocka_unit_test(an_unknown_trend_has_no_numbers),
        cmocka_unit_test(thresholds_are_told_in_words),
        cmocka_unit_test(what_is_known_is_told_in_units_and_times),
        cmocka_unit_test(doubt_says_what_it_is_between),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
