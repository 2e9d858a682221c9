// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/trend_pace.h"

#include "base/units.h"

#define LEAST_PAUSE_NS (200 * BW_MS)
#define FIRST_ROUND_NS (15 * BW_SECOND)
#define EARLY_SERIES_NS (200 * BW_MS)

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t round_ns(const struct bw_trend_pace *pace)
{
    const int64_t early_ns = larger(FIRST_ROUND_NS, (int64_t)pace->series * EARLY_SERIES_NS);
    const int64_t wanted_ns = larger(pace->age_ns / 2, early_ns);
    return wanted_ns < pace->every_ns ? wanted_ns : pace->every_ns;
}

/* What a piece took is its share of the time until the next one begins. */
static int64_t rest_ns(const struct bw_trend_pace *pace)
{
    return (int64_t)((double)pace->cpu_ns * (1 / pace->cpu_share - 1));
}

int64_t bw_trend_pause_ns(const struct bw_trend_pace *pace)
{
    const int64_t jobs = pace->jobs > 0 ? (int64_t)pace->jobs : 1;
    return larger(larger(round_ns(pace) / jobs, rest_ns(pace)), LEAST_PAUSE_NS);
}
