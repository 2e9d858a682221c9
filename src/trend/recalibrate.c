// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/recalibrate.h"

#include "trend/equations.h"
#include "trend/robust.h"

#include <math.h>
#include <string.h>

enum { PARAMETERS = 3, ITERATIONS_MAX = 40 };

/* 50 statements at even odds: each brings p (1 - p) = 1/4 of information. */
#define PRIOR_PRECISION (50 * 0.25)
/* Beliefs nearer to 0 or 1 say nothing more: what never happens in 1000 cases may in the next. */
#define SURE 1e-3

static const double prior[PARAMETERS] = { 1, 1, 0 };

const struct bw_trend_recalibration bw_trend_recalibration_none = { 1, 1, 0 };

static void features(double ratio, double *out)
{
    const double p = bw_trend_clamp(ratio, SURE, 1 - SURE);
    out[0] = log(p);
    out[1] = -log(1 - p);
    out[2] = 1;
}

static double probability(const double *theta, const double *x)
{
    return 1 / (1 + exp(-(theta[0] * x[0] + theta[1] * x[1] + theta[2] * x[2])));
}

/* The gradient of the penalised log-likelihood, and its information. */
static void slope_of(const struct bw_trend_beliefs *beliefs, const double *theta, double *gradient,
                     double (*information)[PARAMETERS])
{
    memset(information, 0, sizeof(double[PARAMETERS][PARAMETERS]));
    for (int i = 0; i < PARAMETERS; i++) {
        gradient[i] = -PRIOR_PRECISION * (theta[i] - prior[i]);
        information[i][i] = PRIOR_PRECISION;
    }
    for (size_t bin = 0; bin < BW_TREND_BELIEF_BINS; bin++) {
        const double n = (double)beliefs->count[bin];
        double x[PARAMETERS];
        if (n < 1)
            continue;
        features(beliefs->stated[bin] / n, x);
        const double q = probability(theta, x);
        for (int i = 0; i < PARAMETERS; i++) {
            gradient[i] += ((double)beliefs->true_count[bin] - n * q) * x[i];
            for (int j = 0; j < PARAMETERS; j++)
                information[i][j] += n * q * (1 - q) * x[i] * x[j];
        }
    }
}

/* Newton's steps, none longer than 1, so that a start far away does not overshoot; parameters that
 * are held stay as they are. */
static void climb(const struct bw_trend_beliefs *beliefs, const bool *held, double *theta)
{
    for (int iteration = 0; iteration < ITERATIONS_MAX; iteration++) {
        double gradient[PARAMETERS], information[PARAMETERS][PARAMETERS], step[PARAMETERS];
        double length = 0;
        slope_of(beliefs, theta, gradient, information);
        for (int i = 0; i < PARAMETERS; i++) {
            if (!held[i])
                continue;
            for (int j = 0; j < PARAMETERS; j++)
                information[i][j] = information[j][i] = i == j;
            gradient[i] = 0;
        }
        if (!bw_trend_solve(*information, gradient, PARAMETERS, step))
            return; /* the prior keeps it from that */
        for (int i = 0; i < PARAMETERS; i++)
            length = fmax(length, fabs(step[i]));
        for (int i = 0; i < PARAMETERS; i++)
            theta[i] += length > 1 ? step[i] / length : step[i];
        if (length < 1e-9)
            return;
    }
}

struct bw_trend_recalibration bw_trend_recalibration_fit(const struct bw_trend_beliefs *believed)
{
    double theta[PARAMETERS] = { prior[0], prior[1], prior[2] };
    bool held[PARAMETERS] = { false };
    if (bw_trend_beliefs_count(believed) < BW_TREND_RECALIBRATE_LEAST)
        return bw_trend_recalibration_none;
    climb(believed, held, theta);
    for (int i = 0; i < 2; i++) {
        if (theta[i] >= 0)
            continue;
        held[i] = true;
        theta[i] = 0;
        climb(believed, held, theta);
    }
    return (struct bw_trend_recalibration){ fmax(0, theta[0]), fmax(0, theta[1]), theta[2] };
}

double bw_trend_recalibrate(const struct bw_trend_recalibration *map, double ratio)
{
    const double theta[PARAMETERS] = { map->a, map->b, map->c };
    double x[PARAMETERS];
    const bool identity = map->a == 1 && map->b == 1 && map->c == 0;
    if (identity || !(ratio > 0 && ratio < 1))
        return ratio;
    features(ratio, x);
    return bw_trend_clamp(probability(theta, x), SURE / 10, 1 - SURE / 10);
}
