// SPDX-License-Identifier: GPL-3.0-or-later
/* store/retention.h: what is too old or too much goes, a little at a time. Writer thread only. */
#ifndef STORE_RETENTION_H
#define STORE_RETENTION_H

#include "base/err.h"

#include <sqlite3.h>
#include <stdint.h>

/* Deletes a few of the packs that end before cutoff_ms, oldest first; adds how many to
 * *out_packs. Call again while it adds. */
enum bw_rc bw_retention_expire(sqlite3 *db, int64_t cutoff_ms, uint64_t *out_packs,
                               struct bw_err *err);

/* Deletes a few of the failures that were before cutoff_ms; adds how many to *out_failures.
 * Their tallies stay, a few bytes for each slot of a check, until the slot is taken again. */
enum bw_rc bw_retention_expire_failures(sqlite3 *db, int64_t cutoff_ms, uint64_t *out_failures,
                                        struct bw_err *err);

/* Deletes a few of the oldest packs while the used pages are above max_bytes, keeping room for
 * the WAL; when there are none left, a few of the oldest failures, then events. Adds to the
 * counts, of which the last is of both. */
enum bw_rc bw_retention_cap(sqlite3 *db, uint64_t max_bytes, uint64_t *out_packs,
                            uint64_t *out_events, struct bw_err *err);

/* Deletes journal rows up to and with covered_seq, a few hundred at a time. */
enum bw_rc bw_retention_trim_journal(sqlite3 *db, uint64_t covered_seq, struct bw_err *err);

/* Gives some free pages back to the file system, leaving enough for the next hours. */
enum bw_rc bw_retention_shrink(sqlite3 *db, struct bw_err *err);

#endif
