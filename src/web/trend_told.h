// SPDX-License-Identifier: GPL-3.0-or-later
/* web/trend_told.h: how often trends were right, in words and as JSON. Pure. */
#ifndef WEB_TREND_TOLD_H
#define WEB_TREND_TOLD_H

#include "base/arena.h"
#include "model/records.h"
#include "model/statement.h"
#include "model/value.h"

/* Adds a list of sentences about all series; it is empty as long as nothing was stated. */
void bw_trend_told_list(struct bw_arena *arena, struct bw_value *in, const char *key,
                        const struct bw_statement_summary *summary);

/* One sentence about the forecasts of one series; "" when none fell due. */
const char *bw_trend_told_words(struct bw_arena *arena, const struct bw_trend_record *trend);

/* The members `statements` of the list of trends and `past_forecasts` of a trend. */
void bw_trend_told_summary(struct bw_arena *arena, struct bw_value *in,
                           const struct bw_statement_summary *summary);
void bw_trend_told_series(struct bw_arena *arena, struct bw_value *in,
                          const struct bw_trend_record *trend);

#endif
