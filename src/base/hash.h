// SPDX-License-Identifier: GPL-3.0-or-later
/* base/hash.h: a fast hash for spreading things, not against enemies. Stable across runs
 * and machines: schedules depend on it. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* FNV-1a over the bytes, starting from `seed`, with MurmurHash3's finaliser, because
 * FNV alone leaves the upper bits of short keys alike. */
uint64_t bw_hash(const void *bytes, size_t size, uint64_t seed);
uint64_t bw_hash_text(const char *text, uint64_t seed);

#endif
