// SPDX-License-Identifier: GPL-3.0-or-later
/* health/threshold.h: judges a measured value by a warning, a critical and a recover mark.
 *
 *     value
 *       ^                                      UNHEALTHY from here
 *       |  critical  ------------------------------------------------
 *       |  (critical - (warning - recover))    DEGRADED again from here
 *       |  warning   ------------------------------------------------
 *       |  recover                             HEALTHY again from here
 *
 * for values that are bad when high; mirrored for those that are bad when low. The side comes
 * from the order of the marks: critical beyond warning, recover before both. The distance from
 * warning to recover is the dead band of both marks, so a value that trembles at a mark changes
 * the status once. Without recover the band has no width.
 * A value that is not a number gives UNKNOWN and leaves the band's memory as it was.
 * Pure. */
#ifndef HEALTH_THRESHOLD_H
#define HEALTH_THRESHOLD_H

#include "conf/option.h"
#include "health/check.h"
#include "model/status.h"

#include <stddef.h>

/* NaN: no such mark. A configuration gives all three. */
struct bw_threshold_opts {
    double warning, critical, recover;
};

/* Rows warning, critical, recover, all required; "80%" is 0.8. Its check refuses no mark at all, a
 * recover that is not on the good side of the others and marks whose order contradicts itself. */
extern const struct bw_opt_group bw_threshold_group;

/* +1: high is bad, -1: low is bad. */
int bw_threshold_side(const struct bw_threshold_opts *opts);

/* The memory of one threshold on one value. All zeros: nothing seen yet. */
struct bw_threshold {
    enum bw_status held; /* what the last number gave */
};

/* HEALTHY, DEGRADED, UNHEALTHY; UNKNOWN for NaN. */
enum bw_status bw_threshold_feed(struct bw_threshold *threshold,
                                 const struct bw_threshold_opts *opts, double value);

/* PASS, WARN, FAIL or LOST, with BW_REASON_THRESHOLD for a warning and a failure. Pass the text
 * of bw_threshold_text() as `detail`. */
struct bw_outcome bw_threshold_outcome(enum bw_status status, const char *detail);

/* "disk_used_ratio is 0.93, critical from 0.9": returns `out`, cut to `size` bytes. */
char *bw_threshold_text(char *out, size_t size, const char *name,
                        const struct bw_threshold_opts *opts, enum bw_status status, double value);

#endif
