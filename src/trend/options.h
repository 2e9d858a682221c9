// SPDX-License-Identifier: GPL-3.0-or-later
/* trend/options.h: the `trends:` part of the configuration: how often which series are
 * analysed, and with which thresholds. */
#ifndef TREND_OPTIONS_H
#define TREND_OPTIONS_H

#include "conf/option.h"
#include "trend/analyse.h"

/* Values of bw_trend_select.tier_s besides a rollup's seconds (60, 3600, 86400). */
enum { BW_TREND_TIER_AUTO = -1, BW_TREND_TIER_RAW = 0 };

/* One entry of `select:`: series whose labels match, and what is asked about them. */
struct bw_trend_select {
    struct bw_pairs match; /* label name (__name__: the metric) to anchored regular expression */
    double threshold;      /* NaN: none */
    int side;              /* +1 above, -1 below, 0 not said */
    int tier_s;            /* BW_TREND_TIER_AUTO, BW_TREND_TIER_RAW or seconds of a rollup */
    const char *season;    /* "auto", "none" or a duration */
};

struct bw_trend_options {
    int64_t every_ns;           /* each selected series is analysed this often */
    int64_t max_series;         /* ceiling on series analysed */
    int64_t max_watched;        /* ceiling on series watched value by value */
    double cpu_share;           /* of one core that analysis may take, 0..1 */
    struct bw_ints horizons_ns; /* 1..BW_TREND_HORIZONS_MAX */
    struct bw_items select;     /* struct bw_trend_select; the first match decides */
};

/* The group of the key `trends`. */
extern const struct bw_opt_group bw_trend_group;

/* Reads the `season` text of an entry. BW_EINVAL when it is none of the three. */
enum bw_rc bw_trend_season_parse(const char *text, enum bw_trend_season_policy *out_policy,
                                 int64_t *out_season_ms, struct bw_err *err);

#endif
