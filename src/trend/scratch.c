// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/scratch.h"

#include "base/mem.h"

#include <stdlib.h>

struct bw_trend_scratch *bw_trend_scratch_new(void)
{
    struct bw_trend_scratch *scratch = bw_alloc(sizeof *scratch);
    bw_arena_init(&scratch->arena);
    return scratch;
}

void bw_trend_scratch_free(struct bw_trend_scratch *scratch)
{
    if (scratch == NULL)
        return;
    bw_arena_fini(&scratch->arena);
    free(scratch);
}

struct bw_arena *bw_trend_scratch_begin(struct bw_trend_scratch *scratch)
{
    bw_arena_fini(&scratch->arena);
    scratch->exam = NULL;
    return &scratch->arena;
}
