// SPDX-License-Identifier: GPL-3.0-or-later
/* pack/without.h: a pack or a roll-up without some of its series. The parts of the others are
 * taken over byte by byte, checksums included: nothing is decoded or coded anew, and what is
 * damaged in them stays as damaged as it was. Pure. */
#ifndef PACK_WITHOUT_H
#define PACK_WITHOUT_H

#include "pack/pack.h"
#include "pack/rollup.h"

/* How many of these series (ids rise) it has. */
size_t bw_pack_has(const struct bw_pack *pack, const uint32_t *series, size_t count);
size_t bw_rollup_has(const struct bw_rollup *rollup, const uint32_t *series, size_t count);

/* Appends a body that has all but these series (ids rise); nothing when none are left. A pack's
 * first and last time are those of what is left, unless its times are damaged; a roll-up's stay. */
void bw_pack_without(const struct bw_pack *pack, const uint32_t *series, size_t count,
                     struct bw_buf *out);
void bw_rollup_without(const struct bw_rollup *rollup, const uint32_t *series, size_t count,
                       struct bw_buf *out);

#endif
