// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/options.h"

#include "base/units.h"

#include <math.h>
#include <string.h>

static const struct bw_opt_name sides[] = { { "none", 0 }, { "above", 1 }, { "below", -1 }, { 0 } };

static const struct bw_opt_name tiers[] = {
    { "auto", BW_TREND_TIER_AUTO },
    { "raw", BW_TREND_TIER_RAW },
    { "1m", 60 },
    { "1h", 3600 },
    { "1d", 86400 },
    { 0 },
};

#define SELECT(member) offsetof(struct bw_trend_select, member)

static const struct bw_opt select_options[] = {
    { "match", BW_OPT_MAP, SELECT(match), .flags = BW_OPT_REQUIRED,
      .help = "Labels that a series must have: name to regular expression, anchored at both "
              "ends; `__name__` is the metric." },
    { "threshold", BW_OPT_NUMBER, SELECT(threshold), .def = "NaN",
      .help = "The value whose crossing is foreseen; for a counter, of its rate per second." },
    { "side", BW_OPT_ENUM, SELECT(side), .def = "none", .names = sides,
      .help = "Where the threshold hurts: `above` or `below` it." },
    { "tier", BW_OPT_ENUM, SELECT(tier_s), .def = "auto", .names = tiers,
      .help = "What is analysed: raw samples or a rollup; `auto` takes what fits the horizons." },
    { "season", BW_OPT_STRING, SELECT(season), .def = "auto",
      .help = "`auto` looks for seasons, `none` does not, a duration such as 24h is taken as "
              "it is." },
    { 0 },
};

enum bw_rc bw_trend_season_parse(const char *text, enum bw_trend_season_policy *out_policy,
                                 int64_t *out_season_ms, struct bw_err *err)
{
    int64_t ns = 0;
    enum bw_trend_season_policy policy = BW_TREND_SEASON_FIXED;
    if (text == NULL || strcmp(text, "auto") == 0) {
        policy = BW_TREND_SEASON_AUTO;
    } else if (strcmp(text, "none") == 0) {
        policy = BW_TREND_SEASON_NONE;
    } else if (bw_parse_duration(text, &ns, NULL) != BW_OK || ns < BW_SECOND) {
        return bw_fail(err, BW_EINVAL,
                       "season: expected auto, none or a duration of at least 1s, not '%s'", text);
    }
    *out_policy = policy;
    *out_season_ms = ns / BW_MS;
    return BW_OK;
}

static enum bw_rc check_select(const void *opts, struct bw_err *err)
{
    const struct bw_trend_select *select = opts;
    enum bw_trend_season_policy policy;
    int64_t season_ms;
    if (isfinite(select->threshold) && select->side == 0)
        return bw_fail(err, BW_EINVAL, "'threshold' needs 'side': above or below");
    if (!isfinite(select->threshold) && select->side != 0)
        return bw_fail(err, BW_EINVAL, "'side' without a 'threshold' says nothing");
    return bw_trend_season_parse(select->season, &policy, &season_ms, err);
}

static const struct bw_opt_group select_group = {
    .name = "select",
    .size = sizeof(struct bw_trend_select),
    .opts = select_options,
    .check = check_select,
};

#define OPT(member) offsetof(struct bw_trend_options, member)

static const struct bw_opt options[] = {
    { "every", BW_OPT_DURATION, OPT(every_ns), .def = "5m", .range = "10s..1d",
      .help = "How often each selected series is analysed." },
    { "max_series", BW_OPT_INT, OPT(max_series), .def = "2000", .range = "0..100000",
      .help = "Series analysed at most; more are counted and left out." },
    { "max_watched", BW_OPT_INT, OPT(max_watched), .def = "200", .range = "0..10000",
      .help =
          "Of the selected series so many are also watched value by value: their anomaly scores. "
          "Each takes 7 KB of memory. Series that anomaly rules name are watched besides; "
          "10,000 at most in all." },
    { "cpu_share", BW_OPT_RATIO, OPT(cpu_share), .def = "10%", .range = "1%..100%",
      .help = "How much of one core analysis may take; a round takes longer where `every` asks for "
              "more." },
    { "horizons", BW_OPT_DURATIONS, OPT(horizons_ns), .def = "[1h, 24h, 7d]", .range = "1m..1y",
      .help = "How far ahead to forecast: one to three durations." },
    { "select", BW_OPT_GROUPS, OPT(select), .group = &select_group,
      .help = "Which series to analyse; the first entry that matches decides." },
    { 0 },
};

static enum bw_rc check(const void *opts, struct bw_err *err)
{
    const struct bw_trend_options *o = opts;
    if (o->horizons_ns.count < 1 || o->horizons_ns.count > BW_TREND_HORIZONS_MAX)
        return bw_fail(err, BW_EINVAL, "'horizons' takes one to %d durations, not %zu",
                       BW_TREND_HORIZONS_MAX, o->horizons_ns.count);
    return BW_OK;
}

const struct bw_opt_group bw_trend_group = {
    .name = "trends",
    .size = sizeof(struct bw_trend_options),
    .opts = options,
    .help = "Where series are heading: which are analysed, how often and how far ahead.",
    .check = check,
};
