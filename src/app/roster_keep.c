// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/roster_keep.h"

#include "app/roster_internal.h"
#include "base/hash.h"
#include "base/text.h"
#include "health/sight.h"

#include <string.h>

/* A steady check need not write a row with every result. */
enum { SAVE_EVERY_MS = 5000 };

static uint64_t hash_of_cause(enum bw_reason reason, const char *cause)
{
    return bw_hash_text(cause, (uint64_t)reason) | 1;
}

/* What is well has nothing to say, and most checks are, most of the time. */
static void save_cause(struct bw_core *core, struct bw_roster_check *check)
{
    const struct bw_health *health = &check->health;
    const uint64_t words = hash_of_cause(health->reason, health->cause);
    const struct bw_check_cause cause = { bw_roster_subject(check), health->reason, health->cause };
    if (health->status == BW_HEALTHY || words == check->saved_cause || core->store == NULL)
        return;
    if (bw_store_put_check_cause(core->store, &cause))
        check->saved_cause = words;
}

static void save_state(struct bw_core *core, struct bw_roster_check *check)
{
    save_cause(core, check);
    struct bw_check_state state = { .subject = bw_roster_subject(check) };
    bw_health_save(&check->health, &state);
    if (core->store != NULL && bw_store_put_check_state(core->store, &state))
        check->saved_ms = bw_core_now_ms(core);
}

void bw_roster_save_check(struct bw_core *core, struct bw_roster_check *check, bool changed,
                          int64_t now_ms)
{
    if (changed || now_ms - check->saved_ms >= SAVE_EVERY_MS || now_ms < check->saved_ms)
        save_state(core, check);
}

void bw_roster_save(struct bw_roster *roster)
{
    for (struct bw_roster_service *service = roster->services; service != NULL;
         service = service->next) {
        for (struct bw_roster_instance *instance = service->instances; instance != NULL;
             instance = instance->next) {
            for (struct bw_roster_check *check = instance->checks; check != NULL;
                 check = check->next) {
                const struct bw_subject subject = bw_roster_subject(check);
                save_state(roster->core, check);
                bw_failures_save(roster->core, &check->failures, &subject);
            }
        }
    }
}

/* ---- carrying on ----------------------------------------------------------------------- */

static void adopt_check(struct bw_roster *roster, struct bw_roster_check *check,
                        const struct bw_roster_check *old)
{
    check->health = old->health;
    bw_roster_set_veiled(roster, check, old->veiled && (check->spec.covered || old->idle_ms != 0));
    bw_roster_set_idle(roster, check, old->idle && check->spec.hours != NULL, old->idle_ms);
    check->veiled_ms = old->veiled_ms;
    check->maintained = old->maintained;
    check->idle_ms = check->veiled ? old->idle_ms : 0;
    bw_roster_keep_last(check, &old->last);
    check->failures = old->failures;
    check->saved_cause = old->saved_cause;
    memcpy(check->entered, old->entered, sizeof check->entered);
    memcpy(check->recent, old->recent, sizeof check->recent);
    check->recent_count = old->recent_count;
    check->recent_next = old->recent_next;
}

static void adopt_instance(struct bw_roster *roster, struct bw_roster_instance *instance,
                           const struct bw_roster *old)
{
    const struct bw_roster_instance *old_instance =
        bw_roster_instance(bw_roster_service(old, instance->service->name), instance->name);
    if (old_instance != NULL) {
        instance->since_ms = old_instance->since_ms;
        instance->state = old_instance->state;
    }
    for (struct bw_roster_check *check = instance->checks; check != NULL; check = check->next) {
        const struct bw_subject subject = bw_roster_subject(check);
        const struct bw_roster_check *old_check = bw_roster_check(old, &subject);
        if (old_check != NULL)
            adopt_check(roster, check, old_check);
    }
}

void bw_roster_adopt(struct bw_roster *roster, const struct bw_roster *old)
{
    for (struct bw_roster_service *service = roster->services; service != NULL;
         service = service->next) {
        const struct bw_roster_service *old_service = bw_roster_service(old, service->name);
        if (old_service != NULL) {
            service->since_ms = old_service->since_ms;
            service->state = old_service->state;
            service->told = old_service->told;
        }
        for (struct bw_roster_instance *instance = service->instances; instance != NULL;
             instance = instance->next)
            adopt_instance(roster, instance, old);
    }
}

void bw_roster_restore(struct bw_roster *roster, const struct bw_check_state *state, int64_t now_ms)
{
    struct bw_roster_check *check = bw_roster_check(roster, &state->subject);
    if (check == NULL)
        return;
    const int64_t interval_ms = check->spec.interval_ms > 0 ? check->spec.interval_ms : 1;
    /* Of a quick check not every result is saved: its last may be as much younger. */
    const int64_t behind_ms = interval_ms < SAVE_EVERY_MS ? SAVE_EVERY_MS : 0;
    const int64_t until_ms = check->idle ? state->last_result_ms : now_ms - behind_ms;
    bw_health_restore(&check->health, &check->spec.rule, state, interval_ms, until_ms);
    if (check->idle) /* nothing was missed since, and nothing of then counts on */
        bw_veil_fall(&check->health);
}

/* A status that is older than its words may have been given up meanwhile: then they mean nothing.
 */
void bw_roster_restore_cause(struct bw_roster *roster, const struct bw_check_cause *cause)
{
    struct bw_roster_check *check = bw_roster_check(roster, &cause->subject);
    if (check == NULL || check->health.status == BW_HEALTHY || check->health.status == BW_UNKNOWN)
        return;
    check->health.reason = cause->reason;
    bw_text_copy(check->health.cause, sizeof check->health.cause, cause->cause);
    check->saved_cause = hash_of_cause(cause->reason, check->health.cause);
}

void bw_roster_restore_failure(struct bw_roster *roster, const struct bw_failure_tally *tally)
{
    struct bw_roster_check *check = bw_roster_check(roster, &tally->subject);
    if (check != NULL)
        bw_failures_restore(&check->failures, tally);
}
