// SPDX-License-Identifier: GPL-3.0-or-later
/* web/marker.h: a marker as somebody sends it, in JSON. Pure.
 *
 *     {"text": "checkout 1.4", "tags": ["deploy"], "service": "checkout", "ts":
 * "2026-11-22T14:02:00Z"}
 *
 * `time` is another name for `ts`, so that what is sent to Grafana as an annotation (time, tags,
 * text) may be sent here too. */
#ifndef WEB_MARKER_H
#define WEB_MARKER_H

#include "base/arena.h"
#include "base/err.h"
#include "model/records.h"
#include "model/value.h"

/* How far the clock of who sets a marker may be ahead of ours. */
enum { BW_MARKER_AHEAD_MS = 60 * 1000 };

/* Texts live in `arena`; without `ts` it is now. BW_EINVAL says which key is wrong, and how. */
enum bw_rc bw_marker_read(struct bw_arena *arena, const char *text, size_t size, int64_t now_ms,
                          struct bw_event *out, struct bw_err *err);

/* A marker as `markers` tells it, added to a list or, with a key, to an object. */
void bw_marker_tell(struct bw_arena *arena, struct bw_value *in, const struct bw_event *marker);

#endif
