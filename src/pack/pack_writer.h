// SPDX-License-Identifier: GPL-3.0-or-later
/* pack/pack_writer.h: makes a pack, one series after the other, so that the points of only one
 * are in memory at a time. */
#ifndef PACK_PACK_WRITER_H
#define PACK_PACK_WRITER_H

#include "base/buf.h"
#include "model/records.h"
#include "pack/ints.h"

#include <stddef.h>
#include <stdint.h>

struct bw_pack_writer;

struct bw_pack_writer *bw_pack_writer_new(uint32_t group, enum bw_tier tier);
void bw_pack_writer_free(struct bw_pack_writer *writer);

/* A series with a higher id than all before, at most BW_PACK_SERIES_MAX of them, with at least
 * one point, strictly rising in time. */
void bw_pack_writer_add(struct bw_pack_writer *writer, uint32_t series,
                        const struct bw_point *points, size_t count);

/* Appends the pack of what was added, at least one series; *out has failed when that is more
 * than a pack may hold. */
void bw_pack_writer_finish(struct bw_pack_writer *writer, struct bw_buf *out);

#endif
