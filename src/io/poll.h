// SPDX-License-Identifier: GPL-3.0-or-later
/* io/poll.h: what bw_poll is made of; for the loop only.
 *
 * Descriptors are watched by an epoll set of our own that sits in the loop as one handle: a
 * descriptor costs one system call to watch and none to forget when it is closed. libuv asks
 * four times for the same. */
#ifndef IO_POLL_H
#define IO_POLL_H

#include "io/loop.h"

#include <uv.h>

struct bw_poll_set;

/* NULL with *err set when the system refuses. */
struct bw_poll_set *bw_poll_set_new(uv_loop_t *uv, struct bw_err *err);

/* Its memory goes at the next turn of the loop; NULL is fine. */
void bw_poll_set_free(struct bw_poll_set *set);

/* As bw_poll_open(), with `events` 0 as bw_poll_new(). */
struct bw_poll *bw_poll_set_add(struct bw_poll_set *set, int fd, unsigned events, bw_poll_fn *fn,
                                void *ctx, struct bw_err *err);

#endif
