// SPDX-License-Identifier: GPL-3.0-or-later
/* store/compact.h: sealed packs become fewer, larger and smaller-coded ones when they are old.
 *
 *   ids of one group:   11h 14h 19h 23h 31h 40h 44(open)      h: hot, c: cold
 *                        \___|___|__/
 *   after a step:                23c 31h 40h 44(open)
 *
 * Only neighbours by id are merged, and the new pack has the id of the newest of them; so "of two
 * samples with one time that in the pack with the higher id wins" says the same before and after,
 * about packs of late samples too. A reader sees all of the old ones or the new one.
 *
 * A step reads and encodes on the caller's thread and has the writer swap the result in. It is
 * decoded and compared before that. What is killed in between has done nothing; a pack that
 * changed or went meanwhile is left alone. */
#ifndef STORE_COMPACT_H
#define STORE_COMPACT_H

#include "base/err.h"
#include "store/reader.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct bw_compactor;

enum bw_compact_reach {
    BW_COMPACT_OLD, /* packs older than six hours, once there are enough for a large one */
    BW_COMPACT_ALL, /* everything, open packs included */
};

/* Borrows the store. For one thread at a time. */
struct bw_compactor *bw_compactor_new(struct bw_store *store, enum bw_compact_reach reach);
void bw_compactor_free(struct bw_compactor *compactor);

/* Makes at most one new pack, in a few tens of ms. *out_more false: nothing is left to do for now.
 * What cannot be read whole stays as it is and is not tried again by this compactor. */
enum bw_rc bw_compactor_step(struct bw_compactor *compactor, bool *out_more, struct bw_err *err);

struct bw_compact_totals {
    uint64_t packs_merged, packs_written;
    uint64_t bytes_merged, bytes_written;
    uint64_t damaged; /* packs that were left because of it */
};

struct bw_compact_totals bw_compactor_totals(const struct bw_compactor *compactor);

struct bw_compact_report {
    uint64_t bytes_before, bytes_after; /* the database file and its WAL */
    uint64_t pack_bytes;                /* before */
    struct bw_compact_totals totals;
};

/* All that a store has, in steps of a few tens of ms: what deleted series have left is taken out,
 * packs are merged, free pages given back. The store may be live; it is borrowed. */
struct bw_compaction;

enum bw_rc bw_compaction_begin(struct bw_store *store, struct bw_compaction **out,
                               struct bw_err *err);
void bw_compaction_free(struct bw_compaction *work);
enum bw_rc bw_compaction_step(struct bw_compaction *work, bool *out_more, struct bw_err *err);
void bw_compaction_report(const struct bw_compaction *work, struct bw_compact_report *out);

/* Merges all that a stopped store has and gives every free page back. Deletes nothing. Has the
 * store's lock meanwhile: BW_EBUSY while a daemon has it. `hooks` and `watch` may be NULL; what
 * is done when `watch` stops it (BW_ETIMEOUT) stays done. */
enum bw_rc bw_store_compact(const char *path, const struct bw_store_hooks *hooks,
                            const struct bw_backup_watch *watch, struct bw_compact_report *out,
                            struct bw_err *err);

#endif
