// SPDX-License-Identifier: GPL-3.0-or-later
#include "metric/names.h"

#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>

void bw_names_fini(struct bw_names *names)
{
    free(names->slots);
    *names = (struct bw_names){ 0 };
}

/* The slot that holds the hash, or the free one where it would go. */
static size_t find(const struct bw_names *names, uint64_t hash)
{
    size_t at = (size_t)hash & (names->cap - 1);
    while (names->slots[at] != 0 && names->slots[at] != hash)
        at = (at + 1) & (names->cap - 1);
    return at;
}

static uint64_t hash_of(const char *text, size_t len)
{
    const uint64_t hash = bw_hash(text, len, 0);
    return hash != 0 ? hash : 1; /* 0 says free */
}

static void grow(struct bw_names *names)
{
    struct bw_names larger = { .cap = names->cap == 0 ? 64 : names->cap * 2 };
    larger.slots = bw_alloc_array(larger.cap, sizeof *larger.slots);
    larger.count = names->count;
    for (size_t i = 0; i < names->cap; i++) {
        if (names->slots[i] != 0)
            larger.slots[find(&larger, names->slots[i])] = names->slots[i];
    }
    free(names->slots);
    *names = larger;
}

bool bw_names_add(struct bw_names *names, const char *text, size_t len)
{
    if (names->count * 4 >= names->cap * 3)
        grow(names);
    const uint64_t hash = hash_of(text, len);
    uint64_t *slot = &names->slots[find(names, hash)];
    if (*slot != 0)
        return false;
    *slot = hash;
    names->count++;
    return true;
}

void bw_names_remove(struct bw_names *names, const char *text, size_t len)
{
    if (names->count == 0)
        return;
    const size_t mask = names->cap - 1;
    size_t hole = find(names, hash_of(text, len));
    if (names->slots[hole] == 0)
        return;
    names->count--;
    names->slots[hole] = 0;
    /* Whoever stands behind the hole and would not be found across it moves into it. */
    for (size_t at = (hole + 1) & mask; names->slots[at] != 0; at = (at + 1) & mask) {
        const size_t home = (size_t)names->slots[at] & mask;
        if (((at - home) & mask) < ((at - hole) & mask))
            continue;
        names->slots[hole] = names->slots[at];
        names->slots[at] = 0;
        hole = at;
    }
}
