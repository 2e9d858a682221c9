// SPDX-License-Identifier: GPL-3.0-or-later
/* Which tier answers for which part of a range, and the parts put together:
 *
 *     asked:  |--------------------------------------------------------|   step 2h
 *             |   from days?  |      from hours     | from minutes | raw |
 *                 no: 2h is       as far as they        likewise    what is left
 *                 no day          are made */
#include "base/mem.h"
#include "pack/rollup.h"
#include "store/db.h"
#include "store/rollup_tiers.h"
#include "store/rollup_view.h"
#include "store/view.h"

#include <stdlib.h>

/* Series whose buckets are in memory at once. Each of the eight sources that a range is laid out
 * over splits one span in three at most. */
enum { SERIES_A_PASS = 16, SPANS_MAX = 24 };

enum source { FROM_TIER /* and on */, FROM_RAW = BW_ROLLUP_TIERS, FROM_NOWHERE };

struct span {
    int64_t from_ms, to_ms; /* to_ms not included */
    unsigned source;
};

struct member {
    uint32_t series, group;
    struct bw_buckets buckets;
};

struct reading {
    struct bw_reader *reader;
    struct member *members; /* by group, then by series */
    size_t count;
    int64_t from_ms, to_ms, step_ms;
    bool plain, fine_only;
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
    out->from_ms = out->done_ms = bw_window_start(first_ms, t->window_ms);
    out->to_ms = last_ms + t->width_ms;
    return read_done(r, tier, group, &out->done_ms);
}

static enum bw_rc lay_out_raw(struct reading *r, uint32_t group, const struct extent *minutes)
{
    int64_t first_ms = minutes->to_ms > 0 ? minutes->done_ms : r->from_ms;
    const enum bw_rc rc =
        number(r, "SELECT min(first_ms) FROM pack WHERE group_id=?1 AND last_ms>=?2", group,
               INT64_MIN, &first_ms);
    lay_out(r, first_ms, INT64_MAX, FROM_RAW);
    return rc;
}

/* The widest buckets that a step is made of, as far as they are made; raw samples; where those are
 * gone, what there is; and what may be in the journal alone. */
static enum bw_rc lay_out_range(struct reading *r, uint32_t group)
{
    struct extent extents[BW_ROLLUP_TIERS] = { 0 };
    enum bw_rc rc = BW_OK;
    r->spans[0] = (struct span){ r->from_ms, r->to_ms, FROM_NOWHERE };
    r->span_count = 1;
    for (unsigned t = 0; rc == BW_OK && r->has_tiers && t < BW_ROLLUP_TIERS; t++)
        rc = find_extent(r, t, group, &extents[t]);
    for (unsigned t = BW_ROLLUP_TIERS; t-- > 0;) {
        if (r->step_ms % bw_rollup_tiers[t].width_ms == 0)
            lay_out(r, extents[t].from_ms, extents[t].done_ms, t);
    }
    if (rc == BW_OK)
        rc = lay_out_raw(r, group, &extents[0]);
    for (unsigned t = 0; t < BW_ROLLUP_TIERS; t++) {
        if (!r->fine_only || bw_rollup_tiers[t].width_ms <= r->step_ms)
            lay_out(r, extents[t].from_ms, extents[t].to_ms, t);
    }
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
        .series = series, .count = r->pass_count, .from_ms = span->from_ms, .to_ms = span->to_ms - 1
    };
    return bw_view_scan(r->reader, &range, fold_points, r, &r->damage, r->err);
}

static enum bw_rc read_pass(struct reading *r)
{
    enum bw_rc rc = BW_OK;
    for (size_t i = 0; rc == BW_OK && i < r->span_count; i++) {
        const struct span *span = &r->spans[i];
        rc = span->source == FROM_RAW ? read_raw(r, span) : read_tier(r, span);
    }
    return rc;
}

static bool show(struct reading *r, bw_buckets_fn *fn, void *ctx)
{
    bool more = true;
    for (size_t i = 0; i < r->pass_count; i++) {
        struct member *member = &r->pass[i];
        if (more && member->buckets.count > 0)
            more = fn(ctx, member->series, member->buckets.items, member->buckets.count);
        bw_buckets_fini(&member->buckets);
    }
    return more;
}

/* --- the series ----------------------------------------------------------------------------- */

static int by_group(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    return (x->series > y->series) - (x->series < y->series);
}

static enum bw_rc find_members(struct reading *r, const uint32_t *series, size_t count)
{
    r->members = bw_alloc_array(count, sizeof *r->members);
    for (size_t i = 0; i < count; i++) {
        struct member *member = &r->members[i];
        member->series = series[i];
        member->buckets.plain = r->plain;
        const enum bw_rc rc =
            bw_view_group_of(r->reader, series[i], &member->group, &r->damage, r->err);
        if (rc != BW_OK)
            return rc;
    }
    qsort(r->members, count, sizeof *r->members, by_group);
    for (size_t i = 0; i < count; i++) {
        if (r->count == 0 || r->members[r->count - 1].series != r->members[i].series)
            r->members[r->count++] = r->members[i];
    }
    return BW_OK;
}

static enum bw_rc run(struct reading *r, bw_buckets_fn *fn, void *ctx)
{
    enum bw_rc rc = BW_OK;
    bool more = true;
    for (size_t i = 0; rc == BW_OK && more && i < r->count; i += r->pass_count) {
        r->pass = &r->members[i];
        for (r->pass_count = 1; r->pass_count < SERIES_A_PASS && i + r->pass_count < r->count
                                && r->members[i + r->pass_count].group == r->members[i].group;)
            r->pass_count++;
        rc = lay_out_range(r, r->members[i].group);
        if (rc == BW_OK)
            rc = read_pass(r);
        if (rc == BW_OK)
            more = show(r, fn, ctx);
    }
    return rc;
}

enum bw_rc bw_reader_buckets(struct bw_reader *reader, const uint32_t *series, size_t count,
                             const struct bw_bucket_range *range, bw_buckets_fn *fn, void *ctx,
                             struct bw_damage *damage, struct bw_err *err)
{
    struct reading r = { .reader = reader,
                         .step_ms = range->step_ms,
                         .plain = range->plain,
                         .fine_only = range->fine_only,
                         .spare.plain = range->plain,
                         .err = err };
    if (range->step_ms < 1 || range->from_ms < -BW_BUCKET_TIME_MAX_MS
        || range->to_ms > BW_BUCKET_TIME_MAX_MS)
        return bw_fail(err, BW_EINVAL, "no such range of times or step");
    if (count == 0 || range->from_ms > range->to_ms)
        return BW_OK;
    r.from_ms = bw_window_start(range->from_ms, r.step_ms);
    r.to_ms = bw_window_start(range->to_ms, r.step_ms) + r.step_ms;
    enum bw_rc rc = bw_view_begin(reader, err);
    if (rc != BW_OK)
        return rc;
    r.has_tiers = bw_view_has_table(reader->db, BW_ROW_ROLLUP);
    rc = find_members(&r, series, count);
    rc = bw_view_end(reader, rc == BW_OK ? run(&r, fn, ctx) : rc);
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
