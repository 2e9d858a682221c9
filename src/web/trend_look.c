// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/trend_look.h"

#include "base/num.h"
#include "web/answer.h"
#include "web/history.h"

#include <string.h>

enum { MARKS_MAX = 40, SERIES_TEXT_BYTES_MAX = 1 << 16 };

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

struct marking {
    struct bw_request *request;
    const char *service, *instance; /* of the series; NULL: it has none */
    struct bw_fan_mark *marks;
    size_t count;
};

/* Whether a part of an event's subject is the series' own, or leaves it open. */
static bool fits(const char *subject, const char *own)
{
    return subject == NULL || subject[0] == '\0' || (own != NULL && strcmp(subject, own) == 0);
}

static bool note_mark(void *ctx, const struct bw_event *event)
{
    struct marking *marking = ctx;
    struct bw_arena *arena = &marking->request->arena;
    if (!fits(event->subject.service, marking->service)
        || !fits(event->subject.instance, marking->instance))
        return true;
    const bool named = event->name != NULL && strcmp(event->name, BW_EVENT_MARKED) != 0;
    const char *name = named ? event->name : "";
    const char *cause = event->cause == NULL ? "" : event->cause;
    const char *between = name[0] != '\0' && cause[0] != '\0' ? ": " : "";
    marking->marks[marking->count++] = (struct bw_fan_mark){
        .ts_ms = event->ts_ms,
        .text = bw_arena_printf(arena, "%s%s%s", name, between, cause),
    };
    return marking->count < MARKS_MAX;
}

/* What changed while the series was looked at. A picture without them is a picture all the same. */
static void read_marks(struct bw_request *request, struct bw_trend_look *look)
{
    struct marking marking = {
        .request = request,
        .service = bw_labels_value(look->trend->labels, "service"),
        .instance = bw_labels_value(look->trend->labels, "instance"),
        .marks = bw_arena_array(&request->arena, MARKS_MAX, sizeof(struct bw_fan_mark)),
    };
    const struct bw_event_filter filter = { .kind = BW_EVENT_MARKER,
                                            .from_ms = look->trend->first_ms,
                                            .to_ms = look->trend->computed_ms };
    struct bw_reader *reader = NULL;
    if (bw_history_open(request, &reader, NULL) == BW_OK)
        bw_reader_events(reader, &filter, note_mark, &marking, NULL, NULL);
    bw_reader_close(reader);
    look->marks = marking.marks;
    look->mark_count = marking.count;
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
