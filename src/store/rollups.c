// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/rollups.h"

#include "base/mem.h"
#include "store/db.h"
#include "store/writer.h"

#include <stdlib.h>

enum { SAMPLES_A_STEP = 512 };

/* --- what is known ------------------------------------------------------------------------ */

static struct bw_rollup_group *group_of(struct bw_rollups *rollups, uint32_t group)
{
    if (group >= rollups->count) {
        const size_t count = (size_t)group + 1;
        rollups->groups = bw_grow(rollups->groups, &rollups->cap, count, sizeof *rollups->groups);
        for (size_t i = rollups->count; i < count; i++) {
            for (unsigned t = 0; t < BW_ROLLUP_TIERS; t++)
                rollups->groups[i].done_ms[t] = BW_ROLLUP_NEVER;
        }
        rollups->count = count;
    }
    return &rollups->groups[group];
}

static void set_done(struct bw_rollups *rollups, uint32_t group, unsigned tier, int64_t done_ms)
{
    group_of(rollups, group)->done_ms[tier] = done_ms;
    if (done_ms > rollups->newest_ms)
        rollups->newest_ms = done_ms;
}

void bw_rollups_fini(struct bw_store *store)
{
    free(store->rollups.groups);
    free(store->rewinds.items);
    store->rollups = (struct bw_rollups){ .newest_ms = BW_ROLLUP_NEVER };
    store->rewinds = (struct bw_rollup_rewinds){ 0 };
}

void bw_rollups_forget(struct bw_store *store)
{
    pthread_mutex_lock(&store->lock);
    for (size_t i = 0; i < store->rollups.count; i++) {
        for (unsigned t = 0; t < BW_ROLLUP_TIERS; t++)
            store->rollups.groups[i].done_ms[t] = BW_ROLLUP_NEVER;
    }
    /* What is on its way was read from the file that is gone. */
    store->rollups.overtaken = true;
    pthread_mutex_unlock(&store->lock);
}

static int tier_of(int64_t width_ms)
{
    for (int t = 0; t < BW_ROLLUP_TIERS; t++) {
        if (bw_rollup_tiers[t].width_ms == width_ms)
            return t;
    }
    return -1;
}

/* A damaged row is as good as none: the group is begun anew, and what raw samples are gone for
 * stays as it was made. */
static void load_row(struct bw_store *store, const struct bw_cells *cells)
{
    const int tier = tier_of(cells->items[0].integer);
    const int64_t group = cells->items[1].integer, done_ms = cells->items[2].integer;
    if (tier >= 0 && group > 0 && group <= (int64_t)store->registry.last_group)
        set_done(&store->rollups, (uint32_t)group, (unsigned)tier,
                 bw_window_start(done_ms, bw_rollup_tiers[tier].window_ms));
}

enum bw_rc bw_rollups_load(struct bw_store *store, struct bw_err *err)
{
    sqlite3_stmt *st = NULL;
    enum bw_rc rc = bw_db_prepare(store->db, "SELECT * FROM rollup_done", &st, err);
    store->rollups.newest_ms = BW_ROLLUP_NEVER;
    while (rc == BW_OK && bw_db_has_row(store->db, sqlite3_step(st), &rc, err)) {
        struct bw_cells cells;
        if (bw_row_read(BW_ROW_ROLLUP_DONE, st, &cells))
            load_row(store, &cells);
        else
            store->stats.damaged_total++;
    }
    sqlite3_finalize(st);
    return rc;
}

/* --- what comes late ---------------------------------------------------------------------- */

struct home {
    uint32_t series, group;
};

/* Series whose places are in the batch itself. */
struct homes {
    struct home *items;
    size_t count, cap;
};

static int by_series(const void *a, const void *b)
{
    const uint32_t x = ((const struct home *)a)->series, y = ((const struct home *)b)->series;
    return (x > y) - (x < y);
}

static struct homes homes_of(const struct bw_lane *batch)
{
    struct homes homes = { .count = 0 };
    for (const struct bw_row *row = batch->first_row; row != NULL; row = row->next) {
        if (row->op != BW_ROW_SERIES_GROUP)
            continue;
        homes.items = bw_grow(homes.items, &homes.cap, homes.count + 1, sizeof *homes.items);
        homes.items[homes.count++] =
            (struct home){ (uint32_t)row->cells[0].integer, (uint32_t)row->cells[1].integer };
    }
    if (homes.count > 0)
        qsort(homes.items, homes.count, sizeof *homes.items, by_series);
    return homes;
}

static uint32_t find_group(const struct bw_store *store, const struct homes *homes, uint32_t series)
{
    const uint32_t group = bw_heads_group_of(&store->heads, series);
    if (group != 0 || homes->count == 0)
        return group;
    const struct home key = { .series = series };
    const struct home *home =
        bsearch(&key, homes->items, homes->count, sizeof *homes->items, by_series);
    return home == NULL ? 0 : home->group;
}

static void note_rewind(struct bw_rollup_rewinds *rewinds, uint32_t group, int64_t ts_ms)
{
    const int64_t to_ms = bw_window_start(ts_ms, bw_rollup_tiers[0].window_ms);
    for (size_t i = 0; i < rewinds->count; i++) {
        struct bw_rollup_rewind *rewind = &rewinds->items[i];
        if (rewind->group != group)
            continue;
        rewind->to_ms = to_ms < rewind->to_ms ? to_ms : rewind->to_ms;
        return;
    }
    rewinds->items =
        bw_grow(rewinds->items, &rewinds->cap, rewinds->count + 1, sizeof *rewinds->items);
    rewinds->items[rewinds->count++] = (struct bw_rollup_rewind){ group, to_ms };
}

/* With the lock held. */
static void look_at(struct bw_store *store, const struct homes *homes,
                    const struct bw_sample *samples, size_t count)
{
    struct bw_rollups *rollups = &store->rollups;
    const struct bw_rollup_window *window = &rollups->window;
    for (size_t i = 0; i < count; i++) {
        const int64_t ts_ms = samples[i].ts_ms;
        if (ts_ms >= rollups->newest_ms)
            continue;
        const uint32_t group = find_group(store, homes, samples[i].series);
        if (group == 0)
            continue;
        if (rollups->busy && group == window->group && ts_ms < window->to_ms)
            rollups->overtaken = true;
        if (group < rollups->count && ts_ms < rollups->groups[group].done_ms[0])
            note_rewind(&store->rewinds, group, ts_ms);
    }
}

static void find_late(struct bw_store *store)
{
    struct bw_journal_row *row = &store->batch.samples;
    const struct bw_buf *body = bw_journal_row_body(row, store->seq + 1);
    struct homes homes = homes_of(&store->batch);
    struct bw_journal_walk walk;
    struct bw_sample samples[SAMPLES_A_STEP];
    size_t count = 0;
    enum bw_rc rc = bw_journal_walk_begin(&walk, store->seq + 1, body->data, body->len, NULL);
    pthread_mutex_lock(&store->lock);
    do {
        if (rc == BW_OK)
            rc = bw_journal_walk_next(&walk, samples, SAMPLES_A_STEP, &count, NULL);
        if (rc == BW_OK)
            look_at(store, &homes, samples, count);
    } while (rc == BW_OK && count == SAMPLES_A_STEP);
    pthread_mutex_unlock(&store->lock);
    free(homes.items);
}

/* Packs that were handed over whole are history, late or not. */
static void look_at_packs(struct bw_store *store)
{
    struct bw_rollups *rollups = &store->rollups;
    const struct bw_rollup_window *window = &rollups->window;
    pthread_mutex_lock(&store->lock);
    for (const struct bw_row *row = store->batch.first_row; row != NULL; row = row->next) {
        if (row->op != BW_ROW_SEALED_PACK)
            continue;
        const uint32_t group = (uint32_t)row->cells[0].integer;
        const int64_t first_ms = row->cells[1].integer;
        if (rollups->busy && group == window->group && first_ms < window->to_ms)
            rollups->overtaken = true;
        if (group < rollups->count && first_ms < rollups->groups[group].done_ms[0])
            note_rewind(&store->rewinds, group, first_ms);
    }
    pthread_mutex_unlock(&store->lock);
}

static enum bw_rc write_done(struct bw_store *store, uint32_t group, unsigned tier, int64_t done_ms,
                             struct bw_err *err)
{
    struct bw_cells cells = { .count = 0 };
    bw_cells_int(&cells, bw_rollup_tiers[tier].width_ms);
    bw_cells_int(&cells, group);
    bw_cells_int(&cells, done_ms);
    struct bw_row *row = bw_row_new(BW_ROW_ROLLUP_DONE, &cells);
    const enum bw_rc rc = bw_row_write(&store->row_writer, store->db, row, err);
    free(row);
    return rc;
}

/* What is done of a tier after going back; BW_ROLLUP_NEVER when it need not. */
static int64_t done_after(const struct bw_rollup_group *group, unsigned tier, int64_t to_ms)
{
    const int64_t start_ms = bw_window_start(to_ms, bw_rollup_tiers[tier].window_ms);
    return group->done_ms[tier] > start_ms ? start_ms : BW_ROLLUP_NEVER;
}

static enum bw_rc write_rewind(struct bw_store *store, const struct bw_rollup_rewind *rewind,
                               struct bw_err *err)
{
    enum bw_rc rc = BW_OK;
    const struct bw_rollup_group group = store->rollups.groups[rewind->group];
    for (unsigned t = 0; rc == BW_OK && t < BW_ROLLUP_TIERS; t++) {
        const int64_t done_ms = done_after(&group, t, rewind->to_ms);
        if (done_ms != BW_ROLLUP_NEVER)
            rc = write_done(store, rewind->group, t, done_ms, err);
    }
    return rc;
}

enum bw_rc bw_rollups_take_late(struct bw_store *store, struct bw_err *err)
{
    const struct bw_journal_row *row = &store->batch.samples;
    store->rewinds.count = 0;
    pthread_mutex_lock(&store->lock);
    const bool late = row->count > 0 && row->least_ms < store->rollups.newest_ms;
    pthread_mutex_unlock(&store->lock);
    if (late)
        find_late(store);
    look_at_packs(store);
    enum bw_rc rc = BW_OK;
    for (size_t i = 0; rc == BW_OK && i < store->rewinds.count; i++)
        rc = write_rewind(store, &store->rewinds.items[i], err);
    return rc;
}

/* --- what was made ------------------------------------------------------------------------ */

static bool is_of_window(const struct bw_row *row)
{
    return row->op == BW_ROW_ROLLUP || row->op == BW_ROW_ROLLUP_DONE
           || row->op == BW_ROW_FORGET_ROLLUP;
}

/* Only the writer changes `overtaken` once the rows are in a lane. */
bool bw_rollups_refuses(const struct bw_store *store, const struct bw_row *row)
{
    return is_of_window(row) && store->rollups.overtaken;
}

void bw_rollups_overtake(struct bw_rollups *rollups, uint32_t group)
{
    if (rollups->busy && rollups->window.group == group)
        rollups->overtaken = true;
}

bool bw_rollups_are_made(struct bw_store *store)
{
    pthread_mutex_lock(&store->lock);
    const bool wanted = store->rollups.wanted;
    pthread_mutex_unlock(&store->lock);
    return wanted;
}

static void settle_rewinds(struct bw_store *store)
{
    for (size_t i = 0; i < store->rewinds.count; i++) {
        const struct bw_rollup_rewind *rewind = &store->rewinds.items[i];
        struct bw_rollup_group *group = &store->rollups.groups[rewind->group];
        for (unsigned t = 0; t < BW_ROLLUP_TIERS; t++) {
            const int64_t done_ms = done_after(group, t, rewind->to_ms);
            if (done_ms != BW_ROLLUP_NEVER)
                group->done_ms[t] = done_ms;
        }
    }
    store->rewinds.count = 0;
}

void bw_rollups_settle(struct bw_store *store)
{
    struct bw_rollups *rollups = &store->rollups;
    pthread_mutex_lock(&store->lock);
    for (const struct bw_row *row = store->batch.first_row; row != NULL; row = row->next) {
        if (row->op != BW_ROW_ROLLUP_DONE)
            continue;
        if (!rollups->overtaken)
            set_done(rollups, rollups->window.group, rollups->window.tier, row->cells[2].integer);
        rollups->busy = false;
    }
    settle_rewinds(store);
    pthread_mutex_unlock(&store->lock);
}

static struct bw_row *body_row(const struct bw_rollup_window *window, const void *body, size_t size,
                               int64_t first_ms, int64_t last_ms)
{
    struct bw_cells cells = { .count = 0 };
    bw_cells_int(&cells, bw_rollup_tiers[window->tier].width_ms);
    bw_cells_int(&cells, window->group);
    bw_cells_int(&cells, first_ms);
    bw_cells_int(&cells, last_ms);
    bw_cells_blob(&cells, body, size);
    return bw_row_new(BW_ROW_ROLLUP, &cells);
}

static struct bw_row *row_of(const struct bw_rollup_window *window, enum bw_row_op op)
{
    struct bw_cells cells = { .count = 0 };
    bw_cells_int(&cells, bw_rollup_tiers[window->tier].width_ms);
    bw_cells_int(&cells, window->group);
    if (op == BW_ROW_FORGET_ROLLUP)
        bw_cells_int(&cells, window->from_ms);
    bw_cells_int(&cells, window->to_ms);
    return bw_row_new(op, &cells);
}

bool bw_rollups_put(struct bw_store *store, const void *body, size_t size, int64_t first_ms,
                    int64_t last_ms)
{
    const struct bw_rollup_window window = store->rollups.window;
    struct bw_row *const rows[] = {
        body == NULL ? NULL : row_of(&window, BW_ROW_FORGET_ROLLUP),
        body == NULL ? NULL : body_row(&window, body, size, first_ms, last_ms),
        row_of(&window, BW_ROW_ROLLUP_DONE),
    };
    enum { ROWS = sizeof rows / sizeof *rows };
    size_t bytes = 0;
    for (size_t i = 0; i < ROWS; i++)
        bytes += rows[i] == NULL ? 0 : rows[i]->bytes;
    pthread_mutex_lock(&store->lock);
    const bool taken = store->lane.row_bytes + bytes <= BW_LANE_ROW_BYTES_MAX;
    for (size_t i = 0; i < ROWS && taken; i++) {
        if (rows[i] != NULL)
            bw_store_put_row(store, rows[i]);
    }
    store->rollups.busy = taken;
    pthread_mutex_unlock(&store->lock);
    for (size_t i = 0; i < ROWS && !taken; i++)
        free(rows[i]);
    return taken;
}
