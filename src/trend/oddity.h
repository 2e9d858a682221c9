// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/oddity.h: how odd is each value of a series, given only what came before it, value by
 * value and in bounded memory.
 *
 *   value -> distance from the median of the last 60 ---+
 *         -> step from the value before ----------------+-> how rare in its own past? -> largest
 *         -> median of the last 24 among the far past --+                         + 0.3 second -> p
 *
 * How rare: above the 90 % quantile of what there was so far the tail is taken for exponential,
 * fitted between there and the 99.5 % quantile (the idea of Siffer, Fouque, Termier and Largouet
 * 2017, SPOT, with the simplest of its tails). Sums and not products of the two largest, as they
 * see the same. The past fades (trend/fading.h): all that was before 750 values counts half, of
 * the third stream, which moves slowly, before 1500. The far past is the last 1500 values but the
 * last 48, every fourth of them. */
#ifndef TREND_ODDITY_H
#define TREND_ODDITY_H

#include <stdbool.h>
#include <stddef.h>

/* -log10 of the p from which on a value is called an anomaly: in the middle of where nothing
 * depends on it (docs/trends.md). And the largest that is told: 1 - 10^-15 is the last that a
 * double can tell from 1. */
#define BW_TREND_SURPRISE_ODD 4.25
#define BW_TREND_SURPRISE_MAX 15.0

/* Nothing is said of so many first values, nor of one that is not odder than as many before it. */
enum { BW_TREND_WARM_UP = 60, BW_TREND_REFRACTORY = 120 };

/* So many values are enough of a past: more change nothing. */
enum { BW_TREND_PAST = 1500 };

/* What a deviation is held against: its stream's own past. */
struct bw_trend_yard {
    double centre, width; /* of the values; a deviation is |value - centre| / width */
    double high;          /* 90 % quantile of the deviations so far; NaN: nothing is known */
    double scale;         /* of the exponential tail above it; > 0 */
};

/* -log10 of how probable a deviation as large as this value's is; 0 within nine tenths of the
 * past, and of a yard or value that is unknown (NaN). */
double bw_trend_yard_surprise(const struct bw_trend_yard *yard, double value);

/* The largest distance from the centre whose surprise is not above `surprise` >= 1; NaN: unknown.
 */
double bw_trend_yard_reach(const struct bw_trend_yard *yard, double surprise);

struct bw_trend_oddity {
    double surprise;            /* -log10 p, 0 or more; 0 in the warm-up */
    bool is_new;                /* it is larger than any of the 120 before */
    double value;               /* what was put, within what can be told apart */
    double middle;              /* median of the last 24; NaN: not known yet */
    struct bw_trend_yard near;  /* what the value was held against … */
    struct bw_trend_yard shift; /* … and what the middle was */
};

struct bw_trend_watch;

/* Bytes of a watch: 4.5 KB. */
size_t bw_trend_watch_bytes(void);

/* A watch that has seen nothing, in `memory`, which is aligned for a double, need not be clear and
 * outlives it. Made again in the same memory it forgets everything. */
struct bw_trend_watch *bw_trend_watch_make(void *memory);

/* Whether it has seen so many values that it says something. */
bool bw_trend_watch_is_warm(const struct bw_trend_watch *watch);

/* Takes the next value, not NaN: missing ones are left out. Values are told apart to 7 digits of
 * their distance from the first one, and up to 10^37 times the first that is not 0; what is larger
 * counts as that. */
struct bw_trend_oddity bw_trend_watch_put(struct bw_trend_watch *watch, double value);

#endif
