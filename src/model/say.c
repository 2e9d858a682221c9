// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/say.h"

#include "base/civil.h"
#include "base/text.h"
#include "base/units.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DASH "\u2013"
#define SECONDS_MAX 3153600000.0

/* From here on three digits are a thousand. */
#define ROUNDS_UP 0.9995

static const char *unsaid(char out[BW_SAY_MAX], double value)
{
    bw_text_copy(out, BW_SAY_MAX, isnan(value) ? DASH : value > 0 ? "\u221e" : "-\u221e");
    return out;
}

const char *bw_say_seconds(char out[BW_SAY_MAX], double seconds)
{
    const double size = fabs(seconds);
    if (!isfinite(seconds))
        return unsaid(out, seconds);
    if (size == 0)
        bw_text_copy(out, BW_SAY_MAX, "0 s");
    else if (size < 0.001 * ROUNDS_UP)
        snprintf(out, BW_SAY_MAX, "%.3g \u00b5s", seconds * 1e6);
    else if (size < ROUNDS_UP)
        snprintf(out, BW_SAY_MAX, "%.3g ms", seconds * 1e3);
    else if (size < 60)
        snprintf(out, BW_SAY_MAX, "%.3g s", seconds);
    else if (size > SECONDS_MAX)
        bw_text_copy(out, BW_SAY_MAX, "over 100 years");
    else
        bw_format_duration_short(out, (int64_t)seconds * BW_SECOND);
    return out;
}

const char *bw_say_percent(char out[BW_SAY_MAX], double ratio)
{
    const double percent = ratio * 100;
    if (isnan(ratio))
        return unsaid(out, ratio);
    snprintf(out, BW_SAY_MAX, percent != 0 && percent < 10 ? "%.1f %%" : "%.0f %%", percent);
    return out;
}

static const char *say_number(char out[BW_SAY_MAX], double value)
{
    const double size = fabs(value);
    if (size >= 1e9 * ROUNDS_UP)
        snprintf(out, BW_SAY_MAX, "%.3g G", value / 1e9);
    else if (size >= 1e6 * ROUNDS_UP)
        snprintf(out, BW_SAY_MAX, "%.3g M", value / 1e6);
    else
        snprintf(out, BW_SAY_MAX, size >= 1000 * ROUNDS_UP ? "%.0f" : "%.3g", value);
    return out;
}

static const char *say_bytes(char out[BW_SAY_MAX], double value)
{
    static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
    size_t unit = 0;
    while (fabs(value) >= 1024 && unit + 1 < sizeof units / sizeof *units) {
        value /= 1024;
        unit++;
    }
    const bool fraction = fabs(value) < 100 && fabs(value) > 0 && unit > 0;
    if (fabs(value) >= 1e6)
        snprintf(out, BW_SAY_MAX, "%.3g %s", value, units[unit]);
    else
        snprintf(out, BW_SAY_MAX, fraction ? "%.1f %s" : "%.0f %s", value, units[unit]);
    return out;
}

static const char *say_rate(char out[BW_SAY_MAX], const char *metric, double value)
{
    if (bw_text_ends_with(metric, "_seconds_total"))
        return bw_say_percent(out, value);
    if (strstr(metric, "_bytes") != NULL)
        say_bytes(out, value);
    else
        say_number(out, value);
    const size_t len = strlen(out);
    bw_text_copy(out + len, BW_SAY_MAX - len, "/s");
    return out;
}

const char *bw_say_metric(char out[BW_SAY_MAX], const char *metric, double value)
{
    if (!isfinite(value))
        return unsaid(out, value);
    if (bw_text_ends_with(metric, "_total"))
        return say_rate(out, metric, value);
    if (strstr(metric, "_bytes") != NULL)
        return say_bytes(out, value);
    if (bw_text_ends_with(metric, "_ratio"))
        return bw_say_percent(out, value);
    if (bw_text_ends_with(metric, "_seconds"))
        return bw_say_seconds(out, value);
    return say_number(out, value);
}

const char *bw_say_clock(char out[BW_SAY_MAX], int64_t ms, int64_t now_ms)
{
    static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    const struct bw_civil at = bw_civil_from_ms(ms);
    const struct bw_civil now = bw_civil_from_ms(now_ms);
    if (at.year == now.year && at.month == now.month && at.day == now.day)
        snprintf(out, BW_SAY_MAX, "%02d:%02d", at.hour, at.minute);
    else if (llabs(ms - now_ms) < 180 * (BW_DAY / BW_MS))
        snprintf(out, BW_SAY_MAX, "%d %s %02d:%02d", at.day, months[at.month - 1], at.hour,
                 at.minute);
    else
        snprintf(out, BW_SAY_MAX, "%d %s %lld %02d:%02d", at.day, months[at.month - 1],
                 (long long)at.year, at.hour, at.minute);
    return out;
}
