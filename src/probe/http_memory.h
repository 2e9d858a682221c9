// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/http_memory.h: what the runs of one check leave for the next: its URL, read once, and
 * connections that may serve again.
 *
 * A connection that nobody uses is watched: when its peer closes it, or says what nobody asked
 * for, or after BW_PROBE_KEPT_NS, it goes. */
#ifndef PROBE_HTTP_MEMORY_H
#define PROBE_HTTP_MEMORY_H

#include "probe/http.h"

struct bw_http_memory;

struct bw_http_memory *bw_http_memory_new(struct bw_loop *loop);

/* For bw_probe_ops.forget. */
void bw_http_memory_free(void *memory);

/* A run begins: the target as a URL, the memory's; NULL with *err set. It has one target for all
 * its life. */
const struct bw_http_url *bw_http_memory_url(struct bw_http_memory *memory, const char *target,
                                             struct bw_err *err);

/* Takes a connection to that origin at that address out; NULL when there is none that lives. */
struct bw_poll *bw_http_memory_take(struct bw_http_memory *memory, const char *origin,
                                    const struct bw_address *address, bool *out_earlier);

/* Takes a connection, watched for both directions with BW_POLL_EDGE, that waits for nothing. The
 * oldest makes room. `earlier`: another run than this one has opened it. */
void bw_http_memory_keep(struct bw_http_memory *memory, const char *origin,
                         const struct bw_address *address, struct bw_poll *connection,
                         bool earlier);

#endif
