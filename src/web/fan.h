// SPDX-License-Identifier: GPL-3.0-or-later
/* web/fan.h: where a series came from and where it is heading, as SVG text: its course, the
 * forecast's median with the bands that hold 80 and 95 of 100 values, the line of the present
 * regime, the limit with the time in which it is reached, and what happened. Pure. */
#ifndef WEB_FAN_H
#define WEB_FAN_H

#include "base/arena.h"
#include "base/buf.h"
#include "trend/picture.h"
#include "web/mark.h"

struct bw_fan {
    const char *title;
    const struct bw_trend_record *trend;
    const struct bw_trend_picture *picture;
    const struct bw_mark *marks;
    size_t mark_count;
};

/* For a screen of that kind; a page has both and shows one. */
enum bw_fan_size { BW_FAN_WIDE, BW_FAN_NARROW };

/* False, and nothing is drawn, when there is nothing to be seen. */
bool bw_fan_draw(struct bw_arena *arena, const struct bw_fan *fan, enum bw_fan_size size,
                 struct bw_buf *out);

/* The time from which on the picture shows something, and up to which. */
void bw_fan_span(const struct bw_fan *fan, int64_t *out_from_ms, int64_t *out_to_ms);

#endif
