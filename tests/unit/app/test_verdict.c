// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/verdict.h"

#include "base/units.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define NOW INT64_C(1700000000000)

static struct bw_condition condition(const char *text)
{
    struct bw_condition out;
    struct bw_err err;
    if (bw_condition_parse(text, BW_UNIT_SECONDS, &out, &err) != BW_OK)
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
    { "what we broke is lost",
      { .reason = BW_REASON_LOCAL_LIMIT, .detail = "too many open files" },
      BW_OUTCOME_LOST,
      BW_REASON_LOCAL_LIMIT,
      "too many open files" },
};

static void results_mean_what_they_say(void **state)
{
    (void)state;
    const struct bw_degraded_rule rules[] = {
        { "duration", BW_DEGRADED_DURATION, 0, condition("> 1s") },
        { "connect", BW_DEGRADED_PHASE, BW_PHASE_CONNECT, condition("> 200ms") },
        { "certificate_expires_in", BW_DEGRADED_CERTIFICATE, 0, condition("< 21d") },
    };
    const struct bw_config_check config = { .degraded = rules, .degraded_count = 3 };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[BW_VERDICT_TEXT_MAX];
        struct bw_roster_result shown;
        const struct bw_outcome outcome =
            bw_verdict_of(&config, &cases[i].result, NOW, text, &shown);
        const char *detail = shown.detail != NULL ? shown.detail : "";
        if (outcome.kind != cases[i].kind || outcome.reason != cases[i].reason
            || strcmp(detail, cases[i].detail != NULL ? cases[i].detail : "") != 0)
            fail_msg("%s: %s, '%s'", cases[i].name, bw_outcome_name(outcome.kind), detail);
        assert_int_equal(shown.ts_ms, NOW);
        assert_int_equal(isnan(shown.certificate_expires_ms) == 0, cases[i].result.has_certificate);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_mean_what_they_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
