// SPDX-License-Identifier: GPL-3.0-or-later
/* An answer as any server may send it: however it is cut into pieces, the same is found. */
#include "probe/http_parse.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct found {
    enum bw_http_parsed end;
    size_t lines;
    bool may_stay;
    struct bw_buf text; /* lines, then body, in the order in which they came */
};

static bool on_line(void *ctx, const char *line, size_t len)
{
    struct found *found = ctx;
    if (len == 0 || line[len - 1] != '\n')
        abort();
    bw_buf_bytes(&found->text, line, len);
    return ++found->lines < 100;
}

static bool on_body(void *ctx, const char *bytes, size_t len)
{
    bw_buf_bytes(&((struct found *)ctx)->text, bytes, len);
    return true;
}

/* `step` bytes at a time, each piece in memory of its own length. */
static void parse(struct found *found, const uint8_t *data, size_t size, size_t step)
{
    struct bw_http_parser parser;
    *found = (struct found){ .end = BW_HTTP_MORE };
    bw_buf_init(&found->text, 1u << 22);
    bw_http_parser_init(&parser, false, on_line, on_body, found);
    for (size_t at = 0; at < size && found->end == BW_HTTP_MORE; at += step) {
        const size_t len = size - at < step ? size - at : step;
        char *piece = malloc(len);
        memcpy(piece, data + at, len);
        found->end = bw_http_parse(&parser, piece, len);
        free(piece);
    }
    if (found->end == BW_HTTP_MORE)
        found->end = bw_http_parse_close(&parser);
    if (found->end == BW_HTTP_MORE
        || (found->end != BW_HTTP_END && parser.may_stay && found->end == BW_HTTP_CUT))
        abort();
    found->may_stay = parser.may_stay;
    bw_http_parser_fini(&parser);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct found whole, cut;
    parse(&whole, data, size, size);
    parse(&cut, data, size, 1 + data[size - 1] % 7);
    if (whole.end != cut.end || whole.lines != cut.lines || whole.text.len != cut.text.len
        || memcmp(whole.text.data, cut.text.data, cut.text.len) != 0)
        abort();
    bw_buf_fini(&whole.text);
    bw_buf_fini(&cut.text);
    return 0;
}
