// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/config_internal.h"
#include "base/embedded.h"
#include "base/limits.h"
#include "base/text.h"
#include "conf/yaml.h"
#include "io/file.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

/* Files within files within files are a mistake, not a style. */
enum { INCLUDED_FILES_MAX = 100 };

static struct bw_node *read_one(struct bw_config_loading *loading, const char *folder,
                                const char *path, struct bw_place named_at)
{
    struct bw_err err;
    char *data;
    size_t size;
    if (bw_file_read(folder, path, BW_CONF_FILE_BYTES_MAX, &data, &size, &err) != BW_OK) {
        bw_problems_add(loading->problems, named_at, "", "%s", err.text);
        return NULL;
    }
    struct bw_node *root = bw_yaml_read(bw_arena_strdup(loading->arena, path), data, size,
                                        loading->arena, loading->problems);
    free(data);
    if (root != NULL && root->kind != BW_NODE_MAP) {
        bw_problems_add(loading->problems, root->at, "", "expected a mapping, found %s",
                        bw_node_kind_text(root));
        return NULL;
    }
    return root;
}

/* `pattern` relative to the configuration's folder, as a path from here. */
static const char *below_folder(struct bw_config_loading *loading, const char *pattern)
{
    const char *folder = loading->config->folder;
    if (pattern[0] == '/' || folder == NULL || strcmp(folder, ".") == 0)
        return pattern;
    return bw_arena_printf(loading->arena, "%s/%s", folder, pattern);
}

typedef bool take_fn(struct bw_config_loading *loading, struct bw_node *root);

/* Reads every file that the pattern means and hands it to `take`. */
static bool read_pattern(struct bw_config_loading *loading, const struct bw_node *pattern,
                         take_fn *take)
{
    glob_t found = { 0 };
    const char *path = below_folder(loading, pattern->text);
    const int rc = glob(path, 0, NULL, &found);
    bool ok = rc == 0 || (rc == GLOB_NOMATCH && strchr(path, '*') != NULL);
    if (!ok)
        bw_problems_add(loading->problems, pattern->at, "", "no file matches '%s'", path);
    if (found.gl_pathc > INCLUDED_FILES_MAX) {
        bw_problems_add(loading->problems, pattern->at, "", "'%s' means more than %d files", path,
                        INCLUDED_FILES_MAX);
        ok = false;
    }
    for (size_t i = 0; ok && i < found.gl_pathc; i++) {
        struct bw_node *root = read_one(loading, NULL, found.gl_pathv[i], pattern->at);
        ok = root != NULL && take(loading, root);
    }
    globfree(&found);
    return ok;
}

/* The patterns under a key: one or a list of them. */
static bool read_patterns(struct bw_config_loading *loading, const char *key, take_fn *take)
{
    const struct bw_node *patterns = bw_node_find(loading->root, key);
    if (patterns == NULL)
        return true;
    if (patterns->kind == BW_NODE_SCALAR)
        return bw_node_is_null(patterns) || read_pattern(loading, patterns, take);
    bool ok = true;
    for (const struct bw_node *child = patterns->first; child != NULL; child = child->next) {
        if (child->kind == BW_NODE_SCALAR) /* other kinds are told when the value is decoded */
            ok = read_pattern(loading, child, take) && ok;
    }
    return ok;
}

static bool take_include(struct bw_config_loading *loading, struct bw_node *root)
{
    const struct bw_node *nested = bw_node_find(root, "include");
    if (nested != NULL) {
        bw_problems_add(loading->problems, nested->key_at, "include",
                        "an included file cannot include others");
        return false;
    }
    return bw_node_merge(loading->root, root, loading->problems);
}

static bool merge_modules(struct bw_config_loading *loading, struct bw_node *modules)
{
    if (modules == NULL || bw_node_is_null(modules))
        return true;
    if (modules->kind != BW_NODE_MAP) {
        bw_problems_add(loading->problems, modules->at, "modules", "expected a mapping, found %s",
                        bw_node_kind_text(modules));
        return false;
    }
    if (loading->modules == NULL)
        loading->modules = bw_node_new(loading->arena, BW_NODE_MAP, modules->at);
    return bw_node_merge(loading->modules, modules, loading->problems);
}

static bool take_module_file(struct bw_config_loading *loading, struct bw_node *root)
{
    bool ok = true;
    for (const struct bw_node *child = root->first; child != NULL; child = child->next) {
        if (strcmp(child->key, "modules") == 0)
            continue;
        bw_problems_add(loading->problems, child->key_at, child->key,
                        "unknown key: a module file holds 'modules' only");
        ok = false;
    }
    return merge_modules(loading, bw_node_find(root, "modules")) && ok;
}

/* ---- what is built in ---- */

/* Of src/app/recipes.yml. */
extern const struct bw_embedded bw_recipe_files[];

static const char recipes_place[] = "the built-in modules";

bool bw_config_is_recipe(const struct bw_node *module)
{
    return module->at.file != NULL && strcmp(module->at.file, recipes_place) == 0;
}

/* A module of that name that is configured is another one: nothing is merged. */
bool bw_config_read_recipes(struct bw_config_loading *loading)
{
    const struct bw_embedded *file = bw_embedded_find(bw_recipe_files, "recipes.yml");
    struct bw_node *root =
        bw_yaml_read(recipes_place, file->data, file->size, loading->arena, loading->problems);
    struct bw_node *recipes = bw_node_find(root, "modules");
    if (recipes == NULL)
        return false;
    if (loading->modules == NULL)
        loading->modules = bw_node_new(loading->arena, BW_NODE_MAP, recipes->at);
    for (struct bw_node *child = recipes->first, *next; child != NULL; child = next) {
        next = child->next;
        if (bw_node_find(loading->modules, child->key) == NULL)
            bw_node_append(loading->modules, child);
    }
    return true;
}

bool bw_config_read_text(struct bw_config_loading *loading, const char *name, const char *text)
{
    loading->root = bw_yaml_read(name, text, strlen(text), loading->arena, loading->problems);
    return loading->root != NULL && merge_modules(loading, bw_node_find(loading->root, "modules"))
           && bw_config_read_recipes(loading);
}

bool bw_config_read(struct bw_config_loading *loading, const char *file)
{
    loading->root = read_one(loading, NULL, file, (struct bw_place){ .file = file });
    if (loading->root == NULL || !read_patterns(loading, "include", take_include))
        return false;
    return merge_modules(loading, bw_node_find(loading->root, "modules"))
           && read_patterns(loading, "module_files", take_module_file)
           && bw_config_read_recipes(loading);
}
