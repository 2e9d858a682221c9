// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/parts.h"

#include "base/civil.h"
#include "base/escape.h"
#include "base/text.h"
#include "web/history.h"
#include "web/words.h"

#include <math.h>
#include <string.h>

enum { SVG_BYTES_MAX = 256 << 10 };

/* "/mon/services/a/b/c" of as many parts as there are, each escaped. */
static const char *url_of(struct bw_request *request, const char *const *parts, size_t count)
{
    struct bw_buf out;
    bw_buf_init(&out, (size_t)BW_URL_BYTES_MAX * 4);
    bw_buf_printf(&out, "%s/services", request->site->prefix);
    for (size_t i = 0; i < count; i++) {
        bw_buf_text(&out, "/");
        bw_escape_url(&out, parts[i], strlen(parts[i]));
    }
    const char *url = bw_arena_strdup(&request->arena, out.data);
    bw_buf_fini(&out);
    return url;
}

const char *bw_parts_service_url(struct bw_request *request, const char *service)
{
    return url_of(request, &service, 1);
}

const char *bw_parts_check_url(struct bw_request *request, const char *service,
                               const char *instance, const char *check)
{
    const char *const parts[] = { service, instance, check };
    return url_of(request, parts, 3);
}

const struct bw_view_check *bw_parts_find_check(const struct bw_view_service *service,
                                                const char *instance, const char *check,
                                                const struct bw_view_instance **out_instance)
{
    for (size_t i = 0; i < service->instance_count; i++) {
        const struct bw_view_instance *own = &service->instances[i];
        for (size_t k = 0; strcmp(own->name, instance) == 0 && k < own->check_count; k++) {
            if (strcmp(own->checks[k].name, check) != 0)
                continue;
            if (out_instance != NULL)
                *out_instance = own;
            return &own->checks[k];
        }
    }
    return NULL;
}

void bw_parts_drawing(struct bw_request *request, struct bw_value *in, const char *key,
                      struct bw_buf *svg)
{
    bw_value_add_text(&request->arena, in, key, svg->data);
    bw_buf_fini(svg);
}

void bw_parts_chart(struct bw_request *request, struct bw_value *in, const char *key,
                    const struct bw_chart *chart)
{
    struct bw_buf svg;
    bw_buf_init(&svg, SVG_BYTES_MAX);
    bw_chart_draw(&request->arena, chart, &svg);
    bw_parts_drawing(request, in, key, &svg);
}

static void add_day(struct bw_request *request, struct bw_value *list, const struct bw_day *day)
{
    struct bw_arena *arena = &request->arena;
    struct bw_value *item = bw_value_add_object(arena, list, NULL);
    char iso[BW_RFC3339_MAX];
    bw_format_rfc3339(iso, day->begin_ms);
    bw_value_add_printf(arena, item, "date", "%.10s", iso);
    bw_value_add_text(arena, item, "available", bw_words_available(arena, day->available_ratio));
    bw_value_add_text(arena, item, "class", bw_chart_day_class(day));
    bw_value_add_text(arena, item, "down",
                      day->down_ms > 0 ? bw_words_seconds(arena, (double)day->down_ms / 1000)
                                       : NULL);
    bw_value_add_text(arena, item, "known", bw_words_percent(arena, day->known_ratio));
}

void bw_parts_days(struct bw_request *request, struct bw_value *in, const char *key,
                   const char *service)
{
    struct bw_arena *arena = &request->arena;
    struct bw_day *days = bw_arena_array(arena, BW_DAYS, sizeof *days);
    if (!bw_days_of(request->site->days, service, request->now_ms, days))
        return;
    struct bw_value *object = bw_value_add_object(arena, in, key);
    struct bw_buf svg;
    bw_buf_init(&svg, SVG_BYTES_MAX);
    bw_chart_days(arena, days, &svg);
    bw_parts_drawing(request, object, "bars", &svg);
    bw_value_add_text(arena, object, "available",
                      bw_words_available(arena, bw_days_available(days)));
    bw_value_add_int(arena, object, "count", BW_DAYS);
    struct bw_value *list = bw_value_add_list(arena, object, "list");
    int64_t known = 0;
    for (size_t i = BW_DAYS; i > 0; i--) {
        known += isfinite(days[i - 1].available_ratio);
        if (isfinite(days[i - 1].available_ratio) && days[i - 1].available_ratio < 1)
            add_day(request, list, &days[i - 1]);
    }
    bw_value_add_int(arena, object, "known", known);
    bw_value_add_bool(arena, object, "any_bad", list->count > 0);
}

void bw_parts_phases(struct bw_request *request, struct bw_value *in,
                     const struct bw_view_phase *phases, size_t count)
{
    struct bw_arena *arena = &request->arena;
    if (count == 0)
        return;
    struct bw_value *shown = bw_value_add_object(arena, in, "phases");
    struct bw_buf svg;
    bw_buf_init(&svg, SVG_BYTES_MAX);
    bw_chart_phases(arena, phases, count, &svg);
    bw_parts_drawing(request, shown, "bar", &svg);
    struct bw_value *list = bw_value_add_list(arena, shown, "list");
    for (size_t i = 0; i < count; i++) {
        struct bw_value *item = bw_value_add_object(arena, list, NULL);
        bw_value_add_int(arena, item, "number", (int64_t)i + 1);
        bw_words_text(arena, item, "name", phases[i].name);
        bw_value_add_text(arena, item, "took", bw_words_seconds(arena, phases[i].seconds));
    }
}

static void add_certificate(struct bw_request *request, struct bw_value *in,
                            const struct bw_view_check *check)
{
    if (isfinite(check->certificate_expires_ms))
        bw_words_time(&request->arena, in, "certificate", (int64_t)check->certificate_expires_ms,
                      request->now_ms);
}

void bw_parts_check(struct bw_request *request, struct bw_value *list, const char *service,
                    const char *instance, const struct bw_view_check *check)
{
    struct bw_arena *arena = &request->arena;
    struct bw_value *item = bw_value_add_object(arena, list, NULL);
    bw_value_add_text(arena, item, "url",
                      bw_parts_check_url(request, service, instance, check->name));
    bw_words_text(arena, item, "name", check->name);
    bw_value_add_text(arena, item, "kind", check->kind);
    bw_words_text(arena, item, "target", check->target);
    bw_words_status(arena, item, "status", check->status);
    bw_words_text(arena, item, "cause", check->cause);
    bw_words_text(arena, item, "maintenance", check->maintenance);
    bw_words_text(arena, item, "detail", check->detail);
    bw_words_time(arena, item, "since", check->since_ms, request->now_ms);
    bw_words_time(arena, item, "last", check->last_ms, request->now_ms);
    bw_value_add_text(arena, item, "every",
                      bw_words_seconds(arena, (double)check->interval_ms / 1000));
    if (check->last_ms != 0 && isfinite(check->duration_s) && strcmp(check->kind, "host") != 0)
        bw_value_add_text(arena, item, "took", bw_words_seconds(arena, check->duration_s));
    if (check->attempts > 1)
        bw_value_add_int(arena, item, "attempts", check->attempts);
    struct bw_buf svg;
    bw_buf_init(&svg, SVG_BYTES_MAX);
    bw_chart_results(check->recent, check->recent_count, &svg);
    bw_parts_drawing(request, item, "recent", &svg);
    bw_parts_phases(request, item, check->phases, check->phase_count);
    add_certificate(request, item, check);
}

/* Names of resources for people. */
static const struct {
    const char *name, *text;
} resource_texts[] = {
    { "disk_used_ratio", "Disk" },      { "inodes_used_ratio", "Inodes" },
    { "memory_used_ratio", "Memory" },  { "cpu_pressure_ratio", "CPU pressure" },
    { "load_per_cpu", "Load per CPU" },
};

static const char *resource_text(const char *name)
{
    for (size_t i = 0; i < sizeof resource_texts / sizeof *resource_texts; i++)
        if (strcmp(resource_texts[i].name, name) == 0)
            return resource_texts[i].text;
    return name;
}

void bw_parts_resources(struct bw_request *request, struct bw_value *in, const char *key,
                        const struct bw_view_service *host)
{
    struct bw_arena *arena = &request->arena;
    struct bw_value *list = bw_value_add_list(arena, in, key);
    for (size_t i = 0; i < host->resource_count; i++) {
        const struct bw_view_resource *resource = &host->resources[i];
        bool is_ratio = bw_text_ends_with(resource->name, "_ratio");
        double full = is_ratio ? 1 : fmax(fmax(resource->critical, 1), resource->value);
        struct bw_value *item = bw_value_add_object(arena, list, NULL);
        bw_words_text(arena, item, "name", resource_text(resource->name));
        bw_words_text(arena, item, "subject", resource->subject);
        bw_value_add_text(arena, item, "value",
                          bw_words_metric(arena, resource->name, resource->value));
        bw_words_status(arena, item, "status", resource->status);
        bw_value_add_bool(arena, item, "bad",
                          resource->status == BW_DEGRADED || resource->status == BW_UNHEALTHY);
        if (isfinite(resource->warning))
            bw_value_add_text(arena, item, "warning",
                              bw_words_metric(arena, resource->name, resource->warning));
        struct bw_buf svg;
        bw_buf_init(&svg, SVG_BYTES_MAX);
        bw_chart_meter(resource->value, full, resource->warning, resource->critical,
                       bw_words_status_class(resource->status), &svg);
        bw_parts_drawing(request, item, "meter", &svg);
    }
}

static void add_change(struct bw_request *request, struct bw_value *item,
                       const struct bw_event *event)
{
    struct bw_arena *arena = &request->arena;
    if (event->kind == BW_EVENT_STATUS && event->to >= 0 && event->to < BW_STATUS_COUNT)
        bw_words_status(arena, item, "became", (enum bw_status)event->to);
    else if (event->kind == BW_EVENT_ALERT && event->to > 0 && event->to < BW_LEVEL_COUNT)
        bw_words_level(arena, item, "became", (enum bw_level)event->to);
    else if (event->kind == BW_EVENT_ALERT)
        bw_value_add_bool(arena, item, "ended", true);
}

void bw_parts_event(struct bw_request *request, struct bw_value *list, const struct bw_event *event)
{
    struct bw_arena *arena = &request->arena;
    struct bw_value *item = bw_value_add_object(arena, list, NULL);
    bw_words_time(arena, item, "at", event->ts_ms, request->now_ms);
    const char *const parts[] = { event->subject.service, event->subject.instance,
                                  event->subject.check };
    struct bw_value *subject = bw_value_add_list(arena, item, "subject");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i] != NULL && parts[i][0] != '\0')
            bw_value_add_text(arena, subject, NULL, parts[i]);
    bw_words_text(arena, item, "name", event->name);
    bw_words_text(arena, item, "cause", event->cause);
    add_change(request, item, event);
}

void bw_parts_ranges(struct bw_request *request, struct bw_value *root, const char *current)
{
    struct bw_arena *arena = &request->arena;
    struct bw_value *list = bw_value_add_list(arena, root, "ranges");
    for (const struct bw_history_range *range = bw_history_ranges; range->name != NULL; range++) {
        struct bw_value *item = bw_value_add_object(arena, list, NULL);
        bw_words_text(arena, item, "name", range->name);
        bw_value_add_bool(arena, item, "current", strcmp(range->name, current) == 0);
    }
}
