// SPDX-License-Identifier: GPL-3.0-or-later
#include "conf/alias.h"

#include "base/limits.h"

#include <string.h>

struct bw_alias {
    const char *name;
    const struct bw_node *node;
    struct bw_alias *before;
};

void bw_alias_name(struct bw_aliases *aliases, const char *name, const struct bw_node *node)
{
    struct bw_alias *alias = bw_arena_alloc(aliases->arena, sizeof *alias);
    *alias = (struct bw_alias){ name, node, aliases->last };
    aliases->last = alias;
}

const struct bw_node *bw_alias_find(const struct bw_aliases *aliases, const char *name)
{
    const struct bw_alias *alias = aliases->last;
    while (alias != NULL && strcmp(alias->name, name) != 0)
        alias = alias->before;
    return alias != NULL ? alias->node : NULL;
}

struct bw_node *bw_alias_copy(struct bw_aliases *aliases, const struct bw_node *node, size_t depth)
{
    if (++aliases->copied > BW_CONF_COPIED_MAX || (node->kind != BW_NODE_SCALAR && depth == 0))
        return NULL;
    struct bw_node *copy = bw_arena_alloc(aliases->arena, sizeof *copy);
    *copy = *node; /* texts are of the same arena */
    copy->first = copy->last = copy->next = NULL;
    copy->count = 0;
    for (const struct bw_node *child = node->first; child != NULL; child = child->next) {
        struct bw_node *part = bw_alias_copy(aliases, child, depth - 1);
        if (part == NULL)
            return NULL;
        bw_node_append(copy, part);
    }
    return copy;
}

static void unlink_child(struct bw_node *map, struct bw_node *child)
{
    struct bw_node *before = NULL;
    for (struct bw_node *at = map->first; at != child; at = at->next)
        before = at;
    if (before != NULL)
        before->next = child->next;
    else
        map->first = child->next;
    if (map->last == child)
        map->last = before;
    map->count--;
}

/* What is below the children is shared; they are not, as an anchor may name `from`. */
static void add_missing(struct bw_arena *arena, struct bw_node *map, const struct bw_node *from)
{
    for (const struct bw_node *child = from->first; child != NULL; child = child->next) {
        if (bw_node_find(map, child->key) != NULL)
            continue;
        struct bw_node *copy = bw_arena_alloc(arena, sizeof *copy);
        *copy = *child;
        bw_node_append(map, copy);
    }
}

static bool is_list_of_maps(const struct bw_node *node)
{
    const struct bw_node *child = node->kind == BW_NODE_LIST ? node->first : NULL;
    while (child != NULL && child->kind == BW_NODE_MAP)
        child = child->next;
    return node->kind == BW_NODE_LIST && child == NULL;
}

bool bw_alias_take_in(struct bw_arena *arena, struct bw_node *map)
{
    struct bw_node *merged = bw_node_find(map, "<<");
    if (merged == NULL)
        return true;
    unlink_child(map, merged);
    if (merged->kind == BW_NODE_MAP)
        add_missing(arena, map, merged);
    else if (is_list_of_maps(merged))
        for (struct bw_node *child = merged->first; child != NULL; child = child->next)
            add_missing(arena, map, child);
    else
        return false;
    return true;
}
