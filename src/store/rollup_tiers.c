// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/rollup_tiers.h"

#include <string.h>

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

const struct bw_rollup_tier bw_rollup_tiers[BW_ROLLUP_TIERS] = {
    { "1m", MINUTE_MS, 8 * HOUR_MS },
    /* Longer ones are 12 and 16 % smaller, but what is not over yet is read from below. */
    { "1h", HOUR_MS, 4 * DAY_MS },
    { "1d", DAY_MS, 32 * DAY_MS },
};

int bw_rollup_tier_called(const char *name)
{
    for (int t = 0; t < BW_ROLLUP_TIERS; t++) {
        if (strcmp(bw_rollup_tiers[t].name, name) == 0)
            return t;
    }
    return -1;
}

int64_t bw_window_start(int64_t ts_ms, int64_t length_ms)
{
    const int64_t into = ts_ms % length_ms;
    return ts_ms - (into < 0 ? into + length_ms : into);
}
