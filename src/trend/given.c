// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/given.h"

#include <math.h>

#define REBATE 2.5 /* times log n: half the price of a change */

void bw_trend_given_blocks(const size_t *mark, size_t marks, size_t first, size_t width, size_t n,
                           struct bw_trend_given *out)
{
    const size_t skipped = marks > BW_TREND_MARKS_MAX ? marks - BW_TREND_MARKS_MAX : 0;
    out->count = marks - skipped;
    out->places = 0;
    for (size_t i = skipped; i < marks; i++) {
        const size_t block = mark[i] < first ? 0 : (mark[i] - first) / width + 1;
        for (size_t at = block; at <= block + 1; at++)
            if (at < n && (out->places == 0 || out->at[out->places - 1] < at))
                out->at[out->places++] = at;
    }
}

static bool is_given(const struct bw_trend_given *given, size_t at)
{
    for (size_t i = 0; i < given->places; i++)
        if (given->at[i] == at)
            return true;
    return false;
}

double bw_trend_given_unlikely(const struct bw_trend_course *c, const struct bw_trend_given *given,
                               const struct bw_trend_cuts *cuts)
{
    const double rebate = REBATE * log((double)c->n) - 2 * log(fmax((double)given->count, 1));
    double saved = 0;
    for (size_t k = 0; k < cuts->count && given->places > 0; k++)
        saved += is_given(given, cuts->at[k]) ? fmax(rebate, 0) : 0;
    return bw_trend_pieces_unlikely(c->y, c->n, c->sums, cuts, c->grain, c->work) - saved;
}

/* Whether a change at `other` may stand beside a given one at `at`. */
static bool is_apart(const struct bw_trend_course *c, const struct bw_trend_given *given,
                     size_t other, size_t at)
{
    const size_t least = is_given(given, other) ? c->shortest : c->apart;
    return other + least <= at || at + least <= other;
}

/* The changes of `cuts` that are not too near, and one at `at`. False: it is there already, or the
 * ends are too near, or there is no room. */
static bool with_change_at(const struct bw_trend_course *c, const struct bw_trend_given *given,
                           const struct bw_trend_cuts *cuts, size_t at, struct bw_trend_cuts *out)
{
    if (at < c->shortest || at + c->shortest > c->n || cuts->count == BW_TREND_BLOCKS_MAX)
        return false;
    bool added = false;
    out->count = 0;
    for (size_t k = 0; k < cuts->count; k++) {
        const size_t other = cuts->at[k];
        if (other == at)
            return false;
        if (other > at && !added) {
            out->at[out->count++] = at;
            added = true;
        }
        if (is_apart(c, given, other, at))
            out->at[out->count++] = other;
    }
    if (!added)
        out->at[out->count++] = at;
    return true;
}

/* The best single step from *cuts; false when none makes it likelier than `least`. */
static bool improve(const struct bw_trend_course *c, const struct bw_trend_given *given,
                    struct bw_trend_cuts *cuts, double *least)
{
    struct bw_trend_cuts trial, best;
    bool found = false;
    for (size_t i = 0; i < given->places; i++) {
        if (!with_change_at(c, given, cuts, given->at[i], &trial))
            continue;
        const double value = bw_trend_given_unlikely(c, given, &trial);
        if (value < *least) {
            *least = value;
            best = trial;
            found = true;
        }
    }
    if (found)
        *cuts = best;
    return found;
}

void bw_trend_given_try(const struct bw_trend_course *c, const struct bw_trend_given *given,
                        struct bw_trend_cuts *cuts)
{
    if (given->places == 0)
        return;
    double least = bw_trend_given_unlikely(c, given, cuts);
    for (size_t i = 0; i < given->places && improve(c, given, cuts, &least); i++)
        continue;
}
