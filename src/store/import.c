// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/import.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/units.h"
#include "pack/pack.h"
#include "pack/pack_writer.h"
#include "pack/scale.h"
#include "store/backlog.h"
#include "store/db.h"
#include "store/newcomers.h"
#include "store/reader.h"
#include "store/view.h"
#include "store/writer.h"

#include <stdlib.h>
#include <string.h>

#define WINDOW_MS_MAX (INT64_C(8) * 86400000)
#define PATIENCE_NS (60 * BW_SECOND)

enum {
    WINDOW_POINTS = 1920,        /* as the packs of history that store/compact makes */
    WINDOW_POINTS_MAX = 1 << 16, /* of one series, should its density vary */
    FLUSH_BYTES_MIN = 1 << 20,   /* of packs in one commit; more with more that may wait */
    FLUSHES = 16,                /* at least, of all that waits */
};

static const char no_room[] = "the store takes no more series (storage.max_series)";

/* A series that samples came for. */
struct incoming {
    uint32_t id;    /* 0: the store does not know it yet */
    uint32_t group; /* 0: not known yet */
    bool fresh;     /* the store had nothing of it when the import began */
    bool spilled;
    int64_t spilled_first_ms, spilled_last_ms;
    struct bw_backlog backlog;
};

struct bw_import {
    struct bw_store *store;
    struct bw_reader *reader;
    uint32_t last_old_id; /* series above it are fresh */
    struct incoming *series;
    size_t count, cap;
    struct bw_newcomers newcomers; /* of them those that the store does not know yet */
    uint64_t room;                 /* how many of those it will take */
    uint32_t *numbers;             /* by series id; 0: none */
    size_t number_cap;
    uint64_t waiting_bytes_max;
    uint64_t waiting_bytes;   /* of all backlogs */
    uint64_t waiting_samples; /* likewise */
    uint64_t unflushed_bytes; /* of packs, handed to the store */
    struct bw_buf body;       /* of one pack */
    struct bw_points existing[BW_PACK_SERIES_MAX];
    struct bw_import_stats stats;
    struct bw_err err; /* rc BW_OK: nothing has failed */
};

enum bw_rc bw_import_begin(struct bw_store *store, uint64_t waiting_bytes_max,
                           struct bw_import **out, struct bw_err *err)
{
    struct bw_import *m = bw_alloc(sizeof *m);
    int64_t last_id = 0;
    m->store = store;
    m->waiting_bytes_max = waiting_bytes_max;
    bw_buf_init(&m->body, BW_PACK_BYTES_MAX);
    /* With an empty journal, looking for what is there already costs a look at packs. */
    enum bw_rc rc = bw_store_checkpoint(store, PATIENCE_NS, err);
    if (rc == BW_OK)
        rc = bw_reader_open(bw_store_path(store), &m->reader, err);
    if (rc == BW_OK)
        rc = bw_db_number(m->reader->db, "SELECT max(id) FROM series", &last_id, err);
    if (rc != BW_OK) {
        bw_import_free(m);
        return rc;
    }
    m->last_old_id = (uint32_t)last_id;
    m->room = bw_store_series_room(store);
    *out = m;
    return BW_OK;
}

void bw_import_free(struct bw_import *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->count; i++)
        bw_backlog_fini(&m->series[i].backlog);
    for (size_t i = 0; i < BW_PACK_SERIES_MAX; i++)
        bw_points_fini(&m->existing[i]);
    bw_reader_close(m->reader);
    bw_buf_fini(&m->body);
    bw_newcomers_fini(&m->newcomers);
    free(m->series);
    free(m->numbers);
    free(m);
}

enum bw_rc bw_import_verdict(const struct bw_import *m, struct bw_err *err)
{
    if (m->err.rc != BW_OK && err != NULL)
        *err = m->err;
    return m->err.rc;
}

void bw_import_stats(const struct bw_import *m, struct bw_import_stats *out)
{
    *out = m->stats;
    out->present = m->stats.samples - m->waiting_samples - m->stats.added - m->stats.replaced;
}

static enum bw_rc flush(struct bw_import *m)
{
    m->unflushed_bytes = 0;
    return bw_store_flush(m->store, PATIENCE_NS, &m->err);
}

/* ---- series ------------------------------------------------------------------------------ */

static uint32_t add_incoming(struct bw_import *m, uint32_t id)
{
    m->series = bw_grow(m->series, &m->cap, m->count + 1, sizeof *m->series);
    m->series[m->count++] = (struct incoming){ .id = id, .fresh = id == 0 || id > m->last_old_id };
    m->stats.series++;
    return (uint32_t)m->count;
}

/* Where the number of the series with an id is. */
static uint32_t *number_at(struct bw_import *m, uint32_t id)
{
    const size_t before = m->number_cap;
    m->numbers = bw_grow(m->numbers, &m->number_cap, (size_t)id + 1, sizeof *m->numbers);
    memset(m->numbers + before, 0, (m->number_cap - before) * sizeof *m->numbers);
    return &m->numbers[id];
}

static uint32_t number_of(struct bw_import *m, uint32_t id)
{
    uint32_t *number = number_at(m, id);
    if (*number == 0)
        *number = add_incoming(m, id);
    return *number;
}

/* Its id, made now. 0: refused. */
static uint32_t make_known(struct bw_import *m, const char *metric, struct bw_labels labels)
{
    const uint32_t id = bw_store_series(m->store, metric, labels);
    if (id != 0 || m->err.rc != BW_OK || flush(m) != BW_OK)
        return id;
    return bw_store_series(m->store, metric, labels); /* the lane was full of new ones */
}

static bool introduce(struct bw_import *m, const struct bw_newcomer *newcomer)
{
    struct bw_arena arena = { 0 };
    struct bw_labels labels;
    const char *metric = NULL;
    uint32_t id = 0;
    if (bw_series_parse(&arena, newcomer->name, &metric, &labels) == BW_OK)
        id = make_known(m, metric, labels);
    bw_arena_fini(&arena);
    if (id == 0)
        return false;
    m->series[newcomer->number - 1].id = id;
    m->series[newcomer->number - 1].fresh = id > m->last_old_id;
    *number_at(m, id) = newcomer->number;
    return true;
}

/* Makes those known that are not yet, so that those of a target share a group. */
static enum bw_rc introduce_all(struct bw_import *m)
{
    bw_newcomers_order(&m->newcomers);
    bool done = true;
    for (size_t i = 0; done && i < m->newcomers.count; i++)
        done = introduce(m, &m->newcomers.items[i]);
    bw_newcomers_fini(&m->newcomers);
    if (!done && m->err.rc == BW_OK) /* room was counted, but somebody else took it */
        bw_fail(&m->err, BW_ELIMIT, "%s", no_room);
    m->room = bw_store_series_room(m->store);
    return m->err.rc;
}

/* A name that the store does not know waits to be introduced while there is room for it. */
static uint32_t receive(struct bw_import *m, const char *name, const char *metric,
                        struct bw_labels labels)
{
    uint32_t number = bw_newcomers_find(&m->newcomers, name);
    if (number != 0)
        return number;
    uint32_t id = bw_store_find_series(m->store, name);
    if (id == 0 && m->newcomers.count < m->room) {
        number = add_incoming(m, 0);
        bw_newcomers_add(&m->newcomers, name, bw_store_target_of(labels), number);
        return number;
    }
    if (id == 0 && introduce_all(m) == BW_OK)
        id = make_known(m, metric, labels);
    return id == 0 ? 0 : number_of(m, id);
}

uint32_t bw_import_series(struct bw_import *m, const char *metric, struct bw_labels labels,
                          struct bw_err *err)
{
    struct bw_buf name;
    bw_buf_init(&name, BW_SERIES_TEXT_BYTES_MAX);
    bw_series_text(&name, metric, labels);
    uint32_t number = 0;
    if (m->err.rc == BW_OK && !bw_buf_failed(&name) && labels.count < BW_LABELS_MAX
        && bw_metric_name_is_valid(metric))
        number = receive(m, name.data, metric, labels);
    bw_buf_fini(&name);
    if (number == 0 && bw_import_verdict(m, err) == BW_OK)
        bw_fail(err, BW_ELIMIT, "%s", no_room);
    return number;
}

static void take_group(sqlite3_stmt *st, struct incoming *series)
{
    struct bw_cells cells;
    if (bw_row_read(BW_ROW_SERIES_GROUP, st, &cells))
        series->group = (uint32_t)cells.items[1].integer;
}

/* The store's writer knows; what it has written down can be read by anybody. */
static enum bw_rc find_groups(struct bw_import *m)
{
    sqlite3_stmt *st = NULL;
    sqlite3 *db = m->reader->db;
    enum bw_rc rc = bw_db_prepare(db, "SELECT * FROM series_group WHERE series=?1 ORDER BY from_ms",
                                  &st, &m->err);
    for (size_t i = 0; rc == BW_OK && i < m->count; i++) {
        struct incoming *series = &m->series[i];
        if (series->group != 0)
            continue;
        sqlite3_bind_int64(st, 1, series->id);
        while (bw_db_has_row(db, sqlite3_step(st), &rc, &m->err))
            take_group(st, series);
        sqlite3_reset(st);
        if (rc == BW_OK && series->group == 0)
            rc = bw_fail(&m->err, BW_ECORRUPT, "series %u is in no group", series->id);
    }
    sqlite3_finalize(st);
    return rc;
}

/* ---- what the store has already ---------------------------------------------------------- */

/* Series of one group in one window, on their way into a pack. */
struct window {
    struct bw_import *import;
    struct incoming *const *series; /* by id */
    size_t count;
    int64_t from_ms, to_ms;
};

static bool may_have(const struct incoming *series, const struct window *w)
{
    return !series->fresh
           || (series->spilled && series->spilled_first_ms <= w->to_ms
               && series->spilled_last_ms >= w->from_ms);
}

static bool take_existing(void *ctx, uint32_t id, const struct bw_point *points, size_t count)
{
    const struct window *w = ctx;
    size_t at = 0;
    while (w->series[at]->id != id)
        at++;
    struct bw_points *out = &w->import->existing[at];
    memcpy(bw_points_reserve(out, count), points, count * sizeof *points);
    out->count += count;
    return true;
}

static enum bw_rc read_existing(struct window *w)
{
    uint32_t ids[BW_PACK_SERIES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < w->count; i++) {
        w->import->existing[i].count = 0;
        if (w->series[i]->backlog.count > 0 && may_have(w->series[i], w))
            ids[count++] = w->series[i]->id;
    }
    if (count == 0)
        return BW_OK;
    return bw_reader_scan(w->import->reader, ids, count, w->from_ms, w->to_ms, take_existing, w,
                          NULL, &w->import->err);
}

/* Leaves out what is there to the bit; both rise. */
static void subtract(struct bw_import *m, struct bw_points *points, const struct bw_points *there)
{
    size_t kept = 0, k = 0;
    for (size_t i = 0; i < points->count; i++) {
        const struct bw_point point = points->items[i];
        while (k < there->count && there->items[k].ts_ms < point.ts_ms)
            k++;
        const bool again = k < there->count && there->items[k].ts_ms == point.ts_ms;
        if (again && bw_double_bits(there->items[k].value) == bw_double_bits(point.value))
            continue;
        m->stats.replaced += again;
        m->stats.added += !again;
        points->items[kept++] = point;
    }
    points->count = kept;
}

/* ---- spilling ---------------------------------------------------------------------------- */

static enum bw_rc hand_over(struct bw_import *m, struct bw_pack_writer *writer)
{
    bw_buf_clear(&m->body);
    bw_pack_writer_finish(writer, &m->body);
    if (bw_buf_failed(&m->body))
        return bw_fail(&m->err, BW_ELIMIT, "more in one window than a pack may hold");
    const enum bw_rc rc = bw_store_put_pack(m->store, m->body.data, m->body.len, &m->err);
    if (rc != BW_OK)
        return rc;
    m->stats.packs++;
    m->stats.bytes += m->body.len;
    m->unflushed_bytes += m->body.len;
    const uint64_t most = m->waiting_bytes_max / FLUSHES;
    return m->unflushed_bytes >= (most > FLUSH_BYTES_MIN ? most : FLUSH_BYTES_MIN) ? flush(m)
                                                                                   : BW_OK;
}

/* One pack, if there is anything new for it. *out_found: the backlogs have points there. */
static enum bw_rc spill_window(struct window *w, bool *out_found)
{
    struct bw_points points = { .count = 0 };
    struct bw_pack_writer *writer = NULL;
    enum bw_rc rc = read_existing(w);
    *out_found = false;
    for (size_t i = 0; rc == BW_OK && i < w->count; i++) {
        points.count = 0;
        bw_backlog_read(&w->series[i]->backlog, w->from_ms, w->to_ms, &points);
        *out_found = *out_found || points.count > 0;
        bw_points_settle(&points);
        subtract(w->import, &points, &w->import->existing[i]);
        if (points.count == 0)
            continue;
        if (writer == NULL)
            writer = bw_pack_writer_new(w->series[i]->group, BW_TIER_COLD);
        bw_pack_writer_add(writer, w->series[i]->id, points.items, points.count);
    }
    if (rc == BW_OK && writer != NULL)
        rc = hand_over(w->import, writer);
    bw_pack_writer_free(writer);
    bw_points_fini(&points);
    return rc;
}

/* What the series of a group span, and how many points the longest has. */
static void measure(struct window *w, size_t *out_longest)
{
    *out_longest = 0;
    w->from_ms = INT64_MAX;
    w->to_ms = INT64_MIN;
    for (size_t i = 0; i < w->count; i++) {
        const struct bw_backlog *b = &w->series[i]->backlog;
        *out_longest = b->count > *out_longest ? b->count : *out_longest;
        w->from_ms = b->first_ms < w->from_ms ? b->first_ms : w->from_ms;
        w->to_ms = b->last_ms > w->to_ms ? b->last_ms : w->to_ms;
    }
}

static bool is_dense(const struct window *w)
{
    for (size_t i = 0; i < w->count; i++) {
        if (bw_backlog_count(&w->series[i]->backlog, w->from_ms, w->to_ms) > WINDOW_POINTS_MAX)
            return true;
    }
    return false;
}

static int64_t next_ms(const struct window *w)
{
    int64_t least_ms = INT64_MAX;
    for (size_t i = 0; i < w->count; i++) {
        const int64_t ms = bw_backlog_next_ms(&w->series[i]->backlog, w->to_ms);
        least_ms = ms < least_ms ? ms : least_ms;
    }
    return least_ms;
}

static enum bw_rc spill_group(struct window *w)
{
    size_t longest;
    measure(w, &longest);
    const int64_t last_ms = w->to_ms;
    const int64_t windows = (int64_t)(longest / WINDOW_POINTS) + 1;
    int64_t length_ms = (last_ms - w->from_ms) / windows + 1;
    length_ms = length_ms < WINDOW_MS_MAX ? length_ms : WINDOW_MS_MAX;
    enum bw_rc rc = BW_OK;
    while (rc == BW_OK && w->from_ms <= last_ms) {
        bool found;
        w->to_ms = w->from_ms + length_ms - 1;
        while (w->to_ms > w->from_ms && is_dense(w))
            w->to_ms = w->from_ms + (w->to_ms - w->from_ms) / 2;
        rc = spill_window(w, &found);
        w->from_ms = found ? w->to_ms + 1 : next_ms(w);
    }
    return rc;
}

static int by_group(const void *a, const void *b)
{
    const struct incoming *x = *(struct incoming *const *)a, *y = *(struct incoming *const *)b;
    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

/* Those that wait, ordered. */
static struct incoming **list_waiting(struct bw_import *m, size_t *out_count)
{
    struct incoming **list = bw_alloc_array(m->count + 1, sizeof *list);
    *out_count = 0;
    for (size_t i = 0; i < m->count; i++) {
        if (m->series[i].backlog.count > 0)
            list[(*out_count)++] = &m->series[i];
    }
    qsort(list, *out_count, sizeof *list, by_group);
    return list;
}

static void settle(struct bw_import *m, struct incoming *series)
{
    const struct bw_backlog *b = &series->backlog;
    if (!series->spilled || b->first_ms < series->spilled_first_ms)
        series->spilled_first_ms = b->first_ms;
    if (!series->spilled || b->last_ms > series->spilled_last_ms)
        series->spilled_last_ms = b->last_ms;
    series->spilled = true;
    m->waiting_samples -= b->count;
    m->waiting_bytes -= bw_backlog_bytes(b);
    bw_backlog_fini(&series->backlog);
}

static enum bw_rc spill_all(struct bw_import *m)
{
    size_t count;
    enum bw_rc rc = find_groups(m);
    struct incoming **list = list_waiting(m, &count);
    for (size_t i = 0, n; rc == BW_OK && i < count; i += n) {
        for (n = 1;
             i + n < count && n < BW_PACK_SERIES_MAX && list[i + n]->group == list[i]->group;)
            n++;
        struct window window = { .import = m, .series = list + i, .count = n };
        rc = spill_group(&window);
        for (size_t k = i; rc == BW_OK && k < i + n; k++)
            settle(m, list[k]);
    }
    free(list);
    return rc == BW_OK ? flush(m) : rc;
}

static void seal_all(struct bw_import *m)
{
    m->waiting_bytes = 0;
    for (size_t i = 0; i < m->count; i++) {
        bw_backlog_seal(&m->series[i].backlog);
        m->waiting_bytes += bw_backlog_bytes(&m->series[i].backlog);
    }
}

void bw_import_add(struct bw_import *m, uint32_t number, int64_t ts_ms, double value)
{
    struct bw_backlog *backlog = &m->series[number - 1].backlog;
    const size_t before = bw_backlog_bytes(backlog);
    if (m->err.rc != BW_OK)
        return;
    bw_backlog_add(backlog, ts_ms, value);
    m->waiting_bytes += bw_backlog_bytes(backlog) - before;
    m->waiting_samples++;
    m->stats.samples++;
    if (m->waiting_bytes <= m->waiting_bytes_max)
        return;
    seal_all(m); /* when that brings little, it would be called for every few samples */
    if (m->waiting_bytes > m->waiting_bytes_max / 2 && introduce_all(m) == BW_OK
        && flush(m) == BW_OK)
        spill_all(m);
}

enum bw_rc bw_import_finish(struct bw_import *m, struct bw_err *err)
{
    if (m->err.rc == BW_OK) {
        seal_all(m);
        if (introduce_all(m) == BW_OK && flush(m) == BW_OK)
            spill_all(m);
    }
    return bw_import_verdict(m, err);
}
