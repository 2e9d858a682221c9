// SPDX-License-Identifier: GPL-3.0-or-later
/* store/registry.h: which series has which id and is in which group, in memory. Not
 * thread-safe: the store's lock guards it.
 *
 * A name is two texts, the metric and what comes after it: the series of a check have few of
 * either, and each is kept once. */
#ifndef STORE_REGISTRY_H
#define STORE_REGISTRY_H

#include "base/buf.h"
#include "store/options.h"
#include "store/texts.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BW_GROUP_SERIES_MAX 100u

struct bw_store_registry_entry {
    uint32_t metric; /* numbers of texts; 0 and 0: no series has this id */
    uint32_t labels;
};

/* A group and how its series are kept (store/classes.h). */
struct bw_store_registry_group {
    uint32_t series;                       /* that are in it now */
    bool mixed;                            /* not all of them are of one class */
    bool left;                             /* some were in it and are elsewhere now */
    const struct bw_retention_opts *class; /* of the first of them; NULL: none is in it */
    struct bw_retention_opts kept; /* tier by tier the longest of all that are or were in it */
};

/* Which group the next series of a target joins. */
struct bw_store_registry_target {
    uint64_t target; /* hash; 0: a free place */
    uint32_t group;
};

/* All zeros is an empty registry. */
struct bw_store_registry {
    struct bw_texts texts;
    struct bw_store_registry_entry *entries; /* by id */
    size_t entry_cap;
    uint32_t *ids; /* by name; 0: a free place; open addressing, a power of two */
    size_t id_cap;
    size_t count;
    uint32_t last_id;
    struct bw_store_registry_target *targets;
    size_t target_cap;
    size_t target_count;
    size_t placed;                          /* series of these targets */
    struct bw_store_registry_group *groups; /* by id */
    size_t group_cap;
    uint32_t last_group;
};

void bw_store_registry_fini(struct bw_store_registry *registry);

/* The id of a name, or 0. */
uint32_t bw_store_registry_find(const struct bw_store_registry *registry, const char *name);

/* Appends the name of a series; false when there is none with that id. */
bool bw_store_registry_name(const struct bw_store_registry *registry, uint32_t id,
                            struct bw_buf *out);

/* Whether there is a series with that id. If not, none that is new will get it: what is stored
 * under it is of another, whose name is lost. */
bool bw_store_registry_take_id(struct bw_store_registry *registry, uint32_t id);

/* Notes a series that is stored already; false when the name is there under another id. */
bool bw_store_registry_load(struct bw_store_registry *registry, const char *name, uint32_t id);

/* A series of that class is in the group, or (`now` false) was in it once. */
void bw_store_registry_load_group(struct bw_store_registry *registry, uint32_t group,
                                  const struct bw_retention_opts *class, bool now);

/* A series that is in the group goes elsewhere. None joins that group again, so that no series
 * comes back to where it was. */
void bw_store_registry_leave(struct bw_store_registry *registry, uint32_t group);

/* The next id for a name that is not there. */
uint32_t bw_store_registry_add(struct bw_store_registry *registry, const char *name);

/* Forgets a name: its id is nobody's from then on, and its place in its group stays taken until it
 * is released (together with others). */
void bw_store_registry_remove(struct bw_store_registry *registry, uint32_t id);
void bw_store_registry_release(struct bw_store_registry *registry, uint32_t group, uint32_t places);

/* Takes a place in a group for a series that has no name any more. */
void bw_store_registry_hold(struct bw_store_registry *registry, uint32_t group);

/* The group for a new series of a target (any hash of what it is about): the group of its siblings
 * while there is room, so that series with the same times share a pack; only one whose series are
 * all of that class. */
uint32_t bw_store_registry_place(struct bw_store_registry *registry, uint64_t target,
                                 const struct bw_retention_opts *class);

#endif
