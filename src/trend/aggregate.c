// SPDX-License-Identifier: GPL-3.0-or-later
#include "trend/aggregate.h"

#include "metric/goodness.h"
#include "model/say.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Less than a tenth within the horizon is nothing that anybody acts on. */
#define CHANGE_MIN 0.1

const char *bw_heading_name(enum bw_heading heading)
{
    static const char *const names[BW_HEADING_COUNT] = {
        [BW_HEADING_UNKNOWN] = "unknown",
        [BW_HEADING_STEADY] = "steady",
        [BW_HEADING_IMPROVING] = "improving",
        [BW_HEADING_WORSENING] = "worsening",
    };
    return names[heading];
}

/* ---- one series -------------------------------------------------------------------------- */

static const char *service_of(const struct bw_trend_record *record)
{
    const char *service = bw_labels_value(record->labels, "service");
    return service != NULL ? service : "";
}

static int64_t ahead_of(const struct bw_trend_record *record)
{
    int64_t farthest = 0;
    for (size_t i = 0; i < record->horizon_count; i++) {
        const struct bw_trend_horizon *horizon = &record->horizons[i];
        if (isfinite(horizon->p50) && horizon->horizon_ms > farthest)
            farthest = horizon->horizon_ms;
    }
    return farthest > 0 ? farthest : (record->last_ms - record->first_ms) / 2;
}

/* What the line adds within `ahead_ms`, over the present value; 0 without a direction. */
static double change_of(const struct bw_trend_record *record, int64_t ahead_ms)
{
    const bool moves = record->direction == BW_RISING || record->direction == BW_FALLING;
    if (!moves || !isfinite(record->slope_per_second) || !isfinite(record->last_value))
        return 0;
    const double change = record->slope_per_second * (double)ahead_ms / 1000;
    if (record->last_value == 0)
        return change != 0 ? copysign(INFINITY, change) : 0;
    return change / fabs(record->last_value);
}

/* A series as its service sees it. */
struct part {
    const struct bw_trend_record *record;
    int64_t ahead_ms;
    double change; /* relative */
    double ill;    /* the same; > 0: for the worse */
    double left_s; /* to its limit: 0 beyond it, +Inf: it is not foreseen */
    bool judged;
};

static struct part part_of(const struct bw_trend_record *record)
{
    const int worse = record->side != 0 ? record->side : bw_metric_worse(record->metric);
    struct part part = { .record = record, .ahead_ms = ahead_of(record), .left_s = INFINITY };
    part.change = change_of(record, part.ahead_ms);
    part.ill = worse * part.change;
    part.judged = worse != 0 && record->direction != BW_UNDETERMINED;
    if (record->side != 0 && isfinite(record->time_to_p50_s))
        part.left_s = record->time_to_p50_s;
    return part;
}

/* ---- a service --------------------------------------------------------------------------- */

/* The driver so far and one more series. */
static void weigh(struct bw_service_trend *out, const struct part *part, double *left_s,
                  double *ill)
{
    const bool limited = isfinite(part->left_s);
    const bool sooner = limited && part->left_s < *left_s;
    const bool worse = !isfinite(*left_s) && part->ill >= CHANGE_MIN && part->ill > *ill;
    const bool better =
        !isfinite(*left_s) && *ill <= 0 && part->ill <= -CHANGE_MIN && part->ill < *ill;
    if (!sooner && !(part->judged && (worse || better)))
        return;
    *left_s = part->left_s;
    *ill = part->ill;
    out->driver = part->record;
    out->change = part->change;
    out->ahead_ms = part->ahead_ms;
    out->heading = better ? BW_HEADING_IMPROVING : BW_HEADING_WORSENING;
}

/* The farthest horizon for which any limit has a probability. */
static int64_t horizon_of(const struct bw_trend_record *const *records, size_t count)
{
    int64_t farthest = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t h = 0; h < records[i]->horizon_count; h++) {
            const struct bw_trend_horizon *horizon = &records[i]->horizons[h];
            if (isfinite(horizon->crossing_ratio) && horizon->horizon_ms > farthest)
                farthest = horizon->horizon_ms;
        }
    return farthest;
}

static double crossing_at(const struct bw_trend_record *record, int64_t horizon_ms)
{
    for (size_t h = 0; h < record->horizon_count; h++)
        if (record->horizons[h].horizon_ms == horizon_ms)
            return record->horizons[h].crossing_ratio;
    return NAN;
}

static void bound_crossing(struct bw_service_trend *out,
                           const struct bw_trend_record *const *records, size_t count)
{
    out->horizon_ms = horizon_of(records, count);
    for (size_t i = 0; i < count && out->horizon_ms > 0; i++) {
        if (records[i]->side == 0)
            continue;
        const double ratio = crossing_at(records[i], out->horizon_ms);
        out->crossing_least = fmax(out->crossing_least, ratio); /* NaN leaves it as it is */
        out->crossing_most += isfinite(ratio) ? ratio : 1;
    }
    out->crossing_most = fmin(out->crossing_most, 1);
}

static struct bw_service_trend sum_up(const struct bw_trend_record *const *records, size_t count)
{
    struct bw_service_trend out = { .service = service_of(records[0]), .series = count };
    double left_s = INFINITY, ill = 0;
    for (size_t i = 0; i < count; i++) {
        const struct part part = part_of(records[i]);
        out.judged += part.judged;
        weigh(&out, &part, &left_s, &ill);
    }
    if (out.driver == NULL && out.judged > 0)
        out.heading = BW_HEADING_STEADY;
    bound_crossing(&out, records, count);
    return out;
}

static int by_service(const void *a, const void *b)
{
    const struct bw_trend_record *x = *(const struct bw_trend_record *const *)a;
    const struct bw_trend_record *y = *(const struct bw_trend_record *const *)b;
    const int order = strcmp(service_of(x), service_of(y));
    return order != 0 ? order : (x->series > y->series) - (x->series < y->series);
}

size_t bw_trend_aggregate(struct bw_arena *arena, const struct bw_trend_record *records,
                          size_t count, const char *service, struct bw_service_trend **out)
{
    const struct bw_trend_record **sorted = bw_arena_array(arena, count + 1, sizeof *sorted);
    size_t chosen = 0, services = 0;
    for (size_t i = 0; i < count; i++)
        if (service == NULL || strcmp(service_of(&records[i]), service) == 0)
            sorted[chosen++] = &records[i];
    qsort(sorted, chosen, sizeof *sorted, by_service);
    struct bw_service_trend *list = bw_arena_array(arena, chosen + 1, sizeof *list);
    for (size_t begin = 0, end; begin < chosen; begin = end) {
        for (end = begin + 1;
             end < chosen && strcmp(service_of(sorted[end]), service_of(sorted[begin])) == 0;)
            end++;
        list[services++] = sum_up(sorted + begin, end - begin);
    }
    *out = list;
    return services;
}

/* ---- in words ---------------------------------------------------------------------------- */

/* "probe_duration_seconds of health on 10.0.0.1:443": what tells it from its neighbours. */
static void say_driver(struct bw_buf *out, const struct bw_trend_record *driver)
{
    static const char *const telling[] = {
        "check", "mountpoint", "device", "phase", "mode", "name"
    };
    const char *part = NULL, *instance = bw_labels_value(driver->labels, "instance");
    for (size_t i = 0; i < sizeof telling / sizeof *telling && part == NULL; i++)
        part = bw_labels_value(driver->labels, telling[i]);
    bw_buf_text(out, driver->metric);
    if (part != NULL)
        bw_buf_printf(out, " of %s", part);
    if (instance != NULL)
        bw_buf_printf(out, " on %s", instance);
}

static void say_seconds(struct bw_buf *out, double seconds)
{
    char text[BW_SAY_MAX];
    bw_buf_text(out, bw_say_seconds(text, seconds));
}

static void say_limit(struct bw_buf *out, const struct bw_trend_record *driver)
{
    if (driver->time_to_p50_s <= 0) {
        bw_buf_text(out, "is beyond its limit: ");
        say_driver(out, driver);
        return;
    }
    bw_buf_text(out, "heads for its limit in ");
    say_seconds(out, driver->time_to_p50_s);
    bw_buf_text(out, " (");
    say_seconds(out, driver->time_to_p10_s);
    if (isfinite(driver->time_to_p90_s)) {
        bw_buf_text(out, " to ");
        say_seconds(out, driver->time_to_p90_s);
    } else {
        bw_buf_text(out, " or later");
    }
    bw_buf_text(out, "), driven by ");
    say_driver(out, driver);
}

static void say_change(struct bw_buf *out, const struct bw_service_trend *trend)
{
    const double size = fabs(trend->change);
    bw_buf_text(out, trend->heading == BW_HEADING_WORSENING ? "is getting worse: "
                                                            : "is getting better: ");
    say_driver(out, trend->driver);
    bw_buf_text(out, trend->change > 0 ? " rises" : " falls");
    if (size < 10)
        bw_buf_printf(out, " by %.0f %%", 100 * size);
    else
        bw_buf_text(out, " tenfold or more");
    bw_buf_text(out, " within ");
    say_seconds(out, (double)trend->ahead_ms / 1000);
}

void bw_service_trend_say(struct bw_buf *out, const struct bw_service_trend *trend)
{
    if (trend->heading == BW_HEADING_UNKNOWN)
        bw_buf_text(out, "is not known to head anywhere yet");
    else if (trend->heading == BW_HEADING_STEADY)
        bw_buf_printf(out, "is steady: none of %zu series moves by a tenth", trend->judged);
    else if (trend->driver->side != 0 && isfinite(trend->driver->time_to_p50_s))
        say_limit(out, trend->driver);
    else
        say_change(out, trend);
}
