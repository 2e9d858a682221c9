// SPDX-License-Identifier: GPL-3.0-or-later
/* store/marks.h: markers that somebody sets or takes back, and who wants to know that it is on
 * disk; and the store's few notes to itself. Each is a transaction of its own, between two commits.
 * Any thread but the writer's; blocks until it is committed or refused. */
#ifndef STORE_MARKS_H
#define STORE_MARKS_H

#include "base/arena.h"
#include "base/err.h"
#include "model/records.h"
#include "store/store.h"

/* Writes one event; *out_id is its number. BW_EBUSY: the store cannot be written to just now. */
enum bw_rc bw_store_set_marker(struct bw_store *store, const struct bw_event *marker,
                               int64_t *out_id, struct bw_err *err);

/* Deletes a marker that somebody has set. BW_ENOTFOUND: there is no marker of this number;
 * BW_EDENIED: nobody has set it, it was found. */
enum bw_rc bw_store_drop_marker(struct bw_store *store, int64_t id, struct bw_err *err);

/* Replaces the note of a name; *out_old is what it said before, NULL when there was none. */
enum bw_rc bw_store_note(struct bw_store *store, const char *name, const char *text,
                         struct bw_arena *arena, const char **out_old, struct bw_err *err);

#endif
