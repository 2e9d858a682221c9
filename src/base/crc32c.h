// SPDX-License-Identifier: GPL-3.0-or-later
/* base/crc32c.h: CRC-32C (Castagnoli, RFC 3720 appendix B.4), the checksum of all that we
 * store. */
#ifndef BASE_CRC32C_H
#define BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Continues `crc` (0 to begin) over the bytes. crc32c("123456789") is 0xe3069283. */
uint32_t bw_crc32c(uint32_t crc, const void *bytes, size_t size);

/* The same without the processor's instruction: what machines without one run. */
uint32_t bw_crc32c_portable(uint32_t crc, const void *bytes, size_t size);

#endif
