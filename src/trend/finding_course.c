// SPDX-License-Identifier: GPL-3.0-or-later
/* Findings about the course: its level, its slope and what scatters around it. */
#include "trend/finding_parts.h"
#include "trend/robust.h"

#include <math.h>

enum { SIDE_MIN = 20, SEGMENT_MIN = 3, CHANGES_SEEN = 4 };

#define Z_MIN 3.9
#define Z_GIVEN 2.8 /* where somebody says that something was changed: 1 in 200 of that place */
#define NEFF_MIN 8.0
#define KOLMOGOROV_1000 1.95 /* the supremum of a Brownian bridge exceeds it once in 1000 */
#define SCATTER_MIN 1.5
#define TAKEN_BACK 0.25

/* ---- changes of level and slope ---------------------------------------------------------- */

/* The least-squares line through the values of cells [from, to). */
struct line {
    double n;                  /* values */
    double slope, first, last; /* first and last: at cells `from` and `to` */
    double squares, products;  /* of residuals, and of neighbouring ones */
    double spread;             /* sum of squared distances of the cells from their mean */
};

static void fit_line(const double *x, size_t from, size_t to, struct line *line)
{
    double t_sum = 0, x_sum = 0, txy = 0;
    for (size_t i = from; i < to; i++) {
        if (isnan(x[i]))
            continue;
        line->n++;
        t_sum += (double)(i - from);
        x_sum += x[i];
    }
    const double mid = t_sum / fmax(line->n, 1), mean = x_sum / fmax(line->n, 1);
    for (size_t i = from; i < to; i++) {
        if (isnan(x[i]))
            continue;
        const double t = (double)(i - from) - mid;
        line->spread += t * t;
        txy += t * (x[i] - mean);
    }
    line->slope = line->spread > 0 ? txy / line->spread : 0;
    line->first = mean - line->slope * mid;
    line->last = line->first + line->slope * (double)(to - from);
}

static struct line line_through(const double *x, size_t from, size_t to)
{
    struct line line = { .n = 0 };
    double before = 0;
    fit_line(x, from, to, &line);
    for (size_t i = from; i < to; i++) {
        if (isnan(x[i]))
            continue;
        const double r = x[i] - line.first - line.slope * (double)(i - from);
        line.squares += r * r;
        line.products += r * before;
        before = r;
    }
    return line;
}

static double score(double size, double sd)
{
    if (!(sd > 0))
        return size != 0 ? BW_FINDING_SCORE_MAX : 0;
    return fmin(fabs(size) / sd, BW_FINDING_SCORE_MAX);
}

/* A change point, weighed. */
struct change {
    size_t at;
    struct line before, after;
    double jump, jump_sd, jump_score;
    double bend, bend_score;
    double least; /* score that is evidence */
    bool thin;    /* too few independent values to tell */
};

/* Change points are found among blocks of cells: the cell near there from which on the line after
 * it fits better than the one before. `from` is where that one begins. */
static size_t refine(const struct bw_finding_search *s, const struct change *c, size_t from,
                     size_t to)
{
    const size_t block = s->grid->n / BW_TREND_BLOCKS_MAX + 1;
    const size_t low = c->at > from + block ? c->at - block : from + 1;
    const size_t high = c->at + block < to ? c->at + block : to - 1;
    double gain = 0, most = 0;
    size_t best = low;
    for (size_t i = low; i < high; i++) {
        if (isnan(s->smooth[i]))
            continue;
        const double early = s->smooth[i] - c->before.first - c->before.slope * (double)(i - from);
        const double late =
            s->smooth[i] - c->after.first - c->after.slope * ((double)i - (double)c->at);
        gain += late * late - early * early;
        if (gain > most) {
            most = gain;
            best = i + 1;
        }
    }
    return best;
}

/* A side that is short looks calmer than it is, one that is noisy is not calmed by the other. */
static double variance_of(const struct line *line, double pooled)
{
    return fmax(line->squares / fmax(line->n - 2, 1), pooled);
}

/* Whether the change was found where a mark is, or within a block of it. */
static bool is_given(const struct bw_trend_grid *grid, size_t cell)
{
    const size_t width = grid->n / BW_TREND_BLOCKS_MAX + 1;
    for (size_t i = 0; i < grid->marks; i++)
        if (cell + width > grid->mark[i] && cell <= grid->mark[i] + 2 * width)
            return true;
    return false;
}

static struct change weigh(const struct bw_finding_search *s, size_t index)
{
    const struct bw_trend_exam *exam = s->exam;
    const size_t from = index > 0 ? exam->change[index - 1] : 0;
    const size_t to = index + 1 < exam->changes ? exam->change[index + 1] : s->grid->n;
    struct change c = { .at = exam->change[index] };
    c.least = is_given(s->grid, c.at) ? Z_GIVEN : Z_MIN;
    c.before = line_through(s->smooth, from, c.at);
    c.after = line_through(s->smooth, c.at, to);
    const double n = c.before.n + c.after.n, squares = c.before.squares + c.after.squares;
    double r = squares > 0 ? (c.before.products + c.after.products) / squares : 0;
    r = bw_trend_clamp(r + 2 * (1 + 4 * r) / n, 0, 0.97); /* Kendall's bias, on either side */
    const double vif = (1 + r) / (1 - r);
    const double pooled = squares / fmax(n - 4, 1);
    const double before = vif * variance_of(&c.before, pooled);
    const double after = vif * variance_of(&c.after, pooled);
    const double grain = s->grid->grain;
    c.thin = n / vif < NEFF_MIN || c.before.n < SEGMENT_MIN || c.after.n < SEGMENT_MIN;
    c.jump = c.after.first - c.before.last;
    c.jump_sd = sqrt(4 * before / c.before.n + 4 * after / c.after.n);
    c.jump_score = fabs(c.jump) > grain ? score(c.jump, c.jump_sd) : 0;
    c.bend = c.after.slope - c.before.slope;
    const double bend_sd = sqrt(before / c.before.spread + after / c.after.spread);
    c.bend_score = fabs(c.bend) * n > grain ? score(c.bend, bend_sd) : 0;
    c.at = refine(s, &c, from, to);
    return c;
}

static bool is_jump(const struct change *c)
{
    return !c->thin && c->jump_score >= c->least && c->jump_score >= c->bend_score;
}

static void find_level_shift(struct bw_finding_search *s, const struct change *c)
{
    const double unit = s->grid->unit;
    struct bw_finding *it = bw_finding_add(s, BW_FINDING_LEVEL_SHIFT);
    it->side = c->jump > 0 ? 1 : -1;
    it->at_ms = bw_finding_time(s, c->at);
    it->before = c->before.last * unit;
    it->after = c->after.first * unit;
    it->size = c->jump * unit;
    it->size_sd = c->jump_sd * unit;
    it->score = c->jump_score;
}

/* There and back: `out` and `home` follow each other. */
static bool find_recovery(struct bw_finding_search *s, const struct change *out,
                          const struct change *home)
{
    const double left = home->after.first - out->before.last;
    if (!is_jump(out) || out->jump * home->jump >= 0 || fabs(left) > TAKEN_BACK * fabs(out->jump))
        return false;
    const double unit = s->grid->unit;
    struct bw_finding *it = bw_finding_add(s, BW_FINDING_RECOVERY);
    it->side = out->jump > 0 ? 1 : -1;
    it->at_ms = bw_finding_time(s, out->at);
    it->until_ms = bw_finding_time(s, home->at);
    it->before = home->after.first * unit;
    it->after = (out->after.first + out->after.last) / 2 * unit;
    it->size = it->after - it->before;
    it->size_sd = out->jump_sd * unit;
    it->score = fmin(out->jump_score, home->jump_score);
    return true;
}

static void find_slope_change(struct bw_finding_search *s, const struct change *c)
{
    const double per_second = s->grid->unit / bw_finding_seconds(s, 1);
    struct bw_finding *it = bw_finding_add(s, BW_FINDING_SLOPE_CHANGE);
    it->side = c->bend > 0 ? 1 : -1;
    it->at_ms = bw_finding_time(s, c->at);
    it->before = c->before.slope * per_second;
    it->after = c->after.slope * per_second;
    it->size = c->bend * per_second;
    it->score = c->bend_score;
}

/* The latest of each kind, among the last few. */
void bw_finding_changes(struct bw_finding_search *s)
{
    const size_t count = s->exam->changes;
    for (size_t back = 0; back < count && back < CHANGES_SEEN; back++) {
        const size_t index = count - 1 - back;
        const struct change c = weigh(s, index);
        const bool moved = s->has[BW_FINDING_LEVEL_SHIFT] || s->has[BW_FINDING_RECOVERY];
        if (is_jump(&c) && !moved) {
            const struct change earlier = index > 0 ? weigh(s, index - 1) : c;
            if (index == 0 || !find_recovery(s, &earlier, &c))
                find_level_shift(s, &c);
            else
                back++;
        } else if (!is_jump(&c) && !c.thin && c.bend_score >= c.least && !moved
                   && !s->has[BW_FINDING_SLOPE_CHANGE]) {
            find_slope_change(s, &c);
        }
    }
}

/* ---- scatter ----------------------------------------------------------------------------- */

/* What is left around the lines of all regimes, prewhitened. */
struct shocks {
    size_t n;
    double *size;  /* [n] absolute */
    size_t *cells; /* [n] where */
    double r;      /* correlation of neighbours that was taken out */
};

size_t bw_finding_residuals(const struct bw_finding_search *s, double *out, size_t *cells)
{
    const struct bw_trend_exam *exam = s->exam;
    size_t n = 0, from = 0;
    for (size_t k = 0; k <= exam->changes; k++) {
        const size_t to = k < exam->changes ? exam->change[k] : s->grid->n;
        const struct line line = line_through(s->smooth, from, to);
        for (size_t i = from; i < to; i++) {
            if (isnan(s->smooth[i]))
                continue;
            out[n] = s->smooth[i] - line.first - line.slope * (double)(i - from);
            cells[n++] = i;
        }
        from = to;
    }
    return n;
}

static struct shocks shocks_of(const struct bw_finding_search *s)
{
    struct shocks shocks = { .size = bw_arena_array(s->arena, s->grid->n, sizeof(double)),
                             .cells = bw_arena_array(s->arena, s->grid->n, sizeof(size_t)) };
    shocks.n = bw_finding_residuals(s, shocks.size, shocks.cells);
    double squares = 0, products = 0;
    for (size_t i = 0; i < shocks.n; i++) {
        squares += shocks.size[i] * shocks.size[i];
        products += i > 0 ? shocks.size[i] * shocks.size[i - 1] : 0;
    }
    shocks.r = squares > 0 ? bw_trend_clamp(products / squares, 0, 0.97) : 0;
    for (size_t i = shocks.n; i-- > 1;)
        shocks.size[i] = fabs(shocks.size[i] - shocks.r * shocks.size[i - 1]);
    if (shocks.n > 0)
        shocks.size[0] = fabs(shocks.size[0]) * sqrt(1 - shocks.r * shocks.r);
    return shocks;
}

/* Where cumulated |shocks| depart farthest from a straight line; *out_statistic is that distance as
 * Kolmogorov's statistic. */
static size_t farthest_departure(const double *a, size_t n, double *out_statistic)
{
    const double mean = bw_trend_mean(a, n), sd = bw_trend_sd(a, n);
    double sum = 0, farthest = 0;
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        sum += a[i] - mean;
        if (fabs(sum) > farthest && i + 1 >= SIDE_MIN && i + 1 + SIDE_MIN <= n) {
            farthest = fabs(sum);
            at = i + 1;
        }
    }
    *out_statistic = sd > 0 ? farthest / (sd * sqrt((double)n)) : 0;
    return at;
}

/* The neighbours' correlation of a[n] around its mean, not below 0. */
static double persistence(const double *a, size_t n)
{
    const double mean = bw_trend_mean(a, n);
    double squares = 0, products = 0;
    for (size_t i = 0; i < n; i++) {
        squares += (a[i] - mean) * (a[i] - mean);
        products += i > 0 ? (a[i] - mean) * (a[i - 1] - mean) : 0;
    }
    return squares > 0 ? bw_trend_clamp(products / squares, 0, 0.95) : 0;
}

void bw_finding_scatter(struct bw_finding_search *s)
{
    const struct shocks shocks = shocks_of(s);
    const double *a = shocks.size;
    const size_t n = shocks.n;
    double statistic;
    const size_t at = farthest_departure(a, n, &statistic);
    if (at == 0)
        return;
    /* Bursts: the persistence within both sides, where there is no step, widens the bridge. */
    const double r = fmax(persistence(a, at), persistence(a + at, n - at));
    statistic *= sqrt((1 - r) / (1 + r));
    const double before = bw_trend_mean(a, at), after = bw_trend_mean(a + at, n - at);
    if (statistic < KOLMOGOROV_1000 || fmax(before, after) < SCATTER_MIN * fmin(before, after))
        return;
    /* The mean of |x| of a normal x is sqrt(2/pi) sd; noise is sd / sqrt(1 - r^2) of its shocks. */
    const double to_sd = sqrt(M_PI / 2) / sqrt(1 - shocks.r * shocks.r) * s->grid->unit;
    struct bw_finding *it = bw_finding_add(s, BW_FINDING_SCATTER_CHANGE);
    it->side = after > before ? 1 : -1;
    it->at_ms = bw_finding_time(s, shocks.cells[at]);
    it->before = before * to_sd;
    it->after = after * to_sd;
    it->size = it->after - it->before;
    it->score = fmin(2 * statistic, BW_FINDING_SCORE_MAX); /* P(sup > x) is about 2 exp(-2 x^2) */
}
