// SPDX-License-Identifier: GPL-3.0-or-later
/* app/vigil_eye.h: what is known of one series that is watched value by value: how odd its newest
 * value is, where it was expected, the episode that is under way, and whether the series has come
 * to another level. Fed from the store on a worker first, then by the loop; by one at a time. */
#ifndef APP_VIGIL_EYE_H
#define APP_VIGIL_EYE_H

#include "trend/bocpd.h"
#include "trend/episode.h"
#include "trend/shape.h"

#include <stdbool.h>
#include <stdint.h>

/* How odd earlier episodes were, to say how long there was none as odd. */
enum { BW_VIGIL_PEAKS = 4 };

struct bw_vigil_peak {
    double score;
    int64_t ended_ms;
};

struct bw_vigil_eye {
    bool counter;     /* what is watched is its rate per second */
    int64_t first_ms; /* of what it has seen; 0: nothing */
    int64_t last_ms;  /* the newest value, watched or not */
    double last_raw;
    int64_t gap_ms; /* between the last two values */

    struct bw_trend_shape *shape; /* its seasons, which are no oddity; NULL: none is known */
    double season;                /* of the newest value */
    double value;                 /* the newest that was watched */
    double score;                 /* trend/episode.h; NaN: too little is known */
    double low, high;
    struct bw_trend_episode episode;
    int64_t begun_ms;   /* of the episode */
    double begun_value; /* with which it began */
    double begun_low, begun_high;
    bool told; /* that the series has come to another level: once an episode */
    struct bw_vigil_peak peaks[BW_VIGIL_PEAKS]; /* of the last episodes that are over */
    unsigned next_peak;

    struct bw_bocpd levels;
    struct bw_trend_watch *watch; /* in the memory behind */
    bool non_negative;            /* no value was below 0 */
};

/* About 6 KB on the heap, and what the shape takes, which is copied; NULL: no season. */
struct bw_vigil_eye *bw_vigil_eye_new(bool counter, const struct bw_trend_shape *shape);
void bw_vigil_eye_free(struct bw_vigil_eye *eye);

/* What a value has brought besides its score. */
enum bw_vigil_news {
    BW_VIGIL_BEGINS = 1, /* an episode */
    BW_VIGIL_ENDS = 2,
    BW_VIGIL_SHIFT = 4, /* since the episode began the series has another level: eye->levels */
};

/* Takes a value; one that is not newer than the last, or that is no number, changes nothing.
 * Returns bits of enum bw_vigil_news. */
unsigned bw_vigil_eye_put(struct bw_vigil_eye *eye, int64_t ts_ms, double value);

/* A time passes of which nothing counts, as in maintenance: what comes then is not watched, what
 * comes after it is not held against what came just before. */
void bw_vigil_eye_skip(struct bw_vigil_eye *eye, int64_t ts_ms, double value);

/* The clock was set back by so much: all that was seen keeps its distance to what comes. Of a
 * counter nothing is said before its second value. */
void bw_vigil_eye_set_back(struct bw_vigil_eye *eye, int64_t by_ms);

/* What an alert about it is worth: in an episode its highest score so far, else the score. */
double bw_vigil_eye_worth(const struct bw_vigil_eye *eye);

/* Since when no episode was as odd as the present one. */
int64_t bw_vigil_eye_unmatched_since_ms(const struct bw_vigil_eye *eye);

#endif
