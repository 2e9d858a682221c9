// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/registry.h"

#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* A target that is new begins in the newest group while that has room for its siblings, as many as
 * targets have so far; for no more than this many, or groups of some large targets and many small
 * ones would stay half empty. */
enum { SIBLINGS_MAX = 40, GROUPS_BACK = 64 };

void bw_store_registry_fini(struct bw_store_registry *registry)
{
    bw_texts_fini(&registry->texts);
    free(registry->entries);
    free(registry->ids);
    free(registry->targets);
    free(registry->groups);
    *registry = (struct bw_store_registry){ 0 };
}

/* Where the id of a series is, or the free place where it belongs. */
static uint32_t *place_of(const struct bw_store_registry_entry *entries, uint32_t *ids, size_t cap,
                          struct bw_store_registry_entry name)
{
    size_t at = bw_hash(&name, sizeof name, 0) & (cap - 1);
    while (ids[at] != 0
           && (entries[ids[at]].metric != name.metric || entries[ids[at]].labels != name.labels))
        at = (at + 1) & (cap - 1);
    return &ids[at];
}

static void grow_ids(struct bw_store_registry *registry)
{
    if (4 * (registry->count + 1) <= 3 * registry->id_cap)
        return;
    const size_t cap = registry->id_cap == 0 ? 256 : 2 * registry->id_cap;
    uint32_t *ids = bw_alloc_array(cap, sizeof *ids);
    for (size_t i = 0; i < registry->id_cap; i++) {
        const uint32_t id = registry->ids[i];
        if (id != 0)
            *place_of(registry->entries, ids, cap, registry->entries[id]) = id;
    }
    free(registry->ids);
    registry->ids = ids;
    registry->id_cap = cap;
}

/* Zeroed by calloc and not by hand: a damaged sequence may leave a large hole in the ids, and
 * what nobody touches takes no memory. */
static void grow_entries(struct bw_store_registry *registry, uint32_t id)
{
    if (id < registry->entry_cap)
        return;
    const size_t cap = (size_t)id + id / 4 + 256;
    struct bw_store_registry_entry *entries = bw_alloc_array(cap, sizeof *entries);
    if (registry->entry_cap > 0)
        memcpy(entries, registry->entries, registry->entry_cap * sizeof *entries);
    free(registry->entries);
    registry->entries = entries;
    registry->entry_cap = cap;
}

uint32_t bw_store_registry_find(const struct bw_store_registry *registry, const char *name)
{
    const size_t size = strcspn(name, "{");
    const struct bw_store_registry_entry parts = {
        bw_texts_find(&registry->texts, name, size),
        bw_texts_find(&registry->texts, name + size, strlen(name + size)),
    };
    if (registry->id_cap == 0 || parts.metric == BW_TEXT_NONE || parts.labels == BW_TEXT_NONE)
        return 0;
    return *place_of(registry->entries, registry->ids, registry->id_cap, parts);
}

bool bw_store_registry_take_id(struct bw_store_registry *registry, uint32_t id)
{
    registry->last_id = id > registry->last_id ? id : registry->last_id;
    return id < registry->entry_cap
           && (registry->entries[id].metric != 0 || registry->entries[id].labels != 0);
}

bool bw_store_registry_name(const struct bw_store_registry *registry, uint32_t id,
                            struct bw_buf *out)
{
    if (id >= registry->entry_cap)
        return false;
    const struct bw_store_registry_entry parts = registry->entries[id];
    if (parts.metric == parts.labels) /* no text is both, so there is none */
        return false;
    bw_buf_text(out, bw_texts_at(&registry->texts, parts.metric));
    bw_buf_text(out, bw_texts_at(&registry->texts, parts.labels));
    return true;
}

bool bw_store_registry_load(struct bw_store_registry *registry, const char *name, uint32_t id)
{
    const size_t size = strcspn(name, "{");
    registry->last_id = id > registry->last_id ? id : registry->last_id;
    const struct bw_store_registry_entry parts = {
        bw_texts_keep(&registry->texts, name, size),
        bw_texts_keep(&registry->texts, name + size, strlen(name + size)),
    };
    grow_ids(registry);
    grow_entries(registry, id);
    uint32_t *place = place_of(registry->entries, registry->ids, registry->id_cap, parts);
    if (*place != 0)
        return false;
    registry->entries[id] = parts;
    *place = id;
    registry->count++;
    return true;
}

uint32_t bw_store_registry_add(struct bw_store_registry *registry, const char *name)
{
    const uint32_t id = registry->last_id + 1;
    bw_store_registry_load(registry, name, id);
    return id;
}

/* What comes behind a freed place and would be looked for in it moves up. */
static void free_place(struct bw_store_registry *registry, size_t hole)
{
    const size_t mask = registry->id_cap - 1;
    registry->ids[hole] = 0;
    for (size_t at = (hole + 1) & mask; registry->ids[at] != 0; at = (at + 1) & mask) {
        const struct bw_store_registry_entry *name = &registry->entries[registry->ids[at]];
        const size_t home = bw_hash(name, sizeof *name, 0) & mask;
        if (((at - home) & mask) < ((at - hole) & mask))
            continue;
        registry->ids[hole] = registry->ids[at];
        registry->ids[at] = 0;
        hole = at;
    }
}

void bw_store_registry_remove(struct bw_store_registry *registry, uint32_t id)
{
    if (id >= registry->entry_cap || registry->id_cap == 0)
        return;
    const uint32_t *place =
        place_of(registry->entries, registry->ids, registry->id_cap, registry->entries[id]);
    if (*place != id)
        return;
    free_place(registry, (size_t)(place - registry->ids));
    registry->entries[id] = (struct bw_store_registry_entry){ 0 };
    registry->count--;
}

/* 0 is for ever. */
static void lengthen(int64_t *kept_ns, int64_t ns, bool first)
{
    if (first || ns == 0 || (*kept_ns != 0 && ns > *kept_ns))
        *kept_ns = ns;
}

static struct bw_store_registry_group *group_entry(struct bw_store_registry *registry,
                                                   uint32_t group)
{
    const size_t before = registry->group_cap;
    registry->groups = bw_grow(registry->groups, &registry->group_cap, (size_t)group + 1,
                               sizeof *registry->groups);
    for (size_t i = before; i < registry->group_cap; i++)
        registry->groups[i] = (struct bw_store_registry_group){ 0 };
    registry->last_group = group > registry->last_group ? group : registry->last_group;
    return &registry->groups[group];
}

void bw_store_registry_hold(struct bw_store_registry *registry, uint32_t group)
{
    group_entry(registry, group)->series++;
}

void bw_store_registry_release(struct bw_store_registry *registry, uint32_t group, uint32_t places)
{
    if (group >= registry->group_cap)
        return;
    uint32_t *series = &registry->groups[group].series;
    *series -= places < *series ? places : *series;
}

void bw_store_registry_load_group(struct bw_store_registry *registry, uint32_t group,
                                  const struct bw_retention_opts *class, bool now)
{
    struct bw_store_registry_group *entry = group_entry(registry, group);
    const bool first = entry->class == NULL && !entry->left;
    lengthen(&entry->kept.raw_ns, class->raw_ns, first);
    lengthen(&entry->kept.minute_ns, class->minute_ns, first);
    lengthen(&entry->kept.hour_ns, class->hour_ns, first);
    lengthen(&entry->kept.day_ns, class->day_ns, first);
    if (!now) {
        entry->left = true;
        return;
    }
    entry->mixed = entry->mixed || (entry->class != NULL && entry->class != class);
    entry->class = entry->class == NULL ? class : entry->class;
    entry->series++;
}

void bw_store_registry_leave(struct bw_store_registry *registry, uint32_t group)
{
    struct bw_store_registry_group *entry = &registry->groups[group];
    entry->left = true;
    entry->series--;
    if (entry->series == 0) {
        entry->class = NULL;
        entry->mixed = false;
    }
}

static struct bw_store_registry_target *target_place(struct bw_store_registry_target *targets,
                                                     size_t cap, uint64_t target)
{
    size_t at = target & (cap - 1);
    while (targets[at].target != 0 && targets[at].target != target)
        at = (at + 1) & (cap - 1);
    return &targets[at];
}

static struct bw_store_registry_target *target_entry(struct bw_store_registry *registry,
                                                     uint64_t target)
{
    if (2 * (registry->target_count + 1) > registry->target_cap) {
        const size_t cap = registry->target_cap == 0 ? 64 : 2 * registry->target_cap;
        struct bw_store_registry_target *targets = bw_alloc_array(cap, sizeof *targets);
        for (size_t i = 0; i < registry->target_cap; i++) {
            if (registry->targets[i].target != 0)
                *target_place(targets, cap, registry->targets[i].target) = registry->targets[i];
        }
        free(registry->targets);
        registry->targets = targets;
        registry->target_cap = cap;
    }
    return target_place(registry->targets, registry->target_cap, target);
}

static uint32_t room_in(const struct bw_store_registry *registry, uint32_t group,
                        const struct bw_retention_opts *class)
{
    if (group == 0)
        return 0;
    const struct bw_store_registry_group *entry = &registry->groups[group];
    if (entry->mixed || entry->left || entry->class != class)
        return 0;
    return entry->series >= BW_GROUP_SERIES_MAX ? 0 : BW_GROUP_SERIES_MAX - entry->series;
}

/* The newest group of a class, among the newest; 0: none. */
static uint32_t newest_of(const struct bw_store_registry *registry,
                          const struct bw_retention_opts *class)
{
    uint32_t group = registry->last_group;
    for (size_t i = 0; group != 0 && i < GROUPS_BACK; i++, group--) {
        const struct bw_store_registry_group *entry = &registry->groups[group];
        if (entry->class == class && !entry->mixed && !entry->left)
            return group;
    }
    return 0;
}

/* Of the targets that have any, the average. */
static uint32_t siblings_of(const struct bw_store_registry *registry)
{
    const size_t average = registry->placed / registry->target_count;
    return average < 1 ? 1 : average > SIBLINGS_MAX ? SIBLINGS_MAX : (uint32_t)average;
}

uint32_t bw_store_registry_place(struct bw_store_registry *registry, uint64_t target,
                                 const struct bw_retention_opts *class)
{
    target = bw_hash(class, sizeof *class, target);
    target += target == 0;
    struct bw_store_registry_target *entry = target_entry(registry, target);
    if (entry->target == 0) {
        *entry = (struct bw_store_registry_target){ target, 0 };
        registry->target_count++;
    }
    /* The newest group is shared while there is room: when many targets outgrow theirs, each
     * would else begin one of its own, and packs of few series are mostly empty pages. */
    if (room_in(registry, entry->group, class) == 0) {
        const uint32_t newest = newest_of(registry, class);
        entry->group = room_in(registry, newest, class) >= siblings_of(registry)
                           ? newest
                           : registry->last_group + 1;
    }
    registry->placed++;
    bw_store_registry_load_group(registry, entry->group, class, true);
    return entry->group;
}
