// SPDX-License-Identifier: GPL-3.0-or-later
/* What happened, newest first, by kind and service, a page at a time. */
#include "base/escape.h"
#include "base/num.h"
#include "web/endpoint.h"
#include "web/history.h"
#include "web/page.h"
#include "web/parts.h"
#include "web/words.h"

#include <string.h>

enum { SERVICES_MAX = 500 };

static const struct {
    const char *name, *text;
    enum bw_event_kind kind;
} kinds[] = {
    { "", "everything", 0 },
    { "status", "changes of status", BW_EVENT_STATUS },
    { "alert", "alerts", BW_EVENT_ALERT },
    { "system", "Bellwether itself", BW_EVENT_SYSTEM },
    { "marker", "markers", BW_EVENT_MARKER },
};

struct listing {
    struct bw_request *request;
    struct bw_value *list;
    const struct bw_event_filter *filter;
    int64_t last_id;
    bool more;
};

static bool note_event(void *ctx, const struct bw_event *event)
{
    struct listing *listing = ctx;
    if (listing->list->count == listing->request->site->page_size) {
        listing->more = true;
        return false;
    }
    listing->last_id = event->id;
    bw_parts_event(listing->request, listing->list, event);
    return true;
}

/* What a filter means, when there is no store to ask. */
static void list_from_view(struct listing *listing)
{
    const struct bw_view *view = listing->request->view;
    const struct bw_event_filter *filter = listing->filter;
    for (size_t i = 0; i < view->event_count; i++) {
        const struct bw_event *event = &view->events[i];
        if ((filter->kind != 0 && event->kind != filter->kind)
            || (filter->service != NULL && strcmp(event->subject.service, filter->service) != 0)
            || (filter->before_id != 0 && event->id >= filter->before_id))
            continue;
        if (!note_event(listing, event))
            return;
    }
}

static const char *wanted_service(const struct bw_request *request)
{
    const char *service = bw_url_param(&request->url, "service");
    return service == NULL || service[0] == '\0' ? NULL : service;
}

static size_t wanted_kind(const struct bw_request *request)
{
    const char *name = bw_url_param(&request->url, "kind");
    for (size_t i = 0; name != NULL && i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return i;
    return 0;
}

static void add_filters(struct bw_request *request, struct bw_value *root, size_t kind,
                        const char *service)
{
    struct bw_arena *arena = &request->arena;
    const struct bw_view *view = request->view;
    struct bw_value *list = bw_value_add_list(arena, root, "kinds");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct bw_value *item = bw_value_add_object(arena, list, NULL);
        bw_value_add_text(arena, item, "name", kinds[i].name);
        bw_value_add_text(arena, item, "text", kinds[i].text);
        bw_value_add_bool(arena, item, "current", i == kind);
    }
    bw_value_add_bool(arena, root, "chosen", service != NULL);
    list = bw_value_add_list(arena, root, "services");
    bool listed = service == NULL;
    for (size_t i = 0; i < view->service_count && i < SERVICES_MAX; i++) {
        struct bw_value *item = bw_value_add_object(arena, list, NULL);
        bool current = service != NULL && strcmp(view->services[i].name, service) == 0;
        bw_value_add_text(arena, item, "name", view->services[i].name);
        bw_value_add_bool(arena, item, "current", current);
        listed = listed || current;
    }
    if (!listed) { /* one that is gone, or one too many */
        struct bw_value *item = bw_value_add_object(arena, list, NULL);
        bw_value_add_text(arena, item, "name", service);
        bw_value_add_bool(arena, item, "current", true);
    }
}

/* This page with its filters, from below an event on. */
static const char *link_to(struct bw_request *request, size_t kind, const char *service,
                           int64_t before_id)
{
    struct bw_buf out;
    bw_buf_init(&out, (size_t)BW_URL_BYTES_MAX * 4);
    bw_buf_printf(&out, "%s/events?kind=%s", request->site->prefix, kinds[kind].name);
    if (service != NULL) {
        bw_buf_text(&out, "&service=");
        bw_escape_url(&out, service, strlen(service));
    }
    if (before_id > 0)
        bw_buf_printf(&out, "&before=%lld", (long long)before_id);
    const char *url = bw_arena_strdup(&request->arena, out.data);
    bw_buf_fini(&out);
    return url;
}

void bw_page_events(struct bw_request *request)
{
    const char *service = wanted_service(request);
    const size_t kind = wanted_kind(request);
    const char *before = bw_url_param(&request->url, "before");
    struct bw_event_filter filter = { .kind = kinds[kind].kind,
                                      .service = service,
                                      .limit = request->site->page_size + 1 };
    if (before == NULL || !bw_parse_int(before, strlen(before), &filter.before_id)
        || filter.before_id < 0)
        filter.before_id = 0;
    struct bw_value *root = bw_page_begin(request, "Events", "events");
    add_filters(request, root, kind, service);
    struct listing listing = { request, bw_value_add_list(&request->arena, root, "events"), &filter,
                               0, false };
    struct bw_reader *reader = NULL;
    struct bw_err err = { 0 };
    if (bw_history_open(request, &reader, &err) != BW_OK
        || bw_reader_events(reader, &filter, note_event, &listing, NULL, &err) != BW_OK) {
        bw_value_add_text(&request->arena, root, "history_missing", err.text);
        list_from_view(&listing);
    }
    bw_reader_close(reader);
    bw_value_add_text(&request->arena, root, "newest",
                      filter.before_id > 0 ? link_to(request, kind, service, 0) : NULL);
    bw_value_add_text(&request->arena, root, "older",
                      listing.more ? link_to(request, kind, service, listing.last_id) : NULL);
    bw_page_render(request, "page-events", root);
}
