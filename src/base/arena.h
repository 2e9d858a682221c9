// SPDX-License-Identifier: GPL-3.0-or-later
/* base/arena.h: memory that is released all at once, for what lives as long as one probe
 * run, one request, one report or one configuration. Not for things that grow: use
 * bw_buf for those. Thread-safety: none. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct bw_arena_block;

struct bw_arena {
    struct bw_arena_block *blocks; /* newest first */
    char *next;                    /* free bytes of the newest block; texts come off their end */
    size_t left;
    size_t used; /* bytes handed out since init or reset */
};

/* All zeros is an empty arena too. */
void bw_arena_init(struct bw_arena *arena);

/* An empty arena that first uses these zeroed bytes, aligned for any type: they stay the caller's
 * and must outlive it. */
void bw_arena_init_with(struct bw_arena *arena, void *memory, size_t bytes);

/* Releases everything; the arena is empty and usable again. */
void bw_arena_fini(struct bw_arena *arena);

/* `size` zeroed bytes, aligned for any type. */
void *bw_arena_alloc(struct bw_arena *arena, size_t size);
void *bw_arena_array(struct bw_arena *arena, size_t count, size_t size);

/* NUL-terminated copies; NULL for NULL. */
char *bw_arena_strdup(struct bw_arena *arena, const char *text);
char *bw_arena_strndup(struct bw_arena *arena, const char *text, size_t len);
char *bw_arena_printf(struct bw_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
