// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/trend_ask.h"

#include "base/text.h"
#include "base/units.h"
#include "trend/options.h"

#include <math.h>
#include <string.h>

const struct bw_opt_name bw_trend_ask_sides[] = {
    { "auto", 0 }, { "above", 1 }, { "below", -1 }, { 0 }
};

static enum bw_rc parse_horizons(const char *text, const char *flag, struct bw_trend_request *out,
                                 struct bw_err *err)
{
    struct bw_span rest = bw_span_of(text), part;
    while (bw_span_split(&rest, ',', &part)) {
        char one[BW_DURATION_TEXT_MAX];
        int64_t ns;
        part = bw_span_trim(part);
        if (out->horizon_count == BW_TREND_HORIZONS_MAX)
            return bw_fail(err, BW_EINVAL, "--%s: at most %d of them", flag, BW_TREND_HORIZONS_MAX);
        if (part.len >= sizeof one)
            return bw_fail(err, BW_EINVAL, "--%s: expected durations such as 1h,24h,7d", flag);
        memcpy(one, part.data, part.len);
        one[part.len] = '\0';
        if (bw_parse_duration(one, &ns, err) != BW_OK)
            return bw_wrap(err, BW_EINVAL, "--%s", flag);
        if (ns < BW_SECOND)
            return bw_fail(err, BW_EINVAL, "--%s: at least 1s ahead", flag);
        out->horizons_ms[out->horizon_count++] = ns / BW_MS;
    }
    return BW_OK;
}

enum bw_rc bw_trend_ask_check(const struct bw_trend_ask *ask, const char *flag, struct bw_err *err)
{
    struct bw_trend_request request = { 0 };
    if (ask->side != 0 && !isfinite(ask->threshold))
        return bw_fail(err, BW_EINVAL, "--side without --threshold says nothing");
    const enum bw_rc rc =
        bw_trend_season_parse(ask->season, &request.season, &request.season_ms, err);
    return rc == BW_OK ? parse_horizons(ask->horizons, flag, &request, err) : rc;
}

/* The side on which the series is not yet. */
static int side_of(const struct bw_trend_ask *ask, const struct bw_points *points)
{
    if (!isfinite(ask->threshold) || ask->side != 0)
        return ask->side;
    for (size_t i = points->count; i-- > 0;) {
        if (isfinite(points->items[i].value))
            return points->items[i].value > ask->threshold ? -1 : 1;
    }
    return 1;
}

struct bw_trend_request bw_trend_ask_about(const struct bw_trend_ask *ask,
                                           struct bw_read_points *read)
{
    struct bw_trend_request request = { .counter = ask->counter || read->counter,
                                        .threshold = ask->threshold };
    bw_points_settle(&read->points);
    request.points = read->points.items;
    request.count = read->points.count;
    request.side = side_of(ask, &read->points);
    bw_trend_season_parse(ask->season, &request.season, &request.season_ms, NULL);
    parse_horizons(ask->horizons, "horizons", &request, NULL);
    return request;
}
