// SPDX-License-Identifier: GPL-3.0-or-later
/* pack/merge.h: several packs of a group as one. */
#ifndef PACK_MERGE_H
#define PACK_MERGE_H

#include "base/buf.h"
#include "base/err.h"
#include "pack/ints.h"

#include <stddef.h>
#include <stdint.h>

struct bw_bytes_of_pack {
    const void *body;
    size_t size;
};

/* Appends a pack with all points of `count` >= 1 packs, the earlier handed over first: of points
 * with one time that of the last pack stays. The result is decoded again and compared. Fails when
 * one is damaged or of another group, whose place is in *out_bad, or when all are too much for one;
 * *out may be half-written then. */
enum bw_rc bw_pack_merge(uint32_t group, const struct bw_bytes_of_pack *packs, size_t count,
                         enum bw_tier tier, struct bw_buf *out, size_t *out_bad,
                         struct bw_err *err);

#endif
