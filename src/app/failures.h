// SPDX-License-Identifier: GPL-3.0-or-later
/* app/failures.h: which failures of a check are written down with their transcripts. The same
 * failure again, without a pass in between, is counted; so are those that come faster than they
 * can be worth reading:
 *
 *     failed --as the last one--> counted in its tally, stored once a minute
 *            --another--> room this minute, for this check and for all? --> told, stored
 *                                            \--no--> counted as left out by the next that is
 *
 * A run that passed only after a try had failed is written down too, once for all that are alike in
 * a row. Nothing here is told, so nothing costs, unless a failure is new. Loop thread. */
#ifndef APP_FAILURES_H
#define APP_FAILURES_H

#include "app/core.h"
#include "probe/probe.h"

/* What a check remembers of its failures; the rest is in the store. All zeros: there was none. */
struct bw_failure_memory {
    uint64_t what; /* hash of the latest one's reason and words; 0: none */
    unsigned slot; /* of the latest one */
    int64_t ts_ms, last_ms;
    uint32_t times, left_out;
    bool open;        /* no pass since */
    bool unsaved;     /* its tally is ahead of the store */
    int64_t saved_ms; /* when its tally went there last */
    int64_t minute_ms;
    unsigned in_minute; /* written since minute_ms */
    uint32_t skipped;   /* since the latest one that was written */
};

/* What one run found: `ts_ms` is its nominal time. Call it from inside the probe's done(). */
void bw_failures_note(struct bw_core *core, struct bw_failure_memory *memory,
                      const struct bw_subject *subject, const struct bw_probe_result *result,
                      int64_t ts_ms);

/* Stores the tally if it is ahead of what is stored. */
void bw_failures_save(struct bw_core *core, struct bw_failure_memory *memory,
                      const struct bw_subject *subject);

/* Goes on after what was stored; the latest of a check's tallies counts. */
void bw_failures_restore(struct bw_failure_memory *memory, const struct bw_failure_tally *tally);

#endif
