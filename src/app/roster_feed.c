// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/roster_internal.h"
#include "health/sight.h"

static void remember_result(struct bw_roster_check *check, const struct bw_outcome *outcome,
                            const struct bw_roster_result *result)
{
    static const enum bw_status shown_as[BW_OUTCOME_COUNT] = {
        [BW_OUTCOME_PASS] = BW_HEALTHY,
        [BW_OUTCOME_WARN] = BW_DEGRADED,
        [BW_OUTCOME_FAIL] = BW_UNHEALTHY,
        [BW_OUTCOME_LOST] = BW_UNKNOWN,
    };
    bw_roster_keep_last(check, result);
    const enum bw_status shown =
        result->unseen || check->idle ? BW_UNKNOWN : shown_as[outcome->kind];
    check->recent[check->recent_next] =
        bw_view_past_make((struct bw_view_result){ result->ts_ms, result->duration_s, shown });
    check->recent_next = (check->recent_next + 1) % BW_VIEW_RECENT_MAX;
    if (check->recent_count < BW_VIEW_RECENT_MAX)
        check->recent_count++;
}

static void tell_change(struct bw_core *core, struct bw_roster_check *check,
                        const struct bw_transition *transition)
{
    check->entered[transition->to]++;
    bw_core_event(core, &(struct bw_event){ .ts_ms = transition->since_ms,
                                            .kind = BW_EVENT_STATUS,
                                            .subject = bw_roster_subject(check),
                                            .name = "",
                                            .from = (int)transition->from,
                                            .to = (int)transition->to,
                                            .cause = transition->cause });
}

/* What comes while a check is idle is of a run that began before, or of a job that reports at any
 * time: no evidence. But the first run of new hours may be told before the clock tells of them. */
static bool wakes(struct bw_roster *roster, struct bw_roster_check *check, int64_t ts_ms,
                  int64_t now_ms)
{
    if (!check->idle || ts_ms <= check->idle_ms
        || !bw_hours_contain(&check->spec.hours->hours, ts_ms))
        return false;
    bw_roster_set_idle(roster, check, false, now_ms);
    return true;
}

/* What the outcome does to the check; true when others see another status from now on. */
static bool judge(struct bw_roster *roster, struct bw_roster_check *check,
                  const struct bw_outcome *outcome, bool unseen, int64_t now_ms)
{
    struct bw_transition transition;
    if (check->idle || (check->spec.covered && unseen)) {
        bw_veil_pass(&check->health, now_ms);
        return false;
    }
    const bool changed =
        bw_health_feed(&check->health, &check->spec.rule, outcome, now_ms, &transition);
    const bool lifted = check->veiled && bw_veil_is_lifted(&check->health, outcome, changed);
    if (changed)
        tell_change(roster->core, check, &transition);
    if (lifted)
        bw_roster_set_veiled(roster, check, false);
    return changed || lifted;
}

bool bw_roster_feed(struct bw_roster *roster, struct bw_roster_check *check,
                    const struct bw_outcome *outcome, const struct bw_roster_result *result)
{
    struct bw_core *core = roster->core;
    const int64_t now_ms = bw_core_now_ms(core);
    const bool woken = wakes(roster, check, result->ts_ms, now_ms);
    remember_result(check, outcome, result);
    const bool changed = judge(roster, check, outcome, result->unseen, now_ms);
    bw_core_view_changed(core);
    bw_roster_save_check(core, check, changed, now_ms);
    if (!changed && !woken)
        return false;
    bw_roster_roll_up_instance(roster, check->instance, now_ms);
    bw_roster_roll_up_service(roster, check->instance->service, now_ms, true);
    return changed;
}

static void veil(struct bw_roster *roster, struct bw_roster_check *check, int64_t now_ms)
{
    if (!check->spec.covered)
        return;
    bw_veil_fall(&check->health);
    check->veiled_ms = check->veiled ? check->veiled_ms : now_ms;
    bw_roster_set_veiled(roster, check, true);
}

void bw_roster_veil(struct bw_roster *roster)
{
    const int64_t now_ms = roster->core->sight.since_ms;
    for (struct bw_roster_service *service = roster->services; service != NULL;
         service = service->next) {
        for (struct bw_roster_instance *instance = service->instances; instance != NULL;
             instance = instance->next) {
            for (struct bw_roster_check *check = instance->checks; check != NULL;
                 check = check->next)
                veil(roster, check, now_ms);
            if (instance->veiled > 0)
                bw_roster_roll_up_instance(roster, instance, now_ms);
        }
        if (service->veiled > 0)
            bw_roster_roll_up_service(roster, service, now_ms, true);
    }
    bw_core_view_changed(roster->core);
}

void bw_roster_unveil(struct bw_roster *roster, struct bw_roster_check *check)
{
    const int64_t now_ms = bw_core_now_ms(roster->core);
    if (!check->veiled || check->idle)
        return;
    bw_roster_set_veiled(roster, check, false);
    bw_roster_roll_up_instance(roster, check->instance, now_ms);
    bw_roster_roll_up_service(roster, check->instance->service, now_ms, true);
    bw_core_view_changed(roster->core);
}

void bw_roster_measure_check(const struct bw_roster_check *check, struct bw_measures *out)
{
    const enum bw_status status = bw_roster_status(check);
    for (int i = 0; i < BW_STATUS_COUNT; i++) {
        const char *const *label = bw_status_label((enum bw_status)i);
        bw_measures_lend(out, BW_METRIC_HEALTH_STATUS, status == (enum bw_status)i ? 1 : 0, label);
        bw_measures_lend(out, BW_METRIC_HEALTH_TRANSITIONS_TOTAL, (double)check->entered[i], label);
    }
    static const double scores[BW_STATUS_COUNT] = {
        [BW_HEALTHY] = 1, [BW_DEGRADED] = 0.5, [BW_UNHEALTHY] = 0
    };
    if (status != BW_UNKNOWN)
        bw_measures_add(out, BW_METRIC_HEALTH_SCORE, scores[check->health.status], NULL);
    if (bw_roster_since_ms(check) > 0)
        bw_measures_add(out, BW_METRIC_HEALTH_STATUS_CHANGED_TIMESTAMP_SECONDS,
                        (double)bw_roster_since_ms(check) / 1000, NULL);
    if (check->spec.hours != NULL)
        bw_measures_add(out, BW_METRIC_CHECK_WATCHED, check->idle ? 0 : 1, NULL);
}
