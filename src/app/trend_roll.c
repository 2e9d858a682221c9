// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/trend_roll.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct list {
    struct bw_trend_entry *items;
    size_t count, cap;
};

/* A roll that is drawn up. */
struct drawing {
    const struct bw_trend_plan *plan;
    struct bw_trend_silent silent;
    struct bw_arena *arena;
    struct list heard, unheard;
};

static int compare_ids(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static bool is_silent(const struct drawing *drawing, uint32_t series)
{
    return drawing->silent.count > 0
           && bsearch(&series, drawing->silent.ids, drawing->silent.count, sizeof series,
                      compare_ids)
                  != NULL;
}

static struct bw_trend_entry entry_of(struct bw_arena *arena, const struct bw_series_info *series,
                                      const struct bw_trend_select *select)
{
    return (struct bw_trend_entry){
        .series = series->id,
        .metric = bw_arena_strdup(arena, series->metric),
        .labels = bw_labels_make(arena, series->labels.items, series->labels.count),
        .select = select,
    };
}

/* Beyond the ceiling entries are only counted. */
static void add(struct list *list, const struct drawing *drawing,
                const struct bw_series_info *series, const struct bw_trend_select *select)
{
    if (list->count++ >= drawing->plan->max_series)
        return;
    list->items = bw_grow(list->items, &list->cap, list->count, sizeof *list->items);
    list->items[list->count - 1] = entry_of(drawing->arena, series, select);
}

static bool consider(void *ctx, const struct bw_series_info *series)
{
    struct drawing *drawing = ctx;
    const struct bw_trend_select *select =
        bw_trend_plan_pick(drawing->plan, series->metric, series->labels);
    if (select != NULL)
        add(is_silent(drawing, series->id) ? &drawing->unheard : &drawing->heard, drawing, series,
            select);
    return true;
}

static void append(struct bw_trend_roll *roll, const struct list *list, size_t most)
{
    const size_t room = most - roll->count;
    const size_t taken = list->count < room ? list->count : room;
    if (taken > 0)
        memcpy(roll->entries + roll->count, list->items, taken * sizeof *list->items);
    roll->count += taken;
    roll->left_out += list->count - taken;
}

static bool take(void *ctx, const struct bw_series_info *series)
{
    struct drawing *drawing = ctx;
    add(&drawing->heard, drawing, series, drawing->plan->select);
    return true;
}

static void draw(struct bw_trend_roll *roll, const struct drawing *drawing)
{
    const size_t all = drawing->heard.count + drawing->unheard.count;
    const size_t most = all < drawing->plan->max_series ? all : drawing->plan->max_series;
    roll->entries = bw_arena_array(&roll->arena, most + 1, sizeof *roll->entries);
    append(roll, &drawing->heard, most);
    append(roll, &drawing->unheard, most);
}

/* `only`: that series alone; 0: all that are selected. */
static enum bw_rc make(struct drawing *drawing, uint32_t only, struct bw_reader *reader,
                       struct bw_trend_roll **out, struct bw_err *err)
{
    struct bw_trend_roll *roll = bw_alloc(sizeof *roll);
    drawing->arena = &roll->arena;
    enum bw_rc rc = only != 0 ? bw_reader_series_by_id(reader, only, take, drawing, err)
                              : bw_reader_series(reader, NULL, consider, drawing, NULL, err);
    if (rc == BW_OK)
        rc = bw_trend_breaks_read(reader, &roll->arena, &roll->breaks, err);
    if (rc == BW_OK)
        draw(roll, drawing);
    free(drawing->heard.items);
    free(drawing->unheard.items);
    if (rc == BW_OK)
        *out = roll;
    else
        bw_trend_roll_free(roll);
    return rc;
}

enum bw_rc bw_trend_roll_make(const struct bw_trend_plan *plan, struct bw_trend_silent silent,
                              struct bw_reader *reader, struct bw_trend_roll **out,
                              struct bw_err *err)
{
    return make(&(struct drawing){ .plan = plan, .silent = silent }, 0, reader, out, err);
}

enum bw_rc bw_trend_roll_one(const struct bw_trend_plan *plan, uint32_t series,
                             struct bw_reader *reader, struct bw_trend_roll **out,
                             struct bw_err *err)
{
    return make(&(struct drawing){ .plan = plan }, series, reader, out, err);
}

void bw_trend_roll_free(struct bw_trend_roll *roll)
{
    if (roll == NULL)
        return;
    bw_arena_fini(&roll->arena);
    free(roll);
}
