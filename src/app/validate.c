// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/validate.h"

#include "app/config_internal.h"
#include "app/discovery.h"
#include "app/trending.h"
#include "base/mem.h"
#include "conf/decode.h"
#include "io/resolve.h"
#include "probe/run.h"

#include <stdlib.h>
#include <string.h>

static void validate_trends(const struct bw_config *config, struct bw_problems *problems)
{
    struct bw_err err;
    if (bw_trending_check(config, &err) != BW_OK)
        bw_problems_add(problems, (struct bw_place){ .file = config->file }, "", "%s", err.text);
}

/* The plan of each check, once for all that ask in the same way. */
static void validate_plans(const struct bw_config *config, const struct bw_config_check *checks,
                           size_t count, struct bw_probe_engine *engine,
                           struct bw_problems *problems)
{
    bool *seen = bw_alloc_array(config->options_count + 1, sizeof *seen);
    for (size_t i = 0; i < count; i++) {
        const struct bw_config_check *check = &checks[i];
        struct bw_err err;
        if (check->push != NULL || seen[check->options_index])
            continue;
        seen[check->options_index] = true;
        struct bw_probe_plan *plan =
            bw_probe_plan_new(engine, check->options, config->folder, &err);
        if (plan == NULL)
            bw_problems_add(problems, check->at, check->path, "%s", err.text);
        bw_probe_plan_free(plan);
    }
    free(seen);
}

static bool is_used(const struct bw_config *config, const char *module)
{
    for (size_t i = 0; i < config->check_count; i++) {
        if (strcmp(config->checks[i].module, module) == 0)
            return true;
    }
    return false;
}

/* Of those that a check uses, the check has told. What is built in is sound, and not worth the
 * work of reading the system's certificates at each start. */
static void validate_modules(struct bw_config *config, struct bw_probe_engine *engine)
{
    for (size_t i = 0; i < config->probe_module_count; i++) {
        const struct bw_config_module *module = &config->probe_modules[i];
        struct bw_err err;
        if (is_used(config, module->name) || bw_config_is_recipe(module->node))
            continue;
        struct bw_probe_plan *plan =
            bw_probe_plan_new(engine, module->options, config->folder, &err);
        if (plan == NULL)
            bw_problems_add(&config->warnings, module->node->at,
                            bw_conf_path_key(&config->arena, "modules", module->name),
                            "%s; no probe of it can succeed", err.text);
        bw_probe_plan_free(plan);
    }
}

static void validate_sources(const struct bw_config *config, struct bw_problems *problems)
{
    for (size_t i = 0; i < config->source_count; i++) {
        const struct bw_config_source *source = &config->sources[i];
        struct bw_err err;
        if (source->spec.kind != BW_DISCOVERY_HTTP)
            continue;
        struct bw_http_get *client = bw_discovery_client(source, config->folder, &err);
        if (client == NULL)
            bw_problems_add(problems, source->at, source->path, "%s", err.text);
        bw_http_get_free(client);
    }
}

static void validate_probes(struct bw_config *config, struct bw_problems *problems)
{
    struct bw_err err;
    /* A daemon that is out of descriptors refuses a reload; it does not end. */
    struct bw_loop *loop = bw_loop_open(&err);
    struct bw_resolver *resolver = loop != NULL ? bw_resolver_new(loop, NULL, &err) : NULL;
    struct bw_probe_engine *engine =
        resolver != NULL ? bw_probe_engine_new(loop, resolver, &err) : NULL;
    if (engine != NULL) {
        const size_t before = problems->total;
        validate_plans(config, config->templates, config->template_count, engine, problems);
        if (problems->total == before) /* else the same would be told of each target */
            validate_plans(config, config->checks, config->check_count, engine, problems);
        validate_modules(config, engine);
        validate_sources(config, problems);
    } else {
        bw_problems_add(problems, (struct bw_place){ .file = config->file }, "", "%s", err.text);
    }
    bw_probe_engine_free(engine);
    bw_resolver_free(resolver);
    bw_loop_free(loop);
}

bool bw_config_validate(struct bw_config *config, struct bw_problems *problems)
{
    const size_t before = problems->total;
    validate_trends(config, problems);
    validate_probes(config, problems);
    return problems->total == before;
}

static struct bw_config *if_valid(struct bw_config *config, struct bw_problems *problems)
{
    if (config == NULL || bw_config_validate(config, problems))
        return config;
    bw_config_free(config);
    return NULL;
}

struct bw_config *bw_config_load_valid(const char *file, const struct bw_config_default *defaults,
                                       struct bw_problems *problems)
{
    return if_valid(bw_config_load(file, defaults, problems), problems);
}

struct bw_config *bw_config_with_targets_valid(const struct bw_config *config,
                                               const struct bw_known_targets *known,
                                               struct bw_problems *problems)
{
    return if_valid(bw_config_with_targets(config, known, problems), problems);
}
