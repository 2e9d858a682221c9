// SPDX-License-Identifier: GPL-3.0-or-later
/* app/pushing.h: jobs that report by themselves: takes what they say, and says it for those from
 * whom nothing came in time (health/beat.h).
 *
 *     any thread --report--> loop: which job? its token? not too often? --> beat --> result
 *     timer: a deadline has passed ------------------------------------> beat --> result
 *     we were not there, stood still, or were blind, or it was idle ---> beat: forgiven
 *
 * A result goes the way of all results: app/watch.h. Loop thread, except where it says otherwise.
 */
#ifndef APP_PUSHING_H
#define APP_PUSHING_H

#include "app/watch.h"
#include "web/web.h"

struct bw_pushing;

enum { BW_PUSHES_A_MINUTE = 60 }; /* of one job */

/* `watch` is borrowed and must live longer. */
struct bw_pushing *bw_pushing_new(struct bw_core *core, struct bw_watch *watch);

/* After the loop, which may still have reports for it. NULL is fine. */
void bw_pushing_free(struct bw_pushing *pushing);

/* Listens for the jobs of `config`, which the watch and the core have already. What is known of a
 * job that was there before carries on. */
void bw_pushing_apply(struct bw_pushing *pushing, const struct bw_config *config);

/* The roster stands as it stood when we stopped: goes on from there. We heard nothing since
 * `heard_ms`, or ever when it is 0. */
void bw_pushing_restore(struct bw_pushing *pushing, int64_t heard_ms);

/* Deadlines count from now on. */
void bw_pushing_start(struct bw_pushing *pushing);

/* No further results; reports are refused. */
void bw_pushing_stop(struct bw_pushing *pushing);

/* The hours of jobs have begun or ended, as their seats in the roster say. What was expected while
 * nobody watched is not missed. */
void bw_pushing_turn(struct bw_pushing *pushing);

/* core->sight has changed. */
void bw_pushing_sight(struct bw_pushing *pushing);

/* As the hook of web/web.h. Any thread, until the loop is freed. */
void bw_pushing_report(struct bw_pushing *pushing, const struct bw_push_report *report,
                       bw_push_done_fn *done, void *reply);

/* The same on the loop's thread, at once. */
enum bw_rc bw_pushing_take(struct bw_pushing *pushing, const struct bw_push_report *report,
                           struct bw_err *err);

/* Says it of every job whose deadline has passed. The timer does. */
void bw_pushing_look(struct bw_pushing *pushing);

void bw_pushing_measure(const struct bw_pushing *pushing, struct bw_measures *out);

#endif
