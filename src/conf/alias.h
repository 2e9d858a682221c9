// SPDX-License-Identifier: GPL-3.0-or-later
/* conf/alias.h: what has a name in a YAML document (an anchor, &name) and is said again by it (an
 * alias, *name), and mappings that take in others (<<). Aliases become copies, each with the places
 * of what it copies; how much is copied in one document has a ceiling, so none is a bomb. */
#ifndef CONF_ALIAS_H
#define CONF_ALIAS_H

#include "conf/node.h"

struct bw_aliases {
    struct bw_arena *arena;
    struct bw_alias *last; /* the one that was named last; NULL: none */
    size_t copied;         /* nodes so far */
};

/* `node` has that name from now on, and may still be open: it counts as it is when it is copied. */
void bw_alias_name(struct bw_aliases *aliases, const char *name, const struct bw_node *node);

/* What has that name now; NULL: nothing. */
const struct bw_node *bw_alias_find(const struct bw_aliases *aliases, const char *name);

/* A copy that is at most `depth` mappings and lists deep; NULL beyond that, or when there would be
 * more than BW_CONF_COPIED_MAX copied nodes. */
struct bw_node *bw_alias_copy(struct bw_aliases *aliases, const struct bw_node *node, size_t depth);

/* Takes the key << out of a mapping and adds the keys of its value, a mapping or a list of them,
 * that are not there yet. False: its value is something else. */
bool bw_alias_take_in(struct bw_arena *arena, struct bw_node *map);

#endif
