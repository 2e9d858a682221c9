// SPDX-License-Identifier: GPL-3.0-or-later
/* store/reader.h: reads a store, live or not, from any process. Sees committed data only,
 * each call as of one moment; never writes, never checkpoints.
 *
 * A reader belongs to one thread at a time; open one per thread. Text handed to a callback is
 * borrowed until the callback returns. A callback that returns false ends the call (BW_OK).
 *
 * What fails its checksum is left out and counted: never a wrong value. */
#ifndef STORE_READER_H
#define STORE_READER_H

#include "base/err.h"
#include "model/labels.h"
#include "model/records.h"
#include "model/statement.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_reader;

/* What one call had to leave out; counts are added. */
struct bw_damage {
    uint64_t packs;        /* parts of packs */
    uint64_t journal_rows; /* whole commits not yet in packs */
    uint64_t rows;         /* events, states, series, … */
};

/* BW_ENOTFOUND: no such file. BW_EUNSUPPORTED: made by a newer version. */
enum bw_rc bw_reader_open(const char *path, struct bw_reader **out, struct bw_err *err);
void bw_reader_close(struct bw_reader *reader);

struct bw_series_info {
    uint32_t id;
    const char *text; /* metric{a="b"} */
    const char *metric;
    struct bw_labels labels;
};

typedef bool bw_series_fn(void *ctx, const struct bw_series_info *series);

/* Every series the selector means (NULL: all), by rising id. BW_EINVAL: a regular expression
 * is wrong or too costly. `damage` may be NULL here and below. */
enum bw_rc bw_reader_series(struct bw_reader *reader, const struct bw_selector *selector,
                            bw_series_fn *fn, void *ctx, struct bw_damage *damage,
                            struct bw_err *err);

/* One series by its id; BW_ENOTFOUND. fn is called once. */
enum bw_rc bw_reader_series_by_id(struct bw_reader *reader, uint32_t series, bw_series_fn *fn,
                                  void *ctx, struct bw_err *err);

typedef bool bw_points_fn(void *ctx, uint32_t series, const struct bw_point *points, size_t count);

/* The points of each wanted series with from_ms <= ts_ms <= to_ms, strictly rising in time;
 * of two with one time the one handed over later stays. fn is called once for each series that
 * has any, in no promised order. */
enum bw_rc bw_reader_scan(struct bw_reader *reader, const uint32_t *series, size_t count,
                          int64_t from_ms, int64_t to_ms, bw_points_fn *fn, void *ctx,
                          struct bw_damage *damage, struct bw_err *err);

/* Steps are multiples of step_ms since 1970, UTC; those that the range touches are whole. */
struct bw_bucket_range {
    int64_t from_ms, to_ms; /* both included */
    int64_t step_ms;
    bool plain;     /* nobody asks for quantiles: the sketches stay empty, which is quicker */
    bool fine_only; /* leave out what is only left in buckets wider than a step */
    bool past_only; /* only the steps for which samples may be gone, see below */
};

#define BW_BUCKET_TIME_MAX_MS INT64_C(100000000000000) /* either side of 1970: year 5138 */

/* pack/rollup.h */
struct bw_bucket;

typedef bool bw_buckets_fn(void *ctx, uint32_t series, const struct bw_bucket *buckets,
                           size_t count);

/* What each wanted series did in each step, from the widest roll-ups that a step is made of and
 * from samples where there are none (yet): the answer is the same either way, but for the rounding
 * of sums. Where only roll-ups are left that are wider than a step, each counts for the step it
 * begins in. A step without a number has no bucket; they rise in time. fn is called once for each
 * series that has any, in no promised order. */
enum bw_rc bw_reader_buckets(struct bw_reader *reader, const uint32_t *series, size_t count,
                             const struct bw_bucket_range *range, bw_buckets_fn *fn, void *ctx,
                             struct bw_damage *damage, struct bw_err *err);

/* A series over a long range: buckets for the time from which samples are gone, samples from there
 * on. */
struct bw_recalled {
    uint32_t series;
    const struct bw_bucket *past;
    size_t past_count;
    const struct bw_point *points; /* none in a step of the past */
    size_t count;
};

typedef bool bw_recall_fn(void *ctx, const struct bw_recalled *recalled);

/* As bw_reader_scan, for who wants samples where there are any but must not be blind where there
 * are none left. Nothing is told twice and nothing is left out. fn is called once for each series
 * that has either. `range` is as of bw_reader_buckets, but that samples outside are not told. */
enum bw_rc bw_reader_recall(struct bw_reader *reader, const uint32_t *series, size_t count,
                            const struct bw_bucket_range *range, bw_recall_fn *fn, void *ctx,
                            struct bw_damage *damage, struct bw_err *err);

/* The least of a minute, an hour and a day of which a range has 2000 at the most; else a day. */
int64_t bw_recall_step_ms(int64_t range_ms);

struct bw_recall_steps {
    int64_t step_ms;
    int64_t to_ms; /* no point is later */
    bool counter;
};

/* Appends one point for each step that has a number, stamped with its end: the mean, or of a
 * counter the last value. */
struct bw_points;
void bw_recalled_steps(const struct bw_recalled *recalled, const struct bw_recall_steps *steps,
                       struct bw_points *out);

/* Zero and NULL members match anything. */
struct bw_event_filter {
    enum bw_event_kind kind;
    const char *service;    /* exact */
    const char *concerns;   /* events of this service, and those of none in particular */
    const char *name;       /* exact */
    bool set, found;        /* of markers: those that somebody set, those that were found */
    int64_t from_ms, to_ms; /* to_ms 0: no end */
    int64_t before_id;      /* only ids below: the last one seen, to page on */
    size_t limit;           /* 0: 1000 */
};

typedef bool bw_event_fn(void *ctx, const struct bw_event *event);
typedef bool bw_check_state_fn(void *ctx, const struct bw_check_state *state);
typedef bool bw_check_cause_fn(void *ctx, const struct bw_check_cause *cause);
typedef bool bw_failure_fn(void *ctx, const struct bw_failure *failure);
typedef bool bw_failure_tally_fn(void *ctx, const struct bw_failure_tally *tally);
typedef bool bw_alert_state_fn(void *ctx, const struct bw_alert_state *state);
typedef bool bw_trend_fn(void *ctx, const struct bw_trend_record *trend);
typedef bool bw_report_fn(void *ctx, const struct bw_report_row *report);

/* Newest first, by id. */
enum bw_rc bw_reader_events(struct bw_reader *reader, const struct bw_event_filter *filter,
                            bw_event_fn *fn, void *ctx, struct bw_damage *damage,
                            struct bw_err *err);

/* By service, instance, check. */
enum bw_rc bw_reader_check_states(struct bw_reader *reader, bw_check_state_fn *fn, void *ctx,
                                  struct bw_damage *damage, struct bw_err *err);
enum bw_rc bw_reader_check_causes(struct bw_reader *reader, bw_check_cause_fn *fn, void *ctx,
                                  struct bw_damage *damage, struct bw_err *err);

/* The last failures of one check, newest first. None in a store of a version that kept none; so
 * below, and for causes. */
enum bw_rc bw_reader_failures(struct bw_reader *reader, const struct bw_subject *subject,
                              bw_failure_fn *fn, void *ctx, struct bw_damage *damage,
                              struct bw_err *err);

/* What is kept for every check, without the transcripts: by check, oldest first. */
enum bw_rc bw_reader_failure_tallies(struct bw_reader *reader, bw_failure_tally_fn *fn, void *ctx,
                                     struct bw_damage *damage, struct bw_err *err);

enum bw_rc bw_reader_alert_states(struct bw_reader *reader, bw_alert_state_fn *fn, void *ctx,
                                  struct bw_damage *damage, struct bw_err *err);

/* The last result of each series, by series id. */
enum bw_rc bw_reader_trends(struct bw_reader *reader, bw_trend_fn *fn, void *ctx,
                            struct bw_damage *damage, struct bw_err *err);

/* Statements that wait for their outcome, by series; what became of others; how good the forecasts
 * of each series were, by series. None in a store of a version that kept none. */
typedef bool bw_statement_fn(void *ctx, const struct bw_statement *statement);
typedef bool bw_statement_bin_fn(void *ctx, const struct bw_statement_bin *bin);
typedef bool bw_series_score_fn(void *ctx, const struct bw_series_score *score);
enum bw_rc bw_reader_statements(struct bw_reader *reader, bw_statement_fn *fn, void *ctx,
                                struct bw_damage *damage, struct bw_err *err);
enum bw_rc bw_reader_statement_bins(struct bw_reader *reader, bw_statement_bin_fn *fn, void *ctx,
                                    struct bw_damage *damage, struct bw_err *err);
enum bw_rc bw_reader_series_scores(struct bw_reader *reader, bw_series_score_fn *fn, void *ctx,
                                   struct bw_damage *damage, struct bw_err *err);

/* Newest first; `name` NULL: of every schedule. */
enum bw_rc bw_reader_reports(struct bw_reader *reader, const char *name, bw_report_fn *fn,
                             void *ctx, struct bw_damage *damage, struct bw_err *err);

/* The time of the latest committed sample of all, INT64_MIN when there is none. */
enum bw_rc bw_reader_latest(struct bw_reader *reader, int64_t *out_ms, struct bw_err *err);

/* A whole store looked at from outside, for commands. */
struct bw_store_info {
    uint64_t bytes; /* file and WAL */
    uint64_t journal_rows, journal_bytes;
    uint64_t packs, open_packs, pack_bytes;
    uint64_t rollups, rollup_bytes;   /* 0 in a store of a version that made none */
    uint64_t series, groups, samples; /* samples in packs and journal tail, overlaps twice */
    uint64_t events, check_states, alert_states, trends, reports;
    uint64_t statements;       /* that wait for their outcome */
    int64_t first_ms, last_ms; /* of the samples in packs */
    int schema_version;
    const char *sqlite_version; /* of the library in use */
    bool sqlite_wal_reset_race; /* it has the race of SQLite 3.7.0 .. 3.51.2: one writer only */
};

enum bw_rc bw_store_info(const char *path, struct bw_store_info *out, struct bw_err *err);

/* Checks SQLite's own structure, every checksum and every pack's directory. fn is told each
 * fault in one line ("pack 17: values of series 3: checksum"); *out_faults is their number.
 * BW_ECORRUPT when there are any. */
typedef void bw_fault_fn(void *ctx, const char *fault);
enum bw_rc bw_store_verify(const char *path, bw_fault_fn *fn, void *ctx, uint64_t *out_faults,
                           struct bw_err *err);

/* Told now and then how far a long work is; both in bytes. False stops it. */
struct bw_backup_watch {
    bool (*fn)(void *ctx, uint64_t done, uint64_t total);
    void *ctx;
};

/* Writes a complete copy as of now to `target`, which must not exist (BW_EEXISTS) and does not
 * until the copy is whole and on the disk. `watch` may be NULL. */
enum bw_rc bw_store_backup(const char *path, const char *target,
                           const struct bw_backup_watch *watch, struct bw_err *err);

#endif
