// SPDX-License-Identifier: GPL-3.0-or-later
/* pack/rope.h: growing runs of bytes made of equal pieces out of one pool. What one run gives
 * back fits every other, so memory does not fragment however long they come and go. */
#ifndef PACK_ROPE_H
#define PACK_ROPE_H

#include <stddef.h>

struct bw_piece;

/* All zeros is an empty pool. What it has once taken from the heap it keeps until fini. */
struct bw_pool {
    struct bw_piece *spare;
    struct bw_slab *slabs;
    size_t bytes; /* taken from the heap */
};

/* All zeros is an empty rope. */
struct bw_rope {
    struct bw_piece *first, *last;
    size_t size;
};

/* Frees everything; ropes of the pool are gone with it. */
void bw_pool_fini(struct bw_pool *pool);

void bw_rope_put(struct bw_rope *rope, struct bw_pool *pool, const void *bytes, size_t size);

/* Copies all rope->size bytes. */
void bw_rope_copy(const struct bw_rope *rope, void *out);

/* Gives all back to the pool; the rope is empty after it. */
void bw_rope_clear(struct bw_rope *rope, struct bw_pool *pool);

#endif
