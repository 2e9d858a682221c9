// SPDX-License-Identifier: GPL-3.0-or-later
/* app/vigil_warm.h: what the store remembers of series that begin to be watched, so that a restart
 * does not begin anew. A worker's job; knows nothing of the loop. */
#ifndef APP_VIGIL_WARM_H
#define APP_VIGIL_WARM_H

#include "app/vigil_eye.h"
#include "base/err.h"

#include <stddef.h>

struct bw_vigil_warm {
    char *store; /* its path */
    int64_t now_ms;
    const uint32_t *series;
    struct bw_vigil_eye **eyes; /* of each, new; they are fed */
    size_t count;
    struct bw_err err; /* why nothing could be read; rc BW_OK: it could */
};

/* Feeds each eye the last 2,000 values that its series has in the last eight hours, or, where these
 * are few, in the last week. */
void bw_vigil_warm_run(struct bw_vigil_warm *warm);

#endif
