// SPDX-License-Identifier: GPL-3.0-or-later
/* The body of a gRPC answer and its grpc-message as any server may send them: however the body is
 * cut into pieces, the same is found. */
#include "probe/grpc_message.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* `step` bytes at a time, each piece in memory of its own length. */
static enum bw_grpc_fed feed(struct bw_grpc_reader *reader, const uint8_t *data, size_t size,
                             size_t step)
{
    enum bw_grpc_fed fed = BW_GRPC_FED;
    *reader = (struct bw_grpc_reader){ .got = 0 };
    for (size_t at = 0; at < size && fed == BW_GRPC_FED; at += step) {
        const size_t len = size - at < step ? size - at : step;
        uint8_t *piece = malloc(len);
        memcpy(piece, data + at, len);
        fed = bw_grpc_feed(reader, piece, len);
        free(piece);
    }
    return fed;
}

static void decode(const uint8_t *data, size_t size)
{
    char *out = malloc(size / 2 + 1);
    if (bw_grpc_decode_text(out, size / 2, (const char *)data, size) > size / 2)
        abort();
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_grpc_reader whole, cut;
    int32_t a = 0, b = 0;
    if (size == 0)
        return 0;
    const enum bw_grpc_fed fed = feed(&whole, data, size, size);
    if (fed != feed(&cut, data, size, 1 + data[size - 1] % 7))
        abort();
    if (fed == BW_GRPC_FED && bw_grpc_is_whole(&whole) != bw_grpc_is_whole(&cut))
        abort();
    if (fed == BW_GRPC_FED && bw_grpc_is_whole(&whole)) {
        const bool good = bw_grpc_read_serving(whole.message, whole.length, &a);
        if (good != bw_grpc_read_serving(cut.message, cut.length, &b) || a != b)
            abort();
    }
    bw_grpc_read_serving(data, size, &a);
    decode(data, size);
    return 0;
}
