// SPDX-License-Identifier: GPL-3.0-or-later
/* health/rollup.h: one status and score from many: an instance from its checks, a service from
 * its instances.
 *
 *   worst     the worst of the children, by bw_status_rank
 *   quorum    HEALTHY while children of at least `quorum_ratio` of the weight are HEALTHY,
 *             DEGRADED while those that answer at all (HEALTHY or DEGRADED) are as many, else
 *             UNHEALTHY; UNKNOWN when that depends on children that are UNKNOWN
 *   weighted  by the score: HEALTHY from 0.9, DEGRADED from 0.5, UNHEALTHY below; UNKNOWN when
 *             more than half of the weight is UNKNOWN
 *
 * The score is the mean of HEALTHY 1, DEGRADED 0.5 and UNHEALTHY 0 by weight, over the children
 * that are known. A child of weight 0 counts for nothing. Pure, no allocation. */
#ifndef HEALTH_ROLLUP_H
#define HEALTH_ROLLUP_H

#include "health/check.h"
#include "model/status.h"

#include <stddef.h>

enum bw_rollup_kind { BW_ROLLUP_WORST, BW_ROLLUP_QUORUM, BW_ROLLUP_WEIGHTED, BW_ROLLUP_COUNT };

/* "worst", "quorum", "weighted" */
const char *bw_rollup_name(enum bw_rollup_kind kind);

struct bw_rollup_rule {
    enum bw_rollup_kind kind;
    double quorum_ratio; /* 0..1, for BW_ROLLUP_QUORUM */
};

struct bw_rollup_child {
    const char *name;  /* for the cause */
    const char *cause; /* why it is what it is; NULL or "" when nobody said */
    enum bw_status status;
    double score;  /* of the child when it is a rollup itself; NaN: as its status says */
    double weight; /* >= 0 */
};

#define BW_ROLLUP_NO_DRIVER ((size_t)-1)

struct bw_rollup {
    enum bw_status status;
    double score; /* 0..1; NaN when no child is known */
    size_t
        driver; /* index of the child that explains the status: the worst, of equals the
                   heaviest, of equals the first; BW_ROLLUP_NO_DRIVER when HEALTHY or childless */
    size_t healthy, degraded, unhealthy, unknown; /* children that count */
    char cause[BW_CAUSE_BYTES_MAX];               /* "page: connection refused"; "" when HEALTHY */
};

void bw_rollup_make(const struct bw_rollup_child *children, size_t count,
                    const struct bw_rollup_rule *rule, struct bw_rollup *out);

#endif
