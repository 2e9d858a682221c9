// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/websocket_frame.h"

#include "base/text.h"

#include <string.h>

enum {
    FINAL = 0x80,
    RESERVED = 0x70,
    OPCODE = 0x0f,
    MASKED = 0x80,
    LENGTH = 0x7f,
    TWO_BYTES = 126,
    EIGHT_BYTES = 127,
    FIRST_CONTROL = 8,
};

void bw_websocket_reader_init(struct bw_websocket_reader *reader)
{
    *reader = (struct bw_websocket_reader){ .head_len = 0 };
    bw_buf_init(&reader->message, BW_WEBSOCKET_MESSAGE_BYTES_MAX);
}

void bw_websocket_reader_fini(struct bw_websocket_reader *reader)
{
    bw_buf_fini(&reader->message);
}

static enum bw_websocket_event fault(struct bw_websocket_reader *reader, const char *text)
{
    reader->fault = text;
    return BW_WEBSOCKET_FAULT;
}

/* How many bytes the head has; known from its second on. */
static size_t head_size(const struct bw_websocket_reader *reader)
{
    const unsigned length = reader->head_len < 2 ? 0 : reader->head[1] & LENGTH;
    return length == TWO_BYTES ? 4 : length == EIGHT_BYTES ? 10 : 2;
}

static uint64_t read_length(const struct bw_websocket_reader *reader)
{
    const size_t size = head_size(reader);
    if (size == 2)
        return reader->head[1] & LENGTH;
    uint64_t length = 0;
    for (size_t i = 2; i < size; i++)
        length = length << 8 | reader->head[i];
    return length;
}

static enum bw_websocket_event check_control(struct bw_websocket_reader *reader)
{
    if (reader->opcode > BW_WEBSOCKET_PONG)
        return fault(reader, "a frame of a type that there is not");
    if (!reader->final || reader->left > BW_WEBSOCKET_CONTROL_BYTES_MAX)
        return fault(reader, "a control frame in pieces, or of more than 125 bytes");
    reader->control_len = 0;
    return BW_WEBSOCKET_WAITS;
}

static enum bw_websocket_event check_data(struct bw_websocket_reader *reader)
{
    if (reader->opcode > BW_WEBSOCKET_BINARY)
        return fault(reader, "a frame of a type that there is not");
    if ((reader->opcode == BW_WEBSOCKET_MORE) != (reader->message_opcode != 0))
        return fault(reader, reader->opcode == BW_WEBSOCKET_MORE
                                 ? "a piece of a message that did not begin"
                                 : "a message within another");
    if (reader->left > BW_WEBSOCKET_MESSAGE_BYTES_MAX - reader->message.len)
        return BW_WEBSOCKET_TOO_LONG;
    if (reader->opcode != BW_WEBSOCKET_MORE)
        reader->message_opcode = reader->opcode;
    return BW_WEBSOCKET_WAITS;
}

static enum bw_websocket_event take_head(struct bw_websocket_reader *reader)
{
    static const uint64_t least[] = { [2] = 0, [4] = TWO_BYTES, [10] = UINT16_MAX + 1 };
    reader->in_frame = true;
    reader->final = (reader->head[0] & FINAL) != 0;
    reader->opcode = reader->head[0] & OPCODE;
    reader->left = read_length(reader);
    if ((reader->head[0] & RESERVED) != 0)
        return fault(reader, "reserved bits are set");
    if ((reader->head[1] & MASKED) != 0)
        return fault(reader, "a server's frame is masked");
    if (reader->left < least[head_size(reader)])
        return fault(reader, "a length that takes more bytes than it needs");
    return reader->opcode >= FIRST_CONTROL ? check_control(reader) : check_data(reader);
}

static enum bw_websocket_event end_frame(struct bw_websocket_reader *reader)
{
    reader->in_frame = false;
    reader->head_len = 0;
    if (reader->opcode >= FIRST_CONTROL) {
        if (reader->opcode == BW_WEBSOCKET_CLOSE && reader->control_len == 1)
            return fault(reader, "a close frame with half a code");
        return BW_WEBSOCKET_CONTROL;
    }
    if (!reader->final)
        return BW_WEBSOCKET_WAITS;
    const bool text = reader->message_opcode == BW_WEBSOCKET_TEXT;
    const struct bw_buf *message = &reader->message;
    reader->message_opcode = 0;
    if (text && bw_utf8_valid_prefix(message->data, message->len) != message->len)
        return fault(reader, "a text that is not UTF-8");
    reader->message_is_whole = true;
    return BW_WEBSOCKET_MESSAGE;
}

static void take_payload(struct bw_websocket_reader *reader, const uint8_t *bytes, size_t len)
{
    if (reader->opcode >= FIRST_CONTROL) {
        memcpy(reader->control + reader->control_len, bytes, len);
        reader->control_len += len;
    } else {
        bw_buf_bytes(&reader->message, bytes, len);
    }
    reader->left -= len;
}

enum bw_websocket_event bw_websocket_feed(struct bw_websocket_reader *reader, const void *bytes,
                                          size_t len, size_t *out_used)
{
    const uint8_t *at = bytes, *end = at + len;
    enum bw_websocket_event event = BW_WEBSOCKET_WAITS;
    if (reader->message_is_whole) {
        bw_buf_clear(&reader->message);
        reader->message_is_whole = false;
    }
    while (at < end && event == BW_WEBSOCKET_WAITS) {
        if (!reader->in_frame) {
            reader->head[reader->head_len++] = *at++;
            if (reader->head_len >= 2 && reader->head_len == head_size(reader))
                event = take_head(reader);
        } else {
            const size_t have = (size_t)(end - at);
            const size_t take = have < reader->left ? have : (size_t)reader->left;
            take_payload(reader, at, take);
            at += take;
        }
        if (event == BW_WEBSOCKET_WAITS && reader->in_frame && reader->left == 0)
            event = end_frame(reader);
    }
    *out_used = (size_t)(at - (const uint8_t *)bytes);
    return event;
}

/* ---- ours ---- */

void bw_websocket_write(struct bw_buf *out, enum bw_websocket_opcode opcode, const void *bytes,
                        size_t len, const uint8_t mask[BW_WEBSOCKET_MASK_BYTES])
{
    uint8_t head[10] = { (uint8_t)(FINAL | opcode) };
    const unsigned more = len < TWO_BYTES ? 0 : len <= UINT16_MAX ? 2 : 8; /* bytes of length */
    head[1] = (uint8_t)(MASKED | (more == 0 ? len : more == 2 ? TWO_BYTES : EIGHT_BYTES));
    for (unsigned i = 0; i < more; i++)
        head[2 + i] = (uint8_t)((uint64_t)len >> (8 * (more - 1 - i)));
    bw_buf_bytes(out, head, 2 + more);
    bw_buf_bytes(out, mask, BW_WEBSOCKET_MASK_BYTES);
    const uint8_t *at = bytes;
    for (size_t i = 0; i < len; i++)
        bw_buf_char(out, (char)(at[i] ^ mask[i % BW_WEBSOCKET_MASK_BYTES]));
}
