// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/episode.h: from how odd each value is to episodes: from when a series leaves its band
 * until it is back.
 *
 *                      odder than the threshold, and than the 120 values before
 *      (calm) ------------------------------------------------------------------> (episode)
 *         ^                                                                          |
 *         +---- 5 values in a row within the band that held when it began -----------+
 *         +---- 120 values: what lasts for so long is the new normal ----------------+
 *
 * In an episode a value is held against what was normal when it began: the odd values would else
 * soon excuse themselves. After it everything that was seen counts, so a level that stays is not
 * told again, and of two episodes the second one must be odder than all of the last 120 values. */
#ifndef TREND_EPISODE_H
#define TREND_EPISODE_H

#include "trend/oddity.h"

enum { BW_TREND_EPISODE_CALM = 5, BW_TREND_EPISODE_MOST = 120 };

/* All zeros: calm. */
struct bw_trend_episode {
    bool inside;
    unsigned values, calm;            /* since it began; within the band since then, in a row */
    double peak;                      /* its highest score */
    struct bw_trend_yard near, shift; /* of when it began */
};

enum bw_trend_turn { BW_TREND_GOES_ON, BW_TREND_BEGINS, BW_TREND_ENDS };

/* How the newest value stands. */
struct bw_trend_stance {
    double score;     /* log p / log p_threshold: 1 is the threshold, 3.5 the highest */
    double low, high; /* where it was expected: outside its score is above 1; NaN: not known */
    enum bw_trend_turn turn;
};

/* Takes what the watch says of the next value. A value at which the episode ends is calm. */
struct bw_trend_stance bw_trend_episode_put(struct bw_trend_episode *episode,
                                            const struct bw_trend_oddity *oddity);

#endif
