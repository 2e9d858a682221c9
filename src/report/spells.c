// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/spells.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* ---- finding them ------------------------------------------------------------------------- */

struct turn {
    int64_t ts_ms, id;
    bool blind; /* from here on */
};

struct turns {
    int64_t from_ms;
    struct turn *items;
    size_t count, cap;
};

/* Newest first, down to the last one before the range. */
static bool take_turn(void *ctx, const struct bw_event *event)
{
    struct turns *turns = ctx;
    turns->items = bw_grow(turns->items, &turns->cap, turns->count + 1, sizeof *turns->items);
    turns->items[turns->count++] =
        (struct turn){ event->ts_ms, event->id, strcmp(event->name, BW_EVENT_BLIND) == 0 };
    return event->ts_ms >= turns->from_ms;
}

static int by_id(const void *a, const void *b)
{
    const struct turn *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

static void add_spell(struct bw_gather *gather, int64_t from_ms, int64_t to_ms)
{
    const struct bw_report_request *request = &gather->report->request;
    const int64_t begin_ms = from_ms > request->from_ms ? from_ms : request->from_ms;
    const int64_t end_ms = to_ms < request->to_ms ? to_ms : request->to_ms;
    const int64_t last_ms =
        gather->spell_count > 0 ? gather->spells[gather->spell_count - 1].to_ms : INT64_MIN;
    if (begin_ms >= end_ms || begin_ms < last_ms)
        return; /* outside, or the clock went back */
    gather->spells = bw_grow(gather->spells, &gather->spell_cap, gather->spell_count + 1,
                             sizeof *gather->spells);
    gather->spells[gather->spell_count++] = (struct bw_report_spell){ begin_ms, end_ms };
    gather->report->blind_count++;
    gather->report->blind_ms += end_ms - begin_ms;
}

static void pair_up(struct bw_gather *gather, struct turns *turns)
{
    const struct turn *begin = NULL;
    if (turns->count > 0)
        qsort(turns->items, turns->count, sizeof *turns->items, by_id);
    for (size_t i = 0; i < turns->count; i++) {
        if (begin != NULL && !turns->items[i].blind)
            add_spell(gather, begin->ts_ms, turns->items[i].ts_ms);
        begin = !turns->items[i].blind ? NULL : begin != NULL ? begin : &turns->items[i];
    }
    if (begin != NULL)
        add_spell(gather, begin->ts_ms, INT64_MAX);
}

enum bw_rc bw_spells_find(struct bw_gather *gather, struct bw_err *err)
{
    static const char *const names[] = { BW_EVENT_BLIND, BW_EVENT_SEES_AGAIN };
    const struct bw_report_request *request = &gather->report->request;
    struct turns turns = { .from_ms = request->from_ms };
    enum bw_rc rc = BW_OK;
    for (size_t i = 0; i < 2 && rc == BW_OK; i++) {
        const struct bw_event_filter filter = { .kind = BW_EVENT_SYSTEM,
                                                .name = names[i],
                                                .to_ms = request->to_ms - 1 };
        rc = bw_gather_events(gather, filter, take_turn, &turns, &gather->report->cut, err);
    }
    pair_up(gather, &turns);
    free(turns.items);
    return rc;
}

/* ---- whom they are about ------------------------------------------------------------------- */

/* How many of the points, which rise, lie in each spell. */
static void count_points(const struct bw_gather *gather, const struct bw_point *points,
                         size_t count, uint32_t *out)
{
    size_t spell = 0;
    for (size_t i = 0; i < count; i++) {
        while (spell < gather->spell_count && gather->spells[spell].to_ms <= points[i].ts_ms)
            spell++;
        if (spell == gather->spell_count)
            return;
        out[spell] += points[i].ts_ms >= gather->spells[spell].from_ms;
    }
}

void bw_spells_note_scores(struct bw_gather *gather, struct bw_report_entry *entry,
                           const struct bw_point *points, size_t count)
{
    entry->scores =
        bw_arena_array(&gather->report->arena, gather->spell_count, sizeof *entry->scores);
    count_points(gather, points, count, entry->scores);
}

/* The stamp of a result is when its run was due: that of the first which was seen again may lie
 * in the spell. So most of the results must have a score. */
void bw_spells_decide(struct bw_gather *gather, struct bw_report_entry *entry,
                      const struct bw_point *points, size_t count)
{
    if (gather->spell_count == 0)
        return;
    struct bw_arena *arena = &gather->report->arena;
    struct bw_report_spell *blind = bw_arena_array(arena, gather->spell_count, sizeof *blind);
    uint32_t *results = bw_alloc_array(gather->spell_count, sizeof *results);
    count_points(gather, points, count, results);
    for (size_t i = 0; i < gather->spell_count; i++) {
        if (entry->scores == NULL || 2 * entry->scores[i] <= results[i])
            blind[entry->blind_count++] = gather->spells[i];
    }
    entry->blind = blind;
    free(results);
}

/* Until when a mark stands. Marks that are missing say that nobody was there. */
static int64_t mark_until(const struct bw_point *points, size_t count, size_t i)
{
    const int64_t ts_ms = points[i].ts_ms;
    if (i + 1 < count && points[i + 1].ts_ms - ts_ms <= 2 * BW_MAINTENANCE_MARK_MS)
        return points[i + 1].ts_ms;
    return ts_ms + BW_MAINTENANCE_MARK_MS;
}

void bw_spells_note_marks(struct bw_gather *gather, struct bw_report_entry *entry,
                          const struct bw_point *points, size_t count)
{
    const struct bw_report_request *request = &gather->report->request;
    struct bw_report_spell *spells = bw_arena_array(&gather->report->arena, count, sizeof *spells);
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        const int64_t until_ms = mark_until(points, count, i);
        const int64_t from_ms =
            points[i].ts_ms > request->from_ms ? points[i].ts_ms : request->from_ms;
        const int64_t to_ms = until_ms < request->to_ms ? until_ms : request->to_ms;
        if (points[i].value < 0.5 || from_ms >= to_ms)
            continue;
        if (n > 0 && spells[n - 1].to_ms == from_ms)
            spells[n - 1].to_ms = to_ms;
        else
            spells[n++] = (struct bw_report_spell){ from_ms, to_ms };
    }
    entry->maintenance = spells;
    entry->maintenance_count = n;
}

/* The spell that the time lies in, or NULL. */
static const struct bw_report_spell *find_spell(const struct bw_report_spell *spells, size_t count,
                                                int64_t ts_ms)
{
    size_t low = 0, high = count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (spells[middle].to_ms <= ts_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && spells[low].from_ms <= ts_ms ? &spells[low] : NULL;
}

int64_t bw_spells_excuse(const struct bw_report_entry *entry, int64_t ts_ms)
{
    const struct bw_report_spell *spell =
        find_spell(entry->maintenance, entry->maintenance_count, ts_ms);
    return spell != NULL ? spell->to_ms : ts_ms;
}

bool bw_spells_hold(const struct bw_report_entry *entry, int64_t ts_ms)
{
    return find_spell(entry->blind, entry->blind_count, ts_ms) != NULL
           || find_spell(entry->maintenance, entry->maintenance_count, ts_ms) != NULL;
}
