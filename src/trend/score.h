// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/score.h: how good statements proved to be, once what they were about has come.
 *
 *   forecast + outcome -> error, loss, inside the interval or not --+
 *   probability + outcome -> bin of those as sure as it ------------+-> sums -> a figure
 *
 * Sums are added to and merged in any grouping; all zeros is an empty one. What too little is
 * known of is NaN. Pure. */
#ifndef TREND_SCORE_H
#define TREND_SCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- one forecast ------------------------------------------------------------------------ */

/* The error that MASE divides by: the mean of |x[i] - x[i - period]| where both are finite
 * (Hyndman and Koehler 2006). NaN without such a pair, or when period is 0. */
double bw_trend_score_scale(const double *x, size_t n, size_t period);

/* What a q-quantile (0..1) costs that came out as `value`: q times what it fell short, 1 - q times
 * what it overshot (Koenker and Bassett 1978). */
double bw_trend_score_pinball(double value, double quantile, double q);

/* ---- shares ------------------------------------------------------------------------------ */

/* The interval of a share of `hits` in `count` with a normal quantile of z, e.g. 1.96 (Wilson
 * 1927). count need not be whole: it says how many independent outcomes there were. 0 to 1 when
 * it is 0. */
void bw_trend_score_share(double hits, double count, double z, double *out_low, double *out_high);

/* How often outcomes lay inside an interval. The steps of one forecast miss together, and so do
 * forecasts of one future: neither counts as so many independent outcomes. */
struct bw_trend_cover {
    uint64_t forecasts;
    uint64_t count, inside;     /* steps */
    double sum, squared, worth; /* of each forecast's share, and of what it is worth */
};

/* One forecast of `count` steps, `inside` of them in the interval; `worth` (0..1) is its part of
 * a future that no other forecast was about. One without steps is left out. */
void bw_trend_cover_add(struct bw_trend_cover *cover, size_t inside, size_t count, double worth);
void bw_trend_cover_merge(struct bw_trend_cover *into, const struct bw_trend_cover *from);

/* The share of steps inside and its 95 % interval; all NaN when there are none. */
double bw_trend_cover_ratio(const struct bw_trend_cover *cover, double *out_low, double *out_high);

/* ---- beliefs ----------------------------------------------------------------------------- */

enum { BW_TREND_BELIEF_BINS = 10 };

/* Statements with a probability, those as sure as each other together: [0, .1), [.1, .2) … */
struct bw_trend_beliefs {
    uint64_t count[BW_TREND_BELIEF_BINS];
    uint64_t true_count[BW_TREND_BELIEF_BINS]; /* that came true */
    double stated[BW_TREND_BELIEF_BINS];       /* sum of the probabilities */
    double squared;                            /* sum of (probability - outcome)^2 */
};

/* `ratio` is the probability that was stated, 0..1. */
void bw_trend_beliefs_add(struct bw_trend_beliefs *beliefs, double ratio, bool came_true);
void bw_trend_beliefs_merge(struct bw_trend_beliefs *into, const struct bw_trend_beliefs *from);

uint64_t bw_trend_beliefs_count(const struct bw_trend_beliefs *beliefs);
uint64_t bw_trend_beliefs_true(const struct bw_trend_beliefs *beliefs);

/* The mean squared error of the probabilities, 0..1, less is better (Brier 1950). */
double bw_trend_beliefs_brier(const struct bw_trend_beliefs *beliefs);

/* 1 - Brier score / that of always stating the share that came true: 1 is perfect, 0 no better.
 * NaN when all or none came true. */
double bw_trend_beliefs_skill(const struct bw_trend_beliefs *beliefs);

/* Expected calibration error, 0..1: by how much the share that came true differs from what was
 * stated, bin by bin, weighed by statements (Naeini, Cooper and Hauskrecht 2015). */
double bw_trend_beliefs_miscalibration(const struct bw_trend_beliefs *beliefs);

#endif
