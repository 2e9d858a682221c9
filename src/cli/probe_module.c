// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/probe_module.h"

#include "app/config_internal.h"
#include "conf/guess.h"

#include <string.h>

const struct bw_probe_module *bw_probe_module_plain(struct bw_arena *arena, enum bw_prober kind)
{
    struct bw_probe_module *module = bw_arena_alloc(arena, sizeof *module);
    bw_conf_defaults(arena, &bw_probe_module_group, module);
    module->prober = (int)kind;
    if (kind == BW_PROBER_DNS) { /* whoever resolves names knows that of the root */
        module->dns.query_name = ".";
        module->dns.query_type = "SOA";
    }
    return module;
}

const char *bw_probe_module_folder(struct bw_arena *arena, const char *file)
{
    const char *slash = file != NULL ? strrchr(file, '/') : NULL;
    if (slash == NULL)
        return ".";
    return slash == file ? "/" : bw_arena_strndup(arena, file, (size_t)(slash - file));
}

static void no_such_module(struct bw_config_loading *loading, const char *file, const char *name)
{
    struct bw_guess guess = bw_guess_of(name);
    const struct bw_node *node = loading->modules != NULL ? loading->modules->first : NULL;
    for (; node != NULL; node = node->next)
        bw_guess_try(&guess, node->key);
    bw_problems_add(loading->problems,
                    (struct bw_place){ .file = file != NULL ? file : "without --config.file" },
                    "modules", "there is no module '%s'%s%s%s", name,
                    guess.best != NULL ? ", did you mean '" : "",
                    guess.best != NULL ? guess.best : "", guess.best != NULL ? "'?" : "");
}

/* Reads the file as far as `modules`; NULL: there is what is built in. */
static bool load(struct bw_config_loading *out, struct bw_config *config, struct bw_arena *arena,
                 const char *file, struct bw_problems *problems)
{
    char *folder = bw_arena_strdup(arena, bw_probe_module_folder(arena, file));
    *config = (struct bw_config){ .file = file, .folder = folder };
    *out = (struct bw_config_loading){
        .config = config,
        .arena = arena,
        .problems = problems,
        .ctx = bw_config_ctx(config, arena, problems),
    };
    return file != NULL ? bw_config_read(out, file) : bw_config_read_recipes(out);
}

const struct bw_probe_module *bw_probe_module_read(struct bw_arena *arena, const char *file,
                                                   const char *name, struct bw_problems *problems)
{
    struct bw_config config;
    struct bw_config_loading loading;
    if (!load(&loading, &config, arena, file, problems))
        return NULL;
    const struct bw_node *node = bw_node_find(loading.modules, name);
    if (node == NULL) {
        no_such_module(&loading, file, name);
        return NULL;
    }
    struct bw_probe_module *module = bw_arena_alloc(arena, sizeof *module);
    const char *path = bw_conf_path_key(arena, "modules", name);
    return bw_conf_decode(&loading.ctx, node, path, &bw_probe_module_group, module) ? module : NULL;
}

void bw_probe_module_names(struct bw_arena *arena, const char *file,
                           void (*take)(void *ctx, const char *name), void *ctx)
{
    struct bw_config config;
    struct bw_config_loading loading;
    struct bw_problems problems;
    bw_problems_init(&problems);
    if (load(&loading, &config, arena, file, &problems) && loading.modules != NULL) {
        for (const struct bw_node *node = loading.modules->first; node != NULL; node = node->next)
            take(ctx, node->key);
    }
    bw_problems_fini(&problems);
}
