// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/segment.h"

#include "trend/given.h"
#include "trend/noise.h"
#include "trend/robust.h"

#include <math.h>

enum { CELLS_MIN = 20, SEGMENT_MIN = 5, SEGMENT_PERCENT = 6 };

/* Prices of the fine partition, times log n and the noise's variance: at BIC's own price even
 * white noise is cut too often, and that is what it is for. */
#define FINE_CHANGE 2.0
#define FINE_SLOPE 1.0

struct course {
    const double *y; /* [n] block means in units of the noise */
    size_t n;
    size_t shortest; /* blocks of a piece */
    double price;    /* of a slope */
    const struct bw_trend_sums *sums;
};

static double cost(const struct course *c, size_t i, size_t j)
{
    return bw_trend_piece_cost(c->sums, i, j, c->price);
}

/* The best partition at `price` a change. */
static void partition(struct bw_arena *arena, const struct course *c, double price,
                      struct bw_trend_cuts *out)
{
    double *best = bw_arena_array(arena, c->n + 1, sizeof *best);
    size_t *from = bw_arena_array(arena, c->n + 1, sizeof *from); /* of the last piece */
    size_t *alive = bw_arena_array(arena, c->n + 1, sizeof *alive);
    double *sum = bw_arena_array(arena, c->n + 1, sizeof *sum);
    size_t living = 0;
    best[0] = -price;
    for (size_t j = c->shortest; j <= c->n; j++) {
        best[j] = INFINITY;
        if (j == c->shortest || j >= 2 * c->shortest)
            alive[living++] = j - c->shortest;
        for (size_t k = 0; k < living; k++) {
            sum[k] = best[alive[k]] + cost(c, alive[k], j);
            if (sum[k] + price < best[j]) {
                best[j] = sum[k] + price;
                from[j] = alive[k];
            }
        }
        size_t kept = 0; /* behind by a change and a slope: it can never win again */
        for (size_t k = 0; k < living; k++)
            if (sum[k] <= best[j] + c->price)
                alive[kept++] = alive[k];
        living = kept;
    }
    out->count = 0;
    for (size_t j = from[c->n]; j > 0; j = from[j])
        out->count++;
    size_t at = out->count;
    for (size_t j = from[c->n]; j > 0; j = from[j])
        out->at[--at] = j;
}

static size_t before(const struct bw_trend_cuts *cuts, size_t k)
{
    return k == 0 ? 0 : cuts->at[k - 1];
}

static size_t after(const struct course *c, const struct bw_trend_cuts *cuts, size_t k)
{
    return k + 1 == cuts->count ? c->n : cuts->at[k + 1];
}

/* Moves cut k to where its two pieces leave least. */
static void settle(const struct course *c, struct bw_trend_cuts *cuts, size_t k)
{
    const size_t from = before(cuts, k), to = after(c, cuts, k);
    double least = INFINITY;
    for (size_t at = from + c->shortest; at + c->shortest <= to; at++) {
        const double left = cost(c, from, at) + cost(c, at, to);
        if (left < least) {
            least = left;
            cuts->at[k] = at;
        }
    }
}

static void drop_weakest(const struct course *c, struct bw_trend_cuts *cuts)
{
    size_t weakest = 0;
    double least = INFINITY;
    for (size_t k = 0; k < cuts->count; k++) {
        const size_t from = before(cuts, k), at = cuts->at[k], to = after(c, cuts, k);
        const double loss = cost(c, from, to) - cost(c, from, at) - cost(c, at, to);
        if (loss < least) {
            least = loss;
            weakest = k;
        }
    }
    cuts->count--;
    for (size_t k = weakest; k < cuts->count; k++)
        cuts->at[k] = cuts->at[k + 1];
    if (weakest > 0)
        settle(c, cuts, weakest - 1);
    if (weakest < cuts->count)
        settle(c, cuts, weakest);
}

/* Thins `cuts` out and leaves the likeliest in *best. */
static void choose(const struct course *c, const struct bw_trend_course *judged,
                   const struct bw_trend_given *given, struct bw_trend_cuts *cuts,
                   struct bw_trend_cuts *best)
{
    double least = INFINITY;
    for (;; drop_weakest(c, cuts)) {
        const double value = bw_trend_given_unlikely(judged, given, cuts);
        if (value <= least) {
            least = value;
            *best = *cuts;
        }
        if (cuts->count == 0)
            return;
    }
}

/* Means of `width` cells, aligned with the newest; the oldest block may be shorter. */
static size_t block_means(const double *x, size_t n, size_t width, double *out)
{
    const size_t count = (n + width - 1) / width;
    const size_t first = n - (count - 1) * width;
    for (size_t b = 0; b < count; b++) {
        const size_t from = b == 0 ? 0 : first + (b - 1) * width;
        out[b] = bw_trend_mean(x + from, b == 0 ? first : width);
    }
    return count;
}

size_t bw_trend_segments(struct bw_arena *arena, const double *x, size_t n, size_t *out)
{
    return bw_trend_segments_marked(arena, x, n, NULL, 0, out);
}

size_t bw_trend_segments_marked(struct bw_arena *arena, const double *x, size_t n,
                                const size_t *mark, size_t marks, size_t *out)
{
    if (n < CELLS_MIN)
        return 0;
    const size_t width = (n + BW_TREND_BLOCKS_MAX - 1) / BW_TREND_BLOCKS_MAX;
    double *y = bw_arena_array(arena, 3 * (n / width + 1), sizeof *y);
    const size_t blocks = block_means(x, n, width, y);
    double *work = y + blocks, sd;
    bw_trend_noise(y, blocks, &sd, work);
    const double centre = bw_trend_mean(y, blocks), spread = bw_trend_sd(y, blocks);
    if (!(spread > 0))
        return 0;
    const double grain = 1e-4 * spread; /* a line drawn by a machine has no noise */
    sd = fmax(sd, grain);
    for (size_t b = 0; b < blocks; b++)
        y[b] = (y[b] - centre) / sd;
    const size_t share = blocks * SEGMENT_PERCENT / 100;
    const struct course c = {
        .y = y,
        .n = blocks,
        .shortest = share > SEGMENT_MIN ? share : SEGMENT_MIN,
        .price = FINE_SLOPE * log((double)blocks),
        .sums = bw_trend_pieces_sum(arena, y, blocks),
    };
    struct bw_trend_cuts *cuts = bw_arena_array(arena, 2, sizeof *cuts), *best = cuts + 1;
    partition(arena, &c, FINE_CHANGE * log((double)blocks), cuts);
    const struct bw_trend_course judged = {
        y, blocks, c.sums, (grain / sd) * (grain / sd), work, SEGMENT_MIN, c.shortest
    };
    const size_t first = n - (blocks - 1) * width;
    struct bw_trend_given given;
    bw_trend_given_blocks(mark, marks, first, width, blocks, &given);
    choose(&c, &judged, &given, cuts, best);
    bw_trend_given_try(&judged, &given, best);
    for (size_t k = 0; k < best->count; k++)
        out[k] = first + (best->at[k] - 1) * width;
    return best->count;
}
