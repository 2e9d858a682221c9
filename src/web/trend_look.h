// SPDX-License-Identifier: GPL-3.0-or-later
/* web/trend_look.h: one trend with all there is to see of it: what its page and its JSON answer
 * have in common. On a worker. */
#ifndef WEB_TREND_LOOK_H
#define WEB_TREND_LOOK_H

#include "trend/picture.h"
#include "web/fan.h"
#include "web/request.h"

struct bw_trend_look {
    const struct bw_trend_record *trend;
    const struct bw_trend_picture *picture; /* NULL: there is none, see `why` */
    const char *why;                        /* "" when there is a picture */
    const struct bw_mark *marks;            /* what is known to have changed, in its time */
    size_t mark_count;
};

/* The trend that a route's {series} names: by the id of its series, or by its text,
 * metric{label="value"}. False when the problem (404) is answered already. */
bool bw_trend_look(struct bw_request *request, const char *series, struct bw_trend_look *out);

#endif
