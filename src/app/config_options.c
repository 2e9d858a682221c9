// SPDX-License-Identifier: GPL-3.0-or-later
/* What a check asks with: its module, with overrides laid over it. */
#include "app/config_resolve.h"
#include "probe/table.h"

#include <string.h>

/* Options of checks that add nothing to their module, or have none: a kind's defaults. */
struct bw_config_shared {
    const struct bw_node *base; /* the module in the document, or NULL */
    const struct bw_probe_ops *ops;
    const struct bw_probe_module *options;
    size_t index;
    struct bw_config_shared *next;
};

/* A copy of `base` in which what `over` has stands instead; both may be NULL. */
static struct bw_node *overlay(struct bw_arena *arena, const struct bw_node *base,
                               const struct bw_node *over)
{
    const struct bw_node *from = over != NULL ? over : base;
    struct bw_node *copy = bw_arena_alloc(arena, sizeof *copy);
    *copy = *from;
    copy->first = copy->last = copy->next = NULL;
    copy->count = 0;
    const bool both =
        base != NULL && over != NULL && base->kind == BW_NODE_MAP && over->kind == BW_NODE_MAP;
    for (const struct bw_node *child = both ? base->first : NULL; child != NULL;
         child = child->next)
        bw_node_append(copy, overlay(arena, child, bw_node_find(over, child->key)));
    for (const struct bw_node *child = from->first; child != NULL; child = child->next) {
        if (!both || bw_node_find(base, child->key) == NULL)
            bw_node_append(copy, overlay(arena, child, NULL));
    }
    return copy;
}

static const struct bw_node *module_node(struct bw_config_resolving *r,
                                         const struct bw_check_settings *check,
                                         const struct bw_node *check_node, const char *path)
{
    if (check->module == NULL)
        return NULL;
    const struct bw_node *node = bw_node_find(r->loading->modules, check->module);
    if (node == NULL)
        bw_problems_add(r->loading->problems, bw_node_find(check_node, "module")->at, path,
                        "there is no module '%s'", check->module);
    return node;
}

/* Whether the module can be used as it stands; if not, that has been told where it stands. */
static bool is_sound(struct bw_config_resolving *r, const struct bw_node *base)
{
    struct bw_probe_module *scratch = bw_arena_alloc(r->loading->arena, sizeof *scratch);
    struct bw_conf_ctx ctx = bw_config_module_ctx(r->loading);
    struct bw_problems told = { 0 };
    ctx.problems = &told;
    const bool sound = bw_conf_decode(&ctx, base, "", &bw_probe_module_group, scratch);
    bw_problems_fini(&told);
    return sound;
}

/* False, told here or before, when the check names a module that cannot be used. */
static bool can_use(struct bw_config_resolving *r, const struct bw_check_settings *check,
                    const struct bw_node *base)
{
    return check->module == NULL || (base != NULL && is_sound(r, base));
}

static struct bw_probe_module *decode_module(struct bw_config_resolving *r,
                                             const struct bw_probe_ops *ops,
                                             const struct bw_check_settings *check,
                                             const struct bw_node *check_node,
                                             const struct bw_node *base, const char *path)
{
    struct bw_arena *arena = r->loading->arena;
    if (!can_use(r, check, base))
        return NULL;
    struct bw_place at = check_node->at;
    struct bw_node *kind = bw_node_new(arena, BW_NODE_MAP, at);
    struct bw_node *prober = bw_node_text_new(arena, ops->name, at);
    prober->key = "prober";
    bw_node_append(kind, prober);
    const struct bw_node *listed = bw_node_find(check->overrides, "parameters");
    if (listed != NULL) {
        bw_problems_add(r->loading->problems, listed->key_at, path,
                        "overrides.parameters: /probe asks for modules, not for checks");
        return NULL;
    }
    const struct bw_node *merged = base == NULL ? kind : base;
    if (check->overrides != NULL && !bw_node_is_null(check->overrides))
        merged = overlay(arena, merged, check->overrides);
    struct bw_probe_module *module = bw_arena_alloc(arena, sizeof *module);
    const char *where = base == NULL ? bw_conf_path_key(arena, path, "overrides")
                                     : bw_conf_path_key(arena, "modules", check->module);
    struct bw_conf_ctx ctx = bw_config_module_ctx(r->loading);
    if (!bw_conf_decode(&ctx, merged, where, &bw_probe_module_group, module))
        return NULL;
    if (bw_probe_table[module->prober] != ops) {
        at = base != NULL ? bw_node_find(check_node, "module")->at : at;
        bw_problems_add(r->loading->problems, at, path, "module '%s' is for %s, the check is %s",
                        check->module, bw_probe_table[module->prober]->name, ops->name);
        return NULL;
    }
    module->name = check->module;
    return module;
}

void bw_config_set_options(struct bw_config_loading *loading, struct bw_config_check *check,
                           const struct bw_probe_module *options)
{
    check->options = options;
    check->options_index = loading->config->options_count++;
}

static bool has_own_options(const struct bw_check_settings *check)
{
    const struct bw_node *over = check->overrides;
    const bool empty =
        over == NULL || bw_node_is_null(over) || (over->kind == BW_NODE_MAP && over->count == 0);
    return check->limits != NULL || !empty;
}

bool bw_config_resolve_options(struct bw_config_resolving *r, const struct bw_check_settings *check,
                               const struct bw_node *check_node, const char *path,
                               struct bw_config_check *out)
{
    struct bw_config_loading *loading = r->loading;
    const struct bw_node *base = module_node(r, check, check_node, path);
    const bool own = has_own_options(check);
    if (check->module != NULL && base == NULL)
        return false;
    struct bw_config_shared *shared = loading->shared;
    while (shared != NULL && (shared->base != base || shared->ops != out->ops))
        shared = shared->next;
    if (!own && shared != NULL) {
        out->options = shared->options;
        out->options_index = shared->index;
        return true;
    }
    struct bw_probe_module *module = decode_module(r, out->ops, check, check_node, base, path);
    if (module == NULL)
        return false;
    if (check->limits != NULL)
        module->exec.limits = *check->limits;
    bw_config_set_options(loading, out, module);
    if (own)
        return true;
    shared = bw_arena_alloc(loading->arena, sizeof *shared);
    *shared =
        (struct bw_config_shared){ base, out->ops, module, out->options_index, loading->shared };
    loading->shared = shared;
    return true;
}
