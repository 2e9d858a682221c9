// SPDX-License-Identifier: GPL-3.0-or-later
/* cli/live.h: asks the daemon that has a store open to change it, over the control socket beside it
 * (<store>.sock), or one that is elsewhere by its URL. An answer that says "not now" is asked for again for a while. */
#ifndef CLI_LIVE_H
#define CLI_LIVE_H

#include "base/err.h"
#include "store/compact.h"
#include "store/reader.h"

#include <jansson.h>
#include <signal.h>
#include <stddef.h>

struct bw_live;

/* `stop` is looked at while waiting; not 0 ends that. Nothing is asked yet. */
struct bw_live *bw_live_new(const char *store, const volatile sig_atomic_t *stop);

/* The same by the URL of its pages, `http://monitor:10190`; `token` NULL: none. */
struct bw_live *bw_live_new_at(const char *url, const char *token,
                               const volatile sig_atomic_t *stop);
void bw_live_free(struct bw_live *live);

/* The answer to POST as JSON, which the caller gives back. BW_ENOTFOUND: nobody listens at the
 * socket; BW_EDENIED: it is somebody else's; else what the daemon says is wrong. */
enum bw_rc bw_live_post(struct bw_live *live, const char *target, const void *body, size_t size,
                        json_t **out, struct bw_err *err);

/* Ends a change that is under way, `target` says which, also after `stop`: else the next one would
 * have to wait for a minute. */
void bw_live_give_up(struct bw_live *live, const char *target);

/* "a=" and the text, percent-encoded, appended to a target. */
void bw_live_param(struct bw_buf *target, const char *name, const char *value);

/* The number or text of a member, 0 or "" without it. */
uint64_t bw_live_count(const json_t *answer, const char *member);
const char *bw_live_text(const json_t *answer, const char *member);

/* As bw_store_compact, done by the daemon. */
enum bw_rc bw_live_compact(struct bw_live *live, const struct bw_backup_watch *watch,
                           struct bw_compact_report *out, struct bw_err *err);

#endif
