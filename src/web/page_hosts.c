// SPDX-License-Identifier: GPL-3.0-or-later
/* This machine: its resources with their limits, and how they went. */
#include "web/days.h"
#include "web/endpoint.h"
#include "web/history.h"
#include "web/page.h"
#include "web/parts.h"
#include "web/service_trend.h"
#include "web/words.h"

#include <math.h>
#include <string.h>

enum { DISKS_MAX = 8, TRENDS_MAX = 8 };

struct drawing {
    struct bw_request *request;
    struct bw_reader *reader;
    struct bw_value *list; /* of charts */
    int64_t from_ms, to_ms;
    struct bw_marks marks;
};

static enum bw_rc read_metric(struct drawing *drawing, const char *metric, const char *label,
                              const char *value, enum bw_history_take take, struct bw_history *out)
{
    const struct bw_matcher matchers[] = {
        { "__name__", BW_MATCH_EQUAL, metric },
        { label, BW_MATCH_EQUAL, value },
    };
    const struct bw_selector selector = { matchers, label == NULL ? 1 : 2 };
    return bw_history_read(drawing->request, drawing->reader, &selector, drawing->from_ms,
                           drawing->to_ms, take, out, NULL);
}

static void draw(struct drawing *drawing, const char *title, const char *subject,
                 const struct bw_history *history, const struct bw_chart_line *line,
                 double at_least, bw_chart_words_fn *words)
{
    struct bw_arena *arena = &drawing->request->arena;
    if (line->count == 0)
        return;
    struct bw_chart chart = {
        .title = bw_arena_printf(arena, "%s %s", title, subject),
        .from_ms = bw_history_begin(drawing->request, history, drawing->to_ms - drawing->from_ms),
        .to_ms = drawing->to_ms,
        .gap_ms = (history->step_ms > 60000 ? history->step_ms : 60000) * 5 / 2,
        .lines = line,
        .line_count = 1,
        .marks = drawing->marks,
        .threshold = NAN,
        .at_least = at_least,
        .words = words,
    };
    struct bw_value *item = bw_value_add_object(arena, drawing->list, NULL);
    bw_value_add_text(arena, item, "title", title);
    bw_value_add_text(arena, item, "subject", subject);
    double last = line->points[line->count - 1].value;
    bw_value_add_text(arena, item, "now",
                      words == NULL ? bw_words_metric(arena, "", last) : words(arena, last));
    bw_parts_chart(drawing->request, item, "svg", &chart);
}

/* The value of the other series at the same step, NaN when it has none. */
static double value_at(const struct bw_history_series *series, int64_t ts_ms)
{
    for (size_t i = 0; i < series->count; i++)
        if (series->points[i].ts_ms == ts_ms)
            return series->points[i].value;
    return NAN;
}

/* 1 - part / whole, step by step. */
static struct bw_chart_line used_ratio(struct drawing *drawing, const char *name,
                                       const struct bw_history_series *part,
                                       const struct bw_history_series *whole)
{
    struct bw_point *points =
        bw_arena_array(&drawing->request->arena, part->count + 1, sizeof *points);
    for (size_t i = 0; i < part->count; i++)
        points[i] =
            (struct bw_point){ part->points[i].ts_ms,
                               1 - part->points[i].value / value_at(whole, part->points[i].ts_ms) };
    return (struct bw_chart_line){ name, points, part->count };
}

static void draw_load(struct drawing *drawing)
{
    struct bw_history load = { 0 };
    if (read_metric(drawing, "node_load1", NULL, NULL, BW_TAKE_MEAN, &load) != BW_OK
        || load.count == 0)
        return;
    struct bw_chart_line line = { "load", load.series[0].points, load.series[0].count };
    draw(drawing, "Load", "1 minute", &load, &line, 1, NULL);
}

/* Idle seconds are counters, one per processor: what they rise by is not used. */
static void draw_cpu(struct drawing *drawing)
{
    struct bw_history idle;
    if (read_metric(drawing, "node_cpu_seconds_total", "mode", "idle", BW_TAKE_LAST, &idle) != BW_OK
        || idle.count == 0 || idle.series[0].count < 2)
        return;
    size_t count = idle.series[0].count - 1;
    struct bw_point *points = bw_arena_array(&drawing->request->arena, count, sizeof *points);
    for (size_t i = 0; i < count; i++) {
        int64_t from = idle.series[0].points[i].ts_ms;
        int64_t to = idle.series[0].points[i + 1].ts_ms;
        double risen = 0;
        for (size_t cpu = 0; cpu < idle.count; cpu++)
            risen += value_at(&idle.series[cpu], to) - value_at(&idle.series[cpu], from);
        double busy = 1 - risen * 1000 / ((double)(to - from) * (double)idle.count);
        points[i] = (struct bw_point){ to, busy < 0 ? 0 : busy > 1 ? NAN : busy };
    }
    struct bw_chart_line line = { "busy", points, count };
    draw(drawing, "CPU", "busy", &idle, &line, 1, bw_words_percent);
}

static void draw_memory(struct drawing *drawing)
{
    struct bw_history available, total;
    if (read_metric(drawing, "node_memory_MemAvailable_bytes", NULL, NULL, BW_TAKE_MEAN, &available)
            != BW_OK
        || read_metric(drawing, "node_memory_MemTotal_bytes", NULL, NULL, BW_TAKE_MEAN, &total)
               != BW_OK
        || available.count == 0 || total.count == 0)
        return;
    struct bw_chart_line line = used_ratio(drawing, "used", &available.series[0], &total.series[0]);
    draw(drawing, "Memory", "used", &available, &line, 1, bw_words_percent);
}

static const struct bw_history_series *same_mount(const struct bw_history *history,
                                                  const char *mount)
{
    for (size_t i = 0; i < history->count; i++) {
        const char *own = bw_labels_value(history->series[i].labels, "mountpoint");
        if (own != NULL && mount != NULL && strcmp(own, mount) == 0)
            return &history->series[i];
    }
    return NULL;
}

/* As df counts: what is reserved for root is neither used nor available. */
static struct bw_chart_line disk_used(struct drawing *drawing, const char *mount,
                                      const struct bw_history_series *available,
                                      const struct bw_history_series *size,
                                      const struct bw_history_series *free)
{
    struct bw_point *points =
        bw_arena_array(&drawing->request->arena, available->count + 1, sizeof *points);
    for (size_t i = 0; i < available->count; i++) {
        int64_t ts_ms = available->points[i].ts_ms;
        double used = value_at(size, ts_ms) - value_at(free, ts_ms);
        points[i] = (struct bw_point){ ts_ms, used / (used + available->points[i].value) };
    }
    return (struct bw_chart_line){ mount, points, available->count };
}

static void draw_disks(struct drawing *drawing)
{
    static const char *const metrics[] = { "node_filesystem_avail_bytes",
                                           "node_filesystem_size_bytes",
                                           "node_filesystem_free_bytes" };
    struct bw_history of[3];
    for (size_t i = 0; i < 3; i++)
        if (read_metric(drawing, metrics[i], NULL, NULL, BW_TAKE_MEAN, &of[i]) != BW_OK)
            return;
    for (size_t i = 0; i < of[0].count && i < DISKS_MAX; i++) {
        const struct bw_history_series *available = &of[0].series[i];
        const char *mount = bw_labels_value(available->labels, "mountpoint");
        const struct bw_history_series *size = same_mount(&of[1], mount);
        const struct bw_history_series *free = same_mount(&of[2], mount);
        if (size == NULL || free == NULL)
            continue;
        struct bw_chart_line line = disk_used(drawing, mount, available, size, free);
        draw(drawing, "Disk used", mount, &of[0], &line, 1, bw_words_percent);
    }
}

static void add_charts(struct bw_request *request, struct bw_value *root, int64_t span_ms)
{
    struct bw_err err = { 0 };
    struct drawing drawing = {
        .request = request,
        .list = bw_value_add_list(&request->arena, root, "charts"),
        .from_ms = request->now_ms - span_ms,
        .to_ms = request->now_ms,
    };
    if (bw_history_open(request, &drawing.reader, &err) != BW_OK) {
        bw_value_add_text(&request->arena, root, "history_missing", err.text);
        return;
    }
    drawing.marks =
        bw_marks_read(request, drawing.reader, &(struct bw_subject){ .service = "host" },
                      drawing.from_ms, drawing.to_ms);
    draw_cpu(&drawing);
    draw_load(&drawing);
    draw_memory(&drawing);
    draw_disks(&drawing);
    bw_reader_close(drawing.reader);
}

static const struct bw_view_service *find_host(const struct bw_view *view)
{
    for (size_t i = 0; i < view->service_count; i++)
        if (view->services[i].resource_count > 0)
            return &view->services[i];
    return bw_view_service(view, "host");
}

void bw_page_hosts(struct bw_request *request)
{
    const struct bw_view_service *service = find_host(request->view);
    const struct bw_history_range *range = bw_history_range(request);
    struct bw_arena *arena = &request->arena;
    struct bw_value *root = bw_page_begin(request, "Host", "hosts");
    bw_parts_ranges(request, root, range->name);
    if (service != NULL) {
        struct bw_value *host = bw_value_add_object(arena, root, "host");
        bw_value_add_text(arena, host, "name",
                          service->instance_count > 0 ? service->instances[0].name : service->name);
        bw_words_status(arena, host, "status", service->status);
        bw_words_time(arena, host, "since", service->since_ms, request->now_ms);
        bw_words_text(arena, host, "cause", service->cause);
        bw_parts_service_trend(request, host, service->name);
        bw_parts_resources(request, host, "resources", service);
        bw_days_want(request->site->days, request->store, request->now_ms);
        bw_parts_days(request, host, "days", service->name);
        const struct bw_subject subject = { .service = service->name };
        bw_parts_trends_of(request, host, "heading_where", &subject, TRENDS_MAX);
    }
    add_charts(request, root, range->span_ms);
    bw_page_render(request, "page-hosts", root);
}
