// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/mark.h"

#include "base/escape.h"

#include <stdlib.h>
#include <string.h>

enum { MARKS_MAX = 40 };

/* ---- read ------------------------------------------------------------------------------ */

struct marking {
    struct bw_arena *arena;
    const struct bw_subject *of;
    struct bw_marks marks;
};

static bool fits(const char *part, const char *wanted)
{
    return part == NULL || part[0] == '\0' || wanted == NULL || wanted[0] == '\0'
           || strcmp(part, wanted) == 0;
}

static bool concerns(const struct bw_subject *subject, const struct bw_subject *of)
{
    return fits(subject->service, of->service) && fits(subject->instance, of->instance)
           && fits(subject->check, of->check);
}

static const char *copy(struct bw_arena *arena, const char *text)
{
    return text == NULL ? "" : bw_arena_strdup(arena, text);
}

static const char *words_of(struct bw_arena *arena, const struct bw_event *event)
{
    const bool named = event->name != NULL && strcmp(event->name, BW_EVENT_MARKED) != 0;
    const char *name = named ? event->name : "";
    const char *cause = event->cause == NULL ? "" : event->cause;
    const char *between = name[0] != '\0' && cause[0] != '\0' ? ": " : "";
    return bw_arena_printf(arena, "%s%s%s", name, between, cause);
}

static bool note(void *ctx, const struct bw_event *event)
{
    struct marking *marking = ctx;
    struct bw_arena *arena = marking->arena;
    if (!concerns(&event->subject, marking->of))
        return true;
    marking->marks.items[marking->marks.count++] = (struct bw_mark){
        .ts_ms = event->ts_ms,
        .text = words_of(arena, event),
        .subject = { copy(arena, event->subject.service), copy(arena, event->subject.instance),
                     copy(arena, event->subject.check) },
    };
    return marking->marks.count < MARKS_MAX;
}

static int newest_first(const void *a, const void *b)
{
    const struct bw_mark *x = a, *y = b;
    return (x->ts_ms < y->ts_ms) - (x->ts_ms > y->ts_ms);
}

struct bw_marks bw_marks_read(struct bw_request *request, struct bw_reader *reader,
                              const struct bw_subject *of, int64_t from_ms, int64_t to_ms)
{
    struct bw_event_filter filter = { .kind = BW_EVENT_MARKER,
                                      .concerns = of->service,
                                      .set = true,
                                      .from_ms = from_ms,
                                      .to_ms = to_ms };
    struct marking marking = { .arena = &request->arena, .of = of };
    marking.marks.items = bw_arena_array(&request->arena, MARKS_MAX, sizeof(struct bw_mark));
    if (reader != NULL)
        bw_reader_events(reader, &filter, note, &marking, NULL, NULL);
    filter.set = false;
    filter.found = true; /* in what room those leave that somebody set */
    if (reader != NULL && marking.marks.count < MARKS_MAX)
        bw_reader_events(reader, &filter, note, &marking, NULL, NULL);
    qsort(marking.marks.items, marking.marks.count, sizeof *marking.marks.items, newest_first);
    return marking.marks;
}

struct bw_marks bw_marks_of(struct bw_arena *arena, const struct bw_marks *marks,
                            const struct bw_subject *of)
{
    struct bw_marks own = { bw_arena_array(arena, marks->count + 1, sizeof *own.items), 0 };
    for (size_t i = 0; i < marks->count; i++) {
        if (concerns(&marks->items[i].subject, of))
            own.items[own.count++] = marks->items[i];
    }
    return own;
}

/* ---- drawn ----------------------------------------------------------------------------- */

static bool is_inside(const struct bw_plane *plane, int64_t ms)
{
    return ms >= plane->from_ms && ms <= plane->to_ms;
}

void bw_mark_draw_upright(const struct bw_plane *plane, const char *class, int64_t ms,
                          const char *text, struct bw_buf *out)
{
    if (!is_inside(plane, ms))
        return;
    bw_buf_printf(out, "<path class=\"%s\" d=\"M%.1f %dV%d\"><title>", class, bw_plane_x(plane, ms),
                  plane->top, plane->height - plane->bottom);
    bw_escape_html(out, text, strlen(text));
    bw_buf_text(out, "</title></path>");
}

void bw_mark_draw(const struct bw_plane *plane, const struct bw_mark *mark, struct bw_buf *out)
{
    if (!is_inside(plane, mark->ts_ms))
        return;
    bw_mark_draw_upright(plane, "mark", mark->ts_ms, mark->text, out);
    bw_buf_printf(out, "<path class=\"flag\" d=\"M%.1f %dl-4-7h8z\"/>",
                  bw_plane_x(plane, mark->ts_ms), plane->top);
}
