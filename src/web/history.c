// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/history.h"

#include "base/units.h"
#include "pack/rollup.h"

#include <math.h>
#include <string.h>

#define HOUR_MS (BW_HOUR / BW_MS)

/* As far as samples as they are say more than steps do. */
#define SHORT_MS (48 * HOUR_MS)

const struct bw_history_range bw_history_ranges[] = {
    { "15m", HOUR_MS / 4 },
    { "1h", HOUR_MS },
    { "6h", 6 * HOUR_MS },
    { "24h", 24 * HOUR_MS },
    { "7d", 168 * HOUR_MS },
    { "30d", 720 * HOUR_MS },
    { "90d", 90 * 24 * HOUR_MS },
    { "1y", 365 * 24 * HOUR_MS },
    { NULL, 0 },
};

/* Who has just started sees a chart that fills, not six empty hours. */
static const struct bw_history_range *range_by_uptime(const struct bw_request *request)
{
    enum { LONGEST = 2 };
    int64_t uptime_ms = request->now_ms - request->view->started_ms;
    const struct bw_history_range *range = bw_history_ranges;
    while (range < &bw_history_ranges[LONGEST] && range->span_ms < uptime_ms)
        range++;
    return range;
}

const struct bw_history_range *bw_history_range(const struct bw_request *request)
{
    const char *wanted = bw_url_param(&request->url, "range");
    for (const struct bw_history_range *range = bw_history_ranges; range->name != NULL; range++)
        if (wanted != NULL && strcmp(wanted, range->name) == 0)
            return range;
    return range_by_uptime(request);
}

int64_t bw_history_begin(const struct bw_request *request, const struct bw_history *history,
                         int64_t span_ms)
{
    const int64_t shortest_ms = HOUR_MS / 60;
    const int64_t from_ms = request->now_ms - span_ms;
    int64_t first_ms = request->now_ms;
    for (size_t i = 0; i < history->count; i++)
        if (history->series[i].count > 0 && history->series[i].points[0].ts_ms < first_ms)
            first_ms = history->series[i].points[0].ts_ms;
    if (bw_url_param(&request->url, "range") != NULL || first_ms == request->now_ms
        || first_ms < from_ms + span_ms / 2)
        return from_ms;
    const int64_t filled_ms = (request->now_ms - first_ms) * 21 / 20;
    return request->now_ms - (filled_ms < shortest_ms ? shortest_ms : filled_ms);
}

enum bw_rc bw_history_open(struct bw_request *request, struct bw_reader **out, struct bw_err *err)
{
    if (request->store == NULL)
        return bw_fail(err, BW_EIO, "There is no store just now, so there is no history.");
    return bw_reader_open(request->store, out, err);
}

struct reading {
    struct bw_request *request;
    struct bw_history *history;
    int64_t from_ms, to_ms;
    enum bw_history_take take;
};

static bool note_series(void *ctx, const struct bw_series_info *info)
{
    struct reading *reading = ctx;
    struct bw_arena *arena = &reading->request->arena;
    struct bw_history *history = reading->history;
    if (history->count == BW_HISTORY_SERIES_MAX)
        return false;
    struct bw_label *copy = bw_arena_array(arena, info->labels.count + 1, sizeof *copy);
    for (size_t i = 0; i < info->labels.count; i++) {
        copy[i].name = bw_arena_strdup(arena, info->labels.items[i].name);
        copy[i].value = bw_arena_strdup(arena, info->labels.items[i].value);
    }
    history->series[history->count++] = (struct bw_history_series){
        .id = info->id,
        .metric = bw_arena_strdup(arena, info->metric),
        .labels = { copy, info->labels.count },
    };
    return true;
}

static struct bw_history_series *find(struct bw_history *history, uint32_t id)
{
    for (size_t i = 0; i < history->count; i++)
        if (history->series[i].id == id)
            return &history->series[i];
    return NULL;
}

/* One point per step. Points come in rising order, so a step ends when the next begins. */
static bool note_points(void *ctx, uint32_t id, const struct bw_point *points, size_t count)
{
    struct reading *reading = ctx;
    struct bw_history_series *series = find(reading->history, id);
    if (series == NULL || atomic_load(&reading->request->site->cancelled))
        return false;
    int64_t step_ms = reading->history->step_ms;
    series->points =
        bw_arena_array(&reading->request->arena, BW_HISTORY_STEPS + 1, sizeof *series->points);
    int64_t step = -1;
    double sum = 0;
    size_t in_step = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t own = (points[i].ts_ms - reading->from_ms) / step_ms;
        if (isnan(points[i].value) || own < 0 || own > BW_HISTORY_STEPS)
            continue;
        if (own != step) {
            step = own;
            sum = 0;
            in_step = 0;
            series->count++;
        }
        sum += points[i].value;
        in_step++;
        struct bw_point *out = &series->points[series->count - 1];
        *out = points[i];
        if (reading->take == BW_TAKE_MEAN)
            *out = (struct bw_point){ reading->from_ms + step * step_ms + step_ms / 2,
                                      sum / (double)in_step };
    }
    return true;
}

/* Long ranges come from roll-ups, in steps that those are made for. */
static bool note_buckets(void *ctx, uint32_t id, const struct bw_bucket *buckets, size_t count)
{
    struct reading *reading = ctx;
    struct bw_history_series *series = find(reading->history, id);
    const int64_t step_ms = reading->history->step_ms;
    if (series == NULL || atomic_load(&reading->request->site->cancelled))
        return false;
    series->points = bw_arena_array(&reading->request->arena, count, sizeof *series->points);
    for (size_t i = 0; i < count; i++) {
        const struct bw_bucket *bucket = &buckets[i];
        const int64_t end_ms = bucket->start_ms + step_ms;
        struct bw_point point = { bucket->start_ms + step_ms / 2,
                                  bucket->sum / (double)bucket->count };
        if (reading->take == BW_TAKE_LAST)
            point = (struct bw_point){ end_ms < reading->to_ms ? end_ms : reading->to_ms,
                                       bucket->last };
        if (!isnan(point.value) && point.ts_ms >= reading->from_ms)
            series->points[series->count++] = point;
    }
    return true;
}

static enum bw_rc read_long(struct reading *reading, struct bw_reader *reader, const uint32_t *ids,
                            struct bw_err *err)
{
    struct bw_history *history = reading->history;
    const int64_t unit_ms = history->step_ms >= 24 * HOUR_MS ? 24 * HOUR_MS
                            : history->step_ms >= HOUR_MS    ? HOUR_MS
                                                             : HOUR_MS / 60;
    history->step_ms = (history->step_ms + unit_ms - 1) / unit_ms * unit_ms;
    const struct bw_bucket_range range = { .from_ms = reading->from_ms,
                                           .to_ms = reading->to_ms,
                                           .step_ms = history->step_ms,
                                           .plain = true };
    return bw_reader_buckets(reader, ids, history->count, &range, note_buckets, reading, NULL, err);
}

enum bw_rc bw_history_read(struct bw_request *request, struct bw_reader *reader,
                           const struct bw_selector *selector, int64_t from_ms, int64_t to_ms,
                           enum bw_history_take take, struct bw_history *out, struct bw_err *err)
{
    struct reading reading = { request, out, from_ms, to_ms, take };
    *out = (struct bw_history){ .step_ms = (to_ms - from_ms) / BW_HISTORY_STEPS };
    out->series = bw_arena_array(&request->arena, BW_HISTORY_SERIES_MAX, sizeof *out->series);
    enum bw_rc rc = bw_reader_series(reader, selector, note_series, &reading, NULL, err);
    if (rc != BW_OK || out->count == 0)
        return rc;
    uint32_t ids[BW_HISTORY_SERIES_MAX];
    for (size_t i = 0; i < out->count; i++)
        ids[i] = out->series[i].id;
    if (to_ms - from_ms > SHORT_MS)
        return read_long(&reading, reader, ids, err);
    return bw_reader_scan(reader, ids, out->count, from_ms, to_ms, note_points, &reading, NULL,
                          err);
}
