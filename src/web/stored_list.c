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
