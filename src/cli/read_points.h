// SPDX-License-Identifier: GPL-3.0-or-later
/* cli/read_points.h: one series out of a text, which is either
 *
 *     CSV           time,value       header optional; "," ";" tab or blank; "#" begins a comment
 *     exposition    name{labels} value time      Prometheus or OpenMetrics text
 *
 * Times are RFC 3339, or Unix seconds or milliseconds: from 1e11 on milliseconds are meant
 * (as seconds that would be the year 5138); in CSV also a date, or date and time, as 2026-11-21
 * 22:38, in UTC. An empty value, null or NaN is a missing one. Where the comma does not separate
 * it may stand for the decimal point.
 * Pure. */
#ifndef CLI_READ_POINTS_H
#define CLI_READ_POINTS_H

#include "base/err.h"
#include "pack/points.h"

#include <stdbool.h>
#include <stddef.h>

struct bw_read_points {
    struct bw_points points; /* in the order of the text */
    char *series;            /* metric{labels}; NULL for CSV */
    bool counter;            /* the text says that it is one */
};

/* `selector` chooses among several series of an exposition (NULL: there must be one only; a
 * CSV has no name to choose by). BW_EINVAL with the line, BW_ENOTFOUND when nothing is chosen.
 * On success free with bw_read_points_fini; on failure *out is empty. */
enum bw_rc bw_read_points(const char *text, size_t len, const char *selector,
                          struct bw_read_points *out, struct bw_err *err);
void bw_read_points_fini(struct bw_read_points *read);

#endif
