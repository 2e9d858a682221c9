// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/grpc_message.h"

#include <string.h>

/* ---- names ---- */

const char *bw_grpc_code_name(unsigned code)
{
    static const char *const names[BW_GRPC_CODES] = {
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    };
    return code < BW_GRPC_CODES ? names[code] : NULL;
}

enum bw_grpc_code bw_grpc_code_of_http(int status)
{
    static const struct {
        int status;
        enum bw_grpc_code code;
    } codes[] = {
        { 400, BW_GRPC_INTERNAL },          { 401, BW_GRPC_UNAUTHENTICATED },
        { 403, BW_GRPC_PERMISSION_DENIED }, { 404, BW_GRPC_UNIMPLEMENTED },
        { 429, BW_GRPC_UNAVAILABLE },       { 502, BW_GRPC_UNAVAILABLE },
        { 503, BW_GRPC_UNAVAILABLE },       { 504, BW_GRPC_UNAVAILABLE },
    };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (codes[i].status == status)
            return codes[i].code;
    }
    return BW_GRPC_UNKNOWN;
}

const char *bw_grpc_serving_name(enum bw_grpc_serving serving)
{
    static const char *const names[BW_GRPC_SERVINGS] = { "UNKNOWN", "SERVING", "NOT_SERVING",
                                                         "SERVICE_UNKNOWN" };
    return names[serving];
}

/* ---- protobuf ---- */

enum {
    FIELD_1_BYTES = 1 << 3 | 2,
    VARINT = 0,
    EIGHT_BYTES = 1,
    LENGTH_AND_BYTES = 2,
    FOUR_BYTES = 5,
};

static size_t write_varint(uint8_t out[10], uint64_t value)
{
    size_t len = 0;
    for (; value >= 0x80; value >>= 7)
        out[len++] = (uint8_t)(value | 0x80);
    out[len++] = (uint8_t)value;
    return len;
}

struct reader {
    const uint8_t *at, *end;
};

static bool read_varint(struct reader *r, uint64_t *out)
{
    uint64_t value = 0;
    for (unsigned shift = 0; r->at < r->end && shift < 70; shift += 7) {
        const uint8_t byte = *r->at++;
        if (shift == 63 && byte > 1) /* beyond 64 bits */
            return false;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            *out = value;
            return true;
        }
    }
    return false;
}

static bool skip_bytes(struct reader *r, uint64_t count)
{
    if (count > (uint64_t)(r->end - r->at))
        return false;
    r->at += count;
    return true;
}

static bool skip_value(struct reader *r, unsigned wire)
{
    uint64_t value;
    switch (wire) {
    case VARINT:
        return read_varint(r, &value);
    case EIGHT_BYTES:
        return skip_bytes(r, 8);
    case LENGTH_AND_BYTES:
        return read_varint(r, &value) && skip_bytes(r, value);
    case FOUR_BYTES:
        return skip_bytes(r, 4);
    default:
        return false;
    }
}

bool bw_grpc_read_serving(const uint8_t *message, size_t len, int32_t *out)
{
    struct reader r = { message, message + len };
    int32_t serving = BW_GRPC_SERVING_UNKNOWN;
    while (r.at < r.end) {
        uint64_t tag, value;
        if (!read_varint(&r, &tag) || tag >> 3 == 0 || tag > UINT32_MAX)
            return false;
        if (tag == (1 << 3 | VARINT)) {
            if (!read_varint(&r, &value))
                return false;
            serving = (int32_t)(uint32_t)value; /* as protobuf cuts an enum */
        } else if (!skip_value(&r, (unsigned)tag & 7)) {
            return false;
        }
    }
    *out = serving;
    return true;
}

/* ---- frames ---- */

void bw_grpc_write_request(struct bw_buf *out, const char *service)
{
    uint8_t length[10];
    const size_t name = strlen(service), digits = write_varint(length, name);
    const size_t size = name == 0 ? 0 : 1 + digits + name; /* a default is not written */
    const uint8_t head[BW_GRPC_HEAD_BYTES] = { 0, (uint8_t)(size >> 24), (uint8_t)(size >> 16),
                                               (uint8_t)(size >> 8), (uint8_t)size };
    bw_buf_bytes(out, head, sizeof head);
    if (size == 0)
        return;
    bw_buf_char(out, FIELD_1_BYTES);
    bw_buf_bytes(out, length, digits);
    bw_buf_bytes(out, service, name);
}

static enum bw_grpc_fed take_head(struct bw_grpc_reader *reader)
{
    const uint8_t *head = reader->head;
    reader->length =
        (uint32_t)head[1] << 24 | (uint32_t)head[2] << 16 | (uint32_t)head[3] << 8 | head[4];
    if (head[0] != 0)
        return BW_GRPC_COMPRESSED;
    return reader->length > BW_GRPC_MESSAGE_BYTES_MAX ? BW_GRPC_TOO_LONG : BW_GRPC_FED;
}

enum bw_grpc_fed bw_grpc_feed(struct bw_grpc_reader *reader, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    while (len > 0 && reader->got < BW_GRPC_HEAD_BYTES) {
        reader->head[reader->got++] = *at++;
        len--;
        const enum bw_grpc_fed fed =
            reader->got == BW_GRPC_HEAD_BYTES ? take_head(reader) : BW_GRPC_FED;
        if (fed != BW_GRPC_FED)
            return fed;
    }
    if (len == 0)
        return BW_GRPC_FED;
    const size_t have = reader->got - BW_GRPC_HEAD_BYTES;
    if (len > reader->length - have)
        return BW_GRPC_SURPLUS;
    memcpy(reader->message + have, at, len);
    reader->got += len;
    return BW_GRPC_FED;
}

bool bw_grpc_is_whole(const struct bw_grpc_reader *reader)
{
    return reader->got >= BW_GRPC_HEAD_BYTES && reader->got - BW_GRPC_HEAD_BYTES == reader->length;
}

/* ---- texts ---- */

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    const char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

size_t bw_grpc_decode_text(char *out, size_t size, const char *text, size_t len)
{
    size_t count = 0;
    for (size_t i = 0; i < len && count < size; i++) {
        const bool coded =
            text[i] == '%' && len - i > 2 && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0;
        out[count++] = coded ? (char)(digit(text[i + 1]) * 16 + digit(text[i + 2])) : text[i];
        i += coded ? 2 : 0;
    }
    return count;
}
