// SPDX-License-Identifier: GPL-3.0-or-later
/* web/guard.h: cuts connections that take too long, or too much. The HTTP library only knows
 * how long nothing came, so a client that sends or takes a byte a second could hold a
 * connection for ever; and when it has enough connections it turns away whoever comes next,
 * not whoever does nothing.
 *
 *     fresh --arriving--> asking --arrived--> busy --sending--> sending --idle--> idle
 *       (slow_ns in all)                  (no limit)   (send_ns, more     (idle_ns) |
 *                           ^                           for more bytes)             |
 *                           +--------------------- arriving ------------------------+
 *
 * Any thread. */
#ifndef WEB_GUARD_H
#define WEB_GUARD_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sockaddr;
struct bw_guard;
struct bw_guarded;

struct bw_guard_limits {
    int64_t slow_ns; /* a request must have arrived */
    int64_t idle_ns; /* between requests */
    int64_t send_ns; /* an answer must have been taken; large ones have longer */
    size_t connections_max;
    size_t per_address_max;
    uint64_t bytes_max; /* of answers that wait for their readers */
};

/* Starts the thread that watches. BW_ELIMIT in *err when the system refuses one. */
struct bw_guard *bw_guard_new(const struct bw_guard_limits *limits, struct bw_err *err);
void bw_guard_free(struct bw_guard *guard);

/* A connection opened; must be followed by remove before its descriptor is closed. When it is
 * one too many, the one that has waited longest is cut for it. `from` NULL: a local one, which
 * is not counted. */
struct bw_guarded *bw_guard_add(struct bw_guard *guard, int fd, const struct sockaddr *from);
void bw_guard_remove(struct bw_guard *guard, struct bw_guarded *connection);

/* It sends a request / has sent it all / is sent an answer / has it and may ask again. An
 * answer whose bytes are held in memory for it and do not fit beside those under way cuts the
 * one that has been sent for longest. */
void bw_guard_arriving(struct bw_guard *guard, struct bw_guarded *connection);
void bw_guard_arrived(struct bw_guard *guard, struct bw_guarded *connection);
void bw_guard_sending(struct bw_guard *guard, struct bw_guarded *connection, uint64_t bytes,
                      bool held);
void bw_guard_idle(struct bw_guard *guard, struct bw_guarded *connection);

size_t bw_guard_connections(struct bw_guard *guard);

/* Why a connection was cut. One that was idle for too long is not counted: that is how keeping
 * connections open ends. */
enum bw_guard_reason {
    BW_CUT_SLOW, /* its request, or its taking of an answer, took too long */
    BW_CUT_ROOM, /* for connections or answers that came later */
    BW_CUT_COUNT,
};

/* How many were cut for that reason. */
uint64_t bw_guard_cut(struct bw_guard *guard, enum bw_guard_reason reason);

#endif
