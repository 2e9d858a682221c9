// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/roster_internal.h"
#include "health/sight.h"

enum bw_status bw_roster_status(const struct bw_roster_check *check)
{
    return check->veiled ? BW_UNKNOWN : check->health.status;
}

int64_t bw_roster_since_ms(const struct bw_roster_check *check)
{
    return check->veiled ? check->veiled_ms : check->health.since_ms;
}

const char *bw_roster_cause(const struct bw_roster *roster, const struct bw_roster_check *check)
{
    const struct bw_core_sight *sight = &roster->core->sight;
    if (!check->veiled)
        return check->health.cause;
    if (check->idle)
        return check->idle_words != NULL ? check->idle_words : "not watched now";
    if (sight->blind && check->spec.covered)
        return sight->cause;
    return check->idle_ms != 0 ? "watched again, but it has not told yet"
                               : "we see again, but this check has not told yet";
}

/* ---- veils ------------------------------------------------------------------------------- */

/* Idle ones are counted apart from those that should tell something and cannot. */
static void count(struct bw_roster *roster, const struct bw_roster_check *check, size_t step)
{
    struct bw_roster_instance *instance = check->instance;
    if (!check->veiled)
        return;
    *(check->idle ? &instance->idle : &instance->veiled) += step;
    *(check->idle ? &instance->service->idle : &instance->service->veiled) += step;
    roster->veiled += step;
}

static void set(struct bw_roster *roster, struct bw_roster_check *check, bool veiled, bool idle)
{
    count(roster, check, (size_t)-1);
    check->veiled = veiled || idle;
    check->idle = idle;
    count(roster, check, 1);
    if (!check->veiled)
        check->idle_ms = 0;
}

void bw_roster_set_veiled(struct bw_roster *roster, struct bw_roster_check *check, bool veiled)
{
    set(roster, check, veiled, check->idle && veiled);
}

void bw_roster_set_idle(struct bw_roster *roster, struct bw_roster_check *check, bool idle,
                        int64_t now_ms)
{
    if (check->idle == idle)
        return;
    if (idle) {
        bw_veil_fall(&check->health);
        check->veiled_ms = check->veiled ? check->veiled_ms : now_ms;
        check->idle_ms = now_ms;
    }
    set(roster, check, true, idle);
}

bool bw_roster_instance_is_idle(const struct bw_roster_instance *instance)
{
    return instance->idle > 0 && instance->idle == instance->check_count;
}

bool bw_roster_service_is_idle(const struct bw_roster_service *service)
{
    return service->idle > 0 && service->idle == service->check_count;
}

bool bw_roster_has_veiled(const struct bw_roster *roster)
{
    return roster->veiled > 0;
}

bool bw_roster_service_is_veiled(const struct bw_roster_service *service)
{
    return service->veiled > 0 || bw_roster_service_is_idle(service);
}

bool bw_roster_is_veiled(const struct bw_roster *roster, const struct bw_subject *subject)
{
    const struct bw_roster_service *service = bw_roster_service(roster, subject->service);
    if (service == NULL || subject->instance[0] == '\0')
        return service != NULL && bw_roster_service_is_veiled(service);
    if (subject->check[0] != '\0') {
        const struct bw_roster_check *check = bw_roster_check(roster, subject);
        return check != NULL && check->veiled;
    }
    const struct bw_roster_instance *instance = bw_roster_instance(service, subject->instance);
    return instance != NULL && (instance->veiled > 0 || bw_roster_instance_is_idle(instance));
}
