// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/http_parse.h"

#include "base/limits.h"
#include "base/num.h"
#include "base/text.h"

#include <string.h>
#include <strings.h>

/* No body limit lets a chunk of 2^60 bytes pass. */
enum { SIZE_BITS_MAX = 60 };

void bw_http_parser_init(struct bw_http_parser *parser, bool head_only, bw_http_line_fn *on_line,
                         bw_http_bytes_fn *on_body, void *ctx)
{
    *parser = (struct bw_http_parser){
        .head_only = head_only, .on_line = on_line, .on_body = on_body, .ctx = ctx
    };
    bw_buf_init(&parser->line, BW_PROBE_HEADER_BYTES_MAX);
}

void bw_http_parser_fini(struct bw_http_parser *parser)
{
    bw_buf_fini(&parser->line);
}

static enum bw_http_parsed broken(struct bw_http_parser *parser, const char *fault)
{
    parser->fault = fault;
    return BW_HTTP_BROKEN;
}

static enum bw_http_parsed end(struct bw_http_parser *parser)
{
    parser->place = BW_HTTP_AT_END;
    return BW_HTTP_END;
}

/* ---- lines ----------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "HTTP/1.1 200 OK" */
static enum bw_http_parsed take_status(struct bw_http_parser *parser, struct bw_span line)
{
    const char *s = line.data;
    const bool good = line.len >= 12 && memcmp(s, "HTTP/1.", 7) == 0 && (s[7] == '0' || s[7] == '1')
                      && s[8] == ' ' && s[9] >= '1' && is_digit(s[9]) && is_digit(s[10])
                      && is_digit(s[11]) && (line.len == 12 || s[12] == ' ');
    if (!good)
        return broken(parser, "the status line is not that of HTTP/1.0 or HTTP/1.1");
    parser->status = (s[9] - '0') * 100 + (s[10] - '0') * 10 + (s[11] - '0');
    parser->may_stay = s[7] == '1';
    parser->chunked = parser->has_length = parser->has_header = parser->says_close = false;
    parser->left = 0;
    parser->place = BW_HTTP_AT_HEADER;
    return BW_HTTP_MORE;
}

static bool is_name(struct bw_span span, const char *text)
{
    return span.len == strlen(text) && strncasecmp(span.data, text, span.len) == 0;
}

static enum bw_http_parsed take_length(struct bw_http_parser *parser, struct bw_span word)
{
    uint64_t length = 0;
    if (!bw_parse_uint(word.data, word.len, &length) || length > INT64_MAX)
        return broken(parser, "Content-Length is not a number");
    if (parser->has_length && parser->left != length)
        return broken(parser, "Content-Length is given twice, and not the same");
    parser->has_length = true;
    parser->left = length;
    return BW_HTTP_MORE;
}

static enum bw_http_parsed take_coding(struct bw_http_parser *parser, struct bw_span word)
{
    if (is_name(word, "identity"))
        return BW_HTTP_MORE;
    if (!is_name(word, "chunked"))
        return broken(parser, "a transfer coding that was not asked for");
    parser->chunked = true;
    return BW_HTTP_MORE;
}

static enum bw_http_parsed take_connection(struct bw_http_parser *parser, struct bw_span word)
{
    parser->says_close = parser->says_close || is_name(word, "close");
    if (is_name(word, "keep-alive"))
        parser->may_stay = true;
    return BW_HTTP_MORE;
}

static enum bw_http_parsed take_header(struct bw_http_parser *parser, struct bw_span line)
{
    static const struct {
        const char *name;
        enum bw_http_parsed (*take)(struct bw_http_parser *parser, struct bw_span value);
    } known[] = {
        { "content-length", take_length },
        { "transfer-encoding", take_coding },
        { "connection", take_connection },
    };
    struct bw_span name, word;
    size_t i = 0;
    if (line.data[0] == ' ' || line.data[0] == '\t') /* it goes on with the one before */
        return parser->has_header ? BW_HTTP_MORE : broken(parser, "a blank before all headers");
    if (memchr(line.data, ':', line.len) == NULL)
        return broken(parser, "a header without a colon");
    parser->has_header = true;
    bw_span_split(&line, ':', &name);
    while (i < sizeof known / sizeof *known && !is_name(name, known[i].name))
        i++;
    enum bw_http_parsed found = BW_HTTP_MORE;
    while (i < sizeof known / sizeof *known && found == BW_HTTP_MORE
           && bw_span_split(&line, ',', &word))
        found = known[i].take(parser, bw_span_trim(word));
    return found;
}

/* The blank line: RFC 9112, section 6.3 says how long the body is. */
static enum bw_http_parsed begin_body(struct bw_http_parser *parser)
{
    const int status = parser->status;
    if (status < 200 && status != 101) {
        parser->place = BW_HTTP_AT_STATUS;
        return BW_HTTP_MORE;
    }
    if (status == 101 || parser->says_close || (parser->chunked && parser->has_length))
        parser->may_stay = false; /* it speaks something else now, or two tongues */
    if (parser->head_only || status < 200 || status == 204 || status == 304)
        return end(parser);
    if (parser->chunked) {
        parser->place = BW_HTTP_AT_SIZE;
        return BW_HTTP_MORE;
    }
    parser->place = BW_HTTP_AT_BODY;
    if (!parser->has_length)
        parser->may_stay = false; /* the end of the connection is the end of the body */
    return parser->has_length && parser->left == 0 ? end(parser) : BW_HTTP_MORE;
}

/* 16 when it is no digit. */
static unsigned hex_value(char c)
{
    if (is_digit(c))
        return (unsigned)(c - '0');
    const char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? (unsigned)(lower - 'a') + 10 : 16;
}

/* "1a2b; name=value" */
static enum bw_http_parsed take_size(struct bw_http_parser *parser, struct bw_span line)
{
    uint64_t size = 0;
    size_t n = 0;
    for (; n < line.len && hex_value(line.data[n]) < 16; n++) {
        if (size >> (SIZE_BITS_MAX - 4) != 0)
            return broken(parser, "the size of a chunk is too large");
        size = size << 4 | hex_value(line.data[n]);
    }
    if (n == 0 || (n < line.len && memchr("; \t", line.data[n], 3) == NULL))
        return broken(parser, "a chunk without a size");
    parser->left = size;
    parser->place = size == 0 ? BW_HTTP_AT_TRAILER : BW_HTTP_AT_CHUNK;
    return BW_HTTP_MORE;
}

static enum bw_http_parsed take_line(struct bw_http_parser *parser, const char *bytes, size_t len)
{
    struct bw_span line = { bytes, len - 1 };
    while (line.len > 0 && line.data[line.len - 1] == '\r')
        line.len--; /* twice, too: of a server that writes CRLF into a file of text */
    switch (parser->place) {
    case BW_HTTP_AT_SIZE:
        return take_size(parser, line);
    case BW_HTTP_AT_CHUNK_END:
        parser->place = BW_HTTP_AT_SIZE;
        return line.len == 0 ? BW_HTTP_MORE : broken(parser, "a chunk is longer than its size");
    default:
        break;
    }
    if (memchr(line.data, '\0', line.len) != NULL)
        return broken(parser, "a NUL byte in a header");
    if (parser->place == BW_HTTP_AT_STATUS) {
        const enum bw_http_parsed found = take_status(parser, line);
        if (found != BW_HTTP_MORE)
            return found;
        return parser->on_line(parser->ctx, bytes, len) ? BW_HTTP_MORE : BW_HTTP_REFUSED;
    }
    if (!parser->on_line(parser->ctx, bytes, len))
        return BW_HTTP_REFUSED;
    if (parser->place == BW_HTTP_AT_TRAILER)
        return line.len == 0 ? end(parser) : BW_HTTP_MORE;
    return line.len == 0 ? begin_body(parser) : take_header(parser, line);
}

/* What does not begin like HTTP is told apart without waiting for a line end. */
static bool may_be_status(const struct bw_http_parser *parser, const char *bytes, size_t len)
{
    static const char start[] = "HTTP/";
    const size_t before = parser->line.len;
    for (size_t i = before; i < sizeof start - 1 && i - before < len; i++) {
        if (bytes[i - before] != start[i])
            return false;
    }
    return true;
}

/* Takes bytes up to a line end; *used is how many. */
static enum bw_http_parsed parse_line(struct bw_http_parser *parser, const char *bytes, size_t len,
                                      size_t *used)
{
    const char *newline = memchr(bytes, '\n', len);
    *used = newline != NULL ? (size_t)(newline - bytes) + 1 : len;
    if (parser->place == BW_HTTP_AT_STATUS && !may_be_status(parser, bytes, *used))
        return broken(parser, "the answer does not begin like HTTP");
    if (newline != NULL && parser->line.len == 0)
        return take_line(parser, bytes, *used); /* the usual case: nothing to copy */
    bw_buf_bytes(&parser->line, bytes, *used);
    if (bw_buf_failed(&parser->line))
        return BW_HTTP_LONG;
    if (newline == NULL)
        return BW_HTTP_MORE;
    const enum bw_http_parsed found = take_line(parser, parser->line.data, parser->line.len);
    bw_buf_clear(&parser->line);
    return found;
}

/* ---- bodies ---------------------------------------------------------------------------- */

static enum bw_http_parsed parse_body(struct bw_http_parser *parser, const char *bytes, size_t len,
                                      size_t *used)
{
    const bool counted = parser->place == BW_HTTP_AT_CHUNK || parser->has_length;
    *used = counted && parser->left < len ? (size_t)parser->left : len;
    if (!parser->on_body(parser->ctx, bytes, *used))
        return BW_HTTP_REFUSED;
    if (!counted)
        return BW_HTTP_MORE;
    parser->left -= *used;
    if (parser->left > 0)
        return BW_HTTP_MORE;
    if (parser->place == BW_HTTP_AT_BODY)
        return end(parser);
    parser->place = BW_HTTP_AT_CHUNK_END;
    return BW_HTTP_MORE;
}

enum bw_http_parsed bw_http_parse(struct bw_http_parser *parser, const char *bytes, size_t len)
{
    enum bw_http_parsed found = BW_HTTP_MORE;
    parser->begun = parser->begun || len > 0;
    while (found == BW_HTTP_MORE && len > 0) {
        size_t used = 0;
        const bool body = parser->place == BW_HTTP_AT_BODY || parser->place == BW_HTTP_AT_CHUNK;
        found =
            body ? parse_body(parser, bytes, len, &used) : parse_line(parser, bytes, len, &used);
        bytes += used;
        len -= used;
    }
    if (len > 0)
        parser->may_stay = false; /* whatever that is, it answers nothing of ours */
    return found;
}

enum bw_http_parsed bw_http_parse_close(struct bw_http_parser *parser)
{
    parser->may_stay = false;
    if (parser->place == BW_HTTP_AT_BODY && !parser->has_length)
        return end(parser);
    parser->fault = !parser->begun ? "the peer closed without an answer"
                    : parser->place <= BW_HTTP_AT_HEADER
                        ? "the peer closed within the headers"
                        : "the peer closed before the end of the body";
    return BW_HTTP_CUT;
}
