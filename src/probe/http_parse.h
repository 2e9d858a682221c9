// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/http_parse.h: the framing of HTTP/1 answers (RFC 9112): where lines end, where a body
 * ends. Fed with bytes as they come; what it finds goes to two functions. Pure.
 *
 *     LINE: status --> header … --> blank --+--> no body --------------------------> END
 *       ^                                   +--> length bytes ---------------------> END
 *       |                                   +--> until the peer closes ------------> END
 *       +--- 1xx: another answer follows ---+
 *       |                                   +--> chunk size --> data --> its end --+
 *       |                                              ^                           |
 *       |                                              +---------------------------+
 *       +---------------- trailers, after a size of 0 -+
 */
#ifndef PROBE_HTTP_PARSE_H
#define PROBE_HTTP_PARSE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bw_http_parsed {
    BW_HTTP_MORE,    /* the answer goes on */
    BW_HTTP_END,     /* it is complete */
    BW_HTTP_BROKEN,  /* it is no HTTP: `fault` says why */
    BW_HTTP_LONG,    /* a line is longer than BW_PROBE_HEADER_BYTES_MAX */
    BW_HTTP_CUT,     /* the peer closed in the middle: `fault` says where */
    BW_HTTP_REFUSED, /* one of the functions said no */
};

/* A line with its end, as it came: status, header, blank or trailer. False refuses. */
typedef bool bw_http_line_fn(void *ctx, const char *line, size_t len);
typedef bool bw_http_bytes_fn(void *ctx, const char *bytes, size_t len);

enum bw_http_place {
    BW_HTTP_AT_STATUS,
    BW_HTTP_AT_HEADER,
    BW_HTTP_AT_BODY,
    BW_HTTP_AT_SIZE,      /* of a chunk */
    BW_HTTP_AT_CHUNK,     /* its data */
    BW_HTTP_AT_CHUNK_END, /* the line end after it */
    BW_HTTP_AT_TRAILER,
    BW_HTTP_AT_END,
};

struct bw_http_parser {
    enum bw_http_place place;
    bool head_only; /* it answers HEAD: set before the first byte */
    bool may_stay;  /* at the end: the connection may serve another request */
    bool begun;     /* a byte has come */
    int status;     /* of the answer that comes now */
    bool chunked;   /* what its headers say of the body */
    bool has_length;
    bool has_header;    /* at least one */
    bool says_close;    /* which counts for more than "keep-alive" */
    uint64_t left;      /* bytes of body or chunk */
    struct bw_buf line; /* a line that comes in pieces */
    bw_http_line_fn *on_line;
    bw_http_bytes_fn *on_body;
    void *ctx;
    const char *fault;
};

void bw_http_parser_init(struct bw_http_parser *parser, bool head_only, bw_http_line_fn *on_line,
                         bw_http_bytes_fn *on_body, void *ctx);
void bw_http_parser_fini(struct bw_http_parser *parser);

/* Bytes after the end of the answer are not looked at; there may be no connection kept then. */
enum bw_http_parsed bw_http_parse(struct bw_http_parser *parser, const char *bytes, size_t len);

/* The peer has closed: END when that is how the body ends, else CUT. */
enum bw_http_parsed bw_http_parse_close(struct bw_http_parser *parser);

#endif
