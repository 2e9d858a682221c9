// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/arena.h"

#include "base/mem.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Most arenas stay small, and there are a dozen to a check: a block is as large as all that was
 * handed out so far, within these bounds. */
enum { BLOCK_BYTES_MIN = 512, BLOCK_BYTES_MAX = 4096, ALIGN = _Alignof(max_align_t) };

struct bw_arena_block {
    struct bw_arena_block *older;
    max_align_t bytes[];
};

void bw_arena_init(struct bw_arena *arena)
{
    *arena = (struct bw_arena){ 0 };
}

void bw_arena_fini(struct bw_arena *arena)
{
    for (struct bw_arena_block *block = arena->blocks, *older; block != NULL; block = older) {
        older = block->older;
        free(block);
    }
    bw_arena_init(arena);
}

static struct bw_arena_block *add_block(struct bw_arena *arena, size_t size)
{
    struct bw_arena_block *block = bw_alloc(sizeof *block + size);
    block->older = arena->blocks;
    arena->blocks = block;
    return block;
}

void bw_arena_init_with(struct bw_arena *arena, void *memory, size_t bytes)
{
    *arena = (struct bw_arena){ .next = memory, .left = bytes };
}

static void start_block(struct bw_arena *arena, size_t bytes)
{
    arena->next = (char *)add_block(arena, bytes)->bytes;
    arena->left = bytes;
}

static size_t next_block_bytes(const struct bw_arena *arena)
{
    if (arena->used <= BLOCK_BYTES_MIN)
        return BLOCK_BYTES_MIN;
    return arena->used < BLOCK_BYTES_MAX ? arena->used : BLOCK_BYTES_MAX;
}

void *bw_arena_alloc(struct bw_arena *arena, size_t size)
{
    assert(size <= SIZE_MAX - ALIGN);
    if (size == 0)
        size = 1; /* nothing has an address too */
    size = (size + ALIGN - 1) / ALIGN * ALIGN;
    arena->used += size;
    if (size > arena->left) {
        /* A large piece gets a block of its own, so that the rest of the
         * current one is not wasted. */
        if (size > BLOCK_BYTES_MAX / 4)
            return add_block(arena, size)->bytes;
        start_block(arena, next_block_bytes(arena)); /* `size` is counted in */
    }
    void *piece = arena->next;
    arena->next += size;
    arena->left -= size;
    return piece;
}

void *bw_arena_array(struct bw_arena *arena, size_t count, size_t size)
{
    assert(size == 0 || count <= SIZE_MAX / size);
    return bw_arena_alloc(arena, count * size);
}

char *bw_arena_strdup(struct bw_arena *arena, const char *text)
{
    return text == NULL ? NULL : bw_arena_strndup(arena, text, strlen(text));
}

/* Room for text needs no alignment, so that it is taken off the end of the block: most texts are
 * shorter than what alignment would add to them. */
static char *text_room(struct bw_arena *arena, size_t size)
{
    if (size > BLOCK_BYTES_MAX / 4 && size > arena->left)
        return bw_arena_alloc(arena, size);
    arena->used += size;
    if (size > arena->left)
        start_block(arena, next_block_bytes(arena));
    arena->left -= size;
    return arena->next + arena->left;
}

char *bw_arena_strndup(struct bw_arena *arena, const char *text, size_t len)
{
    if (text == NULL)
        return NULL;
    char *copy = text_room(arena, len + 1);
    memcpy(copy, text, len);
    return copy;
}

char *bw_arena_printf(struct bw_arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    const int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = text_room(arena, (size_t)len + 1);
    vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    return text;
}
