// SPDX-License-Identifier: GPL-3.0-or-later
/* probe/grpc_message.h: what a health check says over gRPC: messages of the protocol
 * grpc.health.v1 in their frames. Pure.
 *
 *     frame    flag of compression (1 byte) | length (4 bytes, big end first) | message
 *     message  protobuf: HealthCheckRequest { 1: service }, HealthCheckResponse { 1: status }
 */
#ifndef PROBE_GRPC_MESSAGE_H
#define PROBE_GRPC_MESSAGE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BW_GRPC_HEAD_BYTES = 5,
    BW_GRPC_MESSAGE_BYTES_MAX = 4096, /* an answer has two bytes */
    BW_GRPC_SERVICE_BYTES_MAX = 1024,
};

/* Status codes that have a meaning for us; 0 to 16 have names. */
enum bw_grpc_code {
    BW_GRPC_OK = 0,
    BW_GRPC_UNKNOWN = 2,
    BW_GRPC_DEADLINE_EXCEEDED = 4,
    BW_GRPC_NOT_FOUND = 5,
    BW_GRPC_PERMISSION_DENIED = 7,
    BW_GRPC_UNIMPLEMENTED = 12,
    BW_GRPC_INTERNAL = 13,
    BW_GRPC_UNAVAILABLE = 14,
    BW_GRPC_UNAUTHENTICATED = 16,
    BW_GRPC_CODES
};

/* "UNIMPLEMENTED"; NULL for a number that has none. */
const char *bw_grpc_code_name(unsigned code);

/* What an HTTP status means when there is no gRPC status beside it. */
enum bw_grpc_code bw_grpc_code_of_http(int status);

enum bw_grpc_serving {
    BW_GRPC_SERVING_UNKNOWN,
    BW_GRPC_SERVING,
    BW_GRPC_NOT_SERVING,
    BW_GRPC_SERVICE_UNKNOWN,
    BW_GRPC_SERVINGS
};

/* "NOT_SERVING" */
const char *bw_grpc_serving_name(enum bw_grpc_serving serving);

/* Appends the frame that asks for a service; "" is the server as a whole. */
void bw_grpc_write_request(struct bw_buf *out, const char *service);

/* ---- the one frame of an answer; all zeros at first ---- */

struct bw_grpc_reader {
    uint8_t head[BW_GRPC_HEAD_BYTES];
    uint8_t message[BW_GRPC_MESSAGE_BYTES_MAX];
    size_t got;      /* bytes of head and message together */
    uint32_t length; /* of the message, once the head is there */
};

enum bw_grpc_fed {
    BW_GRPC_FED,
    BW_GRPC_COMPRESSED, /* which we have not offered, or a flag that means nothing */
    BW_GRPC_TOO_LONG,   /* announces more than BW_GRPC_MESSAGE_BYTES_MAX */
    BW_GRPC_SURPLUS,    /* bytes after the message */
};

/* Takes the next bytes of the body, in any pieces. After anything but FED it is over. */
enum bw_grpc_fed bw_grpc_feed(struct bw_grpc_reader *reader, const void *bytes, size_t len);

bool bw_grpc_is_whole(const struct bw_grpc_reader *reader);

/* The status of a HealthCheckResponse, which may be one that has no name here: of several the last,
 * without any UNKNOWN, fields of other numbers passed over. False when it is no protobuf. */
bool bw_grpc_read_serving(const uint8_t *message, size_t len, int32_t *out);

/* Undoes the percent-encoding of grpc-message; what is none stays. At most `size` bytes, without
 * NUL at the end. Returns how many came out. */
size_t bw_grpc_decode_text(char *out, size_t size, const char *text, size_t len);

#endif
