// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/storage.h"

#include "app/defaults.h"

const char *bw_storage_path(struct bw_arena *arena, const char *given)
{
    return given != NULL ? given : bw_default_store(arena);
}
