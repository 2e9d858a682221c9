// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/verdict.h"

#include "base/units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_BYTES_MAX = 1024 * 1024 }; /* labels have their own ceilings */

static double seconds(int64_t ns)
{
    return (double)ns / 1e9;
}

/* ---- conditions ------------------------------------------------------------------------ */

/* Why a condition holds. */
struct finding {
    double value;
    const struct bw_measure *measure; /* NULL: the rule is about the whole run */
    const char *address;              /* of the part of which it holds; NULL: of the whole run */
};

static const char *label_value(const struct bw_family *family, const struct bw_measure *measure,
                               const char *name)
{
    for (size_t i = 0; measure->labels != NULL && i < family->label_count; i++) {
        if (strcmp(family->labels[i], name) == 0 && measure->labels[i] != NULL)
            return measure->labels[i];
    }
    return "";
}

/* The series is one that the rule means. */
static bool is_meant(const struct bw_degraded_rule *rule, const struct bw_measure *measure)
{
    const struct bw_family *family = bw_family_row(measure->family);
    if (measure->part != BW_PART_VALUE || strcmp(family->name, rule->metric) != 0)
        return false;
    for (size_t i = 0; i < rule->label_count; i++) {
        const struct bw_degraded_label *label = &rule->labels[i];
        const char *value = label_value(family, measure, label->name);
        if ((strcmp(value, label->value) == 0) != label->equal)
            return false;
    }
    return true;
}

/* Any series of the metric will do. */
static bool measure_holds(const struct bw_degraded_rule *rule, const struct bw_measures *measures,
                          struct finding *out)
{
    for (size_t i = 0; measures != NULL && i < measures->count; i++) {
        const struct bw_measure *measure = &measures->items[i];
        if (!bw_condition_holds(&rule->condition, measure->value) || !is_meant(rule, measure))
            continue;
        *out = (struct finding){ measure->value, measure, NULL };
        return true;
    }
    return false;
}

/* The value that a rule on the whole run looks at; NaN when this run has none. */
static double value_of_run(const struct bw_degraded_rule *rule,
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
    case BW_DEGRADED_ATTEMPTS:
        return result->attempts;
    case BW_DEGRADED_MEASURE:
        break;
    }
    return NAN;
}

static bool rule_holds(const struct bw_degraded_rule *rule, const struct bw_probe_result *result,
                       int64_t now_ms, struct finding *out)
{
    if (rule->subject == BW_DEGRADED_MEASURE)
        return measure_holds(rule, result->measures, out);
    *out = (struct finding){ value_of_run(rule, result, now_ms), NULL, NULL };
    return bw_condition_holds(&rule->condition, out->value);
}

/* Of several addresses that passed, one of which it holds is enough. */
static bool rule_holds_somewhere(const struct bw_degraded_rule *rule,
                                 const struct bw_probe_result *result, int64_t now_ms,
                                 struct finding *out)
{
    if (rule_holds(rule, result, now_ms, out))
        return true;
    for (size_t i = 0; i < result->part_count && rule->subject != BW_DEGRADED_DURATION; i++) {
        const struct bw_probe_part *part = &result->parts[i];
        if (!part->result->success || !rule_holds(rule, part->result, now_ms, out))
            continue;
        out->address = part->address;
        return true;
    }
    return false;
}

/* The labels of the series, where the rule names none of them. */
static void put_series(struct bw_buf *out, const struct bw_degraded_rule *rule,
                       const struct bw_measure *measure)
{
    bw_buf_text(out, rule->name);
    if (measure == NULL || measure->labels == NULL || rule->label_count > 0)
        return;
    const struct bw_family *family = bw_family_row(measure->family);
    for (size_t i = 0; i < family->label_count; i++)
        bw_buf_printf(out, "%s%s=\"%s\"", i == 0 ? "{" : ",", family->labels[i],
                      measure->labels[i]);
    bw_buf_char(out, '}');
}

/* "1.2s", "0.25", "17" */
static void put_value(struct bw_buf *out, enum bw_unit unit, double value)
{
    char text[BW_DURATION_TEXT_MAX];
    if (unit == BW_UNIT_SECONDS && fabs(value) < 1e9) {
        bw_format_duration_short(text, llround(value * 1e9));
        bw_buf_text(out, text);
    } else if (value == floor(value) && fabs(value) < 1e15) {
        bw_buf_printf(out, "%.0f", value);
    } else {
        bw_buf_printf(out, "%.4g", value);
    }
}

/* ": connection refused: …" of the try before */
static void add_failure(struct bw_buf *out, const struct bw_probe_result *result)
{
    const char *detail = result->retried_detail != NULL ? result->retried_detail : "";
    bw_buf_printf(out, ": %s%s%s", bw_reason_text(result->retried_reason),
                  detail[0] != '\0' ? ": " : "", detail);
}

/* "duration 1.2s is > 800ms" */
static void put_rule(struct bw_buf *out, const struct bw_degraded_rule *rule,
                     const struct bw_probe_result *result, const struct finding *finding)
{
    char limit[BW_CONDITION_TEXT_MAX];
    bw_condition_format(limit, &rule->condition);
    put_series(out, rule, finding->measure);
    bw_buf_char(out, ' ');
    put_value(out, rule->condition.unit, finding->value);
    bw_buf_printf(out, " is %s", limit);
    if (finding->address != NULL)
        bw_buf_printf(out, " (%s)", finding->address);
    if (rule->subject == BW_DEGRADED_ATTEMPTS && result->retried_reason != BW_REASON_NONE)
        add_failure(out, result);
}

/* Makes it safe, for labels are a peer's, and cuts it. */
static void end_text(struct bw_buf *text, char out[BW_VERDICT_TEXT_MAX])
{
    bw_probe_quote(out, BW_VERDICT_TEXT_MAX, text->data, text->len);
    bw_buf_fini(text);
}

/* Writes down the first rule that holds. */
static bool is_degraded(const struct bw_config_check *config, const struct bw_probe_result *result,
                        int64_t now_ms, char out[BW_VERDICT_TEXT_MAX])
{
    for (size_t i = 0; i < config->degraded_count; i++) {
        struct finding finding;
        struct bw_buf text;
        if (!rule_holds_somewhere(&config->degraded[i], result, now_ms, &finding))
            continue;
        bw_buf_init(&text, TEXT_BYTES_MAX);
        put_rule(&text, &config->degraded[i], result, &finding);
        end_text(&text, out);
        return true;
    }
    return false;
}

/* ---- the verdict ----------------------------------------------------------------------- */

/* "passed at try 2, after: connection refused: …", and what the target says of itself. */
static void tell_retry(const struct bw_probe_result *result, char out[BW_VERDICT_TEXT_MAX])
{
    struct bw_buf text;
    bw_buf_init(&text, TEXT_BYTES_MAX);
    bw_buf_printf(&text, "passed at try %u, after", result->attempts);
    add_failure(&text, result);
    if (result->detail[0] != '\0')
        bw_buf_printf(&text, "; %s", result->detail);
    end_text(&text, out);
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
    if (is_degraded(config, result, nominal_ms, text)) {
        out_shown->detail = text;
        return (struct bw_outcome){ BW_OUTCOME_WARN, BW_REASON_THRESHOLD, text };
    }
    if (result->retried_reason != BW_REASON_NONE) {
        tell_retry(result, text);
        out_shown->detail = text;
    }
    return (struct bw_outcome){ .kind = BW_OUTCOME_PASS };
}
