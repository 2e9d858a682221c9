// SPDX-License-Identifier: GPL-3.0-or-later
/* discover/push.h: targets that somebody registers for a time. They are kept in a file for each
 * source, replaced in one step, so that they are there after a crash; the source of kind push reads
 * it as others read theirs. */
#ifndef DISCOVER_PUSH_H
#define DISCOVER_PUSH_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_push_change {
    const char *folder, *name; /* of the source */
    const char *text;          /* list in JSON of targets that are registered, or again */
    size_t size;
    const char *drop; /* without text: this one goes; NULL: all */
    int64_t now_ms, expires_ms;
};

/* Writes it down. *out_count is how many there are then. BW_EINVAL for a list that is wrong,
 * BW_ELIMIT for more than BW_PUSHED_TARGETS_MAX, BW_EIO. One at a time. */
enum bw_rc bw_push_change(const struct bw_push_change *change, size_t *out_count,
                          struct bw_err *err);

#endif
