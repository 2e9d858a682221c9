// SPDX-License-Identifier: GPL-3.0-or-later
/* Which tier answers for which part of a range, and the parts put together:
 *
 *     asked:  |--------------------------------------------------------|   step 2h
 *             |   from days?  |      from hours     | from minutes | raw |
 *                 no: 2h is       as far as they        likewise    what is left
 *                 no day          are made
 *
 * A series that was in several groups is read in each of them. */
#include "base/mem.h"
#include "pack/rollup.h"
#include "store/db.h"
#include "store/rollup_tiers.h"
#include "store/rollup_view.h"
#include "store/stays.h"
#include "store/view.h"

#include <stdlib.h>
#include <string.h>

/* Series whose buckets are in memory at once. Each of the eight sources that a range is laid out
 * over splits one span in three at most. */
enum { SERIES_A_PASS = 16, SPANS_MAX = 24 };

enum source { FROM_TIER /* and on */, FROM_RAW = BW_ROLLUP_TIERS, FROM_NOWHERE };

struct span {
    int64_t from_ms, to_ms; /* to_ms not included */
    unsigned source;
};

/* A series in a group. */
struct member {
    uint32_t series, group;
    bool moved;     /* it is a member of others too */
    size_t place;   /* among them, oldest first */
    int64_t end_ms; /* up to where the buckets are what there was */
    struct bw_buckets buckets;
};

struct reading {
    struct bw_reader *reader;
    struct member *members; /* those that never moved by group, then by series; then the others by
                               series */
    size_t count, cap;
    int64_t from_ms, to_ms, step_ms;
    bool plain, fine_only, past_only;
    bool has_tiers;
    struct span spans[SPANS_MAX]; /* by time, without gaps */
    size_t span_count;
    struct member *pass; /* of one group */
    size_t pass_count;
    struct bw_buckets spare;
    struct bw_damage damage;
    struct bw_err *err;
};

/* --- layout --------------------------------------------------------------------------------- */

static void put_span(struct reading *r, size_t at, int64_t from_ms, int64_t to_ms, unsigned source)
{
    if (from_ms >= to_ms || r->span_count == SPANS_MAX)
        return;
    for (size_t i = r->span_count++; i > at; i--)
        r->spans[i] = r->spans[i - 1];
    r->spans[at] = (struct span){ from_ms, to_ms, source };
}

/* Whatever has no source yet and lies within is from that one. */
static void lay_out(struct reading *r, int64_t from_ms, int64_t to_ms, unsigned source)
{
    for (size_t i = 0; i < r->span_count; i++) {
        struct span *span = &r->spans[i];
        const int64_t from = from_ms > span->from_ms ? from_ms : span->from_ms;
        const int64_t to = to_ms < span->to_ms ? to_ms : span->to_ms;
        if (span->source != FROM_NOWHERE || from >= to)
            continue;
        const struct span whole = *span;
        *span = (struct span){ from, to, source };
        put_span(r, i + 1, to, whole.to_ms, FROM_NOWHERE);
        put_span(r, i, whole.from_ms, from, FROM_NOWHERE);
    }
}

static enum bw_rc number(struct reading *r, const char *sql, int64_t a, int64_t b, int64_t *out)
{
    sqlite3_stmt *st = NULL;
    enum bw_rc rc = bw_db_prepare(r->reader->db, sql, &st, r->err);
    if (rc != BW_OK)
        return rc;
    sqlite3_bind_int64(st, 1, a);
    sqlite3_bind_int64(st, 2, b);
    if (bw_db_has_row(r->reader->db, sqlite3_step(st), &rc, r->err)
        && sqlite3_column_type(st, 0) != SQLITE_NULL)
        *out = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return rc;
}

/* What there is of a tier: from the window of the first body to `done`, and to the last bucket,
 * which is later where samples have come late. All 0: nothing. */
struct extent {
    int64_t first_ms; /* start of the first bucket */
    int64_t from_ms, done_ms, to_ms;
};

static enum bw_rc read_done(struct reading *r, unsigned tier, uint32_t group, int64_t *out)
{
    sqlite3_stmt *st = NULL;
    enum bw_rc rc = bw_db_prepare(
        r->reader->db, "SELECT * FROM rollup_done WHERE width_ms=?1 AND group_id=?2", &st, r->err);
    if (rc != BW_OK)
        return rc;
    sqlite3_bind_int64(st, 1, bw_rollup_tiers[tier].width_ms);
    sqlite3_bind_int64(st, 2, group);
    while (bw_db_has_row(r->reader->db, sqlite3_step(st), &rc, r->err)) {
        struct bw_cells cells;
        if (bw_row_read(BW_ROW_ROLLUP_DONE, st, &cells))
            *out = cells.items[2].integer;
        else
            r->damage.rows++;
    }
    sqlite3_finalize(st);
    return rc;
}

static enum bw_rc find_extent(struct reading *r, unsigned tier, uint32_t group, struct extent *out)
{
    const struct bw_rollup_tier *t = &bw_rollup_tiers[tier];
    int64_t first_ms = BW_ROLLUP_NEVER, last_ms = 0;
    enum bw_rc rc = number(r, "SELECT min(first_ms) FROM rollup WHERE width_ms=?1 AND group_id=?2",
                           t->width_ms, group, &first_ms);
    if (rc == BW_OK)
        rc = number(r,
                    "SELECT last_ms FROM rollup WHERE width_ms=?1 AND group_id=?2"
                    " ORDER BY first_ms DESC LIMIT 1",
                    t->width_ms, group, &last_ms);
    *out = (struct extent){ 0 };
    if (rc != BW_OK || first_ms == BW_ROLLUP_NEVER)
        return rc;
    out->first_ms = first_ms;
    out->from_ms = out->done_ms = bw_window_start(first_ms, t->window_ms);
    out->to_ms = last_ms + t->width_ms;
    return read_done(r, tier, group, &out->done_ms);
}

/* Whether something was in a tier before all samples that are left. */
static bool has_older(const struct extent *extents, int64_t first_ms)
{
    for (unsigned t = 0; t < BW_ROLLUP_TIERS; t++) {
        if (extents[t].to_ms > extents[t].from_ms
            && extents[t].first_ms + bw_rollup_tiers[t].width_ms <= first_ms)
            return true;
    }
    return false;
}

/* Up to when something was made of samples. */
static int64_t latest_done(const struct extent *extents)
{
    int64_t done_ms = BW_ROLLUP_NEVER;
    for (unsigned t = 0; t < BW_ROLLUP_TIERS; t++) {
        if (extents[t].to_ms > extents[t].from_ms && extents[t].done_ms > done_ms)
            done_ms = extents[t].done_ms;
    }
    return done_ms;
}

/* From when on no sample is gone; the beginning of the range when none is. Packs go from the oldest
 * on, with what came late in them: what was in those that are gone is before the end of the first
 * that is left. */
static enum bw_rc find_raw(struct reading *r, uint32_t group, const struct extent *extents,
                           int64_t *out_ms)
{
    sqlite3_stmt *st = NULL;
    enum bw_rc rc = bw_db_prepare(
        r->reader->db, "SELECT first_ms, last_ms FROM pack WHERE group_id=?1 ORDER BY id LIMIT 1",
        &st, r->err);
    if (rc != BW_OK)
        return rc;
    sqlite3_bind_int64(st, 1, group);
    const int64_t done_ms = latest_done(extents);
    *out_ms = done_ms > r->from_ms ? done_ms : r->from_ms;
    if (bw_db_has_row(r->reader->db, sqlite3_step(st), &rc, r->err)) {
        const int64_t last_ms = sqlite3_column_int64(st, 1);
        if (!has_older(extents, sqlite3_column_int64(st, 0)))
            *out_ms = r->from_ms;
        else if (last_ms < *out_ms) /* nothing was made of what is behind `done` */
            *out_ms = last_ms;
    }
    sqlite3_finalize(st);
    return rc;
}

static bool may_use(const struct reading *r, unsigned tier)
{
    return !r->fine_only || bw_rollup_tiers[tier].width_ms <= r->step_ms;
}

/* Samples take over from a bucket where it ends. */
static int64_t after_bucket(const struct reading *r, const struct extent *extents, int64_t raw_ms)
{
    for (unsigned t = 0; t < BW_ROLLUP_TIERS; t++) {
        const int64_t width_ms = bw_rollup_tiers[t].width_ms;
        if (may_use(r, t) && extents[t].from_ms <= raw_ms && raw_ms < extents[t].to_ms)
            return bw_window_start(raw_ms + width_ms - 1, width_ms);
    }
    return raw_ms;
}

/* Where the answer ends: of the past, with the step in which no sample is gone any more. */
static int64_t end_of(const struct reading *r, int64_t raw_ms)
{
    if (!r->past_only || raw_ms >= r->to_ms)
        return r->to_ms;
    return raw_ms <= r->from_ms ? r->from_ms : bw_window_start(raw_ms + r->step_ms - 1, r->step_ms);
}

/* The widest buckets that a step is made of, as far as they are made; raw samples; where those are
 * gone, what there is; and what may be in the journal alone. */
static enum bw_rc lay_out_range(struct reading *r, uint32_t group)
{
    struct extent extents[BW_ROLLUP_TIERS] = { 0 };
    int64_t raw_ms = r->from_ms;
    enum bw_rc rc = BW_OK;
    for (unsigned t = 0; rc == BW_OK && r->has_tiers && t < BW_ROLLUP_TIERS; t++)
        rc = find_extent(r, t, group, &extents[t]);
    if (rc == BW_OK)
        rc = find_raw(r, group, extents, &raw_ms);
    if (raw_ms > r->from_ms)
        raw_ms = after_bucket(r, extents, raw_ms);
    r->span_count = 0;
    put_span(r, 0, r->from_ms, end_of(r, raw_ms), FROM_NOWHERE);
    for (unsigned t = BW_ROLLUP_TIERS; t-- > 0;) {
        if (r->step_ms % bw_rollup_tiers[t].width_ms == 0)
            lay_out(r, extents[t].from_ms, extents[t].done_ms, t);
    }
    lay_out(r, raw_ms, INT64_MAX, FROM_RAW);
    for (unsigned t = 0; t < BW_ROLLUP_TIERS; t++) {
        if (may_use(r, t))
            lay_out(r, extents[t].from_ms, extents[t].to_ms, t);
    }
    if (!r->past_only)
        lay_out(r, INT64_MIN, INT64_MAX, FROM_RAW);
    return rc;
}

/* --- reading -------------------------------------------------------------------------------- */

/* The buckets that begin within the span. */
static void merge_within(struct reading *r, const struct span *span, struct bw_buckets *into)
{
    size_t from = 0, to = r->spare.count;
    while (from < to && r->spare.items[from].start_ms < span->from_ms)
        from++;
    while (to > from && r->spare.items[to - 1].start_ms >= span->to_ms)
        to--;
    bw_buckets_merge(into, r->step_ms, r->spare.items + from, to - from);
}

static void read_body(struct reading *r, const struct span *span, const struct bw_rollup *rollup)
{
    for (size_t i = 0; i < r->pass_count; i++) {
        const int at = bw_rollup_find(rollup, r->pass[i].series);
        if (at < 0)
            continue;
        bw_buckets_clear(&r->spare);
        if (bw_rollup_read(rollup, (size_t)at, &r->spare, NULL) != BW_OK)
            r->damage.packs++;
        merge_within(r, span, &r->pass[i].buckets);
    }
}

static enum bw_rc read_tier(struct reading *r, const struct span *span)
{
    struct bw_rollup_walk walk;
    const uint32_t group = r->pass[0].group;
    enum bw_rc rc = bw_rollup_walk_begin(&walk, r->reader, span->source, group, r->err);
    if (rc == BW_OK) {
        bw_rollup_walk_range(&walk, span->from_ms, span->to_ms - 1);
        while (bw_rollup_walk_next(&walk, &rc, r->err))
            read_body(r, span, &walk.rollup);
    }
    r->damage.packs += walk.damaged;
    bw_rollup_walk_end(&walk);
    return rc;
}

static bool fold_points(void *ctx, uint32_t series, const struct bw_point *points, size_t count)
{
    struct reading *r = ctx;
    for (size_t i = 0; i < r->pass_count; i++) {
        if (r->pass[i].series == series)
            bw_buckets_fold(&r->pass[i].buckets, r->step_ms, points, count);
    }
    return true;
}

static enum bw_rc read_raw(struct reading *r, const struct span *span)
{
    uint32_t series[SERIES_A_PASS];
    for (size_t i = 0; i < r->pass_count; i++)
        series[i] = r->pass[i].series;
    const struct bw_view_range range = {
        .series = series,
        .count = r->pass_count,
        .group = r->pass[0].moved ? r->pass[0].group : 0,
        .from_ms = span->from_ms,
        .to_ms = span->to_ms - 1,
    };
    return bw_view_scan(r->reader, &range, fold_points, r, &r->damage, r->err);
}

static enum bw_rc read_pass(struct reading *r)
{
    enum bw_rc rc = BW_OK;
    for (size_t i = 0; rc == BW_OK && i < r->span_count; i++) {
        const struct span *span = &r->spans[i];
        if (span->source != FROM_NOWHERE)
            rc = span->source == FROM_RAW ? read_raw(r, span) : read_tier(r, span);
        for (size_t k = 0; k < r->pass_count; k++)
            r->pass[k].end_ms = span->to_ms;
    }
    return rc;
}

static bool show(struct member *member, bool more, bw_view_buckets_fn *fn, void *ctx)
{
    if (more && member->buckets.count > 0)
        more = fn(ctx, member->series, &member->buckets, member->end_ms);
    bw_buckets_fini(&member->buckets);
    return more;
}

/* --- the series ----------------------------------------------------------------------------- */

static int by_group(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    if (x->moved != y->moved)
        return x->moved ? 1 : -1;
    if (!x->moved && x->group != y->group)
        return x->group < y->group ? -1 : 1;
    if (x->series != y->series)
        return x->series < y->series ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static void add_member(struct reading *r, struct member member)
{
    member.buckets.plain = r->plain;
    r->members = bw_grow(r->members, &r->cap, r->count + 1, sizeof *r->members);
    r->members[r->count++] = member;
}

static int by_id(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void note_stay(struct reading *r, const struct bw_stay *stay)
{
    struct member member = { .series = stay->series, .group = stay->group };
    struct member *before = r->count > 0 ? &r->members[r->count - 1] : NULL;
    if (before != NULL && before->series == member.series) {
        before->moved = member.moved = true;
        member.place = before->place + 1;
    }
    add_member(r, member);
}

/* A series without a stay is in the journal at the most. */
static void note_stays(struct reading *r, const struct bw_stays *stays, const uint32_t *ids,
                       size_t count)
{
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && ids[i] == ids[i - 1])
            continue;
        if (at == stays->count || stays->items[at].series != ids[i])
            add_member(r, (struct member){ .series = ids[i] });
        for (; at < stays->count && stays->items[at].series == ids[i]; at++)
            note_stay(r, &stays->items[at]);
    }
}

static enum bw_rc find_members(struct reading *r, const uint32_t *series, size_t count)
{
    struct bw_stays stays = { 0 };
    uint32_t *ids = bw_alloc_array(count, sizeof *ids);
    memcpy(ids, series, count * sizeof *ids);
    qsort(ids, count, sizeof *ids, by_id);
    const enum bw_rc rc = bw_stays_read(r->reader, ids, count, &stays, &r->damage, r->err);
    if (rc == BW_OK)
        note_stays(r, &stays, ids, count);
    bw_stays_fini(&stays);
    free(ids);
    if (r->count > 0)
        qsort(r->members, r->count, sizeof *r->members, by_group);
    return rc;
}

/* A series that moved: what it did in each of its groups, one after the other or, where something
 * came late, side by side. */
static void join(struct reading *r, struct member *into, struct member *other)
{
    const struct bw_buckets *a = &into->buckets, *b = &other->buckets;
    struct bw_buckets joined = { .plain = r->plain };
    for (size_t i = 0, k = 0; i < a->count || k < b->count;) {
        const bool first =
            k == b->count || (i < a->count && a->items[i].start_ms <= b->items[k].start_ms);
        bw_buckets_merge(&joined, r->step_ms, first ? &a->items[i++] : &b->items[k++], 1);
    }
    if (b->count > 0 && (a->count == 0 || other->end_ms > into->end_ms))
        into->end_ms = other->end_ms;
    bw_buckets_fini(&into->buckets);
    bw_buckets_fini(&other->buckets);
    into->buckets = joined;
}

static enum bw_rc read_moved(struct reading *r)
{
    enum bw_rc rc = BW_OK;
    struct member *whole = r->pass;
    const size_t places = r->pass_count;
    r->pass_count = 1;
    for (size_t i = 0; rc == BW_OK && i < places; i++) {
        r->pass = &whole[i];
        rc = lay_out_range(r, r->pass->group);
        if (rc == BW_OK)
            rc = read_pass(r);
        if (i > 0)
            join(r, whole, &whole[i]);
    }
    r->pass = whole;
    r->pass_count = places;
    return rc;
}

/* The members from the i-th on that are read together. */
static void choose_pass(struct reading *r, size_t i)
{
    const struct member *first = r->pass = &r->members[i];
    for (r->pass_count = 1; i + r->pass_count < r->count; r->pass_count++) {
        const struct member *next = &r->members[i + r->pass_count];
        if (first->moved
                ? next->series != first->series
                : next->moved || next->group != first->group || r->pass_count == SERIES_A_PASS)
            return;
    }
}

static enum bw_rc run(struct reading *r, bw_view_buckets_fn *fn, void *ctx)
{
    enum bw_rc rc = BW_OK;
    bool more = true;
    for (size_t i = 0; rc == BW_OK && more && i < r->count; i += r->pass_count) {
        choose_pass(r, i);
        if (r->pass[0].moved) {
            rc = read_moved(r);
        } else {
            rc = lay_out_range(r, r->pass[0].group);
            if (rc == BW_OK)
                rc = read_pass(r);
        }
        for (size_t k = 0; rc == BW_OK && k < r->pass_count; k++)
            more = show(&r->pass[k], more, fn, ctx);
    }
    return rc;
}

static void begin(struct reading *r, const struct bw_bucket_range *range)
{
    r->step_ms = range->step_ms;
    r->plain = r->spare.plain = range->plain;
    r->fine_only = range->fine_only;
    r->past_only = range->past_only;
    r->from_ms = bw_window_start(range->from_ms, r->step_ms);
    r->to_ms = bw_window_start(range->to_ms, r->step_ms) + r->step_ms;
    r->has_tiers = bw_view_has_table(r->reader->db, BW_ROW_ROLLUP);
}

enum bw_rc bw_view_buckets(struct bw_reader *reader, const uint32_t *series, size_t count,
                           const struct bw_bucket_range *range, bw_view_buckets_fn *fn, void *ctx,
                           struct bw_damage *damage, struct bw_err *err)
{
    struct reading r = { .reader = reader, .err = err };
    if (range->step_ms < 1 || range->from_ms < -BW_BUCKET_TIME_MAX_MS
        || range->to_ms > BW_BUCKET_TIME_MAX_MS)
        return bw_fail(err, BW_EINVAL, "no such range of times or step");
    if (count == 0 || range->from_ms > range->to_ms)
        return BW_OK;
    begin(&r, range);
    enum bw_rc rc = find_members(&r, series, count);
    if (rc == BW_OK)
        rc = run(&r, fn, ctx);
    for (size_t i = 0; i < r.count; i++)
        bw_buckets_fini(&r.members[i].buckets);
    free(r.members);
    bw_buckets_fini(&r.spare);
    if (damage != NULL) {
        damage->packs += r.damage.packs;
        damage->journal_rows += r.damage.journal_rows;
        damage->rows += r.damage.rows;
    }
    return rc;
}

struct shown {
    bw_buckets_fn *fn;
    void *ctx;
};

static bool show_buckets(void *ctx, uint32_t series, const struct bw_buckets *buckets,
                         int64_t end_ms)
{
    const struct shown *shown = ctx;
    (void)end_ms;
    return shown->fn(shown->ctx, series, buckets->items, buckets->count);
}

enum bw_rc bw_reader_buckets(struct bw_reader *reader, const uint32_t *series, size_t count,
                             const struct bw_bucket_range *range, bw_buckets_fn *fn, void *ctx,
                             struct bw_damage *damage, struct bw_err *err)
{
    struct shown shown = { fn, ctx };
    const enum bw_rc rc = bw_view_begin(reader, err);
    if (rc != BW_OK)
        return rc;
    return bw_view_end(
        reader, bw_view_buckets(reader, series, count, range, show_buckets, &shown, damage, err));
}
