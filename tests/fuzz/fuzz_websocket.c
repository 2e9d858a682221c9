// SPDX-License-Identifier: GPL-3.0-or-later
/* Frames as any server may send them: however they are cut into pieces, the same is found. */
#include "probe/websocket_frame.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct found {
    enum bw_websocket_event end;
    struct bw_buf text; /* types and payloads in the order in which they came */
};

/* `step` bytes at a time, each piece in memory of its own length. */
static void parse(struct found *found, const uint8_t *data, size_t size, size_t step)
{
    struct bw_websocket_reader reader;
    found->end = BW_WEBSOCKET_WAITS;
    bw_buf_init(&found->text, 1u << 22);
    bw_websocket_reader_init(&reader);
    for (size_t at = 0, used; at < size && found->end < BW_WEBSOCKET_FAULT; at += used) {
        const size_t len = size - at < step ? size - at : step;
        uint8_t *piece = malloc(len);
        memcpy(piece, data + at, len);
        found->end = bw_websocket_feed(&reader, piece, len, &used);
        free(piece);
        if (used == 0 || used > len)
            abort();
        if (found->end == BW_WEBSOCKET_MESSAGE)
            bw_buf_bytes(&found->text, reader.message.data, reader.message.len);
        if (found->end == BW_WEBSOCKET_CONTROL)
            bw_buf_bytes(&found->text, reader.control, reader.control_len);
        if (found->end == BW_WEBSOCKET_MESSAGE || found->end == BW_WEBSOCKET_CONTROL)
            bw_buf_char(&found->text, (char)reader.opcode);
        if (found->end == BW_WEBSOCKET_FAULT && reader.fault == NULL)
            abort();
    }
    bw_websocket_reader_fini(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct found whole, cut;
    parse(&whole, data, size, size);
    parse(&cut, data, size, 1 + data[size - 1] % 7);
    if (whole.end >= BW_WEBSOCKET_FAULT ? whole.end != cut.end : cut.end >= BW_WEBSOCKET_FAULT)
        abort();
    if (whole.text.len != cut.text.len
        || (whole.text.len > 0 && memcmp(whole.text.data, cut.text.data, cut.text.len) != 0))
        abort();
    bw_buf_fini(&whole.text);
    bw_buf_fini(&cut.text);
    return 0;
}
