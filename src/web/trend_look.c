// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/trend_look.h"

#include "base/num.h"
#include "web/answer.h"
#include "web/history.h"

#include <string.h>

enum { SERIES_TEXT_BYTES_MAX = 1 << 16 };

static const struct bw_trend_record *by_text(const struct bw_view *view, const char *text)
{
    const struct bw_trend_record *found = NULL;
    struct bw_buf own;
    bw_buf_init(&own, SERIES_TEXT_BYTES_MAX);
    for (size_t i = 0; i < view->trend_count && found == NULL; i++) {
        bw_buf_clear(&own);
        bw_series_text(&own, view->trends[i].metric, view->trends[i].labels);
        if (own.len == strlen(text) && memcmp(own.data, text, own.len) == 0)
            found = &view->trends[i];
    }
    bw_buf_fini(&own);
    return found;
}

static const struct bw_trend_record *find(const struct bw_view *view, const char *series)
{
    int64_t id;
    if (!bw_parse_int(series, strlen(series), &id))
        return by_text(view, series);
    for (size_t i = 0; i < view->trend_count; i++)
        if (view->trends[i].series == id)
            return &view->trends[i];
    return NULL;
}

/* What changed while the series was looked at. */
static void read_marks(struct bw_request *request, struct bw_trend_look *look)
{
    const struct bw_labels labels = look->trend->labels;
    const struct bw_subject of = { bw_labels_value(labels, "service"),
                                   bw_labels_value(labels, "instance"),
                                   bw_labels_value(labels, "check") };
    struct bw_reader *reader = NULL;
    bw_history_open(request, &reader, NULL);
    const struct bw_marks marks =
        bw_marks_read(request, reader, &of, look->trend->first_ms, look->trend->computed_ms);
    bw_reader_close(reader);
    look->marks = marks.items;
    look->mark_count = marks.count;
}

static void read_picture(struct bw_request *request, struct bw_trend_look *look)
{
    const struct bw_web_hooks *hooks = &request->site->hooks;
    struct bw_trend_picture *picture = bw_arena_alloc(&request->arena, sizeof *picture);
    struct bw_err err = { .text = "Nobody draws here." };
    look->why = "There is no store just now, so there is no history.";
    if (request->store == NULL)
        return;
    if (hooks->trend_picture != NULL
        && hooks->trend_picture(hooks->ctx, request->store, look->trend, picture, &err) == BW_OK) {
        look->picture = picture;
        look->why = "";
        return;
    }
    look->why = bw_arena_printf(&request->arena, "It cannot be drawn: %s.", err.text);
}

bool bw_trend_look(struct bw_request *request, const char *series, struct bw_trend_look *out)
{
    *out = (struct bw_trend_look){ .trend = find(request->view, series) };
    if (out->trend == NULL) {
        bw_answer_problem(request, 404,
                          "There is no trend of that series: it is not selected, or was not looked "
                          "at yet.");
        return false;
    }
    read_picture(request, out);
    read_marks(request, out);
    return true;
}
