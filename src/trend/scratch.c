// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/scratch.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* An analysis of 4096 cells uses about 2.5 MiB; more only when points must be sorted. One piece
 * from the start: in many small ones it would leave holes between what others keep. What is not
 * used of it is never touched. */
#define KEPT_BYTES (UINT64_C(3) << 20)
#define KEPT_BYTES_MAX (UINT64_C(8) << 20)

struct bw_trend_scratch *bw_trend_scratch_new(void)
{
    struct bw_trend_scratch *scratch = bw_alloc(sizeof *scratch);
    scratch->kept_bytes = KEPT_BYTES;
    scratch->kept = bw_alloc(KEPT_BYTES);
    bw_arena_init_with(&scratch->arena, scratch->kept, KEPT_BYTES);
    return scratch;
}

void bw_trend_scratch_free(struct bw_trend_scratch *scratch)
{
    if (scratch == NULL)
        return;
    bw_arena_fini(&scratch->arena);
    free(scratch->kept);
    free(scratch);
}

/* The kept memory, zeroed where it was used: pieces come off its front, texts off its end. */
static void clean(struct bw_trend_scratch *scratch)
{
    const struct bw_arena *arena = &scratch->arena;
    char *first = scratch->kept, *end = first + scratch->kept_bytes;
    if (arena->next >= first && arena->next <= end) {
        memset(first, 0, (size_t)(arena->next - first));
        first = arena->next + arena->left;
    }
    memset(first, 0, (size_t)(end - first));
}

struct bw_arena *bw_trend_scratch_begin(struct bw_trend_scratch *scratch)
{
    const size_t used = scratch->arena.used;
    if (used > scratch->kept_bytes && used <= KEPT_BYTES_MAX) {
        free(scratch->kept);
        scratch->kept = bw_alloc(used);
        scratch->kept_bytes = used;
    } else {
        clean(scratch);
    }
    bw_arena_fini(&scratch->arena);
    scratch->exam = NULL;
    scratch->forecast = NULL;
    bw_arena_init_with(&scratch->arena, scratch->kept, scratch->kept_bytes);
    return &scratch->arena;
}
