// SPDX-License-Identifier: GPL-3.0-or-later
/* The archive of reports as JSON; the files themselves: reports.c. */
#include "web/answer.h"
#include "web/api.h"
#include "web/endpoint.h"
#include "web/history.h"

struct listing {
    struct bw_request *request;
    struct bw_value *list;
    struct bw_api_slice slice;
    int64_t last_id;
    bool more;
};

/* Rows come by falling id: the cursor is the last one that was shown. */
static bool list_report(void *ctx, const struct bw_report_row *row)
{
    struct listing *listing = ctx;
    struct bw_arena *arena = &listing->request->arena;
    if (listing->slice.cursor > 0 && row->id >= listing->slice.cursor)
        return true;
    if (listing->list->count == listing->slice.limit) {
        listing->more = true;
        return false;
    }
    struct bw_value *item = bw_value_add_object(arena, listing->list, NULL);
    bw_value_add_int(arena, item, "id", row->id);
    bw_value_add_text(arena, item, "name", row->name);
    bw_value_add_text(arena, item, "type", row->type);
    bw_value_add_text(arena, item, "format", row->format);
    bw_api_moment(arena, item, "created", row->created_ms);
    bw_api_moment(arena, item, "from", row->from_ms);
    bw_api_moment(arena, item, "to", row->to_ms);
    bw_value_add_int(arena, item, "bytes", (int64_t)row->bytes);
    bw_value_add_printf(arena, item, "url", "%s/reports/archive/%lld",
                        listing->request->site->prefix, (long long)row->id);
    listing->last_id = row->id;
    return true;
}

void bw_api_reports(struct bw_request *request)
{
    struct listing listing = { .request = request };
    struct bw_reader *reader = NULL;
    struct bw_err err = { 0 };
    if (!bw_api_slice(request, &listing.slice))
        return;
    struct bw_value *root = bw_value_object(&request->arena);
    listing.list = bw_value_add_list(&request->arena, root, "reports");
    enum bw_rc rc = bw_history_open(request, &reader, &err);
    if (rc == BW_OK)
        rc = bw_reader_reports(reader, bw_url_param(&request->url, "name"), list_report, &listing,
                               NULL, &err);
    bw_reader_close(reader);
    if (rc != BW_OK) {
        bw_answer_error(request, &err);
        return;
    }
    bw_api_next(request, root, listing.more ? listing.last_id : 0);
    bw_answer_json(request, root);
}
