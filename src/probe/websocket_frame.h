// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/websocket_frame.h: frames of WebSocket (RFC 6455, section 5), as a client reads and writes
 * them. Fed with bytes as they come. Pure.
 *
 *     2 bytes: FIN, three reserved bits, opcode | MASK, length (126: 2 bytes more, 127: 8)
 *     the client's: a mask of 4 bytes, over which its payload is laid; then the payload
 */
#ifndef PROBE_WEBSOCKET_FRAME_H
#define PROBE_WEBSOCKET_FRAME_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BW_WEBSOCKET_MESSAGE_BYTES_MAX = 64 << 10,
    BW_WEBSOCKET_CONTROL_BYTES_MAX = 125,
    BW_WEBSOCKET_MASK_BYTES = 4,
};

enum bw_websocket_opcode {
    BW_WEBSOCKET_MORE = 0, /* a piece of the message before */
    BW_WEBSOCKET_TEXT = 1,
    BW_WEBSOCKET_BINARY = 2,
    BW_WEBSOCKET_CLOSE = 8,
    BW_WEBSOCKET_PING = 9,
    BW_WEBSOCKET_PONG = 10,
};

enum bw_websocket_event {
    BW_WEBSOCKET_WAITS,    /* all bytes are used up, and it goes on */
    BW_WEBSOCKET_MESSAGE,  /* `message` is a whole one, until the next feed */
    BW_WEBSOCKET_CONTROL,  /* `control` is the payload of a frame of type `opcode` */
    BW_WEBSOCKET_FAULT,    /* it is no WebSocket: `fault` says why */
    BW_WEBSOCKET_TOO_LONG, /* a message of more than BW_WEBSOCKET_MESSAGE_BYTES_MAX */
};

struct bw_websocket_reader {
    uint8_t head[10];
    size_t head_len;
    uint64_t left; /* bytes of the payload that are still to come */
    bool in_frame; /* its head is complete */
    bool final;    /* it is the last of its message */
    unsigned opcode;
    unsigned message_opcode; /* of the message under way; 0: there is none */
    bool message_is_whole;   /* it has been handed out */
    struct bw_buf message;
    uint8_t control[BW_WEBSOCKET_CONTROL_BYTES_MAX];
    size_t control_len;
    const char *fault;
};

void bw_websocket_reader_init(struct bw_websocket_reader *reader);
void bw_websocket_reader_fini(struct bw_websocket_reader *reader);

/* Takes bytes up to the next event; *out_used is how many. After FAULT and TOO_LONG it is over. */
enum bw_websocket_event bw_websocket_feed(struct bw_websocket_reader *reader, const void *bytes,
                                          size_t len, size_t *out_used);

/* Appends a whole message, or a control frame, as the client's: masked. */
void bw_websocket_write(struct bw_buf *out, enum bw_websocket_opcode opcode, const void *bytes,
                        size_t len, const uint8_t mask[BW_WEBSOCKET_MASK_BYTES]);

#endif
