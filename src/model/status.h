// SPDX-License-Identifier: GPL-3.0-or-later
/* model/status.h: the four words for how something is. */
#ifndef MODEL_STATUS_H
#define MODEL_STATUS_H

#include <stdbool.h>
#include <stddef.h>

/* The numbers are stored: never renumber. */
enum bw_status { BW_UNKNOWN, BW_HEALTHY, BW_DEGRADED, BW_UNHEALTHY, BW_STATUS_COUNT };

/* "HEALTHY" */
const char *bw_status_name(enum bw_status status);

/* The same as a list of one that lasts: the label of a measure. */
const char *const *bw_status_label(enum bw_status status);

/* Either case; false leaves *out alone. */
bool bw_status_from_name(const char *name, enum bw_status *out);

/* For "worst of": UNKNOWN < HEALTHY < DEGRADED < UNHEALTHY would call a service healthy that
 * nobody can see, so UNKNOWN ranks between HEALTHY and DEGRADED. */
int bw_status_rank(enum bw_status status);

/* Levels of an alert; stored: never renumber. */
enum bw_level { BW_LEVEL_NONE, BW_LEVEL_INFO, BW_LEVEL_WARNING, BW_LEVEL_CRITICAL, BW_LEVEL_COUNT };

/* "none", "info", "warning", "critical" */
const char *bw_level_name(enum bw_level level);
bool bw_level_from_name(const char *name, enum bw_level *out);

#endif
