// SPDX-License-Identifier: GPL-3.0-or-later
/* store/store.h: what the daemon remembers, in one SQLite file that only it writes.
 *
 *   any thread                     writer thread                        disk
 *   append ------> sample lane --+
 *   series ------> row lane -----+--> one transaction per interval ---> journal, rows
 *   put_* -------> row lane -----+              |
 *                                    heads, by group (memory)
 *                                               |  at least every 10 minutes
 *                                               +---------------------> open pack
 *                                                     480 samples, 24 h -> sealed pack
 *
 * Nothing here blocks its caller on the disk except open, close and flush. A locked, slow or
 * full disk makes the lanes grow; the sample lane drops whole batches when it is full and
 * counts them, the row lane refuses when it is full. What a failed commit held is tried again.
 *
 * Threading: every call but open and close may come from any thread. The hooks are called
 * from the writer thread (from the caller's while it is in bw_store_open). */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/err.h"
#include "base/log.h"
#include "model/labels.h"
#include "model/records.h"
#include "model/statement.h"
#include "store/options.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_store;

/* All members may be NULL. */
struct bw_store_hooks {
    void *ctx;

    /* Something an operator should read. Repeated troubles are said once in 10 s. */
    void (*say)(void *ctx, enum bw_log_level level, const char *message);

    /* Unix ms; NULL is the system's clock. For tests. */
    int64_t (*wall_ms)(void *ctx);
};

/* A report in the archive. */
struct bw_report_row {
    int64_t id;       /* rising; set by the store */
    const char *name; /* of the schedule: "weekly" */
    const char *type; /* "summary" */
    const char *format;
    const char *file; /* inside the archive's folder */
    int64_t created_ms;
    int64_t from_ms, to_ms; /* the range it is about */
    uint64_t bytes;
};

/* A moment's numbers, for metrics; totals count since open. */
struct bw_store_stats {
    uint64_t queued_samples; /* handed over, not yet committed */
    uint64_t queued_rows;
    double lag_seconds;                 /* age of the oldest thing not yet committed; 0: none */
    uint64_t samples_total;             /* committed */
    uint64_t dropped_samples_total;     /* the lane was full */
    uint64_t too_old_samples_total;     /* refused, see max_late */
    uint64_t repeated_samples_total;    /* found in one pack or block with their like: ignored */
    uint64_t conflicting_samples_total; /* likewise, but another value: the later one is kept */
    uint64_t refused_rows_total;        /* likewise */
    uint64_t commits_total;
    uint64_t commit_errors_total;
    double last_commit_seconds; /* how long it took */
    uint64_t series;
    uint64_t refused_series_total; /* beyond max_series */
    uint64_t journal_rows;
    uint64_t packs;
    uint64_t packs_written_total;
    uint64_t cold_packs_written_total;
    uint64_t damaged_total; /* parts that failed their checksum here */
    uint64_t expired_packs_total;
    uint64_t bytes; /* the database file and its WAL */
    uint64_t committed_seq;
    bool failing; /* something could not be written, and nothing has gone well since */
};

/* Opens or makes the store at opts->path, replays its journal and starts the writer.
 * BW_EBUSY: another daemon has it. BW_EFULL: less than 4 MiB of disk are free; run without
 * and try again. BW_EUNSUPPORTED: made by a newer version (left untouched) or on a network
 * file system. A corrupt file is moved aside as *.corrupt-<time> and a fresh one begun,
 * which `say` tells; later, too, when SQLite finds it corrupt while it is in use: then series
 * keep their ids and what was not yet in packs stays. `opts` and `hooks` are copied. */
enum bw_rc bw_store_open(const struct bw_storage_opts *opts, const struct bw_store_hooks *hooks,
                         struct bw_store **out, struct bw_err *err);

/* Commits what is queued, writes every open pack, ends the writer; gives up on a disk that
 * fails for 5 s, saying what is lost. NULL is fine. */
void bw_store_close(struct bw_store *store);

/* The id of a series, made when it is new; ids are never used twice. 0 beyond max_series,
 * with more than BW_LABELS_MAX - 1 labels, or while the row lane is full: do not store it. */
uint32_t bw_store_series(struct bw_store *store, const char *metric, struct bw_labels labels);

/* Hands over one batch, copied. False: dropped and counted as a whole. Samples of series 0 are
 * left out; so are those that come later than max_late, which are counted. */
bool bw_store_append(struct bw_store *store, const struct bw_sample *samples, size_t count);

/* Each hands over one row, copied. False: the lane is full (the disk has failed for long),
 * counted. States and trends replace what was stored for the same subject, alert or series;
 * an alert state with level and pending BW_LEVEL_NONE is deleted. An event's or report's id
 * is set by the store. */
bool bw_store_put_event(struct bw_store *store, const struct bw_event *event);
bool bw_store_put_check_state(struct bw_store *store, const struct bw_check_state *state);
bool bw_store_put_check_cause(struct bw_store *store, const struct bw_check_cause *cause);
bool bw_store_put_alert_state(struct bw_store *store, const struct bw_alert_state *state);
bool bw_store_put_trend(struct bw_store *store, const struct bw_trend_record *trend);
bool bw_store_put_report(struct bw_store *store, const struct bw_report_row *report);

/* A statement that waits for its outcome, in place of that of its series, kind and horizon; once
 * the outcome is known, it goes. A bin and a score replace their like; bins before a week go. */
bool bw_store_put_statement(struct bw_store *store, const struct bw_statement *statement);
bool bw_store_forget_statement(struct bw_store *store, const struct bw_statement *statement);
bool bw_store_put_statement_bin(struct bw_store *store, const struct bw_statement_bin *bin);
bool bw_store_forget_statement_bins(struct bw_store *store, int64_t before_week);
bool bw_store_put_series_score(struct bw_store *store, const struct bw_series_score *score);

/* One of a check's last failures, in place of what was in its slot, with its tally; and the tally
 * alone, when the same comes again. */
bool bw_store_put_failure(struct bw_store *store, const struct bw_failure *failure);
bool bw_store_put_failure_tally(struct bw_store *store, const struct bw_failure_tally *tally);

/* Forgets the state of a check or the trend of a series that is no longer configured. */
bool bw_store_forget_check_state(struct bw_store *store, const struct bw_subject *subject);
bool bw_store_forget_report(struct bw_store *store, int64_t id);

/* Hands over a pack (pack/pack.h) that is done with, copied: it is written sealed, as what came
 * last. BW_ECORRUPT for what is no pack, BW_EFULL when the lane is. */
enum bw_rc bw_store_put_pack(struct bw_store *store, const void *body, size_t size,
                             struct bw_err *err);

/* Calls fn once, on the writer thread, when all that was handed over before is on disk (true)
 * or the store closed without it (false). */
void bw_store_when_committed(struct bw_store *store, void (*fn)(void *ctx, bool committed),
                             void *ctx);

/* Commits now and waits for it; BW_ETIMEOUT when the disk did not take it in time. */
enum bw_rc bw_store_flush(struct bw_store *store, int64_t timeout_ns, struct bw_err *err);

/* As flush, and writes every group's open pack. */
enum bw_rc bw_store_checkpoint(struct bw_store *store, int64_t timeout_ns, struct bw_err *err);

/* Whether the wall clock may be used to delete by age; false until said. */
void bw_store_trust_clock(struct bw_store *store, bool trusted);

void bw_store_stats(struct bw_store *store, struct bw_store_stats *out);

/* For readers of the same file (store/reader.h). */
const char *bw_store_path(const struct bw_store *store);

/* A listening stream socket at <path>.sock, mode 0600; one left over by a crash is removed
 * first. The caller closes it; bw_store_close removes the name. */
enum bw_rc bw_store_listen(struct bw_store *store, int *out_fd, struct bw_err *err);

#endif
