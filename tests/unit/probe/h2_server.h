// SPDX-License-Identifier: GPL-3.0-or-later
/* The few pieces of HTTP/2 (RFC 9113) that a server of a test says, byte by byte, so that it can
 * say them wrong. */
#ifndef H2_SERVER_H
#define H2_SERVER_H

#include "peer.h"

#include <stddef.h>

enum {
    H2_DATA = 0,
    H2_HEADERS = 1,
    H2_RST_STREAM = 3,
    H2_SETTINGS = 4,
    H2_PUSH_PROMISE = 5,
    H2_PING = 6,
    H2_GOAWAY = 7,
    H2_CONTINUATION = 9,
    H2_END_STREAM = 1,
    H2_ACK = 1,
    H2_END_HEADERS = 4,
};

/* Says our settings and reads until the request on stream 1 is complete. False when the other side
 * is gone, or has not asked so. */
bool h2_begin(struct peer_talk *talk);

bool h2_frame(struct peer_talk *talk, unsigned type, unsigned flags, unsigned stream,
              const void *bytes, size_t len);

/* A block of headers in `out`, names and values by turns until NULL, none compressed. Returns its
 * length. */
size_t h2_block(char *out, size_t size, const char *const *fields);

/* A whole HEADERS frame on stream 1. */
bool h2_headers(struct peer_talk *talk, bool last, const char *const *fields);
#define H2_FIELDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

#endif
