// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/verdict.h"

#include "base/text.h"
#include "base/units.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define NOW INT64_C(1700000000000)

static struct bw_condition condition(const char *text, enum bw_unit unit)
{
    struct bw_condition out;
    struct bw_err err;
    if (bw_condition_parse(text, unit, &out, &err) != BW_OK)
        fail_msg("%s", err.text);
    return out;
}

/* Slow from 1 s, connecting slow from 200 ms, and three weeks before a certificate ends. */
static const struct {
    const char *name;
    struct bw_probe_result result;
    enum bw_outcome_kind kind;
    enum bw_reason reason;
    const char *detail; /* what people read; NULL: nothing */
} cases[] = {
    { "it passed",
      { .success = true, .duration_ns = BW_SECOND },
      BW_OUTCOME_PASS,
      BW_REASON_NONE,
      NULL },
    { "it was slow",
      { .success = true, .duration_ns = 2 * BW_SECOND },
      BW_OUTCOME_WARN,
      BW_REASON_THRESHOLD,
      "duration 2s is > 1s" },
    { "a phase was slow",
      { .success = true,
        .phase_ns = { [BW_PHASE_CONNECT] = 300 * BW_MS },
        .phase_seen = { [BW_PHASE_CONNECT] = true } },
      BW_OUTCOME_WARN,
      BW_REASON_THRESHOLD,
      "connect 300ms is > 200ms" },
    { "a phase that was not there is not slow",
      { .success = true, .phase_ns = { [BW_PHASE_CONNECT] = 300 * BW_MS } },
      BW_OUTCOME_PASS,
      BW_REASON_NONE,
      NULL },
    { "a certificate ends",
      { .success = true, .has_certificate = true, .certificate_expiry_s = NOW / 1000 + 86400 },
      BW_OUTCOME_WARN,
      BW_REASON_THRESHOLD,
      "certificate_expires_in 1d is < 3w" },
    { "a certificate is good",
      { .success = true, .has_certificate = true, .certificate_expiry_s = NOW / 1000 + 2592000 },
      BW_OUTCOME_PASS,
      BW_REASON_NONE,
      NULL },
    { "an assertion warns before a condition does",
      { .success = true, .warned = true, .duration_ns = 2 * BW_SECOND, .warning = "body says so" },
      BW_OUTCOME_WARN,
      BW_REASON_ASSERTION_BODY,
      "body says so" },
    { "a failure is no matter of speed",
      { .reason = BW_REASON_TIMEOUT, .duration_ns = 5 * BW_SECOND, .detail = "5s" },
      BW_OUTCOME_FAIL,
      BW_REASON_TIMEOUT,
      "5s" },
    { "it passed at the second try",
      { .success = true,
        .attempts = 2,
        .retried_reason = BW_REASON_HTTP_STATUS,
        .retried_detail = "status 503, expected 2xx" },
      BW_OUTCOME_PASS,
      BW_REASON_NONE,
      "passed at try 2, after: unexpected status code: status 503, expected 2xx" },
    { "it passed at the third try and says something",
      { .success = true,
        .attempts = 3,
        .retried_reason = BW_REASON_TIMEOUT,
        .detail = "all is well" },
      BW_OUTCOME_WARN,
      BW_REASON_THRESHOLD,
      "attempts 3 is > 2: timed out" },
    { "what we broke is lost",
      { .reason = BW_REASON_LOCAL_LIMIT, .detail = "too many open files" },
      BW_OUTCOME_LOST,
      BW_REASON_LOCAL_LIMIT,
      "too many open files" },
};

static void expect_verdict(const struct bw_config_check *config, const char *name,
                           const struct bw_probe_result *result, enum bw_outcome_kind kind,
                           enum bw_reason reason, const char *want)
{
    char text[BW_VERDICT_TEXT_MAX];
    struct bw_roster_result shown;
    const struct bw_outcome outcome = bw_verdict_of(config, result, NOW, text, &shown);
    const char *detail = shown.detail != NULL ? shown.detail : "";
    if (outcome.kind != kind || outcome.reason != reason || strcmp(detail, want) != 0)
        fail_msg("%s: %s, '%s'", name, bw_outcome_name(outcome.kind), detail);
    assert_int_equal(shown.ts_ms, NOW);
    assert_int_equal(isnan(shown.certificate_expires_ms) == 0, result->has_certificate);
}

static void results_mean_what_they_say(void **state)
{
    (void)state;
    const struct bw_degraded_rule rules[] = {
        { .name = "duration",
          .subject = BW_DEGRADED_DURATION,
          .condition = condition("> 1s", BW_UNIT_SECONDS) },
        { .name = "connect",
          .subject = BW_DEGRADED_PHASE,
          .phase = BW_PHASE_CONNECT,
          .condition = condition("> 200ms", BW_UNIT_SECONDS) },
        { .name = "certificate_expires_in",
          .subject = BW_DEGRADED_CERTIFICATE,
          .condition = condition("< 21d", BW_UNIT_SECONDS) },
        { .name = "attempts",
          .subject = BW_DEGRADED_ATTEMPTS,
          .condition = condition("> 2", BW_UNIT_NUMBER) },
    };
    const struct bw_config_check config = { .degraded = rules,
                                            .degraded_count = sizeof rules / sizeof *rules };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_verdict(&config, cases[i].name, &cases[i].result, cases[i].kind, cases[i].reason,
                       cases[i].detail != NULL ? cases[i].detail : "");
}

/* ---- what the kind measures ---- */

static const struct bw_degraded_label load = { "label", true, "load1" },
                                      not_load = { "label", false, "load1" },
                                      other = { "host", true, "load1" };

/* A run that lost a fifth of its packets in 7 ms, and a command that measured three things. */
static const struct {
    const char *name;
    struct bw_degraded_rule rule;
    const char *limit;
    enum bw_unit unit;
    const char *want; /* "": it passes */
} measured[] = {
    { "a share",
      { .name = "loss", .metric = "probe_icmp_packet_loss_ratio" },
      "> 10%",
      BW_UNIT_RATIO,
      "loss 0.2 is > 0.1" },
    { "a share that is fine",
      { .name = "loss", .metric = "probe_icmp_packet_loss_ratio" },
      "> 20%",
      BW_UNIT_RATIO,
      "" },
    { "a time",
      { .name = "rtt", .metric = "probe_icmp_rtt_avg_seconds" },
      ">= 5ms",
      BW_UNIT_SECONDS,
      "rtt 7ms is >= 5ms" },
    { "a metric that this run has not",
      { .name = "jitter", .metric = "probe_icmp_jitter_seconds" },
      ">= 0s",
      BW_UNIT_SECONDS,
      "" },
    { "any series, which is told",
      { .name = "perfdata", .metric = "probe_exec_perfdata" },
      "> 1000",
      BW_UNIT_ANY,
      "perfdata{label=\"free\",unit=\"bytes\"} 1048576 is > 1000" },
    { "the series that is meant",
      { .name = "perfdata{label=\"load1\"}",
        .metric = "probe_exec_perfdata",
        .labels = &load,
        .label_count = 1 },
      "> 2",
      BW_UNIT_ANY,
      "perfdata{label=\"load1\"} 2.5 is > 2" },
    { "all other series",
      { .name = "perfdata{label!=\"load1\"}",
        .metric = "probe_exec_perfdata",
        .labels = &not_load,
        .label_count = 1 },
      "< 3",
      BW_UNIT_ANY,
      "perfdata{label!=\"load1\"} -1 is < 3" },
    { "a label that there is not is empty",
      { .name = "perfdata{host=\"load1\"}",
        .metric = "probe_exec_perfdata",
        .labels = &other,
        .label_count = 1 },
      "> 0",
      BW_UNIT_ANY,
      "" },
    { "control bytes of a label do not come through",
      { .name = "perfdata", .metric = "probe_exec_perfdata" },
      "< 0",
      BW_UNIT_ANY,
      "perfdata{label=\"a\\x1b[2Jb\",unit=\"\"} -1 is < 0" },
};

static void what_the_kind_measures_can_degrade(void **state)
{
    (void)state;
    struct bw_arena arena;
    struct bw_measures measures;
    bw_arena_init(&arena);
    bw_measures_init(&measures, &arena);
    bw_measures_add(&measures, BW_METRIC_PROBE_ICMP_PACKET_LOSS_RATIO, 0.2, NULL);
    bw_measures_add(&measures, BW_METRIC_PROBE_ICMP_RTT_AVG_SECONDS, 0.007, NULL);
    bw_measures_add(&measures, BW_METRIC_PROBE_EXEC_PERFDATA, 2.5, BW_LABEL_VALUES("load1", ""));
    bw_measures_add(&measures, BW_METRIC_PROBE_EXEC_PERFDATA, 1048576,
                    BW_LABEL_VALUES("free", "bytes"));
    bw_measures_add(&measures, BW_METRIC_PROBE_EXEC_PERFDATA, -1, BW_LABEL_VALUES("a\x1b[2Jb", ""));
    for (size_t i = 0; i < sizeof measured / sizeof *measured; i++) {
        struct bw_degraded_rule rule = measured[i].rule;
        rule.subject = BW_DEGRADED_MEASURE;
        rule.condition = condition(measured[i].limit, measured[i].unit);
        const struct bw_config_check config = { .degraded = &rule, .degraded_count = 1 };
        const struct bw_probe_result result = { .success = true, .measures = &measures };
        const bool holds = measured[i].want[0] != '\0';
        expect_verdict(&config, measured[i].name, &result,
                       holds ? BW_OUTCOME_WARN : BW_OUTCOME_PASS,
                       holds ? BW_REASON_THRESHOLD : BW_REASON_NONE, measured[i].want);
    }
    bw_arena_fini(&arena);
}

/* With several addresses one that is slow is enough, if it has passed. */
static void one_address_can_degrade(void **state)
{
    (void)state;
    const struct bw_degraded_rule rule = { .name = "connect",
                                           .subject = BW_DEGRADED_PHASE,
                                           .phase = BW_PHASE_CONNECT,
                                           .condition = condition("> 1s", BW_UNIT_SECONDS) };
    const struct bw_config_check config = { .degraded = &rule, .degraded_count = 1 };
    const struct bw_probe_result quick = { .success = true,
                                           .phase_ns = { [BW_PHASE_CONNECT] = BW_MS },
                                           .phase_seen = { [BW_PHASE_CONNECT] = true } };
    struct bw_probe_result slow = quick, whole = quick;
    slow.phase_ns[BW_PHASE_CONNECT] = 2 * BW_SECOND;
    const struct bw_probe_part parts[] = { { "192.0.2.1", &quick }, { "192.0.2.2", &slow } };
    whole.parts = parts;
    whole.part_count = 1;
    expect_verdict(&config, "quick", &whole, BW_OUTCOME_PASS, BW_REASON_NONE, "");
    whole.part_count = 2;
    expect_verdict(&config, "one is slow", &whole, BW_OUTCOME_WARN, BW_REASON_THRESHOLD,
                   "connect 2s is > 1s (192.0.2.2)");
    slow.success = false;
    expect_verdict(&config, "the slow one failed", &whole, BW_OUTCOME_PASS, BW_REASON_NONE, "");
}

/* However long a label is, and wherever it is cut. */
static void long_names_are_cut_between_characters(void **state)
{
    (void)state;
    char label[3000];
    struct bw_arena arena;
    struct bw_measures measures;
    struct bw_roster_result shown;
    char text[BW_VERDICT_TEXT_MAX];
    for (size_t i = 0; i + 2 < sizeof label; i += 2)
        memcpy(label + i, "\xc3\xa4", 3);
    bw_arena_init(&arena);
    bw_measures_init(&measures, &arena);
    bw_measures_add(&measures, BW_METRIC_PROBE_EXEC_PERFDATA, 1, BW_LABEL_VALUES(label, ""));
    for (size_t shift = 0; shift < 2; shift++) {
        const struct bw_degraded_rule rule = { .name = &"xxperfdata"[shift],
                                               .subject = BW_DEGRADED_MEASURE,
                                               .metric = "probe_exec_perfdata",
                                               .condition = condition("> 0", BW_UNIT_ANY) };
        const struct bw_config_check config = { .degraded = &rule, .degraded_count = 1 };
        const struct bw_probe_result result = { .success = true, .measures = &measures };
        assert_int_equal(bw_verdict_of(&config, &result, NOW, text, &shown).kind, BW_OUTCOME_WARN);
        assert_true(strlen(text) > BW_VERDICT_TEXT_MAX - 4);
        assert_int_equal(bw_utf8_valid_prefix(text, strlen(text)), strlen(text));
    }
    bw_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_mean_what_they_say),
        cmocka_unit_test(what_the_kind_measures_can_degrade),
        cmocka_unit_test(one_address_can_degrade),
        cmocka_unit_test(long_names_are_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
