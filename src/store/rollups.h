// SPDX-License-Identifier: GPL-3.0-or-later
/* store/rollups.h: how far the roll-ups of each group are, and how a window of them comes to be.
 *
 *   worker:  choose a window that is due -> announce it -> read -> body -> row lane
 *   writer:  body and "done up to here", one transaction
 *
 *            samples older than "done" come -> "done" goes back to before them,
 *                                              in the transaction that has the samples
 *
 * So a window is made again when something came for it late, and what a crash interrupts is
 * made again from the last "done". One window is on its way at a time. Should something late
 * come for it between reading and writing, the body is thrown away and it is due again. */
#ifndef STORE_ROLLUPS_H
#define STORE_ROLLUPS_H

#include "base/err.h"
#include "store/rollup_tiers.h"
#include "store/rows.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_store;
struct bw_reader;

/* A window is made so long after its end; what comes later makes it due again. */
#define BW_ROLLUP_LATE_MS INT64_C(3600000)

struct bw_rollup_group {
    int64_t done_ms[BW_ROLLUP_TIERS]; /* BW_ROLLUP_NEVER: nothing was made yet */
};

struct bw_rollup_window {
    unsigned tier;
    uint32_t group;
    int64_t from_ms, to_ms;
};

/* Guarded by the store's lock. All zeros: nothing is known. */
struct bw_rollups {
    struct bw_rollup_group *groups; /* by id */
    size_t count, cap;
    uint32_t turn; /* the group that was looked at last */
    bool wanted;   /* somebody makes them */
    bool busy;     /* `window` is being made or waits for its commit */
    struct bw_rollup_window window;
    bool overtaken;    /* something late came for it */
    int64_t newest_ms; /* samples from here on are not late for anything */
};

/* Groups that must go back, found in a batch. */
struct bw_rollup_rewind {
    uint32_t group;
    int64_t to_ms;
};

struct bw_rollup_rewinds {
    struct bw_rollup_rewind *items;
    size_t count, cap;
};

/* --- for the writer ------------------------------------------------------------------------- */

void bw_rollups_fini(struct bw_store *store);
enum bw_rc bw_rollups_load(struct bw_store *store, struct bw_err *err);

/* Everything is to be made anew: the file was begun anew. */
void bw_rollups_forget(struct bw_store *store);

/* Finds what in the batch is late and writes that down, inside the caller's transaction. */
enum bw_rc bw_rollups_take_late(struct bw_store *store, struct bw_err *err);

/* True for a row of a window that was overtaken: leave it out. */
bool bw_rollups_refuses(const struct bw_store *store, const struct bw_row *row);

/* Whether somebody has asked for roll-ups since the store was opened. */
bool bw_rollups_are_made(struct bw_store *store);

/* What is on its way for that group is thrown away and made again: something was taken out of what
 * it is made from. With the store's lock held. */
void bw_rollups_overtake(struct bw_rollups *rollups, uint32_t group);

/* The batch is on disk. */
void bw_rollups_settle(struct bw_store *store);

/* --- for a worker --------------------------------------------------------------------------- */

/* Makes the next window that is due, if any, and hands it over; *out_made says whether. Call it
 * again soon while it does, else in a minute or so. Does nothing while the clock is not trusted or
 * the window before waits for its commit. */
enum bw_rc bw_store_roll_up(struct bw_store *store, struct bw_reader *reader, bool *out_made,
                            struct bw_err *err);

/* Hands over what was made of the announced window, in place of what was there: body NULL when
 * there is nothing in it. False: the lane is full, it is due again. */
bool bw_rollups_put(struct bw_store *store, const void *body, size_t size, int64_t first_ms,
                    int64_t last_ms);

#endif
