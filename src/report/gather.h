// SPDX-License-Identifier: GPL-3.0-or-later
/* report/gather.h: what a report is about, gathered from a store: which checks there are, their
 * changes of status, and which series belongs to which. */
#ifndef REPORT_GATHER_H
#define REPORT_GATHER_H

#include "report/timeline.h"
#include "store/reader.h"

/* How far before the range the last result is looked for. */
#define BW_REPORT_LOOKBACK_MS INT64_C(10800000)
/* The same of jobs that report by themselves, of which some do so once a month. */
#define BW_REPORT_PUSH_LOOKBACK_MS (32 * INT64_C(86400000))

/* One check on its way into the report. */
struct bw_report_entry {
    struct bw_report_check check;
    size_t first_change, change_count; /* in changes */
    struct bw_report_change before;    /* the last change before the range; id 0: none known */
    bool has_state;                    /* the store says where it stands: it is configured */
    enum bw_status state;
    int64_t state_since_ms;
    bool probed;    /* it has a series of results */
    bool witnessed; /* not probed, but it has a series that stops when nobody looks */
    bool has_runs;  /* some of them in the range */
    int64_t interval_ms, before_ms;      /* as of the timeline: it said itself when it is due */
    uint32_t *scores;                    /* in each spell of blindness; NULL: none */
    const struct bw_report_spell *blind; /* of the spells those in which it could not be seen */
    size_t blind_count;
    const struct bw_report_spell *maintenance; /* in the range; oldest first, without overlaps */
    size_t maintenance_count;
    bool done;
};

struct bw_report_change_row {
    size_t entry;
    struct bw_report_change change;
};

/* A stored series and the check that it belongs to. */
struct bw_report_link {
    uint32_t series;
    size_t entry;
};

struct bw_gather {
    struct bw_reader *reader;
    struct bw_report *report;
    struct bw_damage damage;
    struct bw_report_entry *entries; /* by service, instance, check */
    size_t entry_count, entry_cap;
    struct bw_report_change_row *changes; /* by entry, then time */
    size_t change_count, change_cap;
    struct bw_report_spell *spells; /* of blindness in the range, oldest first */
    size_t spell_count, spell_cap;
};

void bw_gather_fini(struct bw_gather *gather);

/* Finds the checks and their changes. */
enum bw_rc bw_gather_checks(struct bw_gather *gather, struct bw_err *err);

/* Calls fn for every event that passes the filter, newest first, in pages of bounded size, so
 * that no read is open for long; *out_cut says that the ceiling on their number was met. */
enum bw_rc bw_gather_events(struct bw_gather *gather, struct bw_event_filter filter,
                            bw_event_fn *fn, void *ctx, bool *out_cut, struct bw_err *err);

/* The series of one metric that belong to known checks, either those that are probed or those
 * that are not, by series id. The caller frees. */
enum bw_rc bw_gather_links(struct bw_gather *gather, const char *metric, bool probed,
                           struct bw_report_link **out, size_t *out_count, struct bw_err *err);

#endif
