// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/spread_sum.h: what the parts of a run over several addresses said, as one result. */
#ifndef PROBE_SPREAD_SUM_H
#define PROBE_SPREAD_SUM_H

#include "base/buf.h"
#include "probe/probe.h"

/* What is kept of a part that has ended. */
struct bw_spread_part {
    struct bw_address address;
    bool known; /* it has an address */
    struct bw_probe_result result;
    struct bw_arena arena; /* of its measures and texts */
    struct bw_measures measures;
    struct bw_buf told;
    int64_t start_ns; /* after the whole run began */
};

/* Copies a result, from inside the part's done(). `tell`: its transcript too. */
void bw_spread_part_take(struct bw_spread_part *part, const struct bw_probe_result *result,
                         bool tell);
void bw_spread_part_fini(struct bw_spread_part *part);

/* Parts that have ended, in the order in which they began; at least one. */
struct bw_spread_parts {
    enum bw_resolve_mode mode;
    struct bw_spread_part *const *items;
    size_t count;
    size_t addresses; /* that the name has */
    int64_t duration_ns, timeout_ns;
};

/* The result of all, in the arena; it borrows what the parts have. */
struct bw_probe_result *bw_spread_sum(struct bw_arena *arena, const struct bw_spread_parts *parts);

#endif
