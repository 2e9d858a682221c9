// SPDX-License-Identifier: GPL-3.0-or-later
/* Samples are looked at series by series and reduced at once; what grows with the range is only
 * the events in it, which have a ceiling. Where samples are gone, roll-ups stand for them, hour by
 * hour: counts and sums are exact, quantiles are within 1 %, and silence shorter than an hour is
 * not seen. */
#include "base/limits.h"
#include "base/mem.h"
#include "report/gather.h"
#include "report/past.h"
#include "report/spells.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- results ------------------------------------------------------------------------------ */

struct scan {
    struct bw_gather *gather;
    const struct bw_report_link *links;
    size_t link_count;
    const struct metric_scan *what;
    struct bw_past_points points; /* room for a series: what is told of it as results */
    double *values;               /* room to sort in */
    size_t value_cap;
};

#define HOUR_MS INT64_C(3600000)

static void finish_entry(struct bw_gather *gather, struct bw_report_entry *entry,
                         const struct bw_point *points, size_t count);

static int compare_link(const void *key, const void *item)
{
    const uint32_t a = *(const uint32_t *)key, b = ((const struct bw_report_link *)item)->series;
    return (a > b) - (a < b);
}

static struct bw_report_entry *entry_of(struct scan *scan, uint32_t series)
{
    const struct bw_report_link *link =
        bsearch(&series, scan->links, scan->link_count, sizeof *link, compare_link);
    return &scan->gather->entries[link->entry];
}

static bool take_results(void *ctx, uint32_t series, const struct bw_point *points, size_t count)
{
    struct scan *scan = ctx;
    struct bw_report_entry *entry = entry_of(scan, series);
    const struct bw_report_request *request = &scan->gather->report->request;
    bw_spells_decide(scan->gather, entry, points, count);
    for (size_t i = 0; i < count; i++) {
        if (points[i].ts_ms < request->from_ms || points[i].ts_ms >= request->to_ms
            || bw_spells_hold(entry, points[i].ts_ms))
            continue;
        entry->check.runs++;
        entry->check.failures += points[i].value < 0.5;
    }
    entry->has_runs = entry->check.runs > 0;
    finish_entry(scan->gather, entry, points, count);
    return true;
}

/* The values of a series that count; their number. */
static size_t keep_values(struct scan *scan, const struct bw_report_entry *entry,
                          const struct bw_recalled *recalled)
{
    const struct bw_report_request *request = &scan->gather->report->request;
    size_t n = 0;
    scan->values = bw_grow(scan->values, &scan->value_cap, recalled->count, sizeof *scan->values);
    for (size_t i = 0; i < recalled->count; i++) {
        const struct bw_point *point = &recalled->points[i];
        if (point->ts_ms >= request->from_ms && point->ts_ms < request->to_ms
            && isfinite(point->value) && !bw_spells_hold(entry, point->ts_ms))
            scan->values[n++] = point->value;
    }
    return n;
}

/* Of buckets and samples together. */
static void tell_quantiles(const struct bw_recalled *recalled, const double *values, size_t n,
                           const struct bw_report_entry *entry, struct bw_report_check *check)
{
    struct bw_buckets all = { 0 };
    for (size_t i = 0; i < recalled->past_count; i++) {
        struct bw_bucket bucket = recalled->past[i];
        if (bw_spells_hold(entry, bucket.start_ms + HOUR_MS / 2))
            continue;
        bucket.start_ms = 0;
        bw_buckets_merge(&all, HOUR_MS, &bucket, 1);
    }
    for (size_t i = 0; i < n; i++)
        bw_buckets_fold(&all, HOUR_MS, &(struct bw_point){ 0, values[i] }, 1);
    check->duration_p50_s = check->duration_p95_s = check->duration_max_s = NAN;
    if (all.count > 0) {
        check->duration_p50_s = bw_bucket_quantile(all.items, 0.5);
        check->duration_p95_s = bw_bucket_quantile(all.items, 0.95);
        check->duration_max_s = all.items[0].max;
    }
    bw_buckets_fini(&all);
}

static bool take_durations(void *ctx, const struct bw_recalled *recalled)
{
    struct scan *scan = ctx;
    struct bw_report_entry *entry = entry_of(scan, recalled->series);
    struct bw_report_check *check = &entry->check;
    const size_t n = keep_values(scan, entry, recalled);
    if (recalled->past_count > 0) {
        tell_quantiles(recalled, scan->values, n, entry, check);
        return true;
    }
    check->duration_p50_s = bw_report_quantile(scan->values, n, 0.5);
    check->duration_p95_s = bw_report_quantile(scan->values, n, 0.95);
    check->duration_max_s = bw_report_quantile(scan->values, n, 1);
    return true;
}

/* What is not probed, as a resource of the host, has a score whenever somebody looked. */
static bool take_presence(void *ctx, uint32_t series, const struct bw_point *points, size_t count)
{
    struct scan *scan = ctx;
    finish_entry(scan->gather, entry_of(scan, series), points, count);
    return true;
}

static bool take_scores(void *ctx, uint32_t series, const struct bw_point *points, size_t count)
{
    struct scan *scan = ctx;
    bw_spells_note_scores(scan->gather, entry_of(scan, series), points, count);
    return true;
}

static bool take_marks(void *ctx, uint32_t series, const struct bw_point *points, size_t count)
{
    struct scan *scan = ctx;
    bw_spells_note_marks(scan->gather, entry_of(scan, series), points, count);
    return true;
}

static void note_due(struct bw_report_entry *entry, int64_t ts_ms, double due_s, int64_t from_ms)
{
    const double ahead_ms = due_s * 1000 - (double)ts_ms;
    if (!(ahead_ms > 0 && ahead_ms < (double)BW_REPORT_PUSH_LOOKBACK_MS))
        return;
    if ((int64_t)ahead_ms > entry->interval_ms)
        entry->interval_ms = (int64_t)ahead_ms;
    if (ts_ms < from_ms && ts_ms > entry->before_ms)
        entry->before_ms = ts_ms;
}

/* A job that reports by itself says with each report when the next one is due. */
static bool take_dues(void *ctx, const struct bw_recalled *recalled)
{
    struct scan *scan = ctx;
    struct bw_report_entry *entry = entry_of(scan, recalled->series);
    const int64_t from_ms = scan->gather->report->request.from_ms;
    for (size_t i = 0; i < recalled->past_count; i++)
        note_due(entry, recalled->past[i].start_ms, recalled->past[i].min, from_ms);
    for (size_t i = 0; i < recalled->count; i++)
        note_due(entry, recalled->points[i].ts_ms, recalled->points[i].value, from_ms);
    return true;
}

struct metric_scan {
    const char *metric;
    bool probed; /* of checks that are probed, or of the others */
    int64_t lookback_ms;
    bw_points_fn *fn;          /* with results alone, rolled up or not */
    bw_recall_fn *recalled_fn; /* or with what there is */
};

static const struct metric_scan metric_scans[] = {
    { "bellwether_check_maintenance", true, 2 * BW_MAINTENANCE_MARK_MS, take_marks, NULL },
    { "bellwether_check_maintenance", false, 2 * BW_MAINTENANCE_MARK_MS, take_marks, NULL },
    { "probe_push_due_timestamp_seconds", true, BW_REPORT_PUSH_LOOKBACK_MS, NULL, take_dues },
    { "probe_success", true, BW_REPORT_LOOKBACK_MS, take_results, NULL },
    { "probe_duration_seconds", true, 0, NULL, take_durations },
    { "bellwether_health_score", false, BW_REPORT_LOOKBACK_MS, take_presence, NULL },
};

/* Before the results of the checks that are probed, when there are spells of blindness. */
static const struct metric_scan score_scan = { "bellwether_health_score", true, 0, take_scores,
                                               NULL };

static bool take_recalled(void *ctx, const struct bw_recalled *recalled)
{
    struct scan *scan = ctx;
    if (recalled->past_count == 0)
        return scan->what->fn(scan, recalled->series, recalled->points, recalled->count);
    struct bw_past_points *points = &scan->points;
    points->count = 0;
    bw_past_unfold(points, recalled->past, recalled->past_count, HOUR_MS);
    points->items = bw_grow(points->items, &points->cap, points->count + recalled->count,
                            sizeof *points->items);
    for (size_t i = 0; i < recalled->count; i++)
        points->items[points->count++] = recalled->points[i];
    return scan->what->fn(scan, recalled->series, points->items, points->count);
}

static enum bw_rc scan_metric(struct bw_gather *gather, const struct metric_scan *what,
                              struct bw_err *err)
{
    const struct bw_report_request *request = &gather->report->request;
    struct scan scan = { .gather = gather, .what = what };
    const struct bw_bucket_range range = { .from_ms = request->from_ms - what->lookback_ms,
                                           .to_ms = request->to_ms - 1,
                                           .step_ms = HOUR_MS,
                                           .plain = what->recalled_fn == NULL };
    struct bw_report_link *links = NULL;
    enum bw_rc rc =
        bw_gather_links(gather, what->metric, what->probed, &links, &scan.link_count, err);
    scan.links = links;
    uint32_t *series = bw_alloc_array(scan.link_count + 1, sizeof *series);
    for (size_t i = 0; i < scan.link_count; i++) {
        series[i] = links[i].series;
        gather->entries[links[i].entry].witnessed = !what->probed;
    }
    if (rc == BW_OK)
        rc = bw_reader_recall(gather->reader, series, scan.link_count, &range,
                              what->recalled_fn != NULL ? what->recalled_fn : take_recalled, &scan,
                              &gather->damage, err);
    free(series);
    free(links);
    free(scan.values);
    bw_past_points_fini(&scan.points);
    return rc;
}

/* ---- from entries to the report ----------------------------------------------------------- */

/* How a check stood when the range began: as its last change before it says; else what its
 * first change says it came from; else, when it never changed, as it stands now. */
static enum bw_status initial_status(const struct bw_gather *gather,
                                     const struct bw_report_entry *entry)
{
    if (entry->before.id != 0)
        return entry->before.to;
    if (entry->change_count > 0)
        return gather->changes[entry->first_change].change.from;
    if (entry->has_state && entry->state_since_ms <= gather->report->request.from_ms)
        return entry->state;
    return BW_UNKNOWN;
}

static void finish_entry(struct bw_gather *gather, struct bw_report_entry *entry,
                         const struct bw_point *points, size_t count)
{
    const struct bw_report_request *request = &gather->report->request;
    struct bw_report_change *changes = bw_alloc_array(entry->change_count + 1, sizeof *changes);
    for (size_t i = 0; i < entry->change_count; i++)
        changes[i] = gather->changes[entry->first_change + i].change;
    const struct bw_report_timeline timeline = { .changes = changes,
                                                 .count = entry->change_count,
                                                 .initial = initial_status(gather, entry),
                                                 .blind = entry->blind,
                                                 .blind_count = entry->blind_count,
                                                 .maintenance = entry->maintenance,
                                                 .maintenance_count = entry->maintenance_count,
                                                 .interval_ms = entry->interval_ms,
                                                 .before_ms = entry->before_ms,
                                                 .from_ms = request->from_ms,
                                                 .to_ms = request->to_ms };
    bw_report_spend(&timeline, points, count, BW_REPORT_LOOKBACK_MS,
                    !entry->probed && !entry->witnessed, &entry->check);
    entry->done = true;
    free(changes);
}

static void put_checks(struct bw_gather *gather)
{
    struct bw_report *report = gather->report;
    struct bw_report_check *checks =
        bw_arena_array(&report->arena, gather->entry_count + 1, sizeof *checks);
    for (size_t i = 0; i < gather->entry_count; i++) {
        struct bw_report_entry *entry = &gather->entries[i];
        if (!entry->has_state && !entry->has_runs && entry->change_count == 0)
            continue; /* it was gone before the range began */
        if (!entry->done)
            finish_entry(gather, entry, NULL, 0);
        if (entry->check.runs == 0)
            entry->check.duration_p50_s = entry->check.duration_p95_s =
                entry->check.duration_max_s = NAN;
        checks[report->check_count++] = entry->check;
    }
    report->checks = checks;
}

/* ---- incidents ---------------------------------------------------------------------------- */

struct incidents {
    struct bw_report_incident *items;
    size_t count, cap;
};

static void begin_incident(struct incidents *incidents, const struct bw_report_entry *entry,
                           const struct bw_report_change *change)
{
    incidents->items =
        bw_grow(incidents->items, &incidents->cap, incidents->count + 1, sizeof *incidents->items);
    incidents->items[incidents->count++] =
        (struct bw_report_incident){ .service = entry->check.service,
                                     .instance = entry->check.instance,
                                     .check = entry->check.check,
                                     .began_ms = change->ts_ms,
                                     .cause = change->cause };
}

/* 0: it goes on. What is over before it counts, and what does not count yet, is none. */
static void end_incident(struct incidents *incidents, const struct bw_report_entry *entry,
                         int64_t ended_ms, int64_t to_ms)
{
    struct bw_report_incident *last = &incidents->items[incidents->count - 1];
    last->ended_ms = ended_ms;
    last->began_ms = bw_spells_excuse(entry, last->began_ms);
    if (last->began_ms >= (ended_ms != 0 ? ended_ms : to_ms))
        incidents->count--;
}

static void find_incidents(const struct bw_gather *gather, const struct bw_report_entry *entry,
                           struct incidents *incidents)
{
    const int64_t to_ms = gather->report->request.to_ms;
    bool open = entry->before.id != 0 && entry->before.to == BW_UNHEALTHY;
    if (open)
        begin_incident(incidents, entry, &entry->before);
    for (size_t i = 0; i < entry->change_count; i++) {
        const struct bw_report_change *change = &gather->changes[entry->first_change + i].change;
        if (!open && change->to == BW_UNHEALTHY)
            begin_incident(incidents, entry, change);
        else if (open && change->to != BW_UNHEALTHY)
            end_incident(incidents, entry, change->ts_ms, to_ms);
        open = change->to == BW_UNHEALTHY;
    }
    if (open)
        end_incident(incidents, entry, 0, to_ms);
}

static int by_beginning(const void *a, const void *b)
{
    const struct bw_report_incident *x = a, *y = b;
    if (x->began_ms != y->began_ms)
        return x->began_ms < y->began_ms ? -1 : 1;
    int order = strcmp(x->service, y->service);
    if (order == 0)
        order = strcmp(x->instance, y->instance);
    return order != 0 ? order : strcmp(x->check, y->check);
}

static void put_incidents(struct bw_gather *gather)
{
    struct bw_report *report = gather->report;
    struct incidents incidents = { .items = NULL };
    for (size_t i = 0; i < gather->entry_count; i++)
        find_incidents(gather, &gather->entries[i], &incidents);
    struct bw_report_incident *items =
        bw_arena_array(&report->arena, incidents.count + 1, sizeof *items);
    for (size_t i = 0; i < incidents.count; i++) {
        items[i] = incidents.items[i];
        items[i].lasted_ms = (items[i].ended_ms != 0 ? items[i].ended_ms : report->request.to_ms)
                             - items[i].began_ms;
    }
    free(incidents.items);
    qsort(items, incidents.count, sizeof *items, by_beginning);
    report->incidents = items;
    report->incident_count = incidents.count;
}

/* ---- alerts, markers and trends ---------------------------------------------------------- */

struct told {
    struct bw_arena *arena;
    struct bw_event *items;
    size_t count, cap;
};

static bool take_event(void *ctx, const struct bw_event *event)
{
    struct told *told = ctx;
    told->items = bw_grow(told->items, &told->cap, told->count + 1, sizeof *told->items);
    struct bw_event *copy = &told->items[told->count++];
    *copy = *event;
    copy->subject.service = bw_arena_strdup(told->arena, event->subject.service);
    copy->subject.instance = bw_arena_strdup(told->arena, event->subject.instance);
    copy->subject.check = bw_arena_strdup(told->arena, event->subject.check);
    copy->name = bw_arena_strdup(told->arena, event->name);
    copy->cause = bw_arena_strdup(told->arena, event->cause);
    return true;
}

static int by_time(const void *a, const void *b)
{
    const struct bw_event *x = a, *y = b;
    if (x->ts_ms != y->ts_ms)
        return x->ts_ms < y->ts_ms ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

/* Those of a kind in the range, oldest first. */
static enum bw_rc put_events(struct bw_gather *gather, enum bw_event_kind kind,
                             const struct bw_event **out, size_t *out_count, struct bw_err *err)
{
    struct bw_report *report = gather->report;
    struct told told = { .arena = &report->arena };
    const struct bw_event_filter filter = { .kind = kind,
                                            .from_ms = report->request.from_ms,
                                            .to_ms = report->request.to_ms - 1 };
    const enum bw_rc rc = bw_gather_events(gather, filter, take_event, &told, &report->cut, err);
    struct bw_event *items = bw_arena_array(&report->arena, told.count + 1, sizeof *items);
    if (told.count > 0)
        memcpy(items, told.items, told.count * sizeof *items);
    free(told.items);
    qsort(items, told.count, sizeof *items, by_time);
    *out = items;
    *out_count = told.count;
    return rc;
}

struct trends {
    struct bw_arena *arena;
    struct bw_trend_record *items;
    size_t count, cap;
};

static bool take_trend(void *ctx, const struct bw_trend_record *trend)
{
    struct trends *trends = ctx;
    trends->items = bw_grow(trends->items, &trends->cap, trends->count + 1, sizeof *trends->items);
    struct bw_trend_record *copy = &trends->items[trends->count++];
    *copy = *trend;
    copy->metric = bw_arena_strdup(trends->arena, trend->metric);
    copy->labels = bw_labels_make(trends->arena, trend->labels.items, trend->labels.count);
    copy->note = bw_arena_strdup(trends->arena, trend->note);
    return true;
}

/* Soonest first; after them what may get there but probably will not, likeliest first. */
static int by_time_left(const void *a, const void *b)
{
    const struct bw_trend_record *x = a, *y = b;
    const double left[] = { isfinite(x->time_to_p50_s) ? x->time_to_p50_s : HUGE_VAL,
                            isfinite(y->time_to_p50_s) ? y->time_to_p50_s : HUGE_VAL };
    if (left[0] < left[1] || left[0] > left[1])
        return left[0] < left[1] ? -1 : 1;
    const double early[] = { isfinite(x->time_to_p10_s) ? x->time_to_p10_s : HUGE_VAL,
                             isfinite(y->time_to_p10_s) ? y->time_to_p10_s : HUGE_VAL };
    if (early[0] < early[1] || early[0] > early[1])
        return early[0] < early[1] ? -1 : 1;
    return (x->series > y->series) - (x->series < y->series);
}

static enum bw_rc put_trends(struct bw_gather *gather, struct bw_err *err)
{
    struct bw_report *report = gather->report;
    struct trends trends = { .arena = &report->arena };
    const enum bw_rc rc =
        bw_reader_trends(gather->reader, take_trend, &trends, &gather->damage, err);
    struct bw_trend_record *items = bw_arena_array(&report->arena, trends.count + 1, sizeof *items);
    if (trends.count > 0)
        memcpy(items, trends.items, trends.count * sizeof *items);
    free(trends.items);
    qsort(items, trends.count, sizeof *items, by_time_left);
    report->trends = items;
    report->trend_count = trends.count;
    return rc;
}

/* ---- all of it ---------------------------------------------------------------------------- */

static enum bw_rc collect_from(struct bw_gather *gather, struct bw_err *err)
{
    struct bw_report *report = gather->report;
    enum bw_rc rc = bw_gather_checks(gather, err);
    if (rc == BW_OK)
        rc = bw_spells_find(gather, err);
    if (rc == BW_OK && gather->spell_count > 0)
        rc = scan_metric(gather, &score_scan, err);
    for (size_t i = 0; rc == BW_OK && i < sizeof metric_scans / sizeof *metric_scans; i++)
        rc = scan_metric(gather, &metric_scans[i], err);
    if (rc != BW_OK)
        return rc;
    put_checks(gather);
    put_incidents(gather);
    rc = put_events(gather, BW_EVENT_ALERT, &report->alerts, &report->alert_count, err);
    if (rc == BW_OK)
        rc = put_events(gather, BW_EVENT_MARKER, &report->markers, &report->marker_count, err);
    return rc == BW_OK ? put_trends(gather, err) : rc;
}

static void copy_request(struct bw_report *report, const struct bw_report_request *request)
{
    report->request = *request;
    report->request.store = bw_arena_strdup(&report->arena, request->store);
    report->request.title = bw_arena_strdup(&report->arena, request->title);
    report->request.node = bw_arena_strdup(&report->arena, request->node);
    if (report->request.to_ms > request->now_ms)
        report->request.to_ms = request->now_ms;
}

enum bw_rc bw_report_collect(const struct bw_report_request *request, struct bw_report **out,
                             struct bw_err *err)
{
    struct bw_report *report = bw_alloc(sizeof *report);
    struct bw_gather gather = { .report = report };
    bw_arena_init(&report->arena);
    copy_request(report, request);
    enum bw_rc rc = BW_OK;
    if (report->request.from_ms >= report->request.to_ms)
        rc = bw_fail(err, BW_EINVAL, "the report's range is empty or lies in the future");
    if (rc == BW_OK)
        rc = bw_reader_open(request->store, &gather.reader, err);
    if (rc == BW_OK)
        rc = collect_from(&gather, err);
    bw_reader_close(gather.reader);
    bw_gather_fini(&gather);
    if (rc != BW_OK) {
        bw_report_free(report);
        return rc;
    }
    report->damaged = gather.damage.packs + gather.damage.journal_rows + gather.damage.rows > 0;
    bw_report_total(report);
    *out = report;
    return BW_OK;
}

void bw_report_free(struct bw_report *report)
{
    if (report == NULL)
        return;
    bw_arena_fini(&report->arena);
    free(report);
}
