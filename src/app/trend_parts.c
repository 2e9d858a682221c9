// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/trend_parts.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "pack/points.h"
#include "trend/attribute.h"
#include "web/words.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A whole and where its parts are. Parts have the labels of the whole and, if one is named, `label`
 * beside them, which then names the part. */
static const struct whole {
    const char *metric;
    const char *part;  /* metric of the parts: a name, or its end after '*' */
    const char *label; /* NULL: the name below names it */
    const char *name;
    int sign;
    const char *rest; /* what is in no part; NULL: nobody knows what that is */
} wholes[] = {
    { "probe_duration_seconds", "*_duration_seconds", "phase", NULL, 1, NULL },
    { "node_memory_MemAvailable_bytes", "node_memory_Shmem_bytes", NULL, "shared memory", -1,
      "programs or the kernel" },
};

enum { WHOLES = sizeof wholes / sizeof *wholes, SIDE_RUNS_WANTED = 300, WINDOWS = 3 };

#define HOUR_MS INT64_C(3600000)

/* A part that was found, with its points. */
struct part {
    uint32_t series;
    char name[BW_FINDING_DRIVER_MAX];
    int sign;
    struct bw_points points;
};

/* One shift that is looked into. */
struct shift {
    struct bw_trend_record *record;
    struct bw_finding *finding;
    const char *rest;
    struct bw_points points; /* of the whole */
    struct part parts[BW_TREND_PARTS_MAX];
    size_t part_count;
};

struct explaining {
    struct shift *shifts;
    size_t count;
};

/* ---- which parts there are --------------------------------------------------------------- */

static struct bw_finding *level_shift_of(struct bw_trend_record *record)
{
    for (size_t i = 0; i < record->finding_count; i++)
        if (record->findings[i].kind == BW_FINDING_LEVEL_SHIFT)
            return &record->findings[i];
    return NULL;
}

static const struct whole *whole_of(const char *metric)
{
    for (size_t i = 0; i < WHOLES; i++)
        if (strcmp(wholes[i].metric, metric) == 0)
            return &wholes[i];
    return NULL;
}

static bool is_part(const struct whole *whole, const char *metric)
{
    return whole->part[0] == '*' ? bw_text_ends_with(metric, whole->part + 1)
                                 : strcmp(whole->part, metric) == 0;
}

/* Whether the labels are those of the whole and, if one is named, `label`. */
static bool belongs(struct bw_labels labels, struct bw_labels whole, const char *label)
{
    if (labels.count != whole.count + (label != NULL))
        return false;
    for (size_t i = 0; i < whole.count; i++) {
        const char *value = bw_labels_value(labels, whole.items[i].name);
        if (value == NULL || strcmp(value, whole.items[i].value) != 0)
            return false;
    }
    return label == NULL || bw_labels_value(labels, label) != NULL;
}

static void take_part(struct shift *shift, const struct bw_series_info *series)
{
    for (size_t i = 0; i < WHOLES && shift->part_count < BW_TREND_PARTS_MAX; i++) {
        const struct whole *whole = &wholes[i];
        if (strcmp(whole->metric, shift->record->metric) != 0 || !is_part(whole, series->metric)
            || !belongs(series->labels, shift->record->labels, whole->label))
            continue;
        struct part *part = &shift->parts[shift->part_count++];
        part->series = series->id;
        part->sign = whole->sign;
        const char *name =
            whole->label != NULL ? bw_labels_value(series->labels, whole->label) : whole->name;
        bw_text_copy(part->name, sizeof part->name, name);
    }
}

static bool look_at_series(void *ctx, const struct bw_series_info *series)
{
    const struct explaining *all = ctx;
    for (size_t i = 0; i < all->count; i++)
        take_part(&all->shifts[i], series);
    return true;
}

/* ---- their runs -------------------------------------------------------------------------- */

static bool take_points(void *ctx, uint32_t series, const struct bw_point *points, size_t count)
{
    struct shift *shift = ctx;
    struct bw_points *into = series == shift->record->series ? &shift->points : NULL;
    for (size_t i = 0; i < shift->part_count && into == NULL; i++)
        into = shift->parts[i].series == series ? &shift->parts[i].points : NULL;
    for (size_t i = 0; into != NULL && i < count; i++)
        bw_points_add(into, points[i].ts_ms, points[i].value);
    return true;
}

static void forget_points(struct shift *shift)
{
    shift->points.count = 0;
    for (size_t i = 0; i < shift->part_count; i++)
        shift->parts[i].points.count = 0;
}

/* How far apart the values are that the shift was found in: its time is hardly better known. */
static int64_t cell_ms(const struct bw_trend_record *record)
{
    const int64_t seen_ms = record->last_ms - record->first_ms;
    return record->points > 1 ? seen_ms / (int64_t)(record->points - 1) : seen_ms;
}

static size_t runs_before(const struct bw_points *points, int64_t at_ms)
{
    size_t count = 0;
    while (count < points->count && points->items[count].ts_ms < at_ms)
        count++;
    return count;
}

/* The runs around the shift, from a window as narrow as holds enough of them: what was before
 * today's change is not last week's. */
static bool read_runs(struct bw_reader *reader, struct shift *shift)
{
    static const int64_t windows_ms[WINDOWS] = { HOUR_MS, 6 * HOUR_MS, 48 * HOUR_MS };
    const int64_t at_ms = shift->finding->at_ms;
    uint32_t ids[BW_TREND_PARTS_MAX + 1] = { shift->record->series };
    for (size_t i = 0; i < shift->part_count; i++)
        ids[i + 1] = shift->parts[i].series;
    for (size_t i = 0; i < WINDOWS; i++) {
        const int64_t wide_ms = windows_ms[i];
        if (wide_ms < 10 * cell_ms(shift->record) && i + 1 < WINDOWS)
            continue;
        forget_points(shift);
        if (bw_reader_scan(reader, ids, shift->part_count + 1, at_ms - wide_ms, at_ms + wide_ms,
                           take_points, shift, NULL, NULL)
            != BW_OK)
            return false;
        const size_t before = runs_before(&shift->points, at_ms);
        if (before >= SIDE_RUNS_WANTED && shift->points.count - before >= SIDE_RUNS_WANTED)
            break;
    }
    return shift->points.count > 0;
}

/* ---- what is told ------------------------------------------------------------------------ */

static void complete(struct shift *shift, const struct bw_trend_blame *blame, bool phases)
{
    struct bw_finding *it = shift->finding;
    const bool rest = blame->driver == shift->part_count;
    if (phases) {
        bw_text_copy(it->measure, sizeof it->measure, blame->tail ? "p95" : "median");
        it->before = blame->before;
        it->after = blame->after;
        it->size = blame->after - blame->before;
        it->size_sd = 0;
    }
    if (blame->driver < shift->part_count)
        bw_text_copy(it->driver, sizeof it->driver, shift->parts[blame->driver].name);
    else if (rest && shift->rest != NULL)
        bw_text_copy(it->driver, sizeof it->driver, shift->rest);
    it->share = it->driver[0] != '\0' ? blame->share : 0;
}

static void explain(struct bw_reader *reader, struct bw_arena *arena, struct shift *shift)
{
    struct bw_trend_part parts[BW_TREND_PARTS_MAX];
    struct bw_trend_blame blame;
    if (shift->part_count == 0 || !read_runs(reader, shift))
        return;
    for (size_t i = 0; i < shift->part_count; i++)
        parts[i] = (struct bw_trend_part){ shift->parts[i].sign, shift->parts[i].points.items,
                                           shift->parts[i].points.count };
    const struct bw_trend_whole whole = { .points = shift->points.items,
                                          .count = shift->points.count,
                                          .parts = parts,
                                          .part_count = shift->part_count,
                                          .at_ms = shift->finding->at_ms,
                                          .doubt_ms = 2 * cell_ms(shift->record) };
    if (!bw_trend_attribute(arena, &whole, &blame))
        return;
    const size_t index = (size_t)(shift->finding - shift->record->findings);
    const char *note = shift->record->note, *before = bw_words_finding(arena, shift->record, index);
    complete(shift, &blame, whole_of(shift->record->metric)->label != NULL);
    if (note != NULL && strcmp(note, before) == 0)
        shift->record->note = bw_words_finding(arena, shift->record, index);
}

/* Room for one more, which the oldest may have to leave; NULL: all are newer. */
static struct shift *room_for(struct explaining *all, int64_t at_ms)
{
    if (all->count < BW_TREND_PARTS_EXPLAINED_MAX)
        return &all->shifts[all->count++];
    struct shift *oldest = &all->shifts[0];
    for (size_t i = 1; i < all->count; i++)
        if (all->shifts[i].finding->at_ms < oldest->finding->at_ms)
            oldest = &all->shifts[i];
    return oldest->finding->at_ms < at_ms ? oldest : NULL;
}

static void find_shifts(struct explaining *all, struct bw_trend_record *records, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct whole *whole = whole_of(records[i].metric);
        struct bw_finding *finding = whole != NULL ? level_shift_of(&records[i]) : NULL;
        struct shift *shift = finding != NULL ? room_for(all, finding->at_ms) : NULL;
        if (shift != NULL)
            *shift =
                (struct shift){ .record = &records[i], .finding = finding, .rest = whole->rest };
    }
}

void bw_trend_parts_explain(struct bw_reader *reader, struct bw_arena *arena,
                            struct bw_trend_record *records, size_t count)
{
    struct explaining all = { .shifts = bw_alloc_array(BW_TREND_PARTS_EXPLAINED_MAX,
                                                       sizeof *all.shifts) };
    find_shifts(&all, records, count);
    if (all.count > 0 && bw_reader_series(reader, NULL, look_at_series, &all, NULL, NULL) == BW_OK)
        for (size_t i = 0; i < all.count; i++)
            explain(reader, arena, &all.shifts[i]);
    for (size_t i = 0; i < all.count; i++) {
        bw_points_fini(&all.shifts[i].points);
        for (size_t k = 0; k < all.shifts[i].part_count; k++)
            bw_points_fini(&all.shifts[i].parts[k].points);
    }
    free(all.shifts);
}
