// SPDX-License-Identifier: GPL-3.0-or-later
#include "health/check.h"

/* The rows are offered to other tables as members of a member; here the struct is the member. */
struct health_opts {
    struct bw_health_opts health;
};

static const struct bw_opt health_options[] = {
    BW_HEALTH_OPT_ROWS(struct health_opts, health),
    { 0 },
};

const struct bw_opt_group bw_health_group = {
    .name = "health",
    .size = sizeof(struct bw_health_opts),
    .opts = health_options,
    .help = "How many outcomes in a row change the status of a check.",
};

const struct bw_health_rule bw_health_rule_default = {
    .fall = 3,
    .rise = 2,
    .degraded_fall = 3,
    .degraded_rise = 2,
    .unknown_after = 3,
};

/* The first that is set (not 0), within what a run can count. */
static uint16_t first_set(int64_t own, int64_t global, uint16_t otherwise)
{
    const int64_t set = own > 0 ? own : global > 0 ? global : otherwise;
    return (uint16_t)(set < BW_HEALTH_RUN_MAX ? set : BW_HEALTH_RUN_MAX);
}

struct bw_health_rule bw_health_rule_make(const struct bw_health_opts *opts,
                                          const struct bw_health_opts *global)
{
    static const struct bw_health_opts nothing;
    const struct bw_health_opts *o = opts != NULL ? opts : &nothing;
    const struct bw_health_opts *g = global != NULL ? global : &nothing;
    struct bw_health_rule rule = bw_health_rule_default;
    rule.fall = first_set(o->fall, g->fall, rule.fall);
    rule.rise = first_set(o->rise, g->rise, rule.rise);
    rule.degraded_fall = first_set(o->degraded_fall, g->degraded_fall, rule.fall);
    rule.degraded_rise = first_set(o->degraded_rise, g->degraded_rise, rule.rise);
    return rule;
}
