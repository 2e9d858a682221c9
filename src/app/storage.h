// SPDX-License-Identifier: GPL-3.0-or-later
/* app/storage.h: the daemon's store: where it is, what to do while there is none, and what it
 * gives back at a start. Loop thread.
 *
 * A disk without room does not keep the daemon from watching: it runs without a store and
 * tries again every 10 s. */
#ifndef APP_STORAGE_H
#define APP_STORAGE_H

#include "app/alerting.h"
#include "app/canary.h"
#include "app/core.h"
#include "app/hostwatch.h"
#include "app/roster.h"
#include "app/trending.h"

struct bw_storage;

/* Told when the store has been opened. */
typedef void bw_storage_came_fn(void *ctx, struct bw_store *store);

/* `path` NULL: what the configuration says, else bellwether.db in $STATE_DIRECTORY, else
 * data/bellwether.db. */
struct bw_storage *bw_storage_new(struct bw_core *core, const char *path, bw_storage_came_fn *came,
                                  void *ctx);

/* Opens the store. BW_OK also when there is no room: then it goes on trying. Anything else is a
 * reason not to start: another daemon has it, it is of a newer version, it cannot be made. */
enum bw_rc bw_storage_open(struct bw_storage *storage, struct bw_err *err);

/* Closes the store: everything handed over is committed first. NULL is fine. */
void bw_storage_free(struct bw_storage *storage);

/* Why there is no store; "" when there is one. */
const char *bw_storage_message(const struct bw_storage *storage);

/* The folder for reports beside the store. */
const char *bw_storage_archive(const struct bw_storage *storage);

/* Folders of targets that are registered and of lists of those that were found: beside the store,
 * whose own file's name bw_storage_name() is. */
const char *bw_storage_targets(const struct bw_storage *storage);
const char *bw_storage_lists(const struct bw_storage *storage);
const char *bw_storage_name(const struct bw_storage *storage);

/* The control socket's descriptor; -1 while there is no store. */
int bw_storage_control(const struct bw_storage *storage);

/* Puts back what became of statements about the future, unless that was done: for a store that came
 * after the start. No statement was made without it. */
void bw_storage_restore_ledger(struct bw_storage *storage, struct bw_trending *trending);

/* Puts back what was stored: alerts before their rules are applied, the rest after. */
void bw_storage_restore_alerts(struct bw_storage *storage, struct bw_alerting *alerting);
void bw_storage_restore(struct bw_storage *storage, struct bw_roster *roster,
                        struct bw_hostwatch *hostwatch, struct bw_trending *trending,
                        struct bw_canary *canary);

#endif
