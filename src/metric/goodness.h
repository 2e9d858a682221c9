// SPDX-License-Identifier: GPL-3.0-or-later
/* metric/goodness.h: which way of a metric is the bad one. Nobody can tell of every metric: more
 * requests may be a good day or an attack. */
#ifndef METRIC_GOODNESS_H
#define METRIC_GOODNESS_H

/* +1: rising is worse (durations, errors, load), -1: falling is worse (what is available, what
 * succeeds), 0: neither. By the metric's name alone. */
int bw_metric_worse(const char *name);

#endif
