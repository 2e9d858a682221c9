// SPDX-License-Identifier: GPL-3.0-or-later
/* web/fan_small.h: where a series is heading as a very small picture, from its record alone: the
 * value now, the forecast of each horizon at even distances, the limit if it is near. Pure. */
#ifndef WEB_FAN_SMALL_H
#define WEB_FAN_SMALL_H

#include "base/arena.h"
#include "base/buf.h"
#include "model/records.h"

#include <stdbool.h>

/* False, and nothing is drawn, when no forecast is known. */
bool bw_fan_small(struct bw_arena *arena, const struct bw_trend_record *trend, struct bw_buf *out);

#endif
