// SPDX-License-Identifier: GPL-3.0-or-later
#include "metric/names.h"

#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void bw_names_fini(struct bw_names *names)
{
    free(names->slots);
    *names = (struct bw_names){ 0 };
}

/* The slot that holds the text, or the free one where it would go. */
static size_t find(const struct bw_names *names, uint64_t hash, const char *text, size_t len)
{
    size_t at = (size_t)hash & (names->cap - 1);
    for (;; at = (at + 1) & (names->cap - 1)) {
        const struct bw_names_slot *slot = &names->slots[at];
        if (slot->hash == 0
            || (slot->hash == hash && slot->len == len && memcmp(slot->text, text, len) == 0))
            return at;
    }
}

static uint64_t hash_of(const char *text, size_t len)
{
    return bw_hash(text, len, 0) | 1; /* 0 says free */
}

static void grow(struct bw_names *names)
{
    struct bw_names larger = { .cap = names->cap == 0 ? 64 : names->cap * 2 };
    larger.slots = bw_alloc_array(larger.cap, sizeof *larger.slots);
    larger.count = names->count;
    for (size_t i = 0; i < names->cap; i++) {
        const struct bw_names_slot *slot = &names->slots[i];
        if (slot->hash != 0)
            larger.slots[find(&larger, slot->hash, slot->text, slot->len)] = *slot;
    }
    free(names->slots);
    *names = larger;
}

bool bw_names_add(struct bw_names *names, const char *text, size_t len)
{
    if (names->count * 4 >= names->cap * 3)
        grow(names);
    const uint64_t hash = hash_of(text, len);
    struct bw_names_slot *slot = &names->slots[find(names, hash, text, len)];
    if (slot->hash != 0)
        return false;
    *slot = (struct bw_names_slot){ .hash = hash, .text = text, .len = len };
    names->count++;
    return true;
}

void bw_names_remove(struct bw_names *names, const char *text, size_t len)
{
    if (names->count == 0)
        return;
    const size_t mask = names->cap - 1;
    size_t hole = find(names, hash_of(text, len), text, len);
    if (names->slots[hole].hash == 0)
        return;
    names->count--;
    names->slots[hole].hash = 0;
    /* Whoever stands behind the hole and would not be found across it moves into it. */
    for (size_t at = (hole + 1) & mask; names->slots[at].hash != 0; at = (at + 1) & mask) {
        const size_t home = (size_t)names->slots[at].hash & mask;
        if (((at - home) & mask) < ((at - hole) & mask))
            continue;
        names->slots[hole] = names->slots[at];
        names->slots[at].hash = 0;
        hole = at;
    }
}
