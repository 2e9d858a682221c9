// SPDX-License-Identifier: GPL-3.0-or-later
/* web/trend_list.h: which trends a page or an answer lists, and in which order. Pure. */
#ifndef WEB_TREND_LIST_H
#define WEB_TREND_LIST_H

#include "conf/option.h"
#include "model/view.h"
#include "web/url.h"

enum bw_trend_order {
    BW_TREND_SOONEST, /* what reaches its limit first; as the view has them */
    BW_TREND_SUREST,  /* the directions that are most probably right */
    BW_TREND_BY_NAME, /* metric, then labels */
};

/* Their names in URLs. */
extern const struct bw_opt_name bw_trend_orders[];
extern const struct bw_opt_name bw_trend_directions[]; /* of enum bw_direction */

struct bw_trend_filter {
    const char *service; /* NULL: any, so are the others */
    const char *metric;
    const struct bw_opt_name *direction;
    bool limited; /* those alone that have a limit */
    enum bw_trend_order order;
};

/* Reads service, metric, direction, limited (true or false) and sort. What cannot be is left out,
 * and *out_wrong tells the first such parameter; NULL when all is well. */
struct bw_trend_filter bw_trend_filter_read(const struct bw_url *url, const char **out_wrong);

/* Those that pass, in that order; returns how many. */
size_t bw_trend_list_make(struct bw_arena *arena, const struct bw_view *view,
                          const struct bw_trend_filter *filter,
                          const struct bw_trend_record *const **out);

/* Whether it is of that service: by its label, or about a target of it. */
bool bw_trend_is_of(const struct bw_trend_record *trend, const char *service);

#endif
