// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/validate.h"

#include "app/trending.h"
#include "io/resolve.h"
#include "probe/run.h"

#include <string.h>

static void validate_trends(const struct bw_config *config, struct bw_problems *problems)
{
    struct bw_err err;
    if (bw_trending_check(config, &err) != BW_OK)
        bw_problems_add(problems, (struct bw_place){ .file = config->file }, "", "%s", err.text);
}

/* The plan of each check, once for all its instances. */
static void validate_plans(const struct bw_config *config, struct bw_probe_engine *engine,
                           struct bw_problems *problems)
{
    const char *last_path = NULL;
    for (size_t i = 0; i < config->check_count; i++) {
        const struct bw_config_check *check = &config->checks[i];
        struct bw_err err;
        if (last_path != NULL && strcmp(last_path, check->path) == 0)
            continue;
        last_path = check->path;
        struct bw_probe_plan *plan =
            bw_probe_plan_new(engine, check->options, config->folder, &err);
        if (plan == NULL)
            bw_problems_add(problems, check->at, check->path, "%s", err.text);
        bw_probe_plan_free(plan);
    }
}

static void validate_probes(const struct bw_config *config, struct bw_problems *problems)
{
    struct bw_err err;
    /* A daemon that is out of descriptors refuses a reload; it does not end. */
    struct bw_loop *loop = bw_loop_open(&err);
    struct bw_resolver *resolver = loop != NULL ? bw_resolver_new(loop, NULL, &err) : NULL;
    struct bw_probe_engine *engine =
        resolver != NULL ? bw_probe_engine_new(loop, resolver, &err) : NULL;
    if (engine != NULL)
        validate_plans(config, engine, problems);
    else
        bw_problems_add(problems, (struct bw_place){ .file = config->file }, "", "%s", err.text);
    bw_probe_engine_free(engine);
    bw_resolver_free(resolver);
    bw_loop_free(loop);
}

bool bw_config_validate(const struct bw_config *config, struct bw_problems *problems)
{
    const size_t before = problems->total;
    validate_trends(config, problems);
    validate_probes(config, problems);
    return problems->total == before;
}

struct bw_config *bw_config_load_valid(const char *file, const struct bw_config_default *defaults,
                                       struct bw_problems *problems)
{
    struct bw_config *config = bw_config_load(file, defaults, problems);
    if (config != NULL && !bw_config_validate(config, problems)) {
        bw_config_free(config);
        return NULL;
    }
    return config;
}
