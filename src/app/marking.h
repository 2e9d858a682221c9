// SPDX-License-Identifier: GPL-3.0-or-later
/* app/marking.h: markers that somebody sets or takes back: "checkout 1.4 deployed". What is
 * answered is on disk; lists, pages and the log learn of it on the loop afterwards. */
#ifndef APP_MARKING_H
#define APP_MARKING_H

#include "app/core.h"

struct bw_marking;

struct bw_marking *bw_marking_new(struct bw_core *core);

/* After the loop has been freed, which runs what was posted to it. NULL is fine. */
void bw_marking_free(struct bw_marking *marking);

/* Nothing is told on the loop any more. Loop thread. */
void bw_marking_stop(struct bw_marking *marking);

/* The store has come. */
void bw_marking_set_store(struct bw_marking *marking, struct bw_store *store);

/* Markers go back as far as this configuration keeps anything. Loop thread. */
void bw_marking_apply(struct bw_marking *marking, const struct bw_config *config);

/* As the hooks of web/web.h: any thread. BW_EBUSY: there is no store, or it cannot be written to
 * just now; BW_EINVAL: from before anything that is kept. */
enum bw_rc bw_marking_set(struct bw_marking *marking, const struct bw_event *marker,
                          int64_t *out_id, struct bw_err *err);
enum bw_rc bw_marking_drop(struct bw_marking *marking, int64_t id, struct bw_err *err);

#endif
