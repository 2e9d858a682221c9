// SPDX-License-Identifier: GPL-3.0-or-later
/* app/vigil_list.h: which series are watched value by value, and what is at hand of each. Anomaly
 * rules name some, of those that trends select as many are watched as `trends.max_watched` says,
 * and never more than BW_WATCHED_MAX in all.
 *
 *   known --wanted, and room?--> watched --gone, or unwanted--> orphan --ten minutes--> forgotten
 *            \--no room--> left out, counted, told of again when there is room
 *
 * Knows no clock, no store and no worker; app/vigil.h does. Loop thread. */
#ifndef APP_VIGIL_LIST_H
#define APP_VIGIL_LIST_H

#include "app/config.h"
#include "app/publish.h"
#include "app/trend_plan.h"
#include "app/vigil_eye.h"
#include "model/picker.h"

/* One watched series. */
struct bw_vigil_item {
    uint32_t series;
    char *metric;
    struct bw_labels labels;      /* on the heap */
    bool by_rule;                 /* an anomaly rule names it, else trends select it */
    int64_t orphan_ms;            /* since when nobody measures it; 0: somebody does */
    bool unwanted;                /* a reload has no use for it */
    bool warming;                 /* a worker has an eye for it: it is not forgotten */
    struct bw_trend_shape *shape; /* its seasons for the next eye; NULL: none */
    int64_t shape_ms;             /* when that was found out; 0: never */
    bool outdated;                /* the eye has other seasons than that */
    struct bw_vigil_eye *eye;     /* NULL: a worker is to make one */
    struct bw_point *waiting;     /* until there is another eye; NULL: nothing waits */
    size_t waiting_count;
    struct bw_publication *publication; /* NULL: nothing of it is on the metrics page */
};

/* All zero: nothing is wanted yet; bw_vigil_list_apply() comes first. */
struct bw_vigil_list {
    struct bw_trend_plan *plan;
    struct bw_picker **rules; /* of the anomaly rules */
    size_t rule_count, max_watched;
    struct bw_vigil_item **items;
    size_t count, cap, selected; /* watched; of these, those that no rule names */
    uint32_t *slot; /* by series: 1 + its place among items; 0: not watched; or: left out */
    size_t slots;
    size_t left_out; /* wanted, but too many */
};

void bw_vigil_list_fini(struct bw_vigil_list *list);

/* From now on series are wanted as this configuration says. Those that are not any more are hidden,
 * and go with the next sweep. BW_EINVAL for a pattern that does not compile. */
enum bw_rc bw_vigil_list_apply(struct bw_vigil_list *list, const struct bw_config *config,
                               struct bw_err *err);

/* NULL: it is not watched. */
struct bw_vigil_item *bw_vigil_list_find(const struct bw_vigil_list *list, uint32_t series);

/* Somebody measures the series; it may be told of again and again. True when it is watched from
 * now on. */
bool bw_vigil_list_known(struct bw_vigil_list *list, uint32_t series, const char *metric,
                         struct bw_labels labels);

/* Nobody measures it any more. */
void bw_vigil_list_gone(struct bw_vigil_list *list, uint32_t series, int64_t now_ms);

/* Forgets what nobody has measured or wanted for a while. True when that has made room for series
 * that were left out. */
bool bw_vigil_list_sweep(struct bw_vigil_list *list, int64_t now_ms);

/* Takes it from the metrics page. */
void bw_vigil_item_hide(struct bw_vigil_item *item);

#endif
