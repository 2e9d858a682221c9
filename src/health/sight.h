// SPDX-License-Identifier: GPL-3.0-or-later
/* health/sight.h: whether we can see at all, and what a check is worth while we cannot.
 *
 * A canary asks targets that are known to be well, in rounds. A round is `seen` when enough of
 * them answered, else `lost`. One round proves nothing, two in a row do:
 *
 *      SEES ---- lost ----> (in doubt) ---- lost ----> BLIND
 *       ^ ^                     |                       ^ |
 *       | `------- seen --------'                       | |
 *       |                                               | |
 *       `--- seen --- (in doubt) <------- seen ---------|-'
 *                         `-------------- lost ---------'
 *
 * A check that depends on our sight is *veiled* when we go blind: it shows UNKNOWN, its own
 * status stands still behind the veil, and what its runs bring is no evidence for anything. When
 * we see again, the veil is lifted by the first result that agrees with the status behind it, or
 * by as many as it takes to change that status: so nothing changes that did not change.
 *
 *                    blind                         a result that agrees, or the last
 *      (as it is) ----------> veiled: UNKNOWN ---- of those that change the status ----> (as it is)
 *                                ^      | a run that began or ended while we were blind,
 *                                `------' or that does not agree
 *
 * Pure: no clock, no I/O, no allocation.
 *
 * Invariants:
 *   (1) Blindness begins and ends in turns, each after BW_SIGHT_ROUNDS rounds of one kind.
 *   (2) Between going blind and the lifting of its veil a check's status changes only by
 *       outcomes of runs that lie wholly in a time in which we saw. */
#ifndef HEALTH_SIGHT_H
#define HEALTH_SIGHT_H

#include "health/check.h"

enum { BW_SIGHT_ROUNDS = 2 };

/* All zeros: we see, as far as anybody knows. */
struct bw_sight {
    bool blind;
    unsigned contrary; /* rounds in a row that speak against `blind` */
    int64_t since_ms;  /* when `blind` became what it is; 0: never */
};

/* Feeds one round. True when we have become blind, or see again. */
bool bw_sight_feed(struct bw_sight *sight, bool seen, int64_t now_ms);

/* Whether the last rounds contradict what we think: ask again soon. */
bool bw_sight_is_in_doubt(const struct bw_sight *sight);

/* We have gone blind: what the runs before have gathered is forgotten, because the last of them
 * may have failed for our own sake. The status stands. */
void bw_veil_fall(struct bw_health *health);

/* A run that says nothing took place at `now_ms`: the check is watched, if blindly, so that
 * a restart does not take the time for one in which nobody looked. */
void bw_veil_pass(struct bw_health *health, int64_t now_ms);

/* Whether the veil is to be lifted: `health` has just been fed with this outcome, and changed
 * its status or not. */
bool bw_veil_is_lifted(const struct bw_health *health, const struct bw_outcome *outcome,
                       bool changed);

#endif
