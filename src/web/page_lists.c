// SPDX-License-Identifier: GPL-3.0-or-later
/* Pages that are lists: alerts, reports. */
#include "report/report.h"
#include "web/endpoint.h"
#include "web/history.h"
#include "web/page.h"
#include "web/parts.h"
#include "web/words.h"

enum { EVENTS_MAX = 40, ALERTS_MAX = 500 };

struct listing {
    struct bw_request *request;
    struct bw_value *list;
};

static bool note_event(void *ctx, const struct bw_event *event)
{
    struct listing *listing = ctx;
    bw_parts_event(listing->request, listing->list, event);
    return true;
}

void bw_page_alerts(struct bw_request *request)
{
    const struct bw_view *view = request->view;
    struct bw_arena *arena = &request->arena;
    struct bw_value *root = bw_page_begin(request, "Alerts", "alerts");
    bw_parts_alerts(request, root, "active", NULL, false, ALERTS_MAX);
    bw_parts_alerts(request, root, "pending", NULL, true, ALERTS_MAX);
    struct listing listing = { request, bw_value_add_list(arena, root, "events") };
    struct bw_event_filter filter = { .kind = BW_EVENT_ALERT, .limit = EVENTS_MAX };
    struct bw_reader *reader = NULL;
    if (bw_history_open(request, &reader, NULL) != BW_OK
        || bw_reader_events(reader, &filter, note_event, &listing, NULL, NULL) != BW_OK)
        for (size_t i = 0; i < view->event_count; i++)
            if (view->events[i].kind == BW_EVENT_ALERT)
                note_event(&listing, &view->events[i]);
    bw_reader_close(reader);
    bw_page_render(request, "page-alerts", root);
}

static bool note_report(void *ctx, const struct bw_report_row *row)
{
    struct listing *listing = ctx;
    struct bw_request *request = listing->request;
    struct bw_arena *arena = &request->arena;
    struct bw_value *item = bw_value_add_object(arena, listing->list, NULL);
    bw_value_add_text(arena, item, "name", row->name);
    bw_value_add_text(arena, item, "type", row->type);
    bw_value_add_text(arena, item, "format", row->format);
    bw_value_add_text(arena, item, "size", bw_words_metric(arena, "_bytes", (double)row->bytes));
    bw_value_add_printf(arena, item, "url", "%s/reports/archive/%lld", request->site->prefix,
                        (long long)row->id);
    bw_words_time(arena, item, "created", row->created_ms, request->now_ms);
    bw_words_time(arena, item, "from", row->from_ms, request->now_ms);
    bw_words_time(arena, item, "to", row->to_ms, request->now_ms);
    return listing->list->count < request->site->page_size;
}

void bw_page_reports(struct bw_request *request)
{
    struct bw_arena *arena = &request->arena;
    struct bw_value *root = bw_page_begin(request, "Reports", "reports");
    struct bw_value *formats = bw_value_add_list(arena, root, "formats");
    for (const struct bw_opt_name *format = bw_report_formats; format->name != NULL; format++)
        bw_value_add_text(arena, formats, NULL, format->name);
    struct listing listing = { request, bw_value_add_list(arena, root, "archive") };
    struct bw_reader *reader = NULL;
    struct bw_err err = { 0 };
    if (bw_history_open(request, &reader, &err) != BW_OK
        || bw_reader_reports(reader, NULL, note_report, &listing, NULL, &err) != BW_OK)
        bw_value_add_text(arena, root, "history_missing", err.text);
    bw_reader_close(reader);
    bw_page_render(request, "page-reports", root);
}
