// SPDX-License-Identifier: GPL-3.0-or-later
/* web/api.h: what the JSON answers have in common. */
#ifndef WEB_API_H
#define WEB_API_H

#include "model/value.h"
#include "web/request.h"

enum { BW_API_LIMIT_DEFAULT = 100, BW_API_LIMIT_MAX = 1000 };

/* `limit` and `cursor` of a list. */
struct bw_api_slice {
    size_t limit;
    int64_t cursor; /* what the last answer gave as next_cursor; 0: the beginning */
};

/* Reads them; false when the problem is answered already. */
bool bw_api_slice(struct bw_request *request, struct bw_api_slice *out);

/* Where a slice of a list of `count` stops whose cursors are places in it, and the cursor of what
 * follows. */
size_t bw_api_slice_end(const struct bw_api_slice *slice, size_t count);
int64_t bw_api_slice_next(size_t end, size_t count);

/* A time parameter: RFC 3339, or Unix ms of at most 15 digits. `fallback_ms` when it is absent.
 * False when the problem is answered already. */
bool bw_api_time(struct bw_request *request, const char *name, int64_t fallback_ms,
                 int64_t *out_ms);

/* Ends a list: "next_cursor", null when it was the last part. */
void bw_api_next(struct bw_request *request, struct bw_value *root, int64_t next);

/* RFC 3339, or null for 0. */
void bw_api_moment(struct bw_arena *arena, struct bw_value *in, const char *key, int64_t ms);

void bw_api_labels(struct bw_arena *arena, struct bw_value *in, const char *key,
                   struct bw_labels labels);

/* A check as `services` tells it, added to an object. */
void bw_api_view_check(struct bw_arena *arena, struct bw_value *item,
                       const struct bw_view_check *check);

/* Its last results, oldest first: too many for lists of services. */
void bw_api_recent(struct bw_arena *arena, struct bw_value *item,
                   const struct bw_view_check *check);

/* Adds time_to_p10_seconds and so on: null when not known, "beyond" when not foreseen. */
void bw_api_time_to_threshold(struct bw_arena *arena, struct bw_value *in,
                              const struct bw_trend_record *trend);

/* An event as `events` tells it, added to a list. */
void bw_api_event(struct bw_arena *arena, struct bw_value *list, const struct bw_event *event);

#endif
