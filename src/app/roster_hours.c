// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/roster_internal.h"

/* True when the check is watched from now on, or is not. */
static bool turn(struct bw_roster *roster, struct bw_roster_check *check,
                 const struct bw_roster_hours *hours, int64_t now_ms)
{
    if (check->spec.hours == NULL)
        return false;
    const struct bw_roster_hours *own = &hours[check->spec.hours->index];
    const bool turns = check->idle == own->open;
    check->idle_words = own->words;
    bw_roster_set_idle(roster, check, !own->open, now_ms);
    return turns;
}

static bool turn_instance(struct bw_roster *roster, struct bw_roster_instance *instance,
                          const struct bw_roster_hours *hours, int64_t now_ms)
{
    bool turned = false;
    for (struct bw_roster_check *check = instance->checks; check != NULL; check = check->next)
        turned |= turn(roster, check, hours, now_ms);
    return turned;
}

bool bw_roster_turn(struct bw_roster *roster, const struct bw_roster_hours *hours, int64_t now_ms,
                    bool tell)
{
    bool any = false;
    for (struct bw_roster_service *service = roster->services; service != NULL;
         service = service->next) {
        bool turned = false;
        for (struct bw_roster_instance *instance = service->instances; instance != NULL;
             instance = instance->next) {
            if (!turn_instance(roster, instance, hours, now_ms))
                continue;
            turned = true;
            if (tell)
                bw_roster_roll_up_instance(roster, instance, now_ms);
        }
        any |= turned;
        if (turned && tell)
            bw_roster_roll_up_service(roster, service, now_ms, !bw_roster_service_is_idle(service));
    }
    bw_core_view_changed(roster->core);
    return any;
}

bool bw_roster_may_be_idle(const struct bw_roster *roster, bw_roster_fits_fn *fits, void *ctx)
{
    const struct bw_roster_check *check = bw_roster_next_check(roster, NULL);
    for (; check != NULL; check = bw_roster_next_check(roster, check)) {
        const struct bw_subject subject = bw_roster_subject(check);
        if (check->idle && fits(ctx, &subject))
            return true;
    }
    return false;
}
