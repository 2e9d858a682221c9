// SPDX-License-Identifier: GPL-3.0-or-later
/* store/pack_reads.h: reads series out of the packs of some groups.
 *
 *     choose(groups) -> which packs; no bodies yet
 *     load(first id … last id) -> what those series need of each pack, in memory
 *     read(series) -> its points, pack after pack
 *
 * One series of many is read without its neighbours' bytes; many of a group are read together,
 * as many as have room in some memory, so that no byte is read twice. */
#ifndef STORE_PACK_READS_H
#define STORE_PACK_READS_H

#include "pack/points.h"
#include "store/view.h"

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

struct bw_pack_reads;

/* Of the packs that touch a range of times, both included. About bytes_max of packs and as much of
 * decoded times are in memory at once, more only where a single series needs more. */
struct bw_pack_reads *bw_pack_reads_new(sqlite3 *db, int64_t from_ms, int64_t to_ms,
                                        size_t bytes_max);
void bw_pack_reads_free(struct bw_pack_reads *reads);

/* The packs of these groups from now on, in the order of their ids. */
enum bw_rc bw_pack_reads_choose(struct bw_pack_reads *reads, const uint32_t *groups, size_t count,
                                struct bw_err *err);

/* How many of `wanted` series should be loaded together. */
size_t bw_pack_reads_pass(const struct bw_pack_reads *reads, size_t wanted);

/* Packs that cannot be read are left out and counted in *out_damaged. */
enum bw_rc bw_pack_reads_load(struct bw_pack_reads *reads, uint32_t first, uint32_t last,
                              uint64_t *out_damaged, struct bw_err *err);

/* Appends the points of a series within the range, in order of the packs. Best by rising id. What
 * is damaged is left out and counted. True when all points of *out rise in time, as those that were
 * there are taken to do. */
bool bw_pack_reads_series(struct bw_pack_reads *reads, uint32_t series, struct bw_points *out,
                          uint64_t *out_damaged);

#endif
