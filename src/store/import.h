// SPDX-License-Identifier: GPL-3.0-or-later
/* store/import.h: takes in history: samples of any series in any order, which come to rest in
 * packs of many series side by side, whichever way they came.
 *
 *     added --> points of a series --512--> compressed, by series --64 MiB--> spilled:
 *               (16 bytes each)             (about 2 bytes each)
 *     by group, by window of time: what the store has already is left out; the rest is a sealed
 *     pack, committed by the store's writer
 *
 * Samples added wait in at most 64 MiB; beside that there are 100 bytes a series, and while
 * something is spilled the points of one group in one window.
 *
 * What was spilled stays, whatever comes after. Adding the same again adds nothing, so an import
 * that was broken off is run again from the start. Where the store has another value at a time
 * the imported one counts, as always the later one does. Not for two threads. */
#ifndef STORE_IMPORT_H
#define STORE_IMPORT_H

#include "base/err.h"
#include "model/labels.h"
#include "store/store.h"

#include <stdint.h>

struct bw_import;

struct bw_import_stats {
    uint64_t series;   /* that samples came for */
    uint64_t samples;  /* that came */
    uint64_t added;    /* of them new in the store, as far as it is spilled */
    uint64_t present;  /* the store had the same, or they came twice */
    uint64_t replaced; /* the store had another value */
    uint64_t packs;
    uint64_t bytes; /* of the packs */
};

#define BW_IMPORT_WAITING_BYTES (UINT64_C(64) << 20)

/* Into a store that is open, and stays so until free. So many bytes of samples may wait. */
enum bw_rc bw_import_begin(struct bw_store *store, uint64_t waiting_bytes_max,
                           struct bw_import **out, struct bw_err *err);

/* A number for a series, 1 or above; the same when asked again. One that is new is known to the
 * store when something is spilled. 0 with *err: the store does not
 * take it (BW_ELIMIT: storage.max_series). */
uint32_t bw_import_series(struct bw_import *import, const char *metric, struct bw_labels labels,
                          struct bw_err *err);

/* May spill; a failure of that is kept and told by bw_import_verdict. */
void bw_import_add(struct bw_import *import, uint32_t series, int64_t ts_ms, double value);
enum bw_rc bw_import_verdict(const struct bw_import *import, struct bw_err *err);

/* Spills what waits; on BW_OK all that was added is on the disk. */
enum bw_rc bw_import_finish(struct bw_import *import, struct bw_err *err);

void bw_import_stats(const struct bw_import *import, struct bw_import_stats *out);

/* Forgets what is not spilled. NULL is fine. */
void bw_import_free(struct bw_import *import);

#endif
