// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/pieces.h"

#include "trend/robust.h"

#include <math.h>
#include <stdbool.h>

#define PRICE_OF_CHANGE 5.0
#define PRICE_OF_SLOPE 1.5
#define FREEDOM 4.0 /* heavy tails are the rule with metrics */
#define CLIP_K 3.5

enum { SCALE_ROUNDS = 4 };

struct bw_trend_sums *bw_trend_pieces_sum(struct bw_arena *arena, const double *y, size_t n)
{
    struct bw_trend_sums *s = bw_arena_array(arena, n + 1, sizeof *s);
    for (size_t i = 0; i < n; i++) {
        const double x = (double)i - (double)n / 2;
        s[i + 1].x = s[i].x + x;
        s[i + 1].xx = s[i].xx + x * x;
        s[i + 1].y = s[i].y + y[i];
        s[i + 1].xy = s[i].xy + x * y[i];
        s[i + 1].yy = s[i].yy + y[i] * y[i];
    }
    return s;
}

/* What the piece i..j-1 leaves, into u[i..j-1]; true when it is a line. A line must save
 * `price` of minus twice the log-likelihood of independent noise. */
static bool leave_piece(const double *y, size_t n, const struct bw_trend_sums *s, size_t i,
                        size_t j, double price, double grain, double *u)
{
    const double m = (double)(j - i);
    const double x = (s[j].x - s[i].x) / m, mean = (s[j].y - s[i].y) / m;
    const double xx = s[j].xx - s[i].xx - x * x * m;
    const double xy = s[j].xy - s[i].xy - x * mean * m;
    const double yy = s[j].yy - s[i].yy - mean * mean * m;
    double slope = xx > 0 ? xy / xx : 0;
    const double around_mean = fmax(yy / m, grain),
                 around_line = fmax((yy - slope * xy) / m, grain);
    const bool is_line = m * log(around_mean / around_line) > price;
    if (!is_line)
        slope = 0;
    for (size_t k = i; k < j; k++)
        u[k] = y[k] - mean - slope * ((double)k - (double)n / 2 - x);
    return is_line;
}

/* Makes shocks of AR(2) noise of u[n], each with the variance of an inner one; Yule and Walker's
 * estimate from clipped values is stationary by itself. Returns that variance. */
static double whiten(double *u, size_t n, double *work)
{
    const double limit = CLIP_K * bw_trend_scale(u, n, work);
    double c0 = 0, c1 = 0, c2 = 0;
    for (size_t i = 0; i < n; i++) {
        work[i] = bw_trend_clamp(u[i], -limit, limit);
        c0 += work[i] * work[i];
        c1 += i > 0 ? work[i] * work[i - 1] : 0;
        c2 += i > 1 ? work[i] * work[i - 2] : 0;
    }
    const double r1 = c0 > 0 ? c1 / c0 : 0, r2 = c0 > 0 ? c2 / c0 : 0;
    const double rest = 1 - r1 * r1;
    const double a = r1 * (1 - r2) / rest, b = (r2 - r1 * r1) / rest;
    const double share = fmax(1 - a * r1 - b * r2, 0);
    for (size_t i = n; i-- > 2;)
        u[i] -= a * u[i - 1] + b * u[i - 2];
    u[1] = (u[1] - r1 * u[0]) * sqrt(share / rest);
    u[0] *= sqrt(share);
    return share * c0 / (double)n;
}

/* Minus twice the log-likelihood of e[n] as Student's, their scale fitted by EM from `variance`. */
static double student(const double *e, size_t n, double variance, double grain)
{
    double v = fmax(variance, grain);
    for (size_t round = 0; round < SCALE_ROUNDS; round++) {
        double sum = 0;
        for (size_t i = 0; i < n; i++)
            sum += e[i] * e[i] / (FREEDOM + e[i] * e[i] / v);
        v = fmax((FREEDOM + 1) * sum / (double)n, grain);
    }
    double logs = 0, product = 1; /* one logarithm for many factors */
    for (size_t i = 0; i < n; i++) {
        product *= 1 + e[i] * e[i] / (FREEDOM * v);
        if (product > 1e100 || i + 1 == n) {
            logs += log(product);
            product = 1;
        }
    }
    return (double)n * log(v) + (FREEDOM + 1) * logs;
}

double bw_trend_pieces_unlikely(const double *y, size_t n, const struct bw_trend_sums *s,
                                const struct bw_trend_cuts *cuts, double grain, double *work)
{
    const double unit = log((double)n);
    double *u = work, lines = 0;
    for (size_t k = 0; k <= cuts->count; k++) {
        const size_t from = k == 0 ? 0 : cuts->at[k - 1];
        const size_t to = k == cuts->count ? n : cuts->at[k];
        lines += leave_piece(y, n, s, from, to, PRICE_OF_SLOPE * unit, grain, u);
    }
    const double variance = whiten(u, n, work + n);
    const double price = PRICE_OF_CHANGE * (double)cuts->count + PRICE_OF_SLOPE * lines;
    return student(u, n, variance, grain) + price * unit;
}
