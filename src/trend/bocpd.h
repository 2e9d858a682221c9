// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/bocpd.h: Bayesian online change point detection (Adams and MacKay 2007, arXiv:0710.3742):
 * after every value, how probable is each time at which the present regime can have begun?
 *
 *      regimes:  |--- 412 values, p 0.03 ---------------------------------|
 *                                            |--- 9 values, p 0.95 -------|   <- the mode
 *                                               |--- 6 values, p 0.01 ----|
 *                                                                         ^ the next value: each
 *                              regime foretells it; how well it did is how its p changes
 *
 * Within a regime x_t = a + phi x_{t-1} + noise: a Bayesian regression with the conjugate prior
 * (normal and inverse gamma), so that what it foretells is Student's t. Without phi every swing of
 * a correlated series would be a change. Every value may be the first of a new regime, with
 * probability `hazard`; where it is then, nobody knows (Cauchy, ten scales wide about the present
 * regime's mean), and a is taken from it. Its noise is that of the present one, a prior worth two
 * values; its phi 0.3 +- 0.3. A regime's own past fades beyond 500 values: a level that moves
 * slowly is no change; one that wanders by more than its noise within a hundred values or two is
 * several.
 *
 * Bounded: at most BW_BOCPD_REGIMES are kept, the most probable ones and the youngest; a value
 * costs one regression for each, 1 to 2 us, and a series about 1 KB. A value that is further than
 * five scales from what the mode foretells counts as five when neither of the two before it did:
 * one or two odd values are no change, three are. */
#ifndef TREND_BOCPD_H
#define TREND_BOCPD_H

#include <stddef.h>
#include <stdint.h>

enum { BW_BOCPD_REGIMES = 20, BW_BOCPD_LEARN = 20 };

/* One time at which the present regime may have begun. Sums over the pairs of a value y and the
 * one before it z since then, in units from `base`, the prior's share included. */
struct bw_bocpd_regime {
    double base; /* its first value, in units */
    uint32_t length;
    float ratio; /* its probability */
    float n, z, zz, y, zy, yy;
};

struct bw_bocpd {
    double unit;   /* of the scatter that the first values had; 0: still learning */
    double origin; /* values are (value - origin) / unit */
    double before; /* the last value, in units; NaN: it is missing */
    float hazard;
    float least;   /* no scale is smaller, in units */
    uint32_t seen; /* values, missing ones included, since the first that was learned from */
    uint16_t learned, clipped; /* first values; values in a row that count as less than they are */
    uint32_t count;
    double first[BW_BOCPD_LEARN];
    struct bw_bocpd_regime regimes[BW_BOCPD_REGIMES];
};

/* Nothing seen; `hazard` is 1 / the length that regimes usually have, in values. */
void bw_bocpd_init(struct bw_bocpd *state, double hazard);

/* Takes the next value. NaN and infinities are missing: regimes grow older, and the next value is
 * not held against the one before. The first 20 values are learned from, together. */
void bw_bocpd_put(struct bw_bocpd *state, double value);

/* P(the present regime began within the last `most` values, but not within the last `least`); 0
 * while nothing is known. What began with the series is no change. */
double bw_bocpd_changed(const struct bw_bocpd *state, uint32_t least, uint32_t most);

/* The present regime, if it began where that is most probable. */
struct bw_bocpd_view {
    uint32_t length; /* values since it began, missing ones included; 0: nothing is known */
    double ratio;    /* how probable it is */
    double mean;     /* of its values */
    double scale;    /* how far a value usually is from what was foretold */
};

struct bw_bocpd_view bw_bocpd_mode(const struct bw_bocpd *state);

#endif
