// SPDX-License-Identifier: GPL-3.0-or-later
/* A pack: opened and read as it is, with the directory's checksum put right, and its bytes as
 * each codec's and as times, since a checksum guards those in a pack. */
#include "base/crc32c.h"
#include "pack/codec.h"
#include "pack/pack.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t u32_at(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static void mend_directory(uint8_t *copy, size_t size)
{
    if (size < 40)
        return;
    const uint64_t end = 40 + 12 * (uint64_t)u32_at(copy + 36) + 16 * (uint64_t)u32_at(copy + 12);
    if (end > size)
        return;
    const uint32_t crc = bw_crc32c(0, copy + 8, (size_t)end - 8);
    for (unsigned i = 0; i < 4; i++)
        copy[4 + i] = (uint8_t)(crc >> (8 * i));
}

static void read_pack(const uint8_t *copy, size_t size)
{
    struct bw_pack pack;
    if (bw_pack_open(&pack, copy, size, NULL) != BW_OK)
        return;
    struct bw_pack_walk walk;
    bw_pack_walk_begin(&walk, &pack);
    for (size_t i = 0; i < pack.series_count; i++) {
        struct bw_points points = { 0 }, walked = { 0 };
        if (bw_pack_find(&pack, bw_pack_series(&pack, i)) != (int)i)
            abort();
        if (bw_pack_read(&pack, i, &points, NULL) != bw_pack_walk_read(&walk, &walked, NULL)
            || points.count != walked.count)
            abort();
        bw_pack_walk_next(&walk);
        bw_points_fini(&points);
        bw_points_fini(&walked);
    }
    bw_pack_walk_fini(&walk);
}

static void decode_parts(const uint8_t *data, size_t size)
{
    if (size < 2)
        return;
    enum { COUNT_MAX = 256 };
    static double values[COUNT_MAX];
    static int64_t times[COUNT_MAX];
    const size_t count = (size_t)data[0] + 1;
    for (unsigned codec = 0; codec <= BW_CODEC_END; codec++)
        (void)bw_values_decode((enum bw_codec)codec, data + 1, size - 1, values, count);
    (void)bw_times_decode(data + 1, size - 1, times, count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + 1);
    memcpy(copy, data, size);
    read_pack(copy, size);
    mend_directory(copy, size);
    read_pack(copy, size);
    decode_parts(copy, size);
    free(copy);
    return 0;
}
