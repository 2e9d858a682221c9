// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/stored_list.h"

#include "web/answer.h"
#include "web/history.h"

bool bw_stored_list_begin(struct bw_stored_list *listing, struct bw_request *request,
                          const char *key)
{
    *listing = (struct bw_stored_list){ .request = request };
    if (!bw_api_slice(request, &listing->slice))
        return false;
    listing->root = bw_value_object(&request->arena);
    listing->list = bw_value_add_list(&request->arena, listing->root, key);
    return true;
}

enum bw_rc bw_stored_list_open(struct bw_stored_list *listing, struct bw_err *err)
{
    return bw_history_open(listing->request, &listing->reader, err);
}

bool bw_stored_list_takes(struct bw_stored_list *listing, int64_t id)
{
    listing->more = listing->list->count == listing->slice.limit;
    if (!listing->more)
        listing->last_id = id;
    return !listing->more;
}

void bw_stored_list_end(struct bw_stored_list *listing, enum bw_rc rc, const struct bw_err *err)
{
    bw_reader_close(listing->reader);
    listing->reader = NULL;
    if (rc != BW_OK) {
        bw_answer_error(listing->request, err);
        return;
    }
    bw_api_next(listing->request, listing->root, listing->more ? listing->last_id : 0);
    bw_answer_json(listing->request, listing->root);
}

struct event_list {
    struct bw_stored_list list;
    bw_stored_list_tell_fn *tell;
};

static bool list_event(void *ctx, const struct bw_event *event)
{
    struct event_list *events = ctx;
    if (!bw_stored_list_takes(&events->list, event->id))
        return false;
    events->tell(&events->list.request->arena, events->list.list, event);
    return true;
}

void bw_stored_list_events(struct bw_request *request, const char *key,
                           struct bw_event_filter *filter, bw_stored_list_tell_fn *tell)
{
    struct event_list events = { .tell = tell };
    struct bw_stored_list *list = &events.list;
    struct bw_err err = { 0 };
    filter->service = bw_url_param(&request->url, "service");
    if (!bw_stored_list_begin(list, request, key)
        || !bw_api_time(request, "from", 0, &filter->from_ms)
        || !bw_api_time(request, "to", 0, &filter->to_ms))
        return;
    filter->before_id = list->slice.cursor;
    filter->limit = list->slice.limit + 1;
    enum bw_rc rc = bw_stored_list_open(list, &err);
    if (rc == BW_OK)
        rc = bw_reader_events(list->reader, filter, list_event, &events, NULL, &err);
    bw_stored_list_end(list, rc, &err);
}
