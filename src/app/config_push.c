// SPDX-License-Identifier: GPL-3.0-or-later
/* Checks of kind push: jobs that report by themselves. */
#include "app/config_resolve.h"
#include "base/units.h"

/* What says how to ask, which nobody does here. */
static const char *const about_asking[] = { "module",        "overrides",     "interval",
                                            "fast_interval", "timeout",       "retries",
                                            "expect",        "down_interval", "resolve_mode" };

static void refuse_asking(struct bw_config_resolving *r, const struct bw_node *node,
                          const char *path)
{
    for (size_t i = 0; i < sizeof about_asking / sizeof *about_asking; i++) {
        const struct bw_node *key = bw_node_find(node, about_asking[i]);
        if (key != NULL)
            bw_problems_add(r->loading->problems, key->key_at, path,
                            "'%s' is not for 'push': the job comes by itself", about_asking[i]);
    }
}

/* Its grace is all the patience there is: one report that fails or is missed counts, and one that
 * passes makes it good, unless the check itself says otherwise. */
static struct bw_health_rule rule_of(const struct bw_health_opts *opts)
{
    struct bw_health_opts own = *opts;
    own.fall = own.fall > 0 ? own.fall : 1;
    own.rise = own.rise > 0 ? own.rise : 1;
    return bw_health_rule_make(&own, NULL);
}

static const char *describe(struct bw_arena *arena, const struct bw_push_settings *settings)
{
    char every[BW_DURATION_TEXT_MAX], grace[BW_DURATION_TEXT_MAX];
    bw_format_duration_short(every, settings->every_ns);
    bw_format_duration_short(grace, settings->grace_ns);
    return bw_arena_printf(arena, "every %s, grace %s", every, grace);
}

void bw_config_resolve_push(struct bw_config_resolving *r, const struct bw_check_settings *check,
                            const struct bw_node *node, const char *path,
                            struct bw_config_check *out)
{
    struct bw_arena *arena = r->loading->arena;
    const struct bw_push_settings *settings = check->push;
    const struct bw_node *own = bw_node_find(node, "push");
    struct bw_config_push *push = bw_arena_alloc(arena, sizeof *push);
    refuse_asking(r, node, path);
    if (settings->token == NULL)
        bw_config_problem(r, own, path, "'push' needs 'token' or 'token_file'");
    *push = (struct bw_config_push){ .rule = { .every_ms = settings->every_ns / BW_MS,
                                               .grace_ms = settings->grace_ns / BW_MS },
                                     .token = settings->token };
    out->push = push;
    out->health = rule_of(&check->health);
    out->schedule.interval_ns = settings->every_ns;
    bw_config_add_check(r, out, BW_PUSH_INSTANCE, describe(arena, settings));
}
