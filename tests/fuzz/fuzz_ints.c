// SPDX-License-Identifier: GPL-3.0-or-later
/* Columns of integers: any bytes to each decoder; and the bytes as integers, which have to come
 * back from both tiers. */
#include "pack/frames.h"
#include "pack/huffman.h"
#include "pack/ints.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COUNT_MAX = 512 };

static void decode(const uint8_t *data, size_t size, size_t count)
{
    static void (*const decoders[])(struct bw_bytes *, int64_t *, size_t) = { bw_ints_decode,
                                                                              bw_frames_decode,
                                                                              bw_huffman_decode };
    for (size_t d = 0; d < sizeof decoders / sizeof *decoders; d++) {
        int64_t out[COUNT_MAX];
        struct bw_bytes in = bw_bytes_of(data, size);
        decoders[d](&in, out, count);
        if (in.next > in.end)
            abort();
    }
}

static void come_back(const int64_t *values, size_t count, enum bw_tier tier)
{
    int64_t scratch[COUNT_MAX], out[COUNT_MAX];
    memcpy(scratch, values, count * sizeof *values);
    struct bw_buf bytes;
    bw_buf_init(&bytes, 1 << 20);
    bw_ints_encode(&bytes, scratch, count, tier);
    struct bw_bytes in = bw_bytes_of(bytes.data, bytes.len);
    bw_ints_decode(&in, out, count);
    if (in.bad || bw_bytes_left(&in) != 0 || memcmp(values, out, count * sizeof *values) != 0)
        abort();
    bw_buf_fini(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    decode(data + 1, size - 1, (size_t)data[0] + 1);
    int64_t values[COUNT_MAX];
    const size_t width = data[0] % 8 + 1u; /* bytes an integer, so that small ones occur */
    size_t count = 0;
    for (size_t at = 1; at + width <= size && count < COUNT_MAX; at += width) {
        uint64_t value = 0;
        for (size_t b = 0; b < width; b++)
            value |= (uint64_t)data[at + b] << (8 * b);
        values[count++] = bw_unzigzag(value);
    }
    if (count > 0) {
        come_back(values, count, BW_TIER_HOT);
        come_back(values, count, BW_TIER_COLD);
    }
    return 0;
}
