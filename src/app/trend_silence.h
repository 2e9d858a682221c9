// SPDX-License-Identifier: GPL-3.0-or-later
/* app/trend_silence.h: which series said nothing when they were looked at last. Their targets may
 * be gone, so they give way to others where there are too many. Loop thread. */
#ifndef APP_TREND_SILENCE_H
#define APP_TREND_SILENCE_H

#include "app/trend_job.h"

struct bw_trend_silence;

struct bw_trend_silence *bw_trend_silence_new(void);
void bw_trend_silence_free(struct bw_trend_silence *silence);

/* As they are now, until the next update. */
struct bw_trend_silent bw_trend_silence_get(const struct bw_trend_silence *silence);

/* What a job has heard and not heard. */
void bw_trend_silence_update(struct bw_trend_silence *silence, const struct bw_trend_job *job);

#endif
