// SPDX-License-Identifier: GPL-3.0-or-later
/* store/newcomers.h: series that an import has met and the store has not yet: they are made known
 * to it target by target, not as they came. What was exported metric by metric would else have the
 * siblings of a target, which have the same times, in as many groups as there are metrics.
 * Not thread-safe. */
#ifndef STORE_NEWCOMERS_H
#define STORE_NEWCOMERS_H

#include "model/labels.h"

#include <stddef.h>
#include <stdint.h>

struct bw_newcomer {
    char *name;      /* metric{a="b"} */
    uint64_t target; /* bw_store_target_of its labels */
    uint32_t number; /* the caller's, rising */
    uint32_t first;  /* the number of its target's first; set by order */
};

/* All zeros is empty. */
struct bw_newcomers {
    struct bw_newcomer *items;
    size_t count, cap;
    uint32_t *places; /* in items, plus 1; 0: free; open addressing, a power of two */
    size_t place_cap;
};

void bw_newcomers_fini(struct bw_newcomers *newcomers);

/* The number it was added with, or 0. */
uint32_t bw_newcomers_find(const struct bw_newcomers *newcomers, const char *name);

/* Not there yet; number is 1 or above and higher than all before. */
void bw_newcomers_add(struct bw_newcomers *newcomers, const char *name, uint64_t target,
                      uint32_t number);

/* Orders the items: siblings side by side, targets by their first, siblings as they came. None is
 * found by name afterwards; fini is what is left to do. */
void bw_newcomers_order(struct bw_newcomers *newcomers);

#endif
