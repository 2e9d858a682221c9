// SPDX-License-Identifier: GPL-3.0-or-later
/* app/roster_keep.h: what the roster knows outlives a reload, which makes another roster, and a
 * restart, by way of the store. Loop thread.
 *
 * After any of it, bw_roster_refresh() makes the roll-ups of what was put back. */
#ifndef APP_ROSTER_KEEP_H
#define APP_ROSTER_KEEP_H

#include "app/roster.h"

/* What the old roster knows of the same checks, instances and services carries on here. */
void bw_roster_adopt(struct bw_roster *roster, const struct bw_roster *old);

/* Puts a check where a stored state says it stood. Unknown checks are left out. */
void bw_roster_restore(struct bw_roster *roster, const struct bw_check_state *state,
                       int64_t now_ms);

/* The same for its words, after its state; and for the last failures. */
void bw_roster_restore_cause(struct bw_roster *roster, const struct bw_check_cause *cause);
void bw_roster_restore_failure(struct bw_roster *roster, const struct bw_failure_tally *tally);

/* Stores where every check stands, for the next start. */
void bw_roster_save(struct bw_roster *roster);

#endif
