// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/storage.h"

#include <stdlib.h>

const char *bw_storage_path(struct bw_arena *arena, const char *given)
{
    const char *state = getenv("STATE_DIRECTORY");
    if (given != NULL)
        return given;
    if (state != NULL && state[0] != '\0')
        return bw_arena_printf(arena, "%s/bellwether.db", state);
    return "data/bellwether.db";
}
