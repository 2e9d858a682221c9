// SPDX-License-Identifier: GPL-3.0-or-later
#include "calendar/range.h"

#include "base/units.h"

#include <strings.h>

static int64_t day_start(const struct bw_zone *zone, int64_t now_ms, int periods)
{
    return bw_zone_day_start_ms(zone, now_ms, periods);
}

static int64_t week_start(const struct bw_zone *zone, int64_t now_ms, int periods)
{
    const struct bw_civil now = bw_zone_local(zone, now_ms);
    const int weekday = bw_weekday(bw_days_from_civil(now.year, now.month, now.day));
    return bw_zone_day_start_ms(zone, now_ms, periods * 7 - (weekday + 6) % 7);
}

/* The first of the period of so many months, `periods` after the one of now. */
static int64_t months_start(const struct bw_zone *zone, int64_t now_ms, int months, int periods)
{
    const struct bw_civil now = bw_zone_local(zone, now_ms);
    const int64_t month = now.year * 12 + now.month - 1;
    const int64_t first = month - month % months + (int64_t)periods * months;
    const struct bw_civil start = { .year = first / 12, .month = (int)(first % 12) + 1, .day = 1 };
    int64_t start_ms;
    bw_zone_to_ms(zone, &start, &start_ms);
    return start_ms;
}

static int64_t month_start(const struct bw_zone *zone, int64_t now_ms, int periods)
{
    return months_start(zone, now_ms, 1, periods);
}

static int64_t quarter_start(const struct bw_zone *zone, int64_t now_ms, int periods)
{
    return months_start(zone, now_ms, 3, periods);
}

static int64_t year_start(const struct bw_zone *zone, int64_t now_ms, int periods)
{
    return months_start(zone, now_ms, 12, periods);
}

static const struct word {
    const char *text;
    int64_t (*start)(const struct bw_zone *zone, int64_t now_ms, int periods);
    bool is_over; /* the period before this one */
} words[] = {
    { "today", day_start, false },
    { "yesterday", day_start, true },
    { "this week", week_start, false },
    { "last week", week_start, true },
    { "this month", month_start, false },
    { "last month", month_start, true },
    { "this quarter", quarter_start, false },
    { "last quarter", quarter_start, true },
    { "this year", year_start, false },
    { "last year", year_start, true },
};

enum bw_rc bw_range_parse(const char *text, const struct bw_zone *zone, int64_t now_ms,
                          struct bw_range *out, struct bw_err *err)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const struct word *word = &words[i];
        if (strcasecmp(word->text, text) != 0)
            continue;
        out->from_ms = word->start(zone, now_ms, word->is_over ? -1 : 0);
        out->to_ms = word->is_over ? word->start(zone, now_ms, 0) : now_ms;
        return BW_OK;
    }
    int64_t ns;
    if (bw_parse_duration(text, &ns, NULL) != BW_OK || ns < BW_MS)
        return bw_fail(err, BW_EINVAL,
                       "expected a range such as 24h or 7d, today, yesterday, or this or last "
                       "with week, month, quarter or year, not '%s'",
                       text);
    out->from_ms = now_ms - ns / BW_MS;
    out->to_ms = now_ms;
    return BW_OK;
}
