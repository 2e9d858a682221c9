// SPDX-License-Identifier: GPL-3.0-or-later
/* Bars of days: one a day, coloured by how available it was, an outline where nobody looked. */
#include "base/civil.h"
#include "web/chart.h"
#include "web/words.h"

#include <math.h>
#include <string.h>

enum { PITCH = 4, BAR = 3, TALL = 24 };

/* Below this share of the known time a day counts as bad, not as scratched. */
static const double BAD_RATIO = 0.99;

enum look {
    LOOK_NO_DATA,
    LOOK_HEALTHY,
    LOOK_DEGRADED,
    LOOK_UNHEALTHY,
    LOOK_MAINTENANCE, /* and nothing else */
    LOOK_COUNT
};

static const char *const classes[LOOK_COUNT] = { "nodata", "healthy", "degraded", "unhealthy",
                                                 "maintenance" };

static enum look look_of(const struct bw_day *day)
{
    if (!isfinite(day->available_ratio))
        return day->maintenance_ratio > 0 ? LOOK_MAINTENANCE : LOOK_NO_DATA;
    if (day->available_ratio < BAD_RATIO)
        return LOOK_UNHEALTHY;
    return day->available_ratio < 1 || day->degraded_ratio > 0 ? LOOK_DEGRADED : LOOK_HEALTHY;
}

const char *bw_chart_day_class(const struct bw_day *day)
{
    return classes[look_of(day)];
}

/* All bars of one look are one path, which keeps a page of many services small. What is
 * outlined or shorter shows without colours, too. */
static void draw_look(const struct bw_day *days, enum look look, struct bw_buf *out)
{
    static const int tops[LOOK_COUNT] = { TALL - 5, 0, 0, 0, TALL - 12 };
    bool any = false;
    for (int i = 0; i < BW_DAYS; i++) {
        if (look_of(&days[i]) != look)
            continue;
        if (!any)
            bw_buf_printf(out, "<path class=\"%s\" d=\"", classes[look]);
        any = true;
        bw_buf_printf(out, "M%d %dh%dv%dh-%dz", i * PITCH, tops[look], BAR, TALL - tops[look], BAR);
        if (look == LOOK_UNHEALTHY) /* a notch, left out by the even-odd rule */
            bw_buf_printf(out, "m0 3h%dv4h-%dz", BAR, BAR);
        else if (look == LOOK_DEGRADED)
            bw_buf_printf(out, "m0 0h%dv4h-%dz", BAR, BAR);
    }
    if (any)
        bw_buf_text(out, "\"/>");
}

void bw_chart_days(struct bw_arena *arena, const struct bw_day days[BW_DAYS], struct bw_buf *out)
{
    size_t known = 0, bad = 0;
    for (size_t i = 0; i < BW_DAYS; i++) {
        known += look_of(&days[i]) != LOOK_NO_DATA;
        bad += look_of(&days[i]) == LOOK_UNHEALTHY;
    }
    bw_buf_printf(out,
                  "<svg class=\"days\" role=\"img\" viewBox=\"0 0 %d %d\" "
                  "preserveAspectRatio=\"none\"><title>%s available over the last %d days; %zu "
                  "days without data, %zu below %s</title>",
                  BW_DAYS * PITCH - (PITCH - BAR), TALL,
                  bw_words_available(arena, bw_days_available(days)), BW_DAYS, BW_DAYS - known, bad,
                  bw_words_percent(arena, BAD_RATIO));
    for (int look = 0; look < LOOK_COUNT; look++)
        draw_look(days, (enum look)look, out);
    bw_buf_text(out, "</svg>");
}
