// SPDX-License-Identifier: GPL-3.0-or-later
/* The last failures of checks, and why checks stand as they do. */
#include "base/buf.h"
#include "base/limits.h"
#include "store/db.h"
#include "store/reader.h"
#include "store/view.h"

enum { FILTER_BYTES_MAX = 8 << 10 };

struct cause_walk {
    bw_check_cause_fn *fn;
    void *ctx;
};

static bool show_cause(void *ctx, const struct bw_cells *cells)
{
    const struct cause_walk *walk = ctx;
    const struct bw_check_cause cause = bw_check_cause_of_cells(cells);
    return walk->fn(walk->ctx, &cause);
}

enum bw_rc bw_reader_check_causes(struct bw_reader *reader, bw_check_cause_fn *fn, void *ctx,
                                  struct bw_damage *damage, struct bw_err *err)
{
    struct cause_walk walk = { fn, ctx };
    if (!bw_view_has_table(reader->db, BW_ROW_CHECK_CAUSE))
        return BW_OK;
    return bw_view_rows(reader, BW_ROW_CHECK_CAUSE, "ORDER BY service, instance, check_name",
                        show_cause, &walk, damage, err);
}

struct tally_walk {
    bw_failure_tally_fn *fn;
    void *ctx;
};

static bool show_tally(void *ctx, const struct bw_cells *cells)
{
    const struct tally_walk *walk = ctx;
    const struct bw_failure_tally tally = bw_failure_tally_of_cells(cells);
    return walk->fn(walk->ctx, &tally);
}

enum bw_rc bw_reader_failure_tallies(struct bw_reader *reader, bw_failure_tally_fn *fn, void *ctx,
                                     struct bw_damage *damage, struct bw_err *err)
{
    struct tally_walk walk = { fn, ctx };
    if (!bw_view_has_table(reader->db, BW_ROW_FAILURE_TALLY))
        return BW_OK;
    return bw_view_rows(reader, BW_ROW_FAILURE_TALLY,
                        "ORDER BY service, instance, check_name, ts_ms", show_tally, &walk, damage,
                        err);
}

/* --- the failures of one check ----------------------------------------------------------- */

struct failure_walk {
    struct bw_failure_tally tallies[BW_FAILURES_KEPT_MAX]; /* without subjects */
    size_t count;
    bw_failure_fn *fn;
    void *ctx;
};

static bool note_tally(void *ctx, const struct bw_failure_tally *tally)
{
    struct failure_walk *walk = ctx;
    walk->tallies[walk->count++] = *tally;
    return walk->count < BW_FAILURES_KEPT_MAX;
}

/* A tally that is missing, or is of what was in the slot before, counts for nothing. */
static bool show_failure(void *ctx, const struct bw_cells *cells)
{
    const struct failure_walk *walk = ctx;
    struct bw_failure failure = bw_failure_of_cells(cells);
    for (size_t i = 0; i < walk->count; i++) {
        const struct bw_failure_tally *tally = &walk->tallies[i];
        if (tally->slot != failure.tally.slot || tally->ts_ms != failure.tally.ts_ms)
            continue;
        failure.tally.last_ms = tally->last_ms;
        failure.tally.times = tally->times;
        failure.tally.left_out = tally->left_out;
    }
    return walk->fn(walk->ctx, &failure);
}

static void select_subject(struct bw_buf *out, const struct bw_subject *subject, const char *order)
{
    char *where = sqlite3_mprintf("WHERE service=%Q AND instance=%Q AND check_name=%Q %s",
                                  subject->service, subject->instance, subject->check, order);
    bw_buf_text(out, where != NULL ? where : "WHERE 0");
    sqlite3_free(where);
}

static enum bw_rc read_failures(struct bw_reader *reader, const struct bw_subject *subject,
                                struct failure_walk *walk, struct bw_damage *damage,
                                struct bw_err *err)
{
    struct bw_buf tail;
    struct tally_walk tallies = { note_tally, walk };
    bw_buf_init(&tail, FILTER_BYTES_MAX);
    select_subject(&tail, subject, "");
    enum bw_rc rc =
        bw_view_rows(reader, BW_ROW_FAILURE_TALLY, tail.data, show_tally, &tallies, damage, err);
    bw_buf_clear(&tail);
    select_subject(&tail, subject, "ORDER BY ts_ms DESC, rowid DESC");
    if (rc == BW_OK)
        rc = bw_view_rows(reader, BW_ROW_FAILURE, tail.data, show_failure, walk, damage, err);
    bw_buf_fini(&tail);
    return rc;
}

enum bw_rc bw_reader_failures(struct bw_reader *reader, const struct bw_subject *subject,
                              bw_failure_fn *fn, void *ctx, struct bw_damage *damage,
                              struct bw_err *err)
{
    struct failure_walk walk = { .fn = fn, .ctx = ctx };
    if (!bw_view_has_table(reader->db, BW_ROW_FAILURE))
        return BW_OK;
    const enum bw_rc rc = bw_view_begin(reader, err);
    return rc == BW_OK ? bw_view_end(reader, read_failures(reader, subject, &walk, damage, err))
                       : rc;
}
