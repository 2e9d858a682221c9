// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/given.h: changes of a course at places that somebody names: "here we deployed".
 *
 * A name is a prior, not a fact: a deployment that changed nothing leaves no change. But the place
 * was not searched for, so a change there costs half of the 5 log n of trend/pieces.h, and 2 log m
 * for having been chosen among m names (Bonferroni). BIC would ask for less still, but the noise's
 * correlation is fitted to what the pieces leave. At half the price idle names make a change in one
 * of 200 series of AR(1) noise, whatever its correlation (simulated), and shifts of .8 of its
 * deviation in the middle of 240 values are found three times out of four instead of one in ten. */
#ifndef TREND_GIVEN_H
#define TREND_GIVEN_H

#include "trend/pieces.h"

#include <stdbool.h>
#include <stddef.h>

/* More names say nothing any more about where a change is. */
enum { BW_TREND_MARKS_MAX = 16 };

struct bw_trend_given {
    size_t count;                      /* names */
    size_t at[2 * BW_TREND_MARKS_MAX]; /* blocks: where each was, and the next, for what takes a
                                          while */
    size_t places;                     /* of them */
};

/* A course and what its partitions are judged by, as bw_trend_pieces_unlikely takes it. */
struct bw_trend_course {
    const double *y;
    size_t n;
    const struct bw_trend_sums *sums;
    double grain;
    double *work;
    size_t shortest; /* blocks before, after and between given changes */
    size_t apart; /* between a given change and one that was found: nearer, it was a guess at it */
};

/* The names mark[0..marks-1], cells that rise, in blocks: block b > 0 begins at cell first +
 * (b - 1) * width. Of too many the newest count. */
void bw_trend_given_blocks(const size_t *mark, size_t marks, size_t first, size_t width, size_t n,
                           struct bw_trend_given *out);

/* bw_trend_pieces_unlikely of a partition, changes at given places costing less. */
double bw_trend_given_unlikely(const struct bw_trend_course *course,
                               const struct bw_trend_given *given,
                               const struct bw_trend_cuts *cuts);

/* Adds changes at given places to *cuts, or moves the nearest one there, as long as that makes
 * the partition likelier. */
void bw_trend_given_try(const struct bw_trend_course *course, const struct bw_trend_given *given,
                        struct bw_trend_cuts *cuts);

#endif
