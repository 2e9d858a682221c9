// SPDX-License-Identifier: GPL-3.0-or-later
/* The archive of reports as JSON; the files themselves: reports.c. */
#include "web/endpoint.h"
#include "web/stored_list.h"

/* Rows come by falling id: the cursor is the last one that was shown. */
static bool list_report(void *ctx, const struct bw_report_row *row)
{
    struct bw_stored_list *listing = ctx;
    struct bw_arena *arena = &listing->request->arena;
    if (listing->slice.cursor > 0 && row->id >= listing->slice.cursor)
        return true;
    if (!bw_stored_list_takes(listing, row->id))
        return false;
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
    return true;
}

void bw_api_reports(struct bw_request *request)
{
    struct bw_stored_list listing;
    struct bw_err err = { 0 };
    if (!bw_stored_list_begin(&listing, request, "reports"))
        return;
    enum bw_rc rc = bw_stored_list_open(&listing, &err);
    if (rc == BW_OK)
        rc = bw_reader_reports(listing.reader, bw_url_param(&request->url, "name"), list_report,
                               &listing, NULL, &err);
    bw_stored_list_end(&listing, rc, &err);
}
