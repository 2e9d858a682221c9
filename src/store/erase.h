// SPDX-License-Identifier: GPL-3.0-or-later
/* store/erase.h: series taken out of a store for good.
 *
 *   erase:  one transaction -> the series' rows are gone, so that no reader finds it; what is still
 *           to be done stands in deleted_series
 *   purge:  pack by pack, roll-up by roll-up: read, without them, swapped in by the writer, each in
 *           a transaction of its own -> the rows of deleted_series go last
 *
 * Killed at any point a series is there and whole, or gone; the purge goes on from where the table
 * says. Ids are never used again: what is measured under the name of a deleted series is a new one.
 * A pack whose directory cannot be read stays as it is. */
#ifndef STORE_ERASE_H
#define STORE_ERASE_H

#include "base/err.h"
#include "store/reader.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Takes away series by their ids; *out_erased is how many of them were there. On failure those that
 * are counted are gone, the others are not. Any thread but the writer's. */
enum bw_rc bw_store_erase(struct bw_store *store, const uint32_t *series, size_t count,
                          uint64_t *out_erased, struct bw_err *err);

/* Rises whenever series were taken away: ids that were looked up before may be dead. Any thread. */
uint64_t bw_store_erasures(const struct bw_store *store);

struct bw_purge;

struct bw_purge_totals {
    uint64_t packs, rollups; /* made smaller or removed */
    uint64_t bytes;          /* of them, saved */
    uint64_t damaged;        /* that could not be read and were left as they are */
};

/* Borrows the store. For one thread at a time. */
struct bw_purge *bw_purge_new(struct bw_store *store);
void bw_purge_free(struct bw_purge *purge);

/* Looks at some packs and roll-ups, rewrites at most one. *out_more false: nothing is left. */
enum bw_rc bw_purge_step(struct bw_purge *purge, bool *out_more, struct bw_err *err);
struct bw_purge_totals bw_purge_totals(const struct bw_purge *purge);

struct bw_erase_report {
    uint64_t series;
    uint64_t bytes_before, bytes_after; /* the database file and its WAL */
    struct bw_purge_totals totals;
};

/* All of it on a stopped store, the free pages given back. Has the store's lock meanwhile: BW_EBUSY
 * while a daemon has it. `hooks` and `watch` may be NULL; when `watch` stops it (BW_ETIMEOUT) the
 * series are gone and the rest is done by whoever opens the store next. */
enum bw_rc bw_store_delete_series(const char *path, const struct bw_selector *selector,
                                  const struct bw_store_hooks *hooks,
                                  const struct bw_backup_watch *watch, struct bw_erase_report *out,
                                  struct bw_err *err);

/* The ids of the series that a selector means, rising, by a connection of its own; the caller frees
 * them. *out_of is the number of all series. */
enum bw_rc bw_erase_pick(const char *path, const struct bw_selector *selector, uint32_t **out,
                         size_t *out_count, size_t *out_of, struct bw_err *err);

#endif
