// SPDX-License-Identifier: GPL-3.0-or-later
/* web/trend_words.h: a trend as people say it. Texts live in the arena. */
#ifndef WEB_TREND_WORDS_H
#define WEB_TREND_WORDS_H

#include "base/arena.h"
#include "model/records.h"

/* A sign beside the word: an arrow, or "?". */
const char *bw_trend_words_arrow(enum bw_direction direction);

/* A slope in a unit of time that fits what it was seen over: "1.2 GiB a day", "3 points an hour".
 * "" when it is not known. */
const char *bw_trend_words_slope(struct bw_arena *arena, const struct bw_trend_record *trend,
                                 double per_second);

/* "Falling by 1.2 GiB a day, 97 % sure", "Flat, 88 % sure", "No direction can be told yet". */
const char *bw_trend_words_heading(struct bw_arena *arena, const struct bw_trend_record *trend);

/* "Reaches 0 B in 1d 10h, between 1d 2h and 2d", "Is beyond its limit, 80 %", "Stays below 80 %
 * for as long as can be foreseen", "Whether it reaches 80 % cannot be known yet"; "" without a
 * limit. */
const char *bw_trend_words_limit(struct bw_arena *arena, const struct bw_trend_record *trend);

/* Whether the value is on the wrong side of its limit now. */
bool bw_trend_is_beyond(const struct bw_trend_record *trend);

#endif
