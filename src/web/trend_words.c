// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/trend_words.h"

#include "base/text.h"
#include "web/words.h"

#include <math.h>

static const struct {
    const char *arrow, *word;
} looks[BW_DIRECTION_COUNT] = {
    [BW_UNDETERMINED] = { "?", "" },
    [BW_FALLING] = { "\u2198", "Falling" },
    [BW_FLAT] = { "\u2192", "Flat" },
    [BW_RISING] = { "\u2197", "Rising" },
};

const char *bw_trend_words_arrow(enum bw_direction direction)
{
    return looks[direction].arrow;
}

/* The units of time, and from which span on each is used: a rate a day of what was seen for an
 * hour would promise more than anybody knows. */
static const struct {
    int64_t from_ms;
    double seconds;
    const char *words;
} paces[] = {
    { INT64_C(172800000), 86400, "a day" },
    { INT64_C(7200000), 3600, "an hour" },
    { INT64_MIN, 60, "a minute" },
};

const char *bw_trend_words_slope(struct bw_arena *arena, const struct bw_trend_record *trend,
                                 double per_second)
{
    if (!isfinite(per_second))
        return "";
    size_t pace = 0;
    while (trend->last_ms - trend->first_ms < paces[pace].from_ms)
        pace++;
    const double value = per_second * paces[pace].seconds;
    if (bw_text_ends_with(trend->metric, "_ratio")) /* "1 % a day" might mean a share of it */
        return bw_arena_printf(arena, "%.2g points %s", value * 100, paces[pace].words);
    return bw_arena_printf(arena, "%s %s", bw_words_measured(arena, trend->metric, value),
                           paces[pace].words);
}

/* Never "100 %": that nobody is. */
static const char *sure_words(struct bw_arena *arena, double ratio)
{
    if (!isfinite(ratio))
        return "";
    if (ratio > 0.99)
        return ", over 99 % sure";
    return bw_arena_printf(arena, ", %s sure", bw_words_percent(arena, ratio));
}

const char *bw_trend_words_heading(struct bw_arena *arena, const struct bw_trend_record *trend)
{
    if (trend->direction == BW_UNDETERMINED)
        return "No direction can be told yet";
    const char *pace = "";
    if (trend->direction != BW_FLAT && isfinite(trend->slope_per_second))
        pace = bw_arena_printf(arena, " by %s",
                               bw_trend_words_slope(arena, trend, fabs(trend->slope_per_second)));
    return bw_arena_printf(arena, "%s%s%s", looks[trend->direction].word, pace,
                           sure_words(arena, trend->confidence_ratio));
}

bool bw_trend_is_beyond(const struct bw_trend_record *trend)
{
    return isfinite(trend->threshold) && trend->side * (trend->last_value - trend->threshold) >= 0;
}

/* "between A and B", "not before A": as far as it is foreseen. */
static const char *bounds(struct bw_arena *arena, const struct bw_trend_record *trend)
{
    const char *soonest = bw_words_seconds(arena, trend->time_to_p10_s);
    if (!isfinite(trend->time_to_p90_s))
        return bw_arena_printf(arena, "hardly before %s, perhaps much later", soonest);
    return bw_arena_printf(arena, "between %s and %s", soonest,
                           bw_words_seconds(arena, trend->time_to_p90_s));
}

const char *bw_trend_words_limit(struct bw_arena *arena, const struct bw_trend_record *trend)
{
    if (!isfinite(trend->threshold))
        return "";
    const char *limit = bw_words_measured(arena, trend->metric, trend->threshold);
    if (bw_trend_is_beyond(trend))
        return bw_arena_printf(arena, "Is beyond its limit, %s", limit);
    if (isfinite(trend->time_to_p50_s))
        return bw_arena_printf(arena, "Reaches %s in %s, %s", limit,
                               bw_words_seconds(arena, trend->time_to_p50_s), bounds(arena, trend));
    if (isinf(trend->time_to_p50_s))
        return bw_arena_printf(arena, "Stays %s %s for as long as can be foreseen",
                               trend->side < 0 ? "above" : "below", limit);
    return bw_arena_printf(arena, "Whether it reaches %s cannot be known yet", limit);
}
