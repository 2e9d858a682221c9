// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/episode.h"

#include <math.h>

static double score_of(double surprise)
{
    return fmin(surprise, BW_TREND_SURPRISE_MAX) / BW_TREND_SURPRISE_ODD;
}

static void begin(struct bw_trend_episode *e, const struct bw_trend_oddity *oddity)
{
    *e = (struct bw_trend_episode){ .inside = true, .near = oddity->near, .shift = oddity->shift };
}

/* By what was normal when the episode began. */
static double surprise_inside(const struct bw_trend_episode *e,
                              const struct bw_trend_oddity *oddity)
{
    return fmax(bw_trend_yard_surprise(&e->near, oddity->value),
                bw_trend_yard_surprise(&e->shift, oddity->middle));
}

static bool is_over(struct bw_trend_episode *e, double score)
{
    e->calm = score < 1 ? e->calm + 1 : 0;
    e->values++;
    return e->calm >= BW_TREND_EPISODE_CALM || e->values >= BW_TREND_EPISODE_MOST;
}

static void set_band(struct bw_trend_stance *stance, const struct bw_trend_yard *near)
{
    const double reach = bw_trend_yard_reach(near, BW_TREND_SURPRISE_ODD);
    stance->low = near->centre - reach;
    stance->high = near->centre + reach;
}

struct bw_trend_stance bw_trend_episode_put(struct bw_trend_episode *e,
                                            const struct bw_trend_oddity *oddity)
{
    struct bw_trend_stance stance = { .score = score_of(oddity->surprise) };
    if (!e->inside && stance.score >= 1 && oddity->is_new) {
        begin(e, oddity);
        stance.turn = BW_TREND_BEGINS;
    } else if (e->inside) {
        stance.score = score_of(surprise_inside(e, oddity));
        stance.turn = is_over(e, stance.score) ? BW_TREND_ENDS : BW_TREND_GOES_ON;
        e->inside = stance.turn != BW_TREND_ENDS;
    }
    e->peak = e->inside ? fmax(e->peak, stance.score) : e->peak;
    set_band(&stance, e->inside ? &e->near : &oddity->near);
    return stance;
}
