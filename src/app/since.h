// SPDX-License-Identifier: GPL-3.0-or-later
/* app/since.h: what has changed since the process before this one kept the store: the machine was
 * booted, the program is of another version. Each is a marker, once. The store remembers what was
 * so before (bw_store_note); in a new store nothing has changed. */
#ifndef APP_SINCE_H
#define APP_SINCE_H

#include "app/core.h"

struct bw_since {
    char boot_id[64]; /* "" where the kernel has none: nothing is said of boots */
    const char *version;
    int64_t booted_ms;
};

/* As it is now: the kernel's boot id, our version, when the machine was booted. */
struct bw_since bw_since_now(int64_t now_ms);

/* Asks the store on a worker and tells the loop, when there is a store. The workers end before the
 * core does. */
void bw_since_look(struct bw_core *core, const struct bw_since *now);

#endif
