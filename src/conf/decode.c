// SPDX-License-Identifier: GPL-3.0-or-later
#include "conf/decode.h"

#include "base/text.h"
#include "conf/guess.h"
#include "conf/value.h"

#include <assert.h>
#include <string.h>

typedef bool decode_fn(struct bw_conf_ctx *ctx, const struct bw_node *node, const char *path,
                       const struct bw_opt *row, void *member);

const char *bw_conf_path_key(struct bw_arena *arena, const char *path, const char *key)
{
    return path[0] != '\0' ? bw_arena_printf(arena, "%s.%s", path, key)
                           : bw_arena_strdup(arena, key);
}

const char *bw_conf_path_index(struct bw_arena *arena, const char *path, size_t index)
{
    return bw_arena_printf(arena, "%s[%zu]", path, index);
}

static bool decode_group(struct bw_conf_ctx *ctx, const struct bw_node *node, const char *path,
                         const struct bw_opt_group *group, bool named, void *out);

static bool decode_in_place(struct bw_conf_ctx *ctx, const struct bw_node *node, const char *path,
                            const struct bw_opt *row, void *member)
{
    return decode_group(ctx, node, path, row->group, false, member);
}

static bool decode_pointer(struct bw_conf_ctx *ctx, const struct bw_node *node, const char *path,
                           const struct bw_opt *row, void *member)
{
    void *out = bw_arena_alloc(ctx->arena, row->group->size);
    memcpy(member, &out, sizeof out);
    return decode_group(ctx, node, path, row->group, false, out);
}

static bool decode_items(struct bw_conf_ctx *ctx, const struct bw_node *node, const char *path,
                         const struct bw_opt *row, void *member)
{
    struct bw_items *out = member;
    *out = (struct bw_items){ 0 };
    if (bw_node_is_null(node))
        return true;
    if (node->kind != BW_NODE_LIST)
        return bw_conf_value_wrong_kind(ctx, node, path, "a list");
    char *items = bw_arena_array(ctx->arena, node->count, row->group->size);
    bool good = true;
    size_t i = 0;
    for (const struct bw_node *child = node->first; child != NULL; child = child->next, i++)
        good &= decode_group(ctx, child, bw_conf_path_index(ctx->arena, path, i), row->group, false,
                             items + i * row->group->size);
    *out = (struct bw_items){ items, node->count };
    return good;
}

const struct bw_opt *bw_conf_find_row(const struct bw_opt_group *group, const char *name)
{
    const struct bw_opt *row = group->opts;
    while (row->name != NULL && strcmp(row->name, name) != 0)
        row++;
    return row->name != NULL ? row : NULL;
}

/* The name of an entry is the value of the group's key row, with that row's rules. */
static bool decode_entry(struct bw_conf_ctx *ctx, const struct bw_node *entry, const char *path,
                         const struct bw_opt_group *group, void *out)
{
    const struct bw_opt *key = bw_conf_find_row(group, group->key);
    assert(key != NULL);
    const struct bw_node name = {
        .kind = BW_NODE_SCALAR, .quoted = true, .text = entry->key, .at = entry->key_at
    };
    const bool good = decode_group(ctx, entry, path, group, true, out);
    return bw_conf_decode_row(ctx, &name, path, key, out) && good;
}

static bool decode_named(struct bw_conf_ctx *ctx, const struct bw_node *node, const char *path,
                         const struct bw_opt *row, void *member)
{
    struct bw_items *out = member;
    *out = (struct bw_items){ 0 };
    if (bw_node_is_null(node))
        return true;
    if (node->kind != BW_NODE_MAP)
        return bw_conf_value_wrong_kind(ctx, node, path, "a mapping");
    char *items = bw_arena_array(ctx->arena, node->count, row->group->size);
    bool good = true;
    size_t i = 0;
    for (const struct bw_node *child = node->first; child != NULL; child = child->next, i++)
        good &= decode_entry(ctx, child, bw_conf_path_key(ctx->arena, path, child->key), row->group,
                             items + i * row->group->size);
    *out = (struct bw_items){ items, node->count };
    return good;
}

static bool keep_node(struct bw_conf_ctx *ctx, const struct bw_node *node, const char *path,
                      const struct bw_opt *row, void *member)
{
    (void)ctx, (void)path, (void)row;
    memcpy(member, &node, sizeof node);
    return true;
}

static decode_fn *const decoders[] = {
    [BW_OPT_BOOL] = bw_conf_value_scalar,
    [BW_OPT_INT] = bw_conf_value_scalar,
    [BW_OPT_NUMBER] = bw_conf_value_scalar,
    [BW_OPT_DURATION] = bw_conf_value_scalar,
    [BW_OPT_BYTES] = bw_conf_value_scalar,
    [BW_OPT_RATIO] = bw_conf_value_scalar,
    [BW_OPT_STRING] = bw_conf_value_scalar,
    [BW_OPT_ENUM] = bw_conf_value_scalar,
    [BW_OPT_STRINGS] = bw_conf_value_list,
    [BW_OPT_INTS] = bw_conf_value_list,
    [BW_OPT_DURATIONS] = bw_conf_value_list,
    [BW_OPT_MAP] = bw_conf_value_map,
    [BW_OPT_MULTIMAP] = bw_conf_value_map,
    [BW_OPT_GROUP] = decode_in_place,
    [BW_OPT_GROUPS] = decode_items,
    [BW_OPT_NAMED] = decode_named,
    [BW_OPT_NODE] = keep_node,
    [BW_OPT_GROUP_PTR] = decode_pointer,
};

bool bw_conf_decode_row(struct bw_conf_ctx *ctx, const struct bw_node *node, const char *path,
                        const struct bw_opt *row, void *out)
{
    return decoders[row->type](ctx, node, path, row, (char *)out + row->offset);
}

static bool has_twin(const struct bw_opt *row)
{
    return (row->flags & (BW_OPT_SECRET | BW_OPT_OWN_FILE)) == BW_OPT_SECRET
           && row->type == BW_OPT_STRING;
}

/* The row whose NAME_file this key is, or NULL. */
static const struct bw_opt *twin_row(const struct bw_opt_group *group, const char *key)
{
    static const char suffix[] = "_file";
    if (!bw_text_ends_with(key, suffix))
        return NULL;
    const size_t len = strlen(key) - strlen(suffix);
    for (const struct bw_opt *row = group->opts; row->name != NULL; row++) {
        if (has_twin(row) && strlen(row->name) == len && memcmp(row->name, key, len) == 0)
            return row;
    }
    return NULL;
}

static bool is_entry_name(const struct bw_opt_group *group, bool named, const char *key)
{
    return named && strcmp(group->key, key) == 0;
}

static bool unknown_key(struct bw_conf_ctx *ctx, const struct bw_node *child, const char *path,
                        const struct bw_opt_group *group, bool named)
{
    struct bw_guess guess = bw_guess_of(child->key);
    for (const struct bw_opt *row = group->opts; row->name != NULL; row++) {
        if (is_entry_name(group, named, row->name) || (row->flags & BW_OPT_REFUSED) != 0)
            continue;
        bw_guess_try(&guess, row->name);
        if (has_twin(row))
            bw_guess_try(&guess, bw_arena_printf(ctx->arena, "%s_file", row->name));
    }
    if (guess.best != NULL)
        bw_problems_add(ctx->problems, child->key_at, path, "unknown key '%s' (did you mean '%s'?)",
                        child->key, guess.best);
    else
        bw_problems_add(ctx->problems, child->key_at, path, "unknown key '%s'", child->key);
    return false;
}

/* Both NAME and NAME_file, once for the two. */
static bool refuse_both(struct bw_conf_ctx *ctx, const struct bw_node *twin, const char *path,
                        const char *name)
{
    bw_problems_add(ctx->problems, twin->key_at, path, "give either '%s' or '%s_file', not both",
                    name, name);
    return false;
}

/* Its default stands already. */
static bool is_as_good_as_absent(const struct bw_conf_ctx *ctx, const struct bw_node *node,
                                 const struct bw_opt *row)
{
    if (!ctx->as_go || decoders[row->type] != bw_conf_value_scalar)
        return false;
    const bool has_default = row->def != NULL && row->def[0] != '\0';
    return bw_node_is_null(node)
           || (node->kind == BW_NODE_SCALAR && node->text[0] == '\0'
               && (row->type == BW_OPT_ENUM || (row->type == BW_OPT_STRING && has_default)));
}

static bool decode_child(struct bw_conf_ctx *ctx, const struct bw_node *map,
                         const struct bw_node *child, const char *path,
                         const struct bw_opt_group *group, bool named, void *out)
{
    const char *child_path = bw_conf_path_key(ctx->arena, path, child->key);
    const struct bw_opt *row = bw_conf_find_row(group, child->key);
    if (row != NULL && (row->flags & BW_OPT_REFUSED) != 0) {
        bw_problems_add(ctx->problems, child->key_at, path, "%s: %s", child->key, row->help);
        return false;
    }
    if (row != NULL && is_as_good_as_absent(ctx, child, row))
        return true;
    if (row != NULL && !is_entry_name(group, named, child->key))
        return bw_conf_decode_row(ctx, child, child_path, row, out);
    row = twin_row(group, child->key);
    if (row == NULL)
        return unknown_key(ctx, child, path, group, named);
    if (bw_node_find(map, row->name) != NULL)
        return refuse_both(ctx, child, path, row->name);
    return bw_conf_value_secret_file(ctx, child, child_path, row, (char *)out + row->offset);
}

static bool is_given(struct bw_conf_ctx *ctx, const struct bw_node *map, const struct bw_opt *row)
{
    if (bw_node_find(map, row->name) != NULL)
        return true;
    return has_twin(row)
           && bw_node_find(map, bw_arena_printf(ctx->arena, "%s_file", row->name)) != NULL;
}

static bool require_keys(struct bw_conf_ctx *ctx, const struct bw_node *map, const char *path,
                         const struct bw_opt_group *group, bool named)
{
    bool good = true;
    for (const struct bw_opt *row = group->opts; row->name != NULL; row++) {
        if ((row->flags & BW_OPT_REQUIRED) == 0 || is_entry_name(group, named, row->name)
            || is_given(ctx, map, row))
            continue;
        bw_problems_add(ctx->problems, map->at, path, "required key '%s' is missing", row->name);
        good = false;
    }
    return good;
}

static bool run_check(struct bw_conf_ctx *ctx, const struct bw_node *node, const char *path,
                      const struct bw_opt_group *group, const void *out)
{
    struct bw_err err = { 0 };
    if (group->check == NULL || group->check(out, &err) == BW_OK)
        return true;
    bw_problems_add(ctx->problems, node->at, path, "%s", err.text);
    return false;
}

static bool decode_group(struct bw_conf_ctx *ctx, const struct bw_node *node, const char *path,
                         const struct bw_opt_group *group, bool named, void *out)
{
    bw_conf_defaults(ctx->arena, group, out);
    const bool empty = bw_node_is_null(node);
    if (!empty && node->kind != BW_NODE_MAP)
        return bw_conf_value_wrong_kind(ctx, node, path, "a mapping");
    bool good = true;
    const struct bw_node *child = empty ? NULL : node->first;
    for (; child != NULL; child = child->next)
        good &= decode_child(ctx, node, child, path, group, named, out);
    good &= require_keys(ctx, node, path, group, named);
    /* Rules that span options would only repeat what is already said. */
    return good && run_check(ctx, node, path, group, out);
}

bool bw_conf_decode(struct bw_conf_ctx *ctx, const struct bw_node *node, const char *path,
                    const struct bw_opt_group *group, void *out)
{
    static const struct bw_node nothing = { .kind = BW_NODE_MAP };
    return decode_group(ctx, node != NULL ? node : &nothing, path, group, false, out);
}
