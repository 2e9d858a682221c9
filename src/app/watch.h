// SPDX-License-Identifier: GPL-3.0-or-later
/* app/watch.h: runs the configured checks when they are due and hands what they find to the
 * roster, the recorder and the metrics page. Loop thread. */
#ifndef APP_WATCH_H
#define APP_WATCH_H

#include "app/roster.h"
#include "io/resolve.h"

struct bw_watch;

/* `resolver` is borrowed. NULL with *err set when a library refuses to start. */
struct bw_watch *bw_watch_new(struct bw_core *core, struct bw_resolver *resolver,
                              struct bw_err *err);

/* Cancels what runs. NULL is fine. */
void bw_watch_free(struct bw_watch *watch);

/* Makes the checks of `config` the ones that run and puts them into `roster`, whose services
 * are there. Checks that are configured as before keep their phase and their counters.
 * Everything is checked before anything is changed: after an error the old ones run on. */
enum bw_rc bw_watch_apply(struct bw_watch *watch, const struct bw_config *config,
                          struct bw_roster *roster, struct bw_err *err);

/* Shows the status of each check that has had no result yet, on the metrics page. */
void bw_watch_show(struct bw_watch *watch);

/* Starts the clock: checks run from now on. */
void bw_watch_start(struct bw_watch *watch);

/* No further runs are started; those under way are cancelled. */
void bw_watch_stop(struct bw_watch *watch);

/* What a job that reports by itself has told, or has not: the result of a run now, of the check at
 * this place in the configuration. */
void bw_watch_report(struct bw_watch *watch, size_t index, const struct bw_probe_result *result);

/* Of a job from which nothing was to be heard while we were blind: shows the status it has. */
void bw_watch_unveil(struct bw_watch *watch, size_t index);

/* The place of a check in the roster. */
struct bw_roster_check *bw_watch_seat(const struct bw_watch *watch, size_t index);

/* What runs the probes, for others who run some. */
struct bw_probe_engine *bw_watch_engine(struct bw_watch *watch);

/* Whoever asks for a round of the self-canary: its number, 0 when there is none. */
typedef uint64_t bw_watch_ask_fn(void *ctx);
void bw_watch_set_canary(struct bw_watch *watch, bw_watch_ask_fn *ask, void *ctx);

/* We have gone blind: the metrics page says so of every check that is veiled now, and not only
 * after its next run. */
void bw_watch_show_veils(struct bw_watch *watch);

/* The canary has told something (core->sight): results that waited for it are taken. */
void bw_watch_told(struct bw_watch *watch);

/* Copies what the last run of a check with this target, and with a module of this name unless it
 * is NULL, has measured; *out_run_ms is when it was due. False when there is none. */
bool bw_watch_last(struct bw_watch *watch, const char *target, const char *module,
                   struct bw_measures *out, int64_t *out_run_ms);

/* What the schedule has to say of itself. */
void bw_watch_measure(struct bw_watch *watch, struct bw_measures *out);

#endif
