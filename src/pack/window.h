// SPDX-License-Identifier: GPL-3.0-or-later
/* pack/window.h: the samples of a group of series since its last pack, in little memory.
 *
 *     added --> raw: 9 bytes a sample, a time once for all that come together
 *                |   bw_window_seal, every few dozen samples of a series
 *                v
 *               block: a pack (docs/format.md) whose series ids are places + 1; and so on
 *
 * A series is known by its place, 0 … BW_PACK_SERIES_MAX - 1, which the caller keeps. Samples
 * may come late, twice and in any order: of those with one time the one added last counts. */
#ifndef PACK_WINDOW_H
#define PACK_WINDOW_H

#include "pack/pack.h"
#include "pack/points.h"
#include "pack/rope.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zeros is an empty window. One pool serves many. */
struct bw_window {
    size_t count;     /* samples in it, duplicates counted */
    size_t raw_count; /* of them not yet in a block */
    struct bw_rope raw;
    struct bw_rope blocks; /* each: size (4 bytes), then the pack */
    size_t block_count;
    struct bw_repeats repeats; /* that were found while blocks were made */
};

/* Samples of one time, 1 … BW_PACK_SERIES_MAX of them: places[i] has values[i]. */
void bw_window_add(struct bw_window *window, struct bw_pool *pool, int64_t ts_ms,
                   const uint8_t *places, const double *values, size_t count);

/* Makes a block of what is raw. */
void bw_window_seal(struct bw_window *window, struct bw_pool *pool);

void bw_window_clear(struct bw_window *window, struct bw_pool *pool);

/* What is in a window, for reading; the window must not change meanwhile. */
struct bw_window_view;

struct bw_window_view *bw_window_view_new(const struct bw_window *window);
void bw_window_view_free(struct bw_window_view *view);

/* Appends the points of a place in the order in which they were added, block by block (within
 * a block by time); settle them. False: memory is damaged. */
bool bw_window_view_read(struct bw_window_view *view, uint8_t place, struct bw_points *out);

#endif
