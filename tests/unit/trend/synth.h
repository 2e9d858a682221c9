// SPDX-License-Identifier: GPL-3.0-or-later
/* Made-up series with known truth, the same on every run. */
#ifndef TEST_SYNTH_H
#define TEST_SYNTH_H

#include "trend/robust.h"

#include <math.h>
#include <stddef.h>
#include <stdint.h>

/* AR(1) noise of standard deviation `sd` on top of level + slope i + amp sin(2 pi i/period). */
struct synth {
    double level, slope, sd, phi, amplitude, period;
    double shift; /* added from the middle on */
};

static inline void synth_make(const struct synth *s, uint64_t seed, double *out, size_t n)
{
    struct bw_trend_random r = bw_trend_random_seed(seed);
    double e = bw_trend_random_normal(&r);
    for (size_t i = 0; i < n; i++) {
        const double wave =
            s->period > 0 ? s->amplitude * sin(6.283185307179586 * (double)i / s->period) : 0;
        out[i] = s->level + s->slope * (double)i + wave + s->sd * e + (i >= n / 2) * s->shift;
        e = s->phi * e + sqrt(1 - s->phi * s->phi) * bw_trend_random_normal(&r);
    }
}

#endif
