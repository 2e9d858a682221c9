// SPDX-License-Identifier: GPL-3.0-or-later
/* What changes the store: import, merging, deletion. Read and checked here, done by a hook. */
#include "model/labels.h"
#include "web/answer.h"
#include "web/endpoint.h"

#include <string.h>

enum { ID_LENGTH = 16 };

/* "true" or "false"; absent is false. False when the problem is answered already. */
static bool read_flag(struct bw_request *request, const char *name, bool *out)
{
    const char *text = bw_url_param(&request->url, name);
    *out = text != NULL && strcmp(text, "true") == 0;
    if (text == NULL || *out || strcmp(text, "false") == 0)
        return true;
    bw_answer_problem(request, 400, "%s: expected true or false.", name);
    return false;
}

/* What an answer before gave as `id`. */
static bool read_id(struct bw_request *request, const char **out)
{
    *out = bw_url_param(&request->url, "id");
    if (*out == NULL
        || (strlen(*out) == ID_LENGTH && strspn(*out, "0123456789abcdef") == ID_LENGTH))
        return true;
    bw_answer_problem(request, 400, "id: expected what the answer before gave as id.");
    return false;
}

static void change(struct bw_request *request, const struct bw_store_order *order)
{
    const struct bw_web_hooks *hooks = &request->site->hooks;
    struct bw_err err = { .rc = BW_EUNSUPPORTED, .text = "There is no store to be changed." };
    bw_answer_begin(request, "application/json");
    const enum bw_rc rc = hooks->change_store == NULL
                              ? err.rc
                              : hooks->change_store(hooks->ctx, order, &request->answer.body, &err);
    if (rc == BW_OK)
        return;
    bw_answer_error(request, &err);
    if (rc == BW_EBUSY)
        request->answer.retry_after = "1";
}

void bw_api_import(struct bw_request *request)
{
    struct bw_store_order order = { .change = BW_CHANGE_IMPORT,
                                    .text = request->body.data,
                                    .size = request->body.len };
    if (read_id(request, &order.id) && read_flag(request, "last", &order.last))
        change(request, &order);
}

void bw_api_compact(struct bw_request *request)
{
    struct bw_store_order order = { .change = BW_CHANGE_COMPACT };
    if (read_id(request, &order.id) && read_flag(request, "last", &order.last))
        change(request, &order);
}

void bw_api_delete_series(struct bw_request *request)
{
    struct bw_store_order order = { .change = BW_CHANGE_DELETE };
    struct bw_selector selector;
    struct bw_err err;
    const char *match = bw_url_param(&request->url, "match");
    if (match == NULL)
        bw_answer_problem(request, 400, "match: expected a selector of series.");
    else if (bw_selector_parse(&request->arena, match, &selector, &err) != BW_OK)
        bw_answer_problem(request, 400, "match: %s", err.text);
    else if (read_flag(request, "all", &order.all)) {
        order.selector = &selector;
        change(request, &order);
    }
}
