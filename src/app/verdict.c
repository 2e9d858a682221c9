// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/verdict.h"

#include "base/units.h"

#include <math.h>
#include <stdio.h>

static double seconds(int64_t ns)
{
    return (double)ns / 1e9;
}

/* The value that a degraded_when rule looks at; NaN when this run has none. */
static double degraded_value(const struct bw_degraded_rule *rule,
                             const struct bw_probe_result *result, int64_t now_ms)
{
    switch (rule->subject) {
    case BW_DEGRADED_DURATION:
        return seconds(result->duration_ns);
    case BW_DEGRADED_CERTIFICATE:
        return result->has_certificate
                   ? (double)result->certificate_expiry_s - (double)now_ms / 1000
                   : NAN;
    case BW_DEGRADED_PHASE:
        return result->phase_seen[rule->phase] ? seconds(result->phase_ns[rule->phase]) : NAN;
    }
    return NAN;
}

/* Writes "duration 1.2s is > 800ms" for the first rule that holds. */
static bool is_degraded(const struct bw_config_check *config, const struct bw_probe_result *result,
                        int64_t now_ms, char *out, size_t size)
{
    for (size_t i = 0; i < config->degraded_count; i++) {
        const struct bw_degraded_rule *rule = &config->degraded[i];
        const double value = degraded_value(rule, result, now_ms);
        if (!bw_condition_holds(&rule->condition, value))
            continue;
        char limit[BW_CONDITION_TEXT_MAX], shown[BW_DURATION_TEXT_MAX];
        bw_condition_format(limit, &rule->condition);
        bw_format_duration_short(shown, llround(value * 1e9));
        snprintf(out, size, "%s %s is %s", rule->name, shown, limit);
        return true;
    }
    return false;
}

static struct bw_roster_result result_for_people(const struct bw_probe_result *result,
                                                 int64_t nominal_ms)
{
    struct bw_roster_result out = { .ts_ms = nominal_ms,
                                    .duration_s = seconds(result->duration_ns),
                                    .reason = result->success ? BW_REASON_NONE : result->reason,
                                    .attempts = result->attempts,
                                    .detail = result->warned && result->success ? result->warning
                                                                                : result->detail,
                                    .certificate_expires_ms = NAN };
    for (int i = 0; i < BW_PHASE_COUNT; i++) {
        if (result->phase_seen[i])
            out.phases[out.phase_count++] =
                (struct bw_view_phase){ bw_probe_phase_name((enum bw_probe_phase)i),
                                        seconds(result->phase_ns[i]) };
    }
    if (result->has_certificate)
        out.certificate_expires_ms = (double)result->certificate_expiry_s * 1000;
    return out;
}

struct bw_outcome bw_verdict_of(const struct bw_config_check *config,
                                const struct bw_probe_result *result, int64_t nominal_ms,
                                char text[BW_VERDICT_TEXT_MAX], struct bw_roster_result *out_shown)
{
    *out_shown = result_for_people(result, nominal_ms);
    if (!result->success) /* the reason is said before the detail */
        return bw_outcome_of(result->reason, result->detail);
    if (result->warned)
        return (struct bw_outcome){ BW_OUTCOME_WARN,
                                    result->reason != BW_REASON_NONE ? result->reason
                                                                     : BW_REASON_ASSERTION_BODY,
                                    result->warning };
    if (!is_degraded(config, result, nominal_ms, text, BW_VERDICT_TEXT_MAX))
        return (struct bw_outcome){ .kind = BW_OUTCOME_PASS };
    out_shown->detail = text;
    return (struct bw_outcome){ BW_OUTCOME_WARN, BW_REASON_THRESHOLD, text };
}
