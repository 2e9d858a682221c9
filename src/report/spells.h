// SPDX-License-Identifier: GPL-3.0-or-later
/* report/spells.h: the times that count otherwise than results say. While the self-canary said that
 * we could not see, a check that is covered has no score, whatever its runs brought; one that sees
 * for itself (a command, the own host) has one with every result. When a check was in maintenance
 * its marks tell, which are stored at the begin and the end of that and every
 * BW_MAINTENANCE_MARK_MS between. */
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

/* Notes when the check was in maintenance, after its marks: 1 in maintenance, 0 not. */
void bw_spells_note_marks(struct bw_gather *gather, struct bw_report_entry *entry,
                          const struct bw_point *points, size_t count);

/* When what began at that time begins to count: then, or when the maintenance that it lies in is
 * over. */
int64_t bw_spells_excuse(const struct bw_report_entry *entry, int64_t ts_ms);

/* Whether the time lies in one of the check's. */
bool bw_spells_hold(const struct bw_report_entry *entry, int64_t ts_ms);

#endif
