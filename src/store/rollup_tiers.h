// SPDX-License-Identifier: GPL-3.0-or-later
/* store/rollup_tiers.h: which roll-ups there are. */
#ifndef STORE_ROLLUP_TIERS_H
#define STORE_ROLLUP_TIERS_H

#include <stdint.h>

/* Windows begin at multiples of their length since 1970, UTC. */
struct bw_rollup_tier {
    const char *name; /* "1h" */
    int64_t width_ms;
    int64_t window_ms;
};

enum { BW_ROLLUP_TIERS = 3 };

extern const struct bw_rollup_tier
    bw_rollup_tiers[BW_ROLLUP_TIERS]; /* by rising width; each from the one before */

/* Its place, or -1. */
int bw_rollup_tier_called(const char *name);

/* The time before all others. */
#define BW_ROLLUP_NEVER INT64_MIN

/* The multiple of length_ms at or before ts_ms. */
int64_t bw_window_start(int64_t ts_ms, int64_t length_ms);

#endif
