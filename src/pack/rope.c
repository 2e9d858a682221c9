// SPDX-License-Identifier: GPL-3.0-or-later
#include "pack/rope.h"

#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE_BYTES = 512, PIECES_A_SLAB = 32 };

struct bw_piece {
    struct bw_piece *next;
    uint8_t bytes[PIECE_BYTES - sizeof(struct bw_piece *)];
};

enum { ROOM = sizeof((struct bw_piece *)0)->bytes };

struct bw_slab {
    struct bw_slab *next;
    struct bw_piece pieces[PIECES_A_SLAB];
};

void bw_pool_fini(struct bw_pool *pool)
{
    for (struct bw_slab *slab = pool->slabs, *next; slab != NULL; slab = next) {
        next = slab->next;
        free(slab);
    }
    *pool = (struct bw_pool){ .spare = NULL };
}

static void add_slab(struct bw_pool *pool)
{
    struct bw_slab *slab = bw_alloc(sizeof *slab);
    slab->next = pool->slabs;
    pool->slabs = slab;
    pool->bytes += sizeof *slab;
    for (size_t i = PIECES_A_SLAB; i-- > 0;) {
        slab->pieces[i].next = pool->spare;
        pool->spare = &slab->pieces[i];
    }
}

static void add_piece(struct bw_rope *rope, struct bw_pool *pool)
{
    if (pool->spare == NULL)
        add_slab(pool);
    struct bw_piece *piece = pool->spare;
    pool->spare = piece->next;
    piece->next = NULL;
    if (rope->last == NULL)
        rope->first = piece;
    else
        rope->last->next = piece;
    rope->last = piece;
}

void bw_rope_put(struct bw_rope *rope, struct bw_pool *pool, const void *bytes, size_t size)
{
    const uint8_t *from = bytes;
    while (size > 0) {
        const size_t used = rope->size % ROOM;
        if (used == 0)
            add_piece(rope, pool);
        const size_t part = size < ROOM - used ? size : ROOM - used;
        memcpy(rope->last->bytes + used, from, part);
        rope->size += part;
        from += part;
        size -= part;
    }
}

void bw_rope_copy(const struct bw_rope *rope, void *out)
{
    uint8_t *to = out;
    size_t left = rope->size;
    for (const struct bw_piece *piece = rope->first; piece != NULL; piece = piece->next) {
        const size_t part = left < ROOM ? left : ROOM;
        memcpy(to, piece->bytes, part);
        to += part;
        left -= part;
    }
}

void bw_rope_clear(struct bw_rope *rope, struct bw_pool *pool)
{
    if (rope->last != NULL) {
        rope->last->next = pool->spare;
        pool->spare = rope->first;
    }
    *rope = (struct bw_rope){ .first = NULL };
}
