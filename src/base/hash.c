// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/hash.h"

#include <string.h>

static uint64_t finalise(uint64_t h)
{
    h ^= h >> 33;
    h *= UINT64_C(0xff51afd7ed558ccd);
    h ^= h >> 33;
    h *= UINT64_C(0xc4ceb9fe1a85ec53);
    return h ^ h >> 33;
}

uint64_t bw_hash(const void *bytes, size_t size, uint64_t seed)
{
    const unsigned char *p = bytes;
    uint64_t h = UINT64_C(0xcbf29ce484222325) ^ seed;
    for (size_t i = 0; i < size; i++)
        h = (h ^ p[i]) * UINT64_C(0x100000001b3);
    return finalise(h);
}

uint64_t bw_hash_text(const char *text, uint64_t seed)
{
    return bw_hash(text, strlen(text), seed);
}
