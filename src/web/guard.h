// SPDX-License-Identifier: GPL-3.0-or-later
/* web/guard.h: cuts connections that take too long to ask. The HTTP library only knows how
 * long nothing came, so a client that sends a byte a second could hold a connection for ever.
 * Any thread. */
#ifndef WEB_GUARD_H
#define WEB_GUARD_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct bw_guard;
struct bw_guarded;

/* Starts the thread that watches; `slow_ns` is how long a request may take to arrive,
 * `idle_ns` how long a connection may wait between requests. */
struct bw_guard *bw_guard_new(int64_t slow_ns, int64_t idle_ns, struct bw_err *err);
void bw_guard_free(struct bw_guard *guard);

/* A connection opened; must be followed by remove before its descriptor is closed. */
struct bw_guarded *bw_guard_add(struct bw_guard *guard, int fd);
void bw_guard_remove(struct bw_guard *guard, struct bw_guarded *connection);

/* It sends a request / has sent it all / its answer is gone and it may ask again. */
void bw_guard_arriving(struct bw_guard *guard, struct bw_guarded *connection);
void bw_guard_arrived(struct bw_guard *guard, struct bw_guarded *connection);
void bw_guard_idle(struct bw_guard *guard, struct bw_guarded *connection);

size_t bw_guard_connections(struct bw_guard *guard);

/* How many were cut. */
uint64_t bw_guard_cut(struct bw_guard *guard);

#endif
