// SPDX-License-Identifier: GPL-3.0-or-later
/* pack/layout.h: what writing and reading a pack agree on (docs/format.md). */
#ifndef PACK_LAYOUT_H
#define PACK_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

enum {
    BW_PACK_COLUMN_BYTES = 12,
    BW_PACK_SERIES_BYTES = 16,
    BW_PACK_CRC_FROM = 8
};

extern const char bw_pack_magic[4];

/* What a part's checksum covers besides its bytes, so that a part in the wrong place is as
 * wrong as a flipped bit. */
uint32_t bw_pack_part_checksum(uint32_t group, uint32_t series, uint32_t count, uint32_t codec,
                               const void *bytes, size_t size);

#endif
