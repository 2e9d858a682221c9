// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/registry.h"

#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* A target that is new begins in the newest group while that has room for some siblings. */
enum { GROUP_ROOM_MIN = 40 };

void bw_store_registry_fini(struct bw_store_registry *registry)
{
    bw_arena_fini(&registry->names);
    free(registry->entries);
    free(registry->targets);
    free(registry->group_counts);
    *registry = (struct bw_store_registry){ 0 };
}

static struct bw_store_registry_entry *place_of(struct bw_store_registry_entry *entries, size_t cap,
                                                const char *name, uint64_t hash)
{
    size_t at = hash & (cap - 1);
    while (entries[at].name != NULL
           && (entries[at].hash != hash || strcmp(entries[at].name, name) != 0))
        at = (at + 1) & (cap - 1);
    return &entries[at];
}

static void grow_entries(struct bw_store_registry *registry)
{
    if (2 * (registry->count + 1) <= registry->entry_cap)
        return;
    const size_t cap = registry->entry_cap == 0 ? 256 : 2 * registry->entry_cap;
    struct bw_store_registry_entry *entries = bw_alloc_array(cap, sizeof *entries);
    for (size_t i = 0; i < registry->entry_cap; i++) {
        const struct bw_store_registry_entry *old = &registry->entries[i];
        if (old->name != NULL)
            *place_of(entries, cap, old->name, old->hash) = *old;
    }
    free(registry->entries);
    registry->entries = entries;
    registry->entry_cap = cap;
}

uint32_t bw_store_registry_find(const struct bw_store_registry *registry, const char *name)
{
    if (registry->entry_cap == 0)
        return 0;
    return place_of(registry->entries, registry->entry_cap, name, bw_hash_text(name, 0))->id;
}

bool bw_store_registry_load(struct bw_store_registry *registry, const char *name, uint32_t id)
{
    grow_entries(registry);
    const uint64_t hash = bw_hash_text(name, 0);
    struct bw_store_registry_entry *entry =
        place_of(registry->entries, registry->entry_cap, name, hash);
    registry->last_id = id > registry->last_id ? id : registry->last_id;
    if (entry->name != NULL)
        return false;
    *entry = (struct bw_store_registry_entry){ bw_arena_strdup(&registry->names, name), hash, id };
    registry->count++;
    return true;
}

uint32_t bw_store_registry_add(struct bw_store_registry *registry, const char *name)
{
    const uint32_t id = registry->last_id + 1;
    bw_store_registry_load(registry, name, id);
    return id;
}

void bw_store_registry_load_group(struct bw_store_registry *registry, uint32_t group)
{
    const size_t before = registry->group_cap;
    registry->group_counts = bw_grow(registry->group_counts, &registry->group_cap,
                                     (size_t)group + 1, sizeof *registry->group_counts);
    for (size_t i = before; i < registry->group_cap; i++)
        registry->group_counts[i] = 0;
    registry->group_counts[group]++;
    registry->last_group = group > registry->last_group ? group : registry->last_group;
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

static uint32_t room_in(const struct bw_store_registry *registry, uint32_t group)
{
    const uint32_t used = group == 0 ? BW_GROUP_SERIES_MAX : registry->group_counts[group];
    return used >= BW_GROUP_SERIES_MAX ? 0 : BW_GROUP_SERIES_MAX - used;
}

uint32_t bw_store_registry_place(struct bw_store_registry *registry, uint64_t target)
{
    struct bw_store_registry_target *entry = target_entry(registry, target == 0 ? 1 : target);
    if (entry->target == 0) {
        *entry = (struct bw_store_registry_target){ target == 0 ? 1 : target, 0 };
        registry->target_count++;
        if (room_in(registry, registry->last_group) >= GROUP_ROOM_MIN)
            entry->group = registry->last_group;
    }
    if (room_in(registry, entry->group) == 0)
        entry->group = registry->last_group + 1;
    bw_store_registry_load_group(registry, entry->group);
    return entry->group;
}
