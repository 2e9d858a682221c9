// SPDX-License-Identifier: GPL-3.0-or-later
/* web/failures.h: the last failures of a check, with their transcripts, for its page and its JSON.
 * On a worker. */
#ifndef WEB_FAILURES_H
#define WEB_FAILURES_H

#include "base/limits.h"
#include "model/value.h"
#include "store/reader.h"
#include "web/request.h"

struct bw_failures {
    struct bw_failure items[BW_FAILURES_KEPT_MAX]; /* newest first */
    size_t count;
};

/* All text lives in the request's arena. */
enum bw_rc bw_failures_read(struct bw_request *request, struct bw_reader *reader,
                            const struct bw_subject *subject, struct bw_failures *out,
                            struct bw_err *err);

/* Adds the list `failures` in the words of the template. The transcripts of all together stay
 * within what a page may weigh: those beyond it are left to the JSON. */
void bw_failures_show(struct bw_request *request, struct bw_value *root,
                      const struct bw_failures *failures, bool open_first);

/* Adds the list `last_failures`. */
void bw_failures_tell(struct bw_arena *arena, struct bw_value *root,
                      const struct bw_failures *failures);

#endif
