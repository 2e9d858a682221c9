// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/api.h"

#include "base/civil.h"
#include "base/num.h"
#include "web/answer.h"

#include <string.h>

/* Milliseconds of at most 15 digits: far beyond the year 9999, and their differences fit. */
#define TIME_MAX_MS INT64_C(1000000000000000)

bool bw_api_slice(struct bw_request *request, struct bw_api_slice *out)
{
    const char *limit = bw_url_param(&request->url, "limit");
    const char *cursor = bw_url_param(&request->url, "cursor");
    int64_t number = BW_API_LIMIT_DEFAULT;
    if (limit != NULL
        && (!bw_parse_int(limit, strlen(limit), &number) || number < 1
            || number > BW_API_LIMIT_MAX)) {
        bw_answer_problem(request, 400, "limit: expected a number from 1 to %d.", BW_API_LIMIT_MAX);
        return false;
    }
    *out = (struct bw_api_slice){ .limit = (size_t)number };
    if (cursor != NULL
        && (!bw_parse_int(cursor, strlen(cursor), &out->cursor) || out->cursor < 0)) {
        bw_answer_problem(request, 400, "cursor: expected what next_cursor was.");
        return false;
    }
    return true;
}

size_t bw_api_slice_end(const struct bw_api_slice *slice, size_t count)
{
    size_t begin = (size_t)slice->cursor;
    return begin >= count ? count : count - begin > slice->limit ? begin + slice->limit : count;
}

int64_t bw_api_slice_next(size_t end, size_t count)
{
    return end < count ? (int64_t)end : 0;
}

bool bw_api_time(struct bw_request *request, const char *name, int64_t fallback_ms, int64_t *out_ms)
{
    const char *text = bw_url_param(&request->url, name);
    *out_ms = fallback_ms;
    if (text == NULL || bw_parse_rfc3339(text, strlen(text), out_ms)
        || (bw_parse_int(text, strlen(text), out_ms) && *out_ms > -TIME_MAX_MS
            && *out_ms < TIME_MAX_MS))
        return true;
    bw_answer_problem(request, 400,
                      "%s: expected a time such as 2026-11-21T14:00:00Z, or Unix milliseconds.",
                      name);
    return false;
}

void bw_api_next(struct bw_request *request, struct bw_value *root, int64_t next)
{
    if (next > 0)
        bw_value_add_printf(&request->arena, root, "next_cursor", "%lld", (long long)next);
    else
        bw_value_add_null(&request->arena, root, "next_cursor");
}

void bw_api_moment(struct bw_arena *arena, struct bw_value *in, const char *key, int64_t ms)
{
    char text[BW_RFC3339_MAX];
    bw_format_rfc3339(text, ms);
    bw_value_add_text(arena, in, key, ms == 0 ? NULL : text);
}

void bw_api_labels(struct bw_arena *arena, struct bw_value *in, const char *key,
                   struct bw_labels labels)
{
    struct bw_value *object = bw_value_add_object(arena, in, key);
    for (size_t i = 0; i < labels.count; i++)
        bw_value_add_text(arena, object, bw_arena_strdup(arena, labels.items[i].name),
                          labels.items[i].value);
}
