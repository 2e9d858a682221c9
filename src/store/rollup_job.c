// SPDX-License-Identifier: GPL-3.0-or-later
/* One window of roll-ups: which, read from what, as which bytes. On a worker. */
#include "base/mem.h"
#include "pack/rollup.h"
#include "store/db.h"
#include "store/rollup_view.h"
#include "store/rollups.h"
#include "store/view.h"
#include "store/writer.h"

#include <stdlib.h>

/* Windows without a sample that are passed over in one go; and series whose buckets are in
 * memory at once. */
enum { EMPTY_WINDOWS_MAX = 64, SERIES_A_PASS = 16 };

struct job {
    struct bw_store *store;
    struct bw_reader *reader;
    struct bw_rollup_window window;
    int64_t horizon_ms; /* no window may end after this */
    uint32_t *series;   /* of the group, by rising id */
    size_t series_count, series_cap;
    struct bw_rollup_writer writer;
    struct bw_rollup_walk old; /* what is there already */
    bool has_old;
    size_t old_next; /* the series of it that is next */
    struct bw_buckets buckets, spare;
    struct bw_damage damage;
    struct bw_err *err;
};

static int64_t window_ms(const struct job *job)
{
    return bw_rollup_tiers[job->window.tier].window_ms;
}

/* --- which ---------------------------------------------------------------------------------- */

static enum bw_rc number(struct job *job, const char *sql, int64_t a, int64_t b, int64_t *out)
{
    sqlite3_stmt *st = NULL;
    enum bw_rc rc = bw_db_prepare(job->reader->db, sql, &st, job->err);
    if (rc != BW_OK)
        return rc;
    sqlite3_bind_int64(st, 1, a);
    sqlite3_bind_int64(st, 2, b);
    *out = INT64_MAX;
    if (bw_db_has_row(job->reader->db, sqlite3_step(st), &rc, job->err)
        && sqlite3_column_type(st, 0) != SQLITE_NULL)
        *out = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return rc;
}

/* The earliest time that there is something to make the first window from; INT64_MAX: never. */
static enum bw_rc find_first(struct job *job, int64_t *out)
{
    const struct bw_rollup_window *window = &job->window;
    if (window->tier == 0)
        return number(job, "SELECT min(first_ms) FROM pack WHERE group_id=?1 AND last_ms>=?2",
                      window->group, INT64_MIN, out);
    return number(job, "SELECT min(first_ms) FROM rollup WHERE width_ms=?1 AND group_id=?2",
                  bw_rollup_tiers[window->tier - 1].width_ms, window->group, out);
}

/* With the store's lock held: up to when a tier of the group may be made. */
static int64_t horizon_of(const struct bw_rollups *rollups, uint32_t group, unsigned tier,
                          int64_t now_ms)
{
    if (tier == 0)
        return now_ms - BW_ROLLUP_LATE_MS;
    return group < rollups->count ? rollups->groups[group].done_ms[tier - 1] : BW_ROLLUP_NEVER;
}

/* Looks at the tiers of a group from where job->window is on; what has never been made has no
 * beginning yet. */
static bool is_due(struct job *job, int64_t now_ms)
{
    const struct bw_rollups *rollups = &job->store->rollups;
    struct bw_rollup_window *window = &job->window;
    const int64_t done_ms = window->group < rollups->count
                                ? rollups->groups[window->group].done_ms[window->tier]
                                : BW_ROLLUP_NEVER;
    job->horizon_ms = horizon_of(rollups, window->group, window->tier, now_ms);
    window->from_ms = done_ms;
    if (job->horizon_ms == BW_ROLLUP_NEVER)
        return false;
    return done_ms == BW_ROLLUP_NEVER || done_ms <= job->horizon_ms - window_ms(job);
}

static void announce(struct job *job)
{
    struct bw_rollups *rollups = &job->store->rollups;
    pthread_mutex_lock(&job->store->lock);
    if (!rollups->busy)
        rollups->overtaken = false;
    rollups->busy = true;
    rollups->window = job->window;
    if (job->window.to_ms > rollups->newest_ms)
        rollups->newest_ms = job->window.to_ms;
    pthread_mutex_unlock(&job->store->lock);
}

static void withdraw(struct job *job)
{
    pthread_mutex_lock(&job->store->lock);
    job->store->rollups.busy = false;
    pthread_mutex_unlock(&job->store->lock);
}

/* --- what is there already ------------------------------------------------------------------- */

/* A window is made again when something came for it late. But raw samples may be gone since, or
 * a part of them damaged: of what was made and what is made the one with more samples stays. */
static enum bw_rc find_old(struct job *job)
{
    enum bw_rc rc =
        bw_rollup_walk_begin(&job->old, job->reader, job->window.tier, job->window.group, job->err);
    job->old_next = 0;
    job->has_old = false;
    if (rc != BW_OK)
        return rc;
    bw_rollup_walk_range(&job->old, job->window.from_ms, job->window.to_ms - 1);
    job->has_old = bw_rollup_walk_next(&job->old, &rc, job->err);
    return rc;
}

static uint64_t samples_in(const struct bw_buckets *buckets)
{
    uint64_t samples = 0;
    for (size_t i = 0; i < buckets->count; i++)
        samples += buckets->items[i].count;
    return samples;
}

static bool read_old(struct job *job)
{
    bw_buckets_clear(&job->spare);
    const bool sound =
        bw_rollup_read(&job->old.rollup, job->old_next++, &job->spare, NULL) == BW_OK;
    job->damage.packs += !sound;
    return sound;
}

/* Keeps what is there of the series below that one. */
static void keep_old_below(struct job *job, uint64_t series)
{
    while (job->has_old && job->old_next < job->old.rollup.series_count) {
        const uint32_t old = bw_rollup_series(&job->old.rollup, job->old_next);
        if (old >= series)
            return;
        if (read_old(job))
            bw_rollup_writer_add(&job->writer, old, &job->spare);
    }
}

/* Series come by rising id. */
static void add_series(struct job *job, uint32_t series, const struct bw_buckets *buckets)
{
    keep_old_below(job, series);
    if (job->has_old && job->old_next < job->old.rollup.series_count
        && bw_rollup_series(&job->old.rollup, job->old_next) == series && read_old(job)
        && samples_in(&job->spare) > samples_in(buckets))
        buckets = &job->spare;
    if (buckets->count > 0)
        bw_rollup_writer_add(&job->writer, series, buckets);
}

/* --- from raw samples ------------------------------------------------------------------------ */

static void note_series(struct job *job, uint32_t series)
{
    size_t at = job->series_count;
    while (at > 0 && job->series[at - 1] > series)
        at--;
    if (at > 0 && job->series[at - 1] == series)
        return;
    job->series =
        bw_grow(job->series, &job->series_cap, job->series_count + 1, sizeof *job->series);
    for (size_t i = job->series_count++; i > at; i--)
        job->series[i] = job->series[i - 1];
    job->series[at] = series;
}

static enum bw_rc find_members(struct job *job)
{
    sqlite3_stmt *st = NULL;
    enum bw_rc rc = bw_db_prepare(job->reader->db,
                                  "SELECT * FROM series_group WHERE group_id=?1 ORDER BY series",
                                  &st, job->err);
    if (rc == BW_OK)
        sqlite3_bind_int64(st, 1, job->window.group);
    while (rc == BW_OK && bw_db_has_row(job->reader->db, sqlite3_step(st), &rc, job->err)) {
        struct bw_cells cells;
        if (bw_row_read(BW_ROW_SERIES_GROUP, st, &cells))
            note_series(job, (uint32_t)cells.items[0].integer);
        else
            job->damage.rows++;
    }
    sqlite3_finalize(st);
    return rc;
}

static bool take_points(void *ctx, uint32_t series, const struct bw_point *points, size_t count)
{
    struct job *job = ctx;
    bw_buckets_clear(&job->buckets);
    bw_buckets_fold(&job->buckets, bw_rollup_tiers[0].width_ms, points, count);
    add_series(job, series, &job->buckets);
    return true;
}

static enum bw_rc scan(struct job *job, int64_t from_ms, int64_t to_ms, bw_points_fn *fn, void *ctx)
{
    const struct bw_view_range range = { .series = job->series,
                                         .count = job->series_count,
                                         .group = job->window.group,
                                         .from_ms = from_ms,
                                         .to_ms = to_ms };
    return bw_view_scan(job->reader, &range, fn, ctx, &job->damage, job->err);
}

static bool note_earliest(void *ctx, uint32_t series, const struct bw_point *points, size_t count)
{
    int64_t *earliest_ms = ctx;
    (void)series;
    (void)count;
    *earliest_ms = points[0].ts_ms < *earliest_ms ? points[0].ts_ms : *earliest_ms;
    return true;
}

/* The window in which the next samples may be after one without any, or the last that may be
 * made. Between packs only the journal has samples, so that looking there costs little. */
static enum bw_rc find_next(struct job *job, int64_t *out_from_ms)
{
    const int64_t from_ms = job->window.to_ms;
    int64_t pack_ms = 0, earliest_ms = INT64_MAX;
    enum bw_rc rc = number(job, "SELECT min(first_ms) FROM pack WHERE group_id=?1 AND last_ms>=?2",
                           job->window.group, from_ms, &pack_ms);
    const int64_t most_ms = pack_ms < job->horizon_ms ? pack_ms : job->horizon_ms;
    const int64_t next_ms = bw_window_start(most_ms, window_ms(job));
    *out_from_ms = from_ms;
    if (rc != BW_OK || next_ms <= from_ms)
        return rc;
    rc = scan(job, from_ms, next_ms - 1, note_earliest, &earliest_ms);
    *out_from_ms = earliest_ms < next_ms ? bw_window_start(earliest_ms, window_ms(job)) : next_ms;
    return rc;
}

/* --- from finer buckets ---------------------------------------------------------------------- */

static enum bw_rc find_finer_series(struct job *job, struct bw_rollup_walk *finer)
{
    enum bw_rc rc = BW_OK;
    bw_rollup_walk_range(finer, job->window.from_ms, job->window.to_ms - 1);
    while (rc == BW_OK && bw_rollup_walk_next(finer, &rc, job->err)) {
        for (size_t i = 0; i < finer->rollup.series_count; i++)
            note_series(job, bw_rollup_series(&finer->rollup, i));
    }
    return rc;
}

static void merge_series(struct job *job, const struct bw_rollup *finer, uint32_t series,
                         struct bw_buckets *into)
{
    const int at = bw_rollup_find(finer, series);
    if (at < 0)
        return;
    bw_buckets_clear(&job->buckets);
    if (bw_rollup_read(finer, (size_t)at, &job->buckets, NULL) != BW_OK)
        job->damage.packs++;
    bw_buckets_merge(into, bw_rollup_tiers[job->window.tier].width_ms, job->buckets.items,
                     job->buckets.count);
}

static enum bw_rc merge_some(struct job *job, struct bw_rollup_walk *finer, size_t at, size_t count)
{
    struct bw_buckets merged[SERIES_A_PASS] = { 0 };
    enum bw_rc rc = BW_OK;
    bw_rollup_walk_range(finer, job->window.from_ms, job->window.to_ms - 1);
    while (rc == BW_OK && bw_rollup_walk_next(finer, &rc, job->err)) {
        for (size_t i = 0; i < count; i++)
            merge_series(job, &finer->rollup, job->series[at + i], &merged[i]);
    }
    for (size_t i = 0; i < count; i++) {
        if (rc == BW_OK)
            add_series(job, job->series[at + i], &merged[i]);
        bw_buckets_fini(&merged[i]);
    }
    return rc;
}

static enum bw_rc make_from_finer(struct job *job)
{
    struct bw_rollup_walk finer;
    enum bw_rc rc = bw_rollup_walk_begin(&finer, job->reader, job->window.tier - 1,
                                         job->window.group, job->err);
    if (rc == BW_OK)
        rc = find_finer_series(job, &finer);
    for (size_t at = 0, part; rc == BW_OK && at < job->series_count; at += part) {
        part = job->series_count - at < SERIES_A_PASS ? job->series_count - at : SERIES_A_PASS;
        rc = merge_some(job, &finer, at, part);
    }
    job->damage.packs += finer.damaged;
    bw_rollup_walk_end(&finer);
    return rc;
}

/* --- one step -------------------------------------------------------------------------------- */

static enum bw_rc make_window(struct job *job)
{
    enum bw_rc rc = find_old(job);
    if (rc == BW_OK && job->window.tier == 0)
        rc = scan(job, job->window.from_ms, job->window.to_ms - 1, take_points, job);
    else if (rc == BW_OK)
        rc = make_from_finer(job);
    if (rc == BW_OK)
        keep_old_below(job, UINT64_MAX);
    job->damage.packs += job->old.damaged;
    bw_rollup_walk_end(&job->old);
    return rc;
}

/* Announced before it is read, so that nothing can come in between unnoticed. */
static enum bw_rc look_at_window(struct job *job)
{
    announce(job);
    enum bw_rc rc = bw_view_begin(job->reader, job->err);
    if (rc != BW_OK)
        return rc;
    if (job->window.tier == 0 && job->series_count == 0)
        rc = find_members(job);
    if (rc == BW_OK)
        rc = make_window(job);
    int64_t next_ms = job->window.to_ms;
    if (rc == BW_OK && job->writer.count == 0 && job->window.tier == 0)
        rc = find_next(job, &next_ms);
    if (rc == BW_OK)
        job->window.to_ms = next_ms;
    return bw_view_end(job->reader, rc);
}

static enum bw_rc hand_over(struct job *job)
{
    struct bw_buf body;
    bw_buf_init(&body, BW_ROLLUP_BYTES_MAX);
    if (job->writer.count > 0)
        bw_rollup_writer_end(&job->writer, &body);
    announce(job);
    enum bw_rc rc = BW_OK;
    if (bw_buf_failed(&body))
        rc = bw_fail(job->err, BW_ELIMIT, "roll-up of group %u is too large", job->window.group);
    else if (!bw_rollups_put(job->store, job->writer.count > 0 ? body.data : NULL, body.len,
                             job->writer.first_ms, job->writer.last_ms))
        rc = bw_fail(job->err, BW_ELIMIT, "the store's lane is full");
    bw_buf_fini(&body);
    return rc;
}

/* The first window from job->window.from_ms on that has anything in it. */
static enum bw_rc make(struct job *job)
{
    enum bw_rc rc = BW_OK;
    bw_rollup_writer_init(&job->writer, job->window.group,
                          bw_rollup_tiers[job->window.tier].width_ms);
    job->window.to_ms = job->window.from_ms + window_ms(job);
    for (int i = 0; rc == BW_OK && i < EMPTY_WINDOWS_MAX; i++) {
        rc = look_at_window(job);
        if (rc != BW_OK || job->writer.count > 0
            || job->window.to_ms > job->horizon_ms - window_ms(job) || i + 1 == EMPTY_WINDOWS_MAX)
            break;
        job->window.from_ms = job->window.to_ms;
        job->window.to_ms += window_ms(job);
    }
    if (rc == BW_OK)
        rc = hand_over(job);
    if (rc != BW_OK)
        withdraw(job);
    bw_rollup_writer_fini(&job->writer);
    return rc;
}

/* What was never made begins where there is something to make it from. */
static enum bw_rc find_beginning(struct job *job, bool *out_due)
{
    int64_t first_ms = INT64_MAX;
    const enum bw_rc rc = find_first(job, &first_ms);
    job->window.from_ms =
        first_ms == INT64_MAX ? first_ms : bw_window_start(first_ms, window_ms(job));
    *out_due = rc == BW_OK && job->window.from_ms <= job->horizon_ms - window_ms(job);
    return rc;
}

/* Whether that tier of the group whose turn it is has a window to make. */
static enum bw_rc try_tier(struct job *job, uint32_t group, unsigned tier, bool *out_due)
{
    struct bw_store *store = job->store;
    job->window = (struct bw_rollup_window){ .tier = tier, .group = group };
    pthread_mutex_lock(&store->lock);
    *out_due = is_due(job, bw_store_wall_ms(store));
    pthread_mutex_unlock(&store->lock);
    return *out_due && job->window.from_ms == BW_ROLLUP_NEVER ? find_beginning(job, out_due)
                                                              : BW_OK;
}

static enum bw_rc choose(struct job *job, bool *out_due)
{
    struct bw_store *store = job->store;
    pthread_mutex_lock(&store->lock);
    store->rollups.wanted = true;
    const bool may = store->clock_trusted && !store->rollups.busy;
    const uint32_t groups = store->registry.last_group;
    uint32_t group = store->rollups.turn;
    pthread_mutex_unlock(&store->lock);
    enum bw_rc rc = BW_OK;
    *out_due = false;
    for (uint32_t i = 0; rc == BW_OK && may && i < groups && !*out_due; i++) {
        group = group < groups ? group + 1 : 1;
        for (unsigned tier = BW_ROLLUP_TIERS; rc == BW_OK && tier-- > 0 && !*out_due;)
            rc = try_tier(job, group, tier, out_due);
    }
    pthread_mutex_lock(&store->lock);
    store->rollups.turn = group;
    pthread_mutex_unlock(&store->lock);
    return rc;
}

enum bw_rc bw_store_roll_up(struct bw_store *store, struct bw_reader *reader, bool *out_made,
                            struct bw_err *err)
{
    struct job job = { .store = store, .reader = reader, .err = err };
    bool due = false;
    enum bw_rc rc = choose(&job, &due);
    if (rc == BW_OK && due)
        rc = make(&job);
    *out_made = rc == BW_OK && due;
    const uint64_t damaged = job.damage.packs + job.damage.journal_rows + job.damage.rows;
    if (damaged > 0) {
        pthread_mutex_lock(&store->lock);
        store->stats.damaged_total += damaged;
        pthread_mutex_unlock(&store->lock);
    }
    bw_buckets_fini(&job.buckets);
    bw_buckets_fini(&job.spare);
    free(job.series);
    return rc;
}
