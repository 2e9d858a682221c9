// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/trend_breaks.h"

#include "base/buf.h"
#include "base/civil.h"
#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

enum { MARKERS_MAX = 1000 }; /* that were set, and as many that were found */

#define DAY_MS INT64_C(86400000)

/* ---- read ------------------------------------------------------------------------------ */

struct reading {
    struct bw_arena *arena;
    struct bw_trend_breaks *out;
};

/* Set ones say what was done; found ones what was found, and of what. */
static const char *text_of(struct bw_arena *arena, const struct bw_event *event)
{
    if (event->to == BW_MARKER_SET || event->cause[0] == '\0')
        return bw_arena_strdup(arena, event->to == BW_MARKER_SET ? event->cause : event->name);
    return bw_arena_printf(arena, "%s: %s", event->name, event->cause);
}

static bool take(void *ctx, const struct bw_event *event)
{
    const struct reading *r = ctx;
    r->out->items[r->out->count++] = (struct bw_trend_break){
        .ts_ms = event->ts_ms,
        .subject = { bw_arena_strdup(r->arena, event->subject.service),
                     bw_arena_strdup(r->arena, event->subject.instance),
                     bw_arena_strdup(r->arena, event->subject.check) },
        .text = text_of(r->arena, event),
    };
    return true;
}

static int by_time(const void *a, const void *b)
{
    const struct bw_trend_break *x = a, *y = b;
    return (x->ts_ms > y->ts_ms) - (x->ts_ms < y->ts_ms);
}

enum bw_rc bw_trend_breaks_read(struct bw_reader *reader, struct bw_arena *arena,
                                struct bw_trend_breaks *out, struct bw_err *err)
{
    struct bw_event_filter filter = { .kind = BW_EVENT_MARKER, .set = true, .limit = MARKERS_MAX };
    struct reading reading = { arena, out };
    out->items = bw_arena_array(arena, 2 * (size_t)MARKERS_MAX, sizeof *out->items);
    out->count = 0;
    enum bw_rc rc = bw_reader_events(reader, &filter, take, &reading, NULL, err);
    filter.set = false;
    filter.found = true; /* names of pools change all day: they crowd nobody's marker out */
    if (rc == BW_OK)
        rc = bw_reader_events(reader, &filter, take, &reading, NULL, err);
    qsort(out->items, out->count, sizeof *out->items, by_time);
    return rc;
}

/* ---- of a series ----------------------------------------------------------------------- */

static bool has(struct bw_labels labels, const char *name, const char *wanted)
{
    const char *value = bw_labels_value(labels, name);
    return wanted[0] == '\0' || (value != NULL && strcmp(value, wanted) == 0);
}

static bool concerns(const struct bw_trend_break *it, struct bw_labels labels)
{
    return has(labels, "service", it->subject.service)
           && has(labels, "instance", it->subject.instance)
           && has(labels, "check", it->subject.check);
}

size_t bw_trend_breaks_of(const struct bw_trend_breaks *breaks, struct bw_labels labels,
                          const struct bw_trend_break *out[BW_TREND_MARKS_MAX])
{
    size_t at = BW_TREND_MARKS_MAX;
    for (size_t i = breaks->count; i-- > 0 && at > 0;) {
        if (concerns(&breaks->items[i], labels))
            out[--at] = &breaks->items[i];
    }
    const size_t count = BW_TREND_MARKS_MAX - at;
    memmove(out, out + at, count * sizeof *out);
    return count;
}

/* ---- in words -------------------------------------------------------------------------- */

/* "14:02 UTC", with the date where it is not that of the analysis. */
static const char *clock_words(struct bw_arena *arena, int64_t ms, int64_t now_ms)
{
    const struct bw_civil at = bw_civil_from_ms(ms);
    if (ms / DAY_MS == now_ms / DAY_MS)
        return bw_arena_printf(arena, "%02d:%02d UTC", at.hour, at.minute);
    return bw_arena_printf(arena, "%04lld-%02d-%02d %02d:%02d UTC", (long long)at.year, at.month,
                           at.day, at.hour, at.minute);
}

/* The last one before the change, or within the exactness of its time after it. */
static const struct bw_trend_break *
behind(int64_t change_ms, const struct bw_trend_break *const *of, size_t count, int64_t step_ms)
{
    for (size_t i = count; i-- > 0;) {
        const int64_t later_ms = change_ms - of[i]->ts_ms;
        if (later_ms >= -step_ms && later_ms <= 2 * step_ms)
            return of[i];
    }
    return NULL;
}

const char *bw_trend_breaks_note(struct bw_arena *arena, const struct bw_trend_record *record,
                                 const struct bw_trend_break *const *of, size_t count,
                                 int64_t step_ms)
{
    for (size_t i = 0; i < record->finding_count; i++) {
        const struct bw_finding *finding = &record->findings[i];
        if (finding->kind != BW_FINDING_LEVEL_SHIFT && finding->kind != BW_FINDING_SLOPE_CHANGE)
            continue;
        const struct bw_trend_break *it = behind(finding->at_ms, of, count, step_ms);
        if (it == NULL)
            continue;
        struct bw_buf words;
        bw_buf_init(&words, BW_FINDINGS_BYTES_MAX);
        bw_trend_say_finding(&words, record, i);
        const char *note =
            bw_arena_printf(arena, "since the marker '%s' at %s: %s", it->text,
                            clock_words(arena, it->ts_ms, record->computed_ms), words.data);
        bw_buf_fini(&words);
        return note;
    }
    return NULL;
}
