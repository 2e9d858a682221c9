// SPDX-License-Identifier: GPL-3.0-or-later
/* store/extents.h: what the file holds of each series, from directories and times alone: no
 * value is decoded. */
#ifndef STORE_EXTENTS_H
#define STORE_EXTENTS_H

#include "store/reader.h"

struct bw_extent {
    uint32_t series;
    uint64_t points;           /* what was handed over twice counts twice */
    uint64_t bytes;            /* of its values and its part of shared times, in packs */
    int64_t first_ms, last_ms; /* when there are points */
};

/* Fills in all but `series`, by which `extents` rise. */
enum bw_rc bw_reader_extents(struct bw_reader *reader, struct bw_extent *extents, size_t count,
                             struct bw_damage *damage, struct bw_err *err);

#endif
