// SPDX-License-Identifier: GPL-3.0-or-later
#include "conf/node.h"

#include "base/hash.h"

#include "conf/problems.h"

#include <string.h>

struct bw_node *bw_node_new(struct bw_arena *arena, enum bw_node_kind kind, struct bw_place at)
{
    struct bw_node *node = bw_arena_alloc(arena, sizeof *node);
    *node = (struct bw_node){ .kind = kind, .at = at, .key_at = at };
    return node;
}

struct bw_node *bw_node_text_new(struct bw_arena *arena, const char *text, struct bw_place at)
{
    struct bw_node *node = bw_node_new(arena, BW_NODE_SCALAR, at);
    node->text = bw_arena_strdup(arena, text);
    node->quoted = true;
    return node;
}

void bw_node_append(struct bw_node *parent, struct bw_node *child)
{
    child->next = NULL;
    if (parent->last != NULL)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
    parent->count++;
}

struct bw_node *bw_node_find(const struct bw_node *map, const char *key)
{
    if (map == NULL || map->kind != BW_NODE_MAP)
        return NULL;
    for (struct bw_node *child = map->first; child != NULL; child = child->next) {
        if (strcmp(child->key, key) == 0)
            return child;
    }
    return NULL;
}

const char *bw_node_find_text(const struct bw_node *map, const char *key)
{
    const struct bw_node *child = bw_node_find(map, key);
    return child != NULL && !bw_node_is_null(child) ? child->text : NULL;
}

bool bw_node_is_null(const struct bw_node *node)
{
    static const char *const words[] = { "", "~", "null", "Null", "NULL" };
    if (node->kind != BW_NODE_SCALAR || node->quoted)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(node->text, words[i]) == 0)
            return true;
    }
    return false;
}

const char *bw_node_kind_text(const struct bw_node *node)
{
    if (node->kind == BW_NODE_MAP)
        return "a mapping";
    if (node->kind == BW_NODE_LIST)
        return "a list";
    return bw_node_is_null(node) ? "nothing" : "text";
}

/* Thousands of nodes come from a handful of files: their names are copied once in a row. */
struct cloning {
    struct bw_arena *arena;
    const char *file;
    const char *copy;
};

static void clone_place(struct cloning *c, struct bw_place *place)
{
    if (place->file != c->file) {
        c->file = place->file;
        c->copy = bw_arena_strdup(c->arena, place->file);
    }
    place->file = c->copy;
}

static struct bw_node *clone(struct cloning *c, const struct bw_node *node)
{
    struct bw_node *copy = bw_arena_alloc(c->arena, sizeof *copy);
    *copy = *node;
    clone_place(c, &copy->at);
    clone_place(c, &copy->key_at);
    copy->key = bw_arena_strdup(c->arena, node->key);
    copy->text = bw_arena_strdup(c->arena, node->text);
    copy->first = copy->last = copy->next = NULL;
    copy->count = 0;
    for (const struct bw_node *child = node->first; child != NULL; child = child->next)
        bw_node_append(copy, clone(c, child));
    return copy;
}

struct bw_node *bw_node_clone(struct bw_arena *arena, const struct bw_node *node)
{
    struct cloning c = { .arena = arena };
    return node != NULL ? clone(&c, node) : NULL;
}

/* Becomes `from`, but keeps its own place among its siblings. */
static void replace(struct bw_node *into, const struct bw_node *from)
{
    struct bw_node *next = into->next;
    *into = *from;
    into->next = next;
}

static bool refuse(const struct bw_node *into, const struct bw_node *from, const char *path,
                   struct bw_problems *problems)
{
    struct bw_buf where;
    bw_buf_init(&where, 4096);
    bw_place_print(into->key_at, &where);
    if (from->kind == into->kind)
        bw_problems_add(problems, from->key_at, path, "set twice: also at %s", where.data);
    else
        bw_problems_add(problems, from->key_at, path, "%s here, but %s at %s",
                        bw_node_kind_text(from), bw_node_kind_text(into), where.data);
    bw_buf_fini(&where);
    return false;
}

static bool merge(struct bw_node *into, struct bw_node *from, const char *path,
                  struct bw_problems *problems);

static bool merge_maps(struct bw_node *into, struct bw_node *from, const char *path,
                       struct bw_problems *problems)
{
    bool good = true;
    for (struct bw_node *child = from->first, *next; child != NULL; child = next) {
        next = child->next;
        struct bw_node *there = bw_node_find(into, child->key);
        if (there == NULL) {
            bw_node_append(into, child);
            continue;
        }
        const char *child_path =
            bw_arena_printf(&problems->arena, path[0] != '\0' ? "%s.%s" : "%s%s", path, child->key);
        good &= merge(there, child, child_path, problems);
    }
    return good;
}

static bool merge(struct bw_node *into, struct bw_node *from, const char *path,
                  struct bw_problems *problems)
{
    if (bw_node_is_null(from))
        return true;
    if (bw_node_is_null(into)) {
        replace(into, from);
        return true;
    }
    if (into->kind != from->kind || into->kind == BW_NODE_SCALAR)
        return refuse(into, from, path, problems);
    if (into->kind == BW_NODE_MAP)
        return merge_maps(into, from, path, problems);
    for (struct bw_node *child = from->first, *next; child != NULL; child = next) {
        next = child->next;
        bw_node_append(into, child);
    }
    return true;
}

uint64_t bw_node_hash(const struct bw_node *node, uint64_t seed)
{
    if (node == NULL)
        return seed;
    uint64_t hash = bw_hash(&node->kind, sizeof node->kind, seed);
    if (node->key != NULL)
        hash = bw_hash_text(node->key, hash);
    if (node->kind == BW_NODE_SCALAR)
        return bw_hash_text(node->text, hash);
    for (const struct bw_node *child = node->first; child != NULL; child = child->next)
        hash = bw_node_hash(child, hash);
    return bw_hash(&node->count, sizeof node->count, hash);
}

bool bw_node_merge(struct bw_node *into, struct bw_node *from, struct bw_problems *problems)
{
    return merge(into, from, "", problems);
}
