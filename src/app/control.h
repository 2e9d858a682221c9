// SPDX-License-Identifier: GPL-3.0-or-later
/* app/control.h: changes of the live store that an administrator asks for over HTTP, by the control
 * socket or with a token: import, merging of all packs, deletion of series.
 *
 * The store's own writer does all the writing, in pieces between commits. Long work is done a part
 * a request, so that whoever asks sets the pace and a worker is held for a moment only:
 *
 *     request without id -> begun, answer has an id -> request with the id, again and again -> done
 *
 * One change at a time; BW_EBUSY for another. One that nobody has gone on with for a minute is
 * given up: what was done stays done, and the same again adds nothing twice. Any thread. */
#ifndef APP_CONTROL_H
#define APP_CONTROL_H

#include "base/buf.h"
#include "store/store.h"
#include "web/web.h"

struct bw_control;

struct bw_control *bw_control_new(void);

/* After the workers have ended, before the store is closed. NULL is fine. */
void bw_control_free(struct bw_control *control);

/* The store has come. */
void bw_control_set_store(struct bw_control *control, struct bw_store *store);

/* As the hook of web/web.h. */
enum bw_rc bw_control_change(struct bw_control *control, const struct bw_store_order *order,
                             struct bw_buf *out, struct bw_err *err);

/* Gives up what nobody goes on with; call it now and then, on a worker. */
void bw_control_rest(struct bw_control *control);

#endif
