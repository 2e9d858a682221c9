// SPDX-License-Identifier: GPL-3.0-or-later
#include "health/threshold.h"

#include <math.h>
#include <stdio.h>

#define ROW(member)                                                                                \
    BW_OPT_RATIO, offsetof(struct bw_threshold_opts, member), .flags = BW_OPT_REQUIRED

static const struct bw_opt threshold_options[] = {
    { "warning", ROW(warning), .help = "From this value on it is DEGRADED." },
    { "critical", ROW(critical), .help = "From this value on it is UNHEALTHY." },
    { "recover", ROW(recover), .help = "Back at this value it is HEALTHY again." },
    { 0 },
};

/* The mark that a value meets first on its way to worse. */
static double first_mark(const struct bw_threshold_opts *o)
{
    return isnan(o->warning) ? o->critical : o->warning;
}

int bw_threshold_side(const struct bw_threshold_opts *o)
{
    if (o->critical < o->warning)
        return -1;
    if (o->critical > o->warning)
        return 1;
    return o->recover > first_mark(o) ? -1 : 1;
}

static enum bw_rc threshold_check(const void *opts, struct bw_err *err)
{
    const struct bw_threshold_opts *o = opts;
    const double first = first_mark(o);
    if (isnan(first))
        return bw_fail(err, BW_EINVAL, "expected 'warning', 'critical' or both");
    if (isinf(o->warning) || isinf(o->critical) || isinf(o->recover))
        return bw_fail(err, BW_EINVAL, "an infinite mark is never reached");
    if (bw_threshold_side(o) * (o->recover - first) > 0)
        return bw_fail(err, BW_EINVAL,
                       "'recover' (%.15g) is not on the good side of %s (%.15g), which 'critical' "
                       "is beyond",
                       o->recover, isnan(o->warning) ? "'critical'" : "'warning'", first);
    return BW_OK;
}

const struct bw_opt_group bw_threshold_group = {
    .name = "threshold",
    .size = sizeof(struct bw_threshold_opts),
    .opts = threshold_options,
    .check = threshold_check,
    .help = "Marks for a measured value. High values are the bad ones, unless 'critical' is below "
            "'warning'.",
};

/* How far back of a mark a value must go to have left it, >= 0. */
static double band_width(const struct bw_threshold_opts *o)
{
    return isnan(o->recover) ? 0 : fabs(first_mark(o) - o->recover);
}

/* Whether the value is at the mark or beyond, or, having been there (`was`), not yet out of
 * the dead band. Without a band a value exactly at the mark is still there. */
static bool is_beyond(double value, double mark, double band, int side, bool was)
{
    const double excess = side * (value - mark);
    if (isnan(excess))
        return false; /* no such mark */
    return was && band > 0 ? excess > -band : excess >= 0;
}

enum bw_status bw_threshold_feed(struct bw_threshold *t, const struct bw_threshold_opts *o,
                                 double value)
{
    if (isnan(value))
        return BW_UNKNOWN;
    const int side = bw_threshold_side(o);
    const double band = band_width(o);
    const bool was_critical = t->held == BW_UNHEALTHY;
    const bool was_warning = was_critical || t->held == BW_DEGRADED;
    if (is_beyond(value, o->critical, band, side, was_critical))
        t->held = BW_UNHEALTHY;
    else if (is_beyond(value, o->warning, band, side, was_warning))
        t->held = BW_DEGRADED;
    else
        t->held = BW_HEALTHY;
    return t->held;
}

struct bw_outcome bw_threshold_outcome(enum bw_status status, const char *detail)
{
    static const enum bw_outcome_kind kinds[BW_STATUS_COUNT] = {
        [BW_UNKNOWN] = BW_OUTCOME_LOST,
        [BW_HEALTHY] = BW_OUTCOME_PASS,
        [BW_DEGRADED] = BW_OUTCOME_WARN,
        [BW_UNHEALTHY] = BW_OUTCOME_FAIL,
    };
    const enum bw_outcome_kind kind = kinds[status];
    const bool bad = kind == BW_OUTCOME_WARN || kind == BW_OUTCOME_FAIL;
    return (struct bw_outcome){ .kind = kind,
                                .reason = bad ? BW_REASON_THRESHOLD : BW_REASON_NONE,
                                .detail = detail };
}

char *bw_threshold_text(char *out, size_t size, const char *name, const struct bw_threshold_opts *o,
                        enum bw_status status, double value)
{
    const char *side = bw_threshold_side(o) > 0 ? "from" : "down from";
    if (status == BW_UNKNOWN || isnan(value))
        snprintf(out, size, "%s has no value", name);
    else if (status == BW_UNHEALTHY)
        snprintf(out, size, "%s is %.4g, critical %s %.4g", name, value, side, o->critical);
    else if (status == BW_DEGRADED)
        snprintf(out, size, "%s is %.4g, warning %s %.4g", name, value, side, o->warning);
    else
        snprintf(out, size, "%s is %.4g", name, value);
    return out;
}
