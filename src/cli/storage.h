// SPDX-License-Identifier: GPL-3.0-or-later
/* cli/storage.h: which store a command means, and how its flag is written. */
#ifndef CLI_STORAGE_H
#define CLI_STORAGE_H

#include "base/arena.h"
#include "conf/option.h"

/* The row of --storage.path for a command's table. */
#define BW_STORAGE_ROW(offset_of_path)                                                             \
    {                                                                                              \
        "storage.path", BW_OPT_STRING, (offset_of_path),                                           \
            .range = "1..4096", .flags = BW_OPT_FILE,                                              \
            .help = "The store's file; default: bellwether.db in $STATE_DIRECTORY, else "          \
                    "./data/bellwether.db."                                                        \
    }

/* `given`, or where `serve` keeps its store when nobody says otherwise. */
const char *bw_storage_path(struct bw_arena *arena, const char *given);

#endif
