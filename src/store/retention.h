// SPDX-License-Identifier: GPL-3.0-or-later
/* store/retention.h: what is too old or too much goes, a little at a time. Writer thread only. */
#ifndef STORE_RETENTION_H
#define STORE_RETENTION_H

#include "base/err.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/* Deletes a few of the packs that end before cutoff_ms, oldest first; adds how many to
 * *out_packs. Call again while it adds. */
enum bw_rc bw_retention_expire(sqlite3 *db, int64_t cutoff_ms, uint64_t *out_packs,
                               struct bw_err *err);

/* The same, but for what its group's roll-ups do not have yet. */
enum bw_rc bw_retention_expire_rolled(sqlite3 *db, int64_t cutoff_ms, uint64_t *out_packs,
                                      struct bw_err *err);

/* Deletes a few of the roll-ups of a tier (store/rollups.h) that end before cutoff_ms; with
 * `only_rolled` none that the next tier does not have yet. Adds how many to *out_rollups. */
enum bw_rc bw_retention_expire_rollups(sqlite3 *db, unsigned tier, int64_t cutoff_ms,
                                       bool only_rolled, uint64_t *out_rollups, struct bw_err *err);

/* As expire or expire_rolled, and as expire_rollups, of one group. */
enum bw_rc bw_retention_expire_group(sqlite3 *db, uint32_t group, int64_t cutoff_ms,
                                     bool only_rolled, uint64_t *out_packs, struct bw_err *err);
enum bw_rc bw_retention_expire_group_rollups(sqlite3 *db, unsigned tier, uint32_t group,
                                             int64_t cutoff_ms, bool only_rolled,
                                             uint64_t *out_rollups, struct bw_err *err);

/* Deletes a few of the failures that were before cutoff_ms; adds how many to *out_failures.
 * Their tallies stay, a few bytes for each slot of a check, until the slot is taken again. */
enum bw_rc bw_retention_expire_failures(sqlite3 *db, int64_t cutoff_ms, uint64_t *out_failures,
                                        struct bw_err *err);

/* The bytes of the file's pages that are in use. */
enum bw_rc bw_retention_used(sqlite3 *db, int64_t *out, struct bw_err *err);

/* What goes when there is too much, in this order. */
enum bw_retention_stage {
    BW_RETENTION_NOTHING,
    BW_RETENTION_OLDER_PACKS, /* all but the newest day of samples */
    BW_RETENTION_MINUTES,
    BW_RETENTION_LAST_DAY,
    BW_RETENTION_HOURS,
    BW_RETENTION_DAYS,
    BW_RETENTION_FAILURES,
    BW_RETENTION_EVENTS,
};

/* Deletes a few of what goes next. now_ms INT64_MAX: the clock is not to be believed, and packs and
 * roll-ups go in the order in which they came; else by their own times. Adds to the counts, of
 * which the last is of all that is no pack; both as they were: nothing is left. */
enum bw_rc bw_retention_give_way(sqlite3 *db, int64_t now_ms, uint64_t *out_packs,
                                 uint64_t *out_others, enum bw_retention_stage *out_stage,
                                 struct bw_err *err);

enum { BW_JOURNAL_ROWS_A_STEP = 400 };

/* Deletes journal rows up to and with covered_seq, the oldest first, at most so many at a time. */
enum bw_rc bw_retention_trim_journal(sqlite3 *db, uint64_t covered_seq, struct bw_err *err);

/* Gives some free pages back to the file system, leaving a share of the file (at most 4 MiB) for
 * the next minutes. *out_more: there are others. */
enum bw_rc bw_retention_shrink(sqlite3 *db, bool *out_more, struct bw_err *err);

/* The same of whatever is free. */
enum bw_rc bw_retention_give_back(sqlite3 *db, struct bw_err *err);

/* Has the log folded into the file when it has reached a share of the file's size, between 256 KiB
 * and 4 MiB: a small store has a small log, a large one syncs less often. */
enum bw_rc bw_retention_fit_log(sqlite3 *db, struct bw_err *err);

#endif
