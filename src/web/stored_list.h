// SPDX-License-Identifier: GPL-3.0-or-later
/* web/stored_list.h: a JSON list of rows of the store, a slice at a time:
 *
 *   begin --> open --> row, row, … --> end */
#ifndef WEB_STORED_LIST_H
#define WEB_STORED_LIST_H

#include "store/reader.h"
#include "web/api.h"

struct bw_stored_list {
    struct bw_request *request;
    struct bw_api_slice slice;
    struct bw_value *root, *list;
    struct bw_reader *reader; /* NULL until it is open */
    int64_t last_id;          /* of the rows that are shown */
    bool more;
};

/* `key` is the list's in the answer. False when the problem is answered already. */
bool bw_stored_list_begin(struct bw_stored_list *listing, struct bw_request *request,
                          const char *key);

enum bw_rc bw_stored_list_open(struct bw_stored_list *listing, struct bw_err *err);

/* A row comes that is in the slice or behind it: whether it is shown, for which the caller adds
 * its object to the list. False: it is behind, and the rows that follow are too. */
bool bw_stored_list_takes(struct bw_stored_list *listing, int64_t id);

/* Closes the reader and answers. */
void bw_stored_list_end(struct bw_stored_list *listing, enum bw_rc rc, const struct bw_err *err);

/* Answers a whole list: the events that the filter and the request's service, from, to, limit and
 * cursor leave, each told by `tell`. */
typedef void bw_stored_list_tell_fn(struct bw_arena *arena, struct bw_value *list,
                                    const struct bw_event *event);
void bw_stored_list_events(struct bw_request *request, const char *key,
                           struct bw_event_filter *filter, bw_stored_list_tell_fn *tell);

#endif
