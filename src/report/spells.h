// SPDX-License-Identifier: GPL-3.0-or-later
/* report/spells.h: the times in which the self-canary said that we could not see, and which checks
 * they are about. A check that is covered has no score in them, whatever its runs brought; one
 * that sees for itself (a command, the own host) has one with every result. */
#ifndef REPORT_SPELLS_H
#define REPORT_SPELLS_H

#include "report/gather.h"

/* Finds the spells of blindness that reach into the range. */
enum bw_rc bw_spells_find(struct bw_gather *gather, struct bw_err *err);

/* Notes the scores that a check has in them. */
void bw_spells_note_scores(struct bw_gather *gather, struct bw_report_entry *entry,
                           const struct bw_point *points, size_t count);

/* After that, with its results: which of the spells it was blind in, as ranges in
 * entry->blind. */
void bw_spells_decide(struct bw_gather *gather, struct bw_report_entry *entry,
                      const struct bw_point *points, size_t count);

/* Whether the time lies in one of the check's. */
bool bw_spells_hold(const struct bw_report_entry *entry, int64_t ts_ms);

#endif
