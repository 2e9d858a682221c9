// SPDX-License-Identifier: GPL-3.0-or-later
#include "health/sight.h"

bool bw_sight_feed(struct bw_sight *sight, bool seen, int64_t now_ms)
{
    sight->contrary = seen == sight->blind ? sight->contrary + 1 : 0;
    if (sight->contrary < BW_SIGHT_ROUNDS)
        return false;
    *sight = (struct bw_sight){ .blind = !sight->blind, .since_ms = now_ms };
    return true;
}

bool bw_sight_is_in_doubt(const struct bw_sight *sight)
{
    return sight->contrary > 0;
}

void bw_veil_fall(struct bw_health *health)
{
    bw_health_forget(health);
}

void bw_veil_pass(struct bw_health *health, int64_t now_ms)
{
    health->last_result_ms = now_ms;
}

bool bw_veil_is_lifted(const struct bw_health *health, const struct bw_outcome *outcome,
                       bool changed)
{
    return changed
           || (health->status != BW_UNKNOWN && bw_outcome_agrees(outcome, health->status));
}
