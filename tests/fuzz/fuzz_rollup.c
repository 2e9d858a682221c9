// SPDX-License-Identifier: GPL-3.0-or-later
/* A roll-up: opened and read as it is, then with its checksums put right. */
#include "base/crc32c.h"
#include "pack/rollup.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t u32_at(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static void put_u32(uint8_t *bytes, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
}

/* The checksum of each part, then of the directory. */
static void mend(uint8_t *copy, size_t size)
{
    if (size < 40)
        return;
    const uint64_t series = u32_at(copy + 12);
    uint64_t part = 40 + 16 * series;
    if (series > 128 || part > size)
        return;
    const uint64_t end = part;
    for (uint64_t s = 0; s < series; s++) {
        uint8_t *entry = copy + 40 + 16 * s;
        const uint32_t bytes = u32_at(entry + 4);
        if (bytes > size - part)
            return;
        uint8_t ids[12];
        put_u32(ids, u32_at(copy + 8));
        put_u32(ids + 4, u32_at(entry));
        put_u32(ids + 8, u32_at(entry + 12));
        put_u32(entry + 8, bw_crc32c(bw_crc32c(0, ids, sizeof ids), copy + part, bytes));
        part += bytes;
    }
    put_u32(copy + 4, bw_crc32c(0, copy + 8, (size_t)end - 8));
}

static void read_rollup(const uint8_t *copy, size_t size)
{
    struct bw_rollup rollup;
    if (bw_rollup_open(&rollup, copy, size, NULL) != BW_OK)
        return;
    for (size_t i = 0; i < rollup.series_count; i++) {
        struct bw_buckets buckets = { 0 };
        if (bw_rollup_find(&rollup, bw_rollup_series(&rollup, i)) != (int)i)
            abort();
        (void)bw_rollup_read(&rollup, i, &buckets, NULL);
        bw_buckets_fini(&buckets);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + 1);
    memcpy(copy, data, size);
    read_rollup(copy, size);
    mend(copy, size);
    read_rollup(copy, size);
    free(copy);
    return 0;
}
