// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/bocpd.h"

#include "trend/robust.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#define PHI 0.3          /* most series are a little correlated … */
#define PHI_WORTH 11.0   /* … give or take 0.3: 1 / 0.3^2 */
#define NOISE_WORTH 2.0  /* values: a variance of which little is known, but its mean */
#define WIDTH 10.0       /* scales: where a new regime may be */
#define FAR_OFF 5.0      /* scales */
#define MEMORY 500.0     /* values */
#define GRAIN 1e-9       /* of a level: less is rounding */
#define LEAST_SCALE 0.01 /* a series may become so much quieter than it began */
#define RIDGE 1e-6
#define UNITS_MAX 1e15 /* what is larger counts as this: its square is a float's */

enum { PATIENCE = 2 };

void bw_bocpd_init(struct bw_bocpd *state, double hazard)
{
    *state = (struct bw_bocpd){ .hazard = (float)hazard, .before = NAN };
}

/* ---- one regime ------------------------------------------------------------------------ */

/* What a regime says of the next value: Student's t. */
struct foretold {
    double mean, scale, freedom;
};

static struct foretold foretell(const struct bw_bocpd *state, const struct bw_bocpd_regime *r)
{
    const double n = r->n, z = r->z, zz = r->zz, before = state->before;
    /* Floats do not tell values that lie together far from the base: a ridge. */
    const double det = fmax(n * zz - z * z, RIDGE * n * zz);
    const double a = (zz * (double)r->y - z * (double)r->zy) / det;
    const double phi = (n * (double)r->zy - z * (double)r->y) / det;
    /* After a gap the value before is taken for the mean of all. */
    const double at = isnan(before) ? z / n : before - r->base;
    const double spread = 1 + (zz - 2 * z * at + n * at * at) / det;
    const double freedom = n + NOISE_WORTH - 1;
    const double left = (double)r->yy - a * (double)r->y - phi * (double)r->zy;
    return (struct foretold){ .mean = r->base + a + phi * at,
                              .scale = fmax(sqrt(fmax(left, 0) / freedom * spread),
                                            (double)state->least),
                              .freedom = freedom };
}

/* Log of its density. The gamma functions' quotient by Stirling's series, to 10^-3 from 2 degrees
 * of freedom on. */
static double log_density(const struct foretold *f, double x)
{
    const double u = (x - f->mean) / f->scale, v = f->freedom;
    return -0.918938533204673 - 1 / (4 * v) + 1 / (24 * v * v * v) - log(f->scale)
           - (v + 1) / 2 * log1p(u * u / v);
}

static struct bw_bocpd_regime begin(double x, double scale, double ratio)
{
    const double noise = NOISE_WORTH * scale * scale;
    /* The first value, at 0, says where it is. Phi's worth is in units of the noise. */
    const double zz = PHI_WORTH * scale * scale;
    return (struct bw_bocpd_regime){ .base = x,
                                     .length = 1,
                                     .ratio = (float)ratio,
                                     .n = 1,
                                     .zz = (float)zz,
                                     .zy = (float)(PHI * zz),
                                     .yy = (float)(PHI * PHI * zz + noise) };
}

static void learn(struct bw_bocpd_regime *r, double before, double x)
{
    if (isnan(before))
        return;
    const float z = (float)(before - r->base), y = (float)(x - r->base);
    if (r->n >= (float)MEMORY) {
        const float keep = (float)((MEMORY - 1) / MEMORY);
        float *const sums[] = { &r->n, &r->z, &r->zz, &r->y, &r->zy, &r->yy };
        for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
            *sums[i] *= keep;
    }
    r->n += 1;
    r->z += z;
    r->zz += z * z;
    r->y += y;
    r->zy += z * y;
    r->yy += y * y;
}

/* ---- all of them ----------------------------------------------------------------------- */

static size_t mode_of(const struct bw_bocpd *state)
{
    size_t mode = 0;
    for (size_t i = 1; i < state->count; i++)
        mode = state->regimes[i].ratio > state->regimes[mode].ratio ? i : mode;
    return mode;
}

static size_t least_of(const struct bw_bocpd *state)
{
    size_t least = 0;
    for (size_t i = 1; i < state->count; i++)
        least = state->regimes[i].ratio < state->regimes[least].ratio ? i : least;
    return least;
}

static void add(struct bw_bocpd *state, const struct bw_bocpd_regime *regime)
{
    const size_t at = state->count < BW_BOCPD_REGIMES ? state->count++ : least_of(state);
    state->regimes[at] = *regime;
}

static double mean_of(const struct bw_bocpd_regime *r)
{
    return r->base + (double)r->y / (double)r->n;
}

/* Not as far from what is foretold as it is, unless it is the third. */
static double tame(struct bw_bocpd *state, const struct foretold *f, double x)
{
    const bool odd = fabs(x - f->mean) > FAR_OFF * f->scale;
    if (!odd || state->clipped == PATIENCE) {
        state->clipped = 0;
        return x;
    }
    state->clipped++;
    return f->mean + copysign(FAR_OFF * f->scale, x - f->mean);
}

/* What each regime was worth times how well it foretold x, and the same for one that x begins. */
static double weigh(struct bw_bocpd *state, double x, const struct foretold *mode, double *fresh)
{
    double weight[BW_BOCPD_REGIMES], most = -INFINITY;
    const double middle = mean_of(&state->regimes[mode_of(state)]);
    const double width = WIDTH * mode->scale, off = (x - middle) / width;
    *fresh = log((double)state->hazard) - log(3.141592653589793 * width) - log1p(off * off);
    for (size_t i = 0; i < state->count; i++) {
        const struct foretold f = foretell(state, &state->regimes[i]);
        weight[i] = log((double)state->regimes[i].ratio) + log1p(-(double)state->hazard)
                    + log_density(&f, x);
        most = fmax(most, weight[i]);
    }
    most = fmax(most, *fresh);
    double sum = *fresh = exp(*fresh - most);
    for (size_t i = 0; i < state->count; i++)
        sum += weight[i] = exp(weight[i] - most);
    for (size_t i = 0; i < state->count; i++)
        state->regimes[i].ratio = (float)fmax(weight[i] / sum, FLT_MIN);
    return sum;
}

static void step(struct bw_bocpd *state, double units)
{
    const struct foretold mode = foretell(state, &state->regimes[mode_of(state)]);
    const double x = tame(state, &mode, units);
    double fresh;
    const double sum = weigh(state, x, &mode, &fresh);
    for (size_t i = 0; i < state->count; i++) {
        learn(&state->regimes[i], state->before, x);
        state->regimes[i].length++;
    }
    const struct bw_bocpd_regime next = begin(x, mode.scale, fmax(fresh / sum, FLT_MIN));
    add(state, &next);
    state->before = x;
}

/* ---- units ----------------------------------------------------------------------------- */

static double in_units(const struct bw_bocpd *state, double value)
{
    const double units = (value / 4 - state->origin / 4) / (state->unit / 4);
    return fmax(-UNITS_MAX, fmin(units, UNITS_MAX));
}

/* Steps have twice the variance of the noise; 1.4826 makes a median of one a standard deviation
 * of normal values. */
static void find_units(struct bw_bocpd *state)
{
    double sorted[BW_BOCPD_LEARN], steps[BW_BOCPD_LEARN - 1];
    memcpy(sorted, state->first, sizeof sorted);
    state->origin = bw_trend_quantile(sorted, BW_BOCPD_LEARN, 0.5);
    for (size_t i = 0; i + 1 < BW_BOCPD_LEARN; i++)
        steps[i] = fabs(state->first[i + 1] / 4 - state->first[i] / 4) * 4 / sqrt(2);
    const double noise = 1.4826 * bw_trend_quantile(steps, BW_BOCPD_LEARN - 1, 0.5);
    const double grain = fmax(GRAIN * fabs(state->origin), DBL_MIN * 4);
    /* What does not move at all is not on its way to move less. */
    state->least = noise > grain ? (float)LEAST_SCALE : 1;
    state->unit = fmin(fmax(noise, grain), DBL_MAX / 8);
}

void bw_bocpd_put(struct bw_bocpd *state, double value)
{
    state->seen++;
    if (!isfinite(value)) {
        for (size_t i = 0; i < state->count; i++)
            state->regimes[i].length++;
        state->before = NAN;
        return;
    }
    if (state->count > 0) {
        step(state, in_units(state, value));
        return;
    }
    state->first[state->learned++] = value;
    if (state->learned < BW_BOCPD_LEARN)
        return;
    find_units(state);
    state->seen = BW_BOCPD_LEARN;
    const struct bw_bocpd_regime first = begin(in_units(state, state->first[0]), 1, 1);
    add(state, &first);
    state->before = first.base;
    for (size_t i = 1; i < BW_BOCPD_LEARN; i++)
        step(state, in_units(state, state->first[i]));
}

double bw_bocpd_changed(const struct bw_bocpd *state, uint32_t least, uint32_t most)
{
    double sum = 0;
    for (size_t i = 0; i < state->count; i++) {
        const struct bw_bocpd_regime *regime = &state->regimes[i];
        const bool is_first = regime->length == state->seen;
        const bool is_within = regime->length > least && regime->length <= most;
        sum += is_within && !is_first ? (double)regime->ratio : 0;
    }
    return sum;
}

struct bw_bocpd_view bw_bocpd_mode(const struct bw_bocpd *state)
{
    if (state->count == 0)
        return (struct bw_bocpd_view){ .mean = NAN, .scale = NAN };
    const struct bw_bocpd_regime *mode = &state->regimes[mode_of(state)];
    const struct foretold next = foretell(state, mode);
    return (struct bw_bocpd_view){ .length = mode->length,
                                   .ratio = (double)mode->ratio,
                                   .mean = mean_of(mode) * state->unit + state->origin,
                                   .scale = next.scale * state->unit };
}
