// SPDX-License-Identifier: GPL-3.0-or-later
#include "health/rollup.h"

#include "base/text.h"

#include <math.h>
#include <stdio.h>

/* Where the score changes the status of a weighted rollup. One of two equal children that is
 * down leaves 0.5: DEGRADED, and a child of a tenth of the weight costs nothing. */
#define SCORE_HEALTHY 0.9
#define SCORE_DEGRADED 0.5

/* Weights are added up as doubles: 0.1 + 0.2 of 0.3 must still count as all of it. */
#define ROUNDING 1e-9

const char *bw_rollup_name(enum bw_rollup_kind kind)
{
    static const char *const names[BW_ROLLUP_COUNT] = {
        [BW_ROLLUP_WORST] = "worst",
        [BW_ROLLUP_QUORUM] = "quorum",
        [BW_ROLLUP_WEIGHTED] = "weighted",
    };
    return names[kind < BW_ROLLUP_COUNT ? kind : BW_ROLLUP_WORST];
}

/* What the children add up to. */
struct sums {
    double weight[BW_STATUS_COUNT];
    double total, known, scored;
    enum bw_status worst;
};

static double child_score(const struct bw_rollup_child *child)
{
    static const double scores[BW_STATUS_COUNT] = { [BW_HEALTHY] = 1, [BW_DEGRADED] = 0.5 };
    return isnan(child->score) ? scores[child->status] : child->score;
}

static bool counts(const struct bw_rollup_child *child)
{
    return child->weight > 0;
}

/* True when `a` explains a bad status better than `b`. */
static bool is_worse(const struct bw_rollup_child *a, const struct bw_rollup_child *b)
{
    const int rank_a = bw_status_rank(a->status), rank_b = bw_status_rank(b->status);
    return rank_a > rank_b || (rank_a == rank_b && a->weight > b->weight);
}

static struct sums add_up(const struct bw_rollup_child *children, size_t count,
                          struct bw_rollup *out)
{
    size_t *const tally[BW_STATUS_COUNT] = {
        [BW_UNKNOWN] = &out->unknown,
        [BW_HEALTHY] = &out->healthy,
        [BW_DEGRADED] = &out->degraded,
        [BW_UNHEALTHY] = &out->unhealthy,
    };
    struct sums sums = { .worst = BW_UNKNOWN };
    for (size_t i = 0; i < count; i++) {
        const struct bw_rollup_child *c = &children[i];
        if (!counts(c))
            continue;
        ++*tally[c->status];
        sums.total += c->weight;
        sums.weight[c->status] += c->weight;
        if (c->status != BW_UNKNOWN) {
            sums.known += c->weight;
            sums.scored += c->weight * child_score(c);
        }
        if (out->driver == BW_ROLLUP_NO_DRIVER || is_worse(c, &children[out->driver]))
            out->driver = i;
    }
    if (out->driver != BW_ROLLUP_NO_DRIVER)
        sums.worst = children[out->driver].status;
    return sums;
}

static enum bw_status worst(const struct sums *sums, const struct bw_rollup_rule *rule)
{
    (void)rule;
    return sums->worst;
}

/* The status if `extra` weight were healthy besides what is. */
static enum bw_status quorum_with(const struct sums *sums, double need, double extra)
{
    const double healthy = sums->weight[BW_HEALTHY] + extra;
    if (healthy >= need)
        return BW_HEALTHY;
    return healthy + sums->weight[BW_DEGRADED] >= need ? BW_DEGRADED : BW_UNHEALTHY;
}

/* The unknown children taken as down and as healthy: where both come to the same, they do not
 * matter. */
static enum bw_status quorum(const struct sums *sums, const struct bw_rollup_rule *rule)
{
    const double need = sums->total * rule->quorum_ratio - sums->total * ROUNDING;
    const enum bw_status at_worst = quorum_with(sums, need, 0);
    const enum bw_status at_best = quorum_with(sums, need, sums->weight[BW_UNKNOWN]);
    return at_worst == at_best ? at_worst : BW_UNKNOWN;
}

static enum bw_status weighted(const struct sums *sums, const struct bw_rollup_rule *rule)
{
    (void)rule;
    if (sums->known < sums->total / 2)
        return BW_UNKNOWN;
    const double score = sums->scored / sums->known + ROUNDING;
    return score >= SCORE_HEALTHY    ? BW_HEALTHY
           : score >= SCORE_DEGRADED ? BW_DEGRADED
                                     : BW_UNHEALTHY;
}

static enum bw_status (*const kinds[BW_ROLLUP_COUNT])(const struct sums *,
                                                      const struct bw_rollup_rule *) = {
    [BW_ROLLUP_WORST] = worst,
    [BW_ROLLUP_QUORUM] = quorum,
    [BW_ROLLUP_WEIGHTED] = weighted,
};

/* "page: connection refused", or "page is UNKNOWN" when nobody said why. */
static void name_cause(const struct bw_rollup_child *child, char out[BW_CAUSE_BYTES_MAX])
{
    char text[2 * BW_CAUSE_BYTES_MAX];
    if (child->cause != NULL && child->cause[0] != '\0')
        snprintf(text, sizeof text, "%s: %s", child->name, child->cause);
    else
        snprintf(text, sizeof text, "%s is %s", child->name, bw_status_name(child->status));
    bw_text_copy(out, BW_CAUSE_BYTES_MAX, text);
}

void bw_rollup_make(const struct bw_rollup_child *children, size_t count,
                    const struct bw_rollup_rule *rule, struct bw_rollup *out)
{
    *out = (struct bw_rollup){ .status = BW_UNKNOWN, .score = NAN, .driver = BW_ROLLUP_NO_DRIVER };
    const struct sums sums = add_up(children, count, out);
    if (sums.known > 0) {
        out->score = sums.scored / sums.known;
        out->status = kinds[rule->kind](&sums, rule);
    }
    if (out->status == BW_HEALTHY)
        out->driver = BW_ROLLUP_NO_DRIVER;
    if (out->driver != BW_ROLLUP_NO_DRIVER)
        name_cause(&children[out->driver], out->cause);
}
