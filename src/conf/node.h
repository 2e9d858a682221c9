// SPDX-License-Identifier: GPL-3.0-or-later
/* conf/node.h: what was read from a configuration file: a tree of mappings, lists and
 * scalars, each with its place. Nodes live in an arena and are released with it. */
#ifndef CONF_NODE_H
#define CONF_NODE_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_problems;

enum bw_node_kind { BW_NODE_MAP, BW_NODE_LIST, BW_NODE_SCALAR };

/* Where something stands. Lines and columns count from 1, columns in characters; line 0
 * means that only the file (or "command line") is known. */
struct bw_place {
    const char *file;
    unsigned line;
    unsigned column;
};

struct bw_node {
    enum bw_node_kind kind;
    bool quoted;            /* scalar: '…', "…", | or >, so never null */
    const char *key;        /* in a mapping, else NULL */
    struct bw_place key_at; /* of the key; of the value where there is no key */
    struct bw_place at;     /* of the value */
    const char *text;       /* scalar: NUL-terminated UTF-8, "" for null; else NULL */
    struct bw_node *first;  /* children of a mapping or list, in file order */
    struct bw_node *last;
    struct bw_node *next; /* sibling */
    size_t count;         /* children */
};

/* New nodes, for the reader and for values that do not come from a file. */
struct bw_node *bw_node_new(struct bw_arena *arena, enum bw_node_kind kind, struct bw_place at);
struct bw_node *bw_node_text_new(struct bw_arena *arena, const char *text, struct bw_place at);

/* Puts `child` at the end of a mapping or list. */
void bw_node_append(struct bw_node *parent, struct bw_node *child);

/* The child of that key, or NULL; NULL too when `map` is NULL or no mapping. Walk all with
 * `for (child = node->first; child != NULL; child = child->next)`. */
struct bw_node *bw_node_find(const struct bw_node *map, const char *key);

/* The text of the scalar of that key; NULL when there is none. */
const char *bw_node_find_text(const struct bw_node *map, const char *key);

/* Nothing was written: an empty value, ~ or null, not quoted. */
bool bw_node_is_null(const struct bw_node *node);

/* "a mapping", "a list", "text", "nothing". */
const char *bw_node_kind_text(const struct bw_node *node);

/* A copy that shares nothing with it; NULL for NULL. */
struct bw_node *bw_node_clone(struct bw_arena *arena, const struct bw_node *node);

/* A hash of keys and values, in their order, without their places; `seed` for NULL. */
uint64_t bw_node_hash(const struct bw_node *node, uint64_t seed);

/* Moves what is in `from` into `into` (takes `from`): mappings merge, lists append, null
 * gives way. A scalar set twice and two kinds for one key are mistakes that name both
 * places. False when there was one; `into` is usable anyhow. */
bool bw_node_merge(struct bw_node *into, struct bw_node *from, struct bw_problems *problems);

#endif
