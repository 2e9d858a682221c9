// SPDX-License-Identifier: GPL-3.0-or-later
/* web/framing.h: whether everybody reads the same request out of the same bytes. What two
 * readers, say a proxy and we, could understand differently is refused (RFC 9112 sections 5
 * and 6, RFC 9110 section 5). The HTTP library lets most of it pass. Pure. */
#ifndef WEB_FRAMING_H
#define WEB_FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BW_FRAMING_HEADERS_MAX = 100 };

/* Begins as zeros. */
struct bw_framing {
    size_t headers;
    size_t content_lengths;
    size_t transfer_encodings;
    size_t hosts;
    uint64_t length;     /* as far as it matters: more than the cap is enough to know */
    bool is_chunked;     /* the last Transfer-Encoding is "chunked" and no more */
    bool has_odd_header; /* a name that is no token, or a control byte in a value */
};

/* `value` NULL: a header without one. */
void bw_framing_add(struct bw_framing *framing, const char *name, const char *value);

/* Why the request is refused: status 0 means that it is not. */
struct bw_framing_verdict {
    unsigned status; /* 400, 431, 501 */
    const char *detail;
};

/* When all headers were added; `version` is "HTTP/1.1". */
struct bw_framing_verdict bw_framing_check(const struct bw_framing *framing, const char *version);

/* A body follows the headers. */
bool bw_framing_has_body(const struct bw_framing *framing);

#endif
