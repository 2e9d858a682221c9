// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/finding_parts.h: what the searches behind bw_trend_find() share. Of finding*.c alone. */
#ifndef TREND_FINDING_PARTS_H
#define TREND_FINDING_PARTS_H

#include "trend/finding.h"

#include <stdbool.h>

#define BW_FINDING_SCORE_MAX 99.0
#define BW_FINDING_CHANCE_MAX 1e-3

struct bw_finding_search {
    struct bw_arena *arena;
    const struct bw_trend_exam *exam;
    const struct bw_trend_grid *grid;
    double *smooth; /* [grid->n] without season and spikes; NaN: missing */
    struct bw_finding found[BW_FINDING_KIND_COUNT];
    bool has[BW_FINDING_KIND_COUNT];
};

/* A finding of that kind, to be filled in; one more of the kind takes its place. */
struct bw_finding *bw_finding_add(struct bw_finding_search *search, enum bw_finding_kind kind);

int64_t bw_finding_time(const struct bw_finding_search *search, size_t cell);
double bw_finding_seconds(const struct bw_finding_search *search, double cells);

/* Level shifts, recoveries and bends: the latest of each. */
void bw_finding_changes(struct bw_finding_search *search);

/* What is left around the lines of all regimes, without seasons, of the values present, and the
 * cells of those; both have room for grid->n. Returns how many. */
size_t bw_finding_residuals(const struct bw_finding_search *search, double *out, size_t *cells);

/* More or less noise around the lines of all regimes. */
void bw_finding_scatter(struct bw_finding_search *search);

#endif
