// SPDX-License-Identifier: GPL-3.0-or-later
/* JSON answers from the store: series, samples, events. Committed data only. */
#include "base/num.h"
#include "base/units.h"
#include "pack/rollup.h"
#include "web/answer.h"
#include "web/api.h"
#include "web/endpoint.h"
#include "web/history.h"
#include "web/stored_list.h"
#include "web/words.h"

#include <math.h>
#include <string.h>

enum { POINTS_MAX = 11000, SERIES_MAX = 1000 };

#define SPAN_DEFAULT_MS (BW_HOUR / BW_MS)
#define ROLLUPS_FROM_MS (2 * BW_DAY / BW_MS)

/* Reads the selector of a parameter; NULL parameter: all series. */
static bool read_selector(struct bw_request *request, const char *name, struct bw_selector *out,
                          bool *out_any)
{
    const char *text = bw_url_param(&request->url, name);
    struct bw_err err = { 0 };
    *out_any = text == NULL;
    if (text == NULL || bw_selector_parse(&request->arena, text, out, &err) == BW_OK)
        return true;
    bw_answer_problem(request, 400, "%s: %s", name, err.text);
    return false;
}

/* Rows come by rising id. */
static bool list_series(void *ctx, const struct bw_series_info *info)
{
    struct bw_stored_list *listing = ctx;
    struct bw_arena *arena = &listing->request->arena;
    if (info->id <= listing->slice.cursor)
        return true;
    if (!bw_stored_list_takes(listing, info->id))
        return false;
    struct bw_value *item = bw_value_add_object(arena, listing->list, NULL);
    bw_value_add_int(arena, item, "id", info->id);
    bw_value_add_text(arena, item, "series", info->text);
    bw_value_add_text(arena, item, "metric", info->metric);
    bw_api_labels(arena, item, "labels", info->labels);
    return true;
}

void bw_api_series(struct bw_request *request)
{
    struct bw_stored_list listing;
    struct bw_selector selector;
    struct bw_err err = { 0 };
    bool any;
    if (!bw_stored_list_begin(&listing, request, "series")
        || !read_selector(request, "match", &selector, &any))
        return;
    enum bw_rc rc = bw_stored_list_open(&listing, &err);
    if (rc == BW_OK)
        rc = bw_reader_series(listing.reader, any ? NULL : &selector, list_series, &listing, NULL,
                              &err);
    bw_stored_list_end(&listing, rc, &err);
}

/* What /samples gathers. */
struct sampling {
    struct bw_request *request;
    struct bw_value *list;
    struct bw_value *lists[SERIES_MAX]; /* points, by place in `ids` */
    uint32_t ids[SERIES_MAX];
    size_t count;
    bool too_many_series;
    int64_t from_ms, to_ms, step_ms; /* step 0: as they are */
    size_t points;                   /* in the answer, or what it would be */
    struct bw_damage damage;         /* what is not in it */
};

static bool pick_series(void *ctx, const struct bw_series_info *info)
{
    struct sampling *sampling = ctx;
    struct bw_arena *arena = &sampling->request->arena;
    if (sampling->count == SERIES_MAX) {
        sampling->too_many_series = true;
        return false;
    }
    struct bw_value *item = bw_value_add_object(arena, sampling->list, NULL);
    bw_value_add_int(arena, item, "id", info->id);
    bw_value_add_text(arena, item, "metric", info->metric);
    bw_api_labels(arena, item, "labels", info->labels);
    sampling->lists[sampling->count] = bw_value_add_list(arena, item, "points");
    sampling->ids[sampling->count++] = info->id;
    return true;
}

static void add_point(struct sampling *sampling, struct bw_value *list, int64_t ts_ms, double value)
{
    struct bw_arena *arena = &sampling->request->arena;
    if (++sampling->points > POINTS_MAX)
        return;
    struct bw_value *pair = bw_value_add_list(arena, list, NULL);
    bw_value_add_int(arena, pair, NULL, ts_ms);
    bw_value_add_number(arena, pair, NULL, value);
}

/* The mean of each step that has values, stamped with its beginning. */
static void add_means(struct sampling *sampling, struct bw_value *list,
                      const struct bw_point *points, size_t count)
{
    for (size_t i = 0; i < count;) {
        int64_t step = (points[i].ts_ms - sampling->from_ms) / sampling->step_ms;
        double sum = 0;
        size_t known = 0;
        for (; i < count && (points[i].ts_ms - sampling->from_ms) / sampling->step_ms == step;
             i++) {
            bool is_known = isfinite(points[i].value);
            sum += is_known ? points[i].value : 0;
            known += is_known;
        }
        add_point(sampling, list, sampling->from_ms + step * sampling->step_ms,
                  known > 0 ? sum / (double)known : NAN);
    }
}

static bool take_points(void *ctx, uint32_t series, const struct bw_point *points, size_t count)
{
    struct sampling *sampling = ctx;
    size_t place = 0;
    while (place < sampling->count && sampling->ids[place] != series)
        place++;
    if (place == sampling->count)
        return true;
    if (sampling->step_ms > 0)
        add_means(sampling, sampling->lists[place], points, count);
    else
        for (size_t i = 0; i < count; i++)
            add_point(sampling, sampling->lists[place], points[i].ts_ms, points[i].value);
    return !atomic_load(&sampling->request->site->cancelled);
}

static bool take_buckets(void *ctx, uint32_t series, const struct bw_bucket *buckets, size_t count)
{
    struct sampling *sampling = ctx;
    size_t place = 0;
    while (place < sampling->count && sampling->ids[place] != series)
        place++;
    for (size_t i = 0; i < count && place < sampling->count; i++) {
        const double mean = buckets[i].sum / (double)buckets[i].count;
        add_point(sampling, sampling->lists[place], buckets[i].start_ms,
                  isfinite(mean) ? mean : NAN);
    }
    return !atomic_load(&sampling->request->site->cancelled);
}

/* Many samples for each step, or so old that there may be none left: what was rolled up answers. */
static bool is_for_rollups(const struct sampling *sampling)
{
    return sampling->step_ms > 0
           && (sampling->to_ms - sampling->from_ms > ROLLUPS_FROM_MS
               || sampling->from_ms < sampling->request->now_ms - ROLLUPS_FROM_MS);
}

static enum bw_rc read_samples(struct sampling *sampling, struct bw_reader *reader,
                               struct bw_err *err)
{
    const struct bw_bucket_range range = { .from_ms = sampling->from_ms,
                                           .to_ms = sampling->to_ms,
                                           .step_ms = sampling->step_ms,
                                           .plain = true };
    if (is_for_rollups(sampling))
        return bw_reader_buckets(reader, sampling->ids, sampling->count, &range, take_buckets,
                                 sampling, &sampling->damage, err);
    return bw_reader_scan(reader, sampling->ids, sampling->count, sampling->from_ms,
                          sampling->to_ms, take_points, sampling, &sampling->damage, err);
}

static bool read_times(struct bw_request *request, struct sampling *sampling)
{
    const char *step = bw_url_param(&request->url, "step");
    int64_t step_ns = 0;
    struct bw_err err = { 0 };
    if (!bw_api_time(request, "to", request->now_ms, &sampling->to_ms)
        || !bw_api_time(request, "from", sampling->to_ms - SPAN_DEFAULT_MS, &sampling->from_ms))
        return false;
    if (sampling->from_ms > sampling->to_ms
        || sampling->to_ms - sampling->from_ms > 200 * 365 * (BW_DAY / BW_MS)) {
        bw_answer_problem(request, 400, "from: expected a time before 'to'.");
        return false;
    }
    if (step != NULL && (bw_parse_duration(step, &step_ns, &err) != BW_OK || step_ns < BW_SECOND)) {
        bw_answer_problem(request, 400, "step: expected a duration of at least 1s, such as 5m.");
        return false;
    }
    sampling->step_ms = step_ns / BW_MS;
    return true;
}

static enum bw_rc pick(struct sampling *sampling, struct bw_reader *reader, const char *wanted,
                       struct bw_err *err)
{
    uint64_t id;
    struct bw_selector selector;
    if (bw_parse_uint(wanted, strlen(wanted), &id) && id > 0 && id <= UINT32_MAX)
        return bw_reader_series_by_id(reader, (uint32_t)id, pick_series, sampling, err);
    enum bw_rc rc = bw_selector_parse(&sampling->request->arena, wanted, &selector, err);
    if (rc != BW_OK)
        return bw_wrap(err, rc, "series");
    return bw_reader_series(reader, &selector, pick_series, sampling, &sampling->damage, err);
}

static enum bw_rc sample(struct sampling *sampling, const char *wanted, struct bw_err *err)
{
    struct bw_reader *reader = NULL;
    enum bw_rc rc = bw_history_open(sampling->request, &reader, err);
    if (rc == BW_OK)
        rc = pick(sampling, reader, wanted, err);
    if (rc == BW_OK && sampling->too_many_series)
        rc = bw_fail(err, BW_ELIMIT, "The selector means more than %d series.", SERIES_MAX);
    if (rc == BW_OK && sampling->count > 0)
        rc = read_samples(sampling, reader, err);
    bw_reader_close(reader);
    return rc;
}

/* Only when something is missing. */
static void add_damage(struct bw_request *request, struct bw_value *root,
                       const struct bw_damage *damage)
{
    const uint64_t parts = damage->packs + damage->journal_rows + damage->rows;
    if (parts > 0)
        bw_value_add_int(&request->arena, root, "damaged_parts", (int64_t)parts);
}

void bw_api_samples(struct bw_request *request)
{
    struct bw_err err = { 0 };
    const char *wanted = bw_url_param(&request->url, "series");
    struct sampling *sampling = bw_arena_alloc(&request->arena, sizeof *sampling);
    sampling->request = request;
    if (wanted == NULL) {
        bw_answer_problem(request, 400, "series: expected an id or a selector.");
        return;
    }
    if (!read_times(request, sampling))
        return;
    struct bw_value *root = bw_value_object(&request->arena);
    sampling->list = bw_value_add_list(&request->arena, root, "series");
    if (sample(sampling, wanted, &err) != BW_OK) {
        bw_answer_error(request, &err);
    } else if (sampling->points > POINTS_MAX) {
        int64_t span_s = (sampling->to_ms - sampling->from_ms) / 1000;
        int64_t step_s = span_s * (int64_t)sampling->count / POINTS_MAX + 1;
        bw_answer_problem(request, 422,
                          "These are %zu points, more than %d: ask for a step of %llds or more.",
                          sampling->points, POINTS_MAX, (long long)step_s);
    } else {
        add_damage(request, root, &sampling->damage);
        bw_answer_json(request, root);
    }
}

static const struct {
    const char *name;
    enum bw_event_kind kind;
} event_kinds[] = {
    { "status", BW_EVENT_STATUS },
    { "alert", BW_EVENT_ALERT },
    { "system", BW_EVENT_SYSTEM },
    { "marker", BW_EVENT_MARKER },
};

static const char *event_state(const struct bw_event *event, int state)
{
    if (event->kind == BW_EVENT_STATUS && state >= 0 && state < BW_STATUS_COUNT)
        return bw_status_name((enum bw_status)state);
    if (event->kind == BW_EVENT_ALERT && state >= 0 && state < BW_LEVEL_COUNT)
        return bw_level_name((enum bw_level)state);
    return NULL;
}

void bw_api_event(struct bw_arena *arena, struct bw_value *list, const struct bw_event *event)
{
    struct bw_value *item = bw_value_add_object(arena, list, NULL);
    bw_value_add_int(arena, item, "id", event->id);
    bw_value_add_int(arena, item, "ts", event->ts_ms);
    const char *kind = NULL;
    for (size_t i = 0; i < sizeof event_kinds / sizeof *event_kinds; i++)
        if (event_kinds[i].kind == event->kind)
            kind = event_kinds[i].name;
    bw_value_add_text(arena, item, "kind", kind);
    bw_words_text(arena, item, "service", event->subject.service);
    bw_words_text(arena, item, "instance", event->subject.instance);
    bw_words_text(arena, item, "check", event->subject.check);
    bw_words_text(arena, item, "name", event->name);
    bw_value_add_text(arena, item, "from", event_state(event, event->from));
    bw_value_add_text(arena, item, "to", event_state(event, event->to));
    bw_words_text(arena, item, "cause", event->cause);
}

static bool read_kind(struct bw_request *request, enum bw_event_kind *out)
{
    const char *wanted = bw_url_param(&request->url, "kind");
    if (wanted == NULL)
        return true;
    for (size_t i = 0; i < sizeof event_kinds / sizeof *event_kinds; i++) {
        if (strcmp(event_kinds[i].name, wanted) != 0)
            continue;
        *out = event_kinds[i].kind;
        return true;
    }
    bw_answer_problem(request, 400, "kind: expected status, alert, system or marker.");
    return false;
}

void bw_api_events(struct bw_request *request)
{
    struct bw_event_filter filter = { 0 };
    if (read_kind(request, &filter.kind))
        bw_stored_list_events(request, "events", &filter, bw_api_event);
}
