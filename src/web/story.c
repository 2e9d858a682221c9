// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/story.h"

#include "base/units.h"
#include "pack/rollup.h"

#include <math.h>
#include <string.h>

/* So many events of a service are looked through for those of one check. */
enum { EVENTS_SEEN_MAX = 5000 };

struct telling {
    struct bw_request *request;
    struct bw_story *story;
    const char *instance;
    const struct bw_view_check *check;
    uint32_t series; /* 0: none found */
};

static bool note_change(void *ctx, const struct bw_event *event)
{
    struct telling *telling = ctx;
    struct bw_story *story = telling->story;
    struct bw_arena *arena = &telling->request->arena;
    if (strcmp(event->subject.instance, telling->instance) != 0
        || strcmp(event->subject.check, telling->check->name) != 0)
        return true;
    struct bw_event *copy = &story->changes[story->change_count++];
    *copy = *event;
    copy->subject = (struct bw_subject){ bw_arena_strdup(arena, event->subject.service),
                                         bw_arena_strdup(arena, event->subject.instance),
                                         bw_arena_strdup(arena, event->subject.check) };
    copy->name = bw_arena_strdup(arena, event->name);
    copy->cause = bw_arena_strdup(arena, event->cause);
    return story->change_count < BW_STORY_CHANGES_MAX;
}

static bool note_series(void *ctx, const struct bw_series_info *info)
{
    struct telling *telling = ctx;
    telling->series = info->id;
    return false;
}

static enum bw_rc find_series(struct telling *telling, struct bw_reader *reader,
                              const char *service, const char *metric, struct bw_err *err)
{
    const struct bw_matcher matchers[] = {
        { "__name__", BW_MATCH_EQUAL, metric },
        { "service", BW_MATCH_EQUAL, service },
        { "instance", BW_MATCH_EQUAL, telling->instance },
        { "check", BW_MATCH_EQUAL, telling->check->name },
    };
    const struct bw_selector selector = { matchers, sizeof matchers / sizeof *matchers };
    telling->series = 0;
    return bw_reader_series(reader, &selector, note_series, telling, NULL, err);
}

/* Points come in rising order: from the end, the newest failures come first. Of those before them
 * only the number is left. */
static bool note_results(void *ctx, const struct bw_recalled *recalled)
{
    struct telling *telling = ctx;
    struct bw_story *story = telling->story;
    const struct bw_point *points = recalled->points;
    story->runs = recalled->count;
    for (size_t i = 0; i < recalled->past_count; i++) {
        story->runs += recalled->past[i].count;
        story->failed += recalled->past[i].count - (size_t)llround(fmax(0, recalled->past[i].sum));
    }
    for (size_t i = recalled->count; i > 0; i--) {
        if (!(points[i - 1].value < 0.5))
            continue;
        story->failed++;
        if (story->failure_count < BW_STORY_FAILURES_MAX)
            story->failures[story->failure_count++] =
                (struct bw_story_failure){ .ts_ms = points[i - 1].ts_ms, .duration_s = NAN };
    }
    return true;
}

static bool note_durations(void *ctx, uint32_t series, const struct bw_point *points, size_t count)
{
    (void)series;
    struct telling *telling = ctx;
    struct bw_story *story = telling->story;
    size_t place = 0;
    for (size_t i = count; i > 0 && place < story->failure_count; i--) {
        while (place < story->failure_count && story->failures[place].ts_ms > points[i - 1].ts_ms)
            place++;
        if (place < story->failure_count && story->failures[place].ts_ms == points[i - 1].ts_ms)
            story->failures[place].duration_s = points[i - 1].value;
    }
    return true;
}

/* What was written down when the check got into the state that it was in at that time; NULL when
 * it was HEALTHY, because one failure alone changes nothing. */
static const char *cause_at(const struct bw_story *story, int64_t ts_ms, int64_t interval_ms)
{
    for (size_t i = 0; i < story->change_count; i++) {
        const struct bw_event *change = &story->changes[i];
        if (change->ts_ms <= ts_ms + interval_ms)
            return change->to == BW_HEALTHY || change->cause[0] == '\0' ? NULL : change->cause;
    }
    return NULL;
}

/* The last result has its own words. */
static void explain(struct telling *telling)
{
    struct bw_story *story = telling->story;
    const struct bw_view_check *check = telling->check;
    for (size_t i = 0; i < story->failure_count; i++) {
        struct bw_story_failure *failure = &story->failures[i];
        if (failure->ts_ms == check->last_ms && check->detail[0] != '\0')
            failure->cause = check->detail;
        else
            failure->cause = cause_at(story, failure->ts_ms, check->interval_ms);
    }
}

enum bw_rc bw_story_read(struct bw_request *request, struct bw_reader *reader, const char *service,
                         const char *instance, const struct bw_view_check *check, int64_t from_ms,
                         struct bw_story *out, struct bw_err *err)
{
    *out = (struct bw_story){ .runs = 0 };
    struct telling telling = { request, out, instance, check, 0 };
    const struct bw_event_filter filter = { .kind = BW_EVENT_STATUS,
                                            .service = service,
                                            .limit = EVENTS_SEEN_MAX };
    const struct bw_bucket_range range = {
        .from_ms = from_ms, .to_ms = request->now_ms, .step_ms = BW_HOUR / BW_MS, .plain = true
    };
    enum bw_rc rc = bw_reader_events(reader, &filter, note_change, &telling, NULL, err);
    if (rc == BW_OK)
        rc = find_series(&telling, reader, service, "probe_success", err);
    if (rc == BW_OK && telling.series != 0)
        rc =
            bw_reader_recall(reader, &telling.series, 1, &range, note_results, &telling, NULL, err);
    if (rc == BW_OK && out->failure_count > 0)
        rc = find_series(&telling, reader, service, "probe_duration_seconds", err);
    if (rc == BW_OK && out->failure_count > 0 && telling.series != 0)
        rc = bw_reader_scan(reader, &telling.series, 1, out->failures[out->failure_count - 1].ts_ms,
                            request->now_ms, note_durations, &telling, NULL, err);
    if (rc == BW_OK)
        explain(&telling);
    return rc;
}
