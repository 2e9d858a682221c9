// SPDX-License-Identifier: GPL-3.0-or-later
/* pack/pack.h: the samples of a group of series over a window, as one run of bytes from which
 * each series can be read alone (docs/format.md).
 *
 *     header | directory: times, series | time columns | values of series 1 | values of …
 */
#ifndef PACK_PACK_H
#define PACK_PACK_H

#include "base/buf.h"
#include "base/err.h"
#include "pack/codec.h"
#include "pack/points.h"

#define BW_PACK_SERIES_MAX 128u
#define BW_PACK_POINTS_MAX (2u << 20) /* of one series */
#define BW_PACK_BYTES_MAX (256u << 20)

/* One series to be packed: at least one point, strictly rising. */
struct bw_pack_input {
    uint32_t series;
    const struct bw_point *points;
    size_t count;
};

/* Appends a pack of 1 … BW_PACK_SERIES_MAX series by rising id. */
void bw_pack_encode(struct bw_buf *out, uint32_t group, const struct bw_pack_input *series,
                    size_t count, enum bw_tier tier);

/* An opened pack; borrows the bytes. */
struct bw_pack {
    const uint8_t *body;
    size_t size;
    uint32_t group;
    uint32_t series_count;
    uint32_t column_count;
    uint32_t samples;
    int64_t first_ms, last_ms;
};

/* Checks header and directory; the parts are checked when they are read. */
enum bw_rc bw_pack_open(struct bw_pack *out, const void *body, size_t size, struct bw_err *err);

/* The id of the series at a place, 0 <= index < series_count. */
uint32_t bw_pack_series(const struct bw_pack *pack, size_t index);

/* The place of a series, or -1. */
int bw_pack_find(const struct bw_pack *pack, uint32_t series);

/* Appends the points of the series at a place; BW_ECORRUPT leaves *out as it was. */
enum bw_rc bw_pack_read(const struct bw_pack *pack, size_t index, struct bw_points *out,
                        struct bw_err *err);

#endif
